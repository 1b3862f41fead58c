package partition

import (
	"errors"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// ReleaseArgs names generations of the journal that nothing needs any more, oldest first.
type ReleaseArgs struct{ generations []kafka.LSN }

// ReleaseResult says that they are gone.
type ReleaseResult struct{ count int }

// Release removes generations, oldest first and each durably before the next,
// so that what a crash leaves has no gap.
func Release(fs disk.FS, args any) (any, error) {
	a := args.(*ReleaseArgs)
	for _, g := range a.generations {
		if err := removeDir(fs, GenerationDir(g)); err != nil {
			return nil, err
		}
	}
	return &ReleaseResult{count: len(a.generations)}, nil
}

// removeDir removes a directory of files. It is renamed first, so that no crash
// leaves a part of it under its name.
func removeDir(fs disk.FS, dir string) error {
	err := fs.Rename(dir, dir+deleted)
	switch {
	case errors.Is(err, disk.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if err := fs.SyncDir(dirOf(dir)); err != nil {
		return err
	}
	return removeTree(fs, dir+deleted)
}

// DeleteArgs names a log whose EntryDelete is durable.
type DeleteArgs struct {
	log *Log
	dir string
}

// DeleteResult says that its files are gone.
type DeleteResult struct{ log *Log }

// Delete removes a log's files.
func Delete(fs disk.FS, args any) (any, error) {
	a := args.(*DeleteArgs)
	return &DeleteResult{log: a.log}, removeDir(fs, a.dir)
}
