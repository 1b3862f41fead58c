package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tidwall/wal"

	"trialog/core/disk"
	"trialog/core/partition"
	"trialog/node/journal"
	"trialog/node/osfs"
)

// TestWritesGoOnWithRoom lets a journal run into the end of a small file system,
// for its bytes and for the names of its files, again and again: what was
// appended stands in it once and in order, and a sink that may not wait fails.
func TestWritesGoOnWithRoom(t *testing.T) {
	dir := t.TempDir()
	size, names := 256<<10, 5
	options := func() string { return fmt.Sprintf("size=%d,nr_inodes=%d", size, names) }
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options()); err != nil {
		t.Logf("nothing was tried: tmpfs cannot be mounted here: %v", err)
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	waits := 0
	fs := osfs.New(dir).Patient(func() bool {
		if waits++; waits%2 == 1 {
			return true // still none
		}
		size, names = size+20_000, names+1
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, options()); err != nil {
			t.Error(err)
			return false
		}
		return size < 16<<20
	})
	sink := journal.New(fs, partition.GenerationDir, 64<<10)
	if err := sink.Open(1); err != nil {
		t.Fatal(err)
	}
	frame := func(i int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 500+i%700) }
	const frames = 2000
	for i := range frames {
		if err := sink.Append(frame(i)); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if i%7 == 0 {
			if err := sink.Sync(nil); err != nil {
				t.Fatalf("frame %d: %v", i, err)
			}
		}
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	if waits < 50 {
		t.Errorf("room was waited for %d times only", waits)
	}
	files, err := filepath.Glob(filepath.Join(dir, partition.GenerationDir(1), "*"))
	if err != nil || len(files) < 20 {
		t.Errorf("%d files, %v", len(files), err)
	}
	log, err := wal.Open(filepath.Join(dir, partition.GenerationDir(1)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if last, err := log.LastIndex(); err != nil || last != frames {
		t.Fatalf("the last entry is %d, %v", last, err)
	}
	for i := range frames {
		if got, err := log.Read(uint64(i + 1)); err != nil || !bytes.Equal(got, frame(i)) {
			t.Fatalf("entry %d differs, %v", i+1, err)
		}
	}

	hasty := journal.New(fs.Hasty(), partition.GenerationDir, 64<<10)
	if err := hasty.Open(2); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	for i := 0; err == nil; i++ {
		if err = hasty.Append(frame(i)); err == nil {
			err = hasty.Sync([]disk.File{})
		}
	}
	if !errors.Is(err, syscall.ENOSPC) || hasty.Sync(nil) == nil {
		t.Errorf("a sink that does not wait: %v", err)
	}
}
