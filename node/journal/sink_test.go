package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"trialog/core/kafka"
	"trialog/node/osfs"
)

func dirOf(lsn kafka.LSN) string { return fmt.Sprintf("journal/%020d", lsn) }

// frame makes the i-th frame, of a size that depends on i; every byte of it says i.
func frame(i int) []byte {
	b := make([]byte, 16+(i*37)%900)
	for k := 0; k+8 <= len(b); k += 8 {
		binary.BigEndian.PutUint64(b[k:], uint64(i))
	}
	return b
}

// entries reads a generation back as the library's binary format defines it,
// stopping at the first incomplete entry.
func entries(t *testing.T, dir string) (out [][]byte, files []string) {
	t.Helper()
	names, err := osfs.New(dir).ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		files = append(files, name)
		if want := fmt.Sprintf("%020d", len(out)+1); name != want {
			t.Fatalf("file %s begins at entry %s", name, want)
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for len(b) > 0 {
			n, k := binary.Uvarint(b)
			if k <= 0 || len(b) < k+int(n) {
				return out, files
			}
			out = append(out, b[k:k+int(n)])
			b = b[k+int(n):]
		}
	}
	return out, files
}

func TestFramesComeBackInOrderAcrossRolls(t *testing.T) {
	fs := osfs.New(t.TempDir())
	s := New(fs, dirOf, 4096)
	if err := s.Append(frame(0)); err == nil {
		t.Fatal("appended without a generation")
	}
	for _, gen := range []kafka.LSN{1, 301} {
		if err := s.Open(gen); err != nil {
			t.Fatal(err)
		}
		for i := range 300 {
			if err := s.Append(frame(i)); err != nil {
				t.Fatal(err)
			}
			if i%7 == 0 {
				if err := s.Sync(nil); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(frame(0)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
	for _, gen := range []kafka.LSN{1, 301} {
		got, files := entries(t, fs.Path(dirOf(gen)))
		if len(got) != 300 || len(files) < 10 {
			t.Fatalf("generation %d: %d entries in %d files", gen, len(got), len(files))
		}
		for i, b := range got {
			if !bytes.Equal(b, frame(i)) {
				t.Fatalf("generation %d: entry %d differs", gen, i)
			}
		}
	}
}

func TestGenerationIsNeverAppendedTo(t *testing.T) {
	fs := osfs.New(t.TempDir())
	s := New(fs, dirOf, 4096)
	if err := s.Open(7); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// Nothing was written: a restart begins the same generation again.
	s = New(fs, dirOf, 4096)
	if err := s.Open(7); err != nil {
		t.Fatalf("an empty generation cannot be begun again: %v", err)
	}
	if err := s.Append(frame(1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := New(fs, dirOf, 4096).Open(7); err == nil {
		t.Fatal("a generation with an entry was opened again")
	}
}

// TestFirstErrorIsTheLast runs out of file size (RLIMIT_FSIZE stands in for a
// full disk) and lifts the limit again: a sink that went on would acknowledge
// frames behind a hole.
func TestFirstErrorIsTheLast(t *testing.T) {
	if os.Getenv("JOURNAL_CHILD") == "" {
		child(t, "TestFirstErrorIsTheLast", t.TempDir())
		return
	}
	fs := osfs.New(os.Getenv("JOURNAL_CHILD"))
	s := New(fs, dirOf, 1<<20)
	if err := s.Open(1); err != nil {
		t.Fatal(err)
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 10_000, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	failed := error(nil)
	synced := 0
	for i := 0; failed == nil && i < 1000; i++ {
		if failed = s.Append(frame(i)); failed == nil {
			if failed = s.Sync(nil); failed == nil {
				synced = i + 1
			}
		}
	}
	if failed == nil {
		t.Fatal("the limit did not bite")
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(frame(0)); !errors.Is(err, failed) {
		t.Errorf("append after the failure: %v", err)
	}
	if err := s.Sync(nil); !errors.Is(err, failed) {
		t.Errorf("sync after the failure: %v", err)
	}
	if err := s.Open(2); !errors.Is(err, failed) {
		t.Errorf("open after the failure: %v", err)
	}
	got, _ := entries(t, fs.Path(dirOf(1)))
	if len(got) < synced {
		t.Errorf("%d entries on disk, %d were synced", len(got), synced)
	}
}

// TestKillKeepsWhatWasSynced kills a writing process and counts what is there.
func TestKillKeepsWhatWasSynced(t *testing.T) {
	if dir := os.Getenv("JOURNAL_CHILD"); dir != "" {
		s := New(osfs.New(dir), dirOf, 64<<10)
		if err := s.Open(1); err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			if err := s.Append(frame(i)); err != nil {
				t.Fatal(err)
			}
			if i%16 == 15 {
				if err := s.Sync(nil); err != nil {
					t.Fatal(err)
				}
				fmt.Printf("synced %d\n", i+1)
			}
		}
	}
	dir := t.TempDir()
	cmd := command(t, "TestKillKeepsWhatWasSynced", dir)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(400 * time.Millisecond)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var synced int
	for _, l := range lines {
		if n := 0; strings.HasPrefix(l, "synced ") {
			if _, err := fmt.Sscanf(l, "synced %d", &n); err == nil && strings.HasSuffix(l, fmt.Sprint(n)) {
				synced = max(synced, n)
			}
		}
	}
	got, files := entries(t, filepath.Join(dir, dirOf(1)))
	if synced == 0 || len(got) < synced {
		t.Fatalf("%d frames were synced, %d are there", synced, len(got))
	}
	for i, b := range got {
		if !bytes.Equal(b, frame(i)) {
			t.Fatalf("entry %d differs", i)
		}
	}
	t.Logf("%d synced, %d found in %d files", synced, len(got), len(files))
}

func command(t *testing.T, test, dir string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), "JOURNAL_CHILD="+dir)
	return cmd
}

func child(t *testing.T, test, dir string) {
	t.Helper()
	if out, err := command(t, test, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func BenchmarkGroup(b *testing.B) {
	for _, group := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("frames=%d", group), func(b *testing.B) {
			s := New(osfs.New(b.TempDir()), dirOf, 4<<20)
			if err := s.Open(1); err != nil {
				b.Fatal(err)
			}
			f := make([]byte, 1100)
			b.SetBytes(int64(group * len(f)))
			for b.Loop() {
				for range group {
					if err := s.Append(f); err != nil {
						b.Fatal(err)
					}
				}
				if err := s.Sync(nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
