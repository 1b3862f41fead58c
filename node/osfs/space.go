package osfs

import "golang.org/x/sys/unix"

// Free tells how many bytes this process may still write below the root.
func (f *FS) Free() (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(f.root, &st); err != nil {
		return 0, translate(err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
