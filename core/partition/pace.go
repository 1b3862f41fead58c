package partition

import (
	"errors"

	"trialog/core/disk"
)

// writeBackBytes is how much of a segment a checkpoint writes back at a time. A
// sync of hundreds of megabytes at once would keep the device busy for as long,
// and every journal sync, with the acknowledgements that wait for it, behind.
const writeBackBytes = 1 << 20

// syncPaced makes a file's bytes durable, after it has written the first size of
// them back piece by piece, where the file system can.
func syncPaced(fs disk.FS, path string, size int64) (err error) {
	f, err := fs.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if w, ok := f.(disk.WriteBacker); ok {
		for pos := int64(0); pos < size; pos += writeBackBytes {
			if err := w.WriteBack(pos, min(writeBackBytes, size-pos)); err != nil {
				return err
			}
		}
	}
	return f.Sync()
}
