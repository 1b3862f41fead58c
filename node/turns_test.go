package node

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"trialog/core/disk"
	"trialog/core/disk/disktest"
	"trialog/core/disk/memfs"
	"trialog/core/partition"
)

func TestTurnsKeepTheContract(t *testing.T) {
	disktest.Suite(t, func() disk.FS { return turns{memfs.New(), new(sync.Mutex)} })
}

// busyFS counts the calls that write to the device at this moment.
type busyFS struct {
	disk.FS
	busy, most, calls atomic.Int32
}

func (b *busyFS) Open(path string) (disk.File, error) {
	f, err := b.FS.Open(path)
	return &busyFile{f, b}, err
}

type busyFile struct {
	disk.File
	fs *busyFS
}

func (f *busyFile) work() error {
	f.fs.most.Store(max(f.fs.most.Load(), f.fs.busy.Add(1)))
	f.fs.calls.Add(1)
	for range 1000 {
		_ = f.fs.calls.Load()
	}
	f.fs.busy.Add(-1)
	return nil
}

func (f *busyFile) Sync() error                  { return f.work() }
func (f *busyFile) WriteBack(int64, int64) error { return f.work() }

func TestOneSegmentAtATime(t *testing.T) {
	b := &busyFS{FS: memfs.New()}
	one := new(sync.Mutex)
	var wait sync.WaitGroup
	for i := range 8 {
		path := partition.SegmentPath(1, 0, disk.FileLog)
		if i == 0 {
			if err := b.MkdirAll(partition.LogDir(1)); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Create(path); err != nil {
				t.Fatal(err)
			}
		}
		wait.Go(func() {
			f, err := turns{b, one}.Open(path)
			if err != nil {
				panic(err)
			}
			for n := range 50 {
				if n%2 == 0 {
					err = f.Sync()
				} else {
					err = f.(disk.WriteBacker).WriteBack(0, 1)
				}
				if err != nil {
					panic(fmt.Sprint(err))
				}
			}
		})
	}
	wait.Wait()
	if b.calls.Load() < 400 || b.most.Load() != 1 {
		t.Fatalf("%d calls, %d at once", b.calls.Load(), b.most.Load())
	}
}
