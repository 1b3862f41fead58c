package partition

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"trialog/core/batch"
)

// FuzzRecoverFiles: recovery with any bytes in place of a segment, an index, a
// checkpoint or another file of a log that was checkpointed ends, breaks no
// invariant, and what it decides stands.
func FuzzRecoverFiles(f *testing.F) {
	limits := smallLimits()
	n := startNode(f, newCrashFS(), limits)
	for i, mode := range []Mode{Synced, Replicated} {
		l := n.create(mode, i)
		n.lead(l, 1)
		for id := range uint64(40) {
			n.append(l, testBatch(100*uint64(i)+id, 2, 60, batch.Plain()))
		}
		n.sync()
		n.upkeep()
	}
	n.alive()
	base := n.fs.restart()
	files := filesBelow(base.root, "")
	files = slices.DeleteFunc(files, func(path string) bool { return !strings.HasPrefix(path, logsDir+"/") })
	for i, path := range files {
		whole := base.find(path).bytes
		f.Add(byte(i), whole)
		f.Add(byte(i), whole[:len(whole)/2])
		flipped := bytes.Clone(whole)
		if len(flipped) > 0 {
			flipped[len(flipped)*2/3] ^= 4
		}
		f.Add(byte(i), flipped)
	}
	f.Fuzz(func(t *testing.T, which byte, b []byte) {
		fs := base.restart()
		file := fs.find(files[int(which)%len(files)])
		file.bytes, file.durable = bytes.Clone(b), bytes.Clone(b)
		m := startNode(t, fs, limits)
		m.alive()
		again := startNode(t, m.fs.powerCut(nil), limits)
		again.alive()
		if len(again.logs) != len(m.logs) {
			t.Fatalf("%d logs, then %d", len(m.logs), len(again.logs))
		}
		for i, l := range m.logs {
			if k := again.logs[i]; k.LogEndOffset != l.LogEndOffset || k.Fenced != l.Fenced {
				t.Fatalf("log %d ended at %d (%q), then at %d (%q)", l.Log, l.LogEndOffset, l.Fenced, k.LogEndOffset, k.Fenced)
			}
		}
	})
}

// filesBelow lists the files below a directory, in order.
func filesBelow(dir *crashNode, prefix string) []string {
	var out []string
	for _, name := range sortedNames(dir.names) {
		if n := dir.names[name]; n.dir {
			out = append(out, filesBelow(n, prefix+name+"/")...)
		} else {
			out = append(out, prefix+name)
		}
	}
	return out
}
