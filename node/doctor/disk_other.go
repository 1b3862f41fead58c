//go:build !linux

package doctor

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync makes a file durable.
func datasync(f *os.File) error { return f.Sync() }

// fileSystem finds out how much room there is; elsewhere than on Linux the type
// and the options of the file system stay unknown.
func (d *Directory) fileSystem(place string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(place, &st); err != nil {
		return err
	}
	d.Bytes = int64(st.Blocks) * int64(st.Bsize)
	d.FreeBytes = int64(st.Bavail) * int64(st.Bsize)
	d.FreeFiles = int64(st.Ffree)
	return nil
}
