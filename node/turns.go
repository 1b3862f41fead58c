package node

import (
	"sync"

	"trialog/core/disk"
	"trialog/core/partition"
)

// turns is a file system for jobs, several of which may run at once: one
// segment at a time is written to the device, so that the journal's syncs, for
// which clients wait, stand behind one of them at most.
type turns struct {
	disk.FS
	one *sync.Mutex
}

// Create implements disk.FS.
func (t turns) Create(path string) (disk.File, error) {
	f, err := t.FS.Create(path)
	return t.wrap(path, f, err)
}

// Open implements disk.FS.
func (t turns) Open(path string) (disk.File, error) {
	f, err := t.FS.Open(path)
	return t.wrap(path, f, err)
}

func (t turns) wrap(path string, f disk.File, err error) (disk.File, error) {
	if err != nil || !partition.HoldsRecords(path) {
		return f, err
	}
	return &turnFile{File: f, one: t.one}, nil
}

// turnFile is a segment's file whose writing to the device takes its turn.
type turnFile struct {
	disk.File
	one *sync.Mutex
}

// Sync implements disk.File.
func (f *turnFile) Sync() error {
	f.one.Lock()
	defer f.one.Unlock()
	return f.File.Sync()
}

// WriteBack implements disk.WriteBacker where the file below does.
func (f *turnFile) WriteBack(off, n int64) error {
	w, ok := f.File.(disk.WriteBacker)
	if !ok {
		return nil
	}
	f.one.Lock()
	defer f.one.Unlock()
	return w.WriteBack(off, n)
}
