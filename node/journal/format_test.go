package journal

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/node/osfs"
	simdisk "trialog/sim/disk"
)

// tree reads every file below a directory.
func tree(t *rapid.T, root string) map[string]string {
	out := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		out[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSimulatedJournalIsTheSame gives the same calls to the library's sink and
// to the simulator's, and compares what lies on the disk after each sync: the
// simulator's crashes must cut the files that a node would have.
func TestSimulatedJournalIsTheSame(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		segment := rapid.IntRange(100, 5000).Draw(t, "segment")
		var roots [2]string
		var sinks [2]partition.Sink
		for i := range roots {
			dir, err := os.MkdirTemp(base, "")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			roots[i] = dir
		}
		sinks[0] = New(osfs.New(roots[0]), partition.GenerationDir, segment)
		sinks[1] = simdisk.NewJournal(osfs.New(roots[1]), int64(segment))
		both := func(what string, call func(partition.Sink) error) {
			for i, s := range sinks {
				if err := call(s); err != nil {
					t.Fatalf("%s, sink %d: %v", what, i, err)
				}
			}
		}
		compare := func() {
			a, b := tree(t, roots[0]), tree(t, roots[1])
			if len(a) != len(b) {
				t.Fatalf("the library has %d files, the simulator %d", len(a), len(b))
			}
			for name, content := range a {
				if other, ok := b[name]; !ok || content != other {
					t.Fatalf("%s differs: %d bytes and %d", name, len(content), len(other))
				}
			}
		}
		lsn := kafka.LSN(1)
		both("open", func(s partition.Sink) error { return s.Open(lsn) })
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				both("sync", func(s partition.Sink) error { return s.Sync(nil) })
				compare()
			case 1:
				if lsn == 1 {
					continue
				}
				both("open", func(s partition.Sink) error { return s.Open(lsn) })
				lsn++ // so that no generation is begun twice
			default:
				frame := bytes.Repeat([]byte{byte(lsn)}, rapid.IntRange(1, 2000).Draw(t, "size"))
				both("append", func(s partition.Sink) error { return s.Append(frame) })
				lsn++
			}
		}
		both("close", partition.Sink.Close)
		compare()
	})
}
