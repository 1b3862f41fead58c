package osfs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"trialog/core/disk"
)

func TestErrorsAreCoreErrors(t *testing.T) {
	fs := New(t.TempDir())
	if _, err := fs.Open("missing"); !errors.Is(err, disk.ErrNotExist) {
		t.Errorf("open of a missing file: %v", err)
	}
	f, err := fs.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Create("a"); !errors.Is(err, disk.ErrExist) {
		t.Errorf("create of an existing file: %v", err)
	}
	if n, err := f.ReadAt(make([]byte, 4), 0); n != 0 || err != io.EOF {
		t.Errorf("read of an empty file: %d, %v", n, err)
	}
	if err := f.(disk.WriteBacker).WriteBack(0, 1<<20); err != nil {
		t.Errorf("write back of an empty file: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); !errors.Is(err, disk.ErrClosed) {
		t.Errorf("second close: %v", err)
	}
	if err := f.Sync(); !errors.Is(err, disk.ErrClosed) {
		t.Errorf("sync after close: %v", err)
	}
	if err := f.Sync(); err == nil {
		t.Error("a failed sync was forgotten")
	}
}

func TestReadRange(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	fs := New(dir)
	for _, c := range []struct {
		pos  int64
		n    int
		want string
	}{{0, 4, "0123"}, {8, 10, "89"}, {10, 5, ""}, {50, 5, ""}, {3, 0, ""}} {
		got, err := fs.ReadRange("f", c.pos, c.n)
		if err != nil || string(got) != c.want {
			t.Errorf("read %d at %d: %q, %v; want %q", c.n, c.pos, got, err, c.want)
		}
	}
	if _, err := fs.ReadRange("nothing", 0, 1); !errors.Is(err, disk.ErrNotExist) {
		t.Errorf("read of a missing file: %v", err)
	}
}

func TestLockKeepsOthersOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockDir(dir); err == nil {
		t.Fatal("the directory was locked twice")
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, err := LockDir(dir)
	if err != nil {
		t.Fatalf("after release: %v", err)
	}
	second.Release()
	if names, _ := New(dir).ReadDir("."); len(names) != 0 {
		t.Errorf("the lock left %v behind", names)
	}
}

func TestFreeSpace(t *testing.T) {
	if free, err := New(t.TempDir()).Free(); err != nil || free <= 0 {
		t.Errorf("free space %d, %v", free, err)
	}
}
