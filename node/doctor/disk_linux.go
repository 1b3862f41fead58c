package doctor

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// datasync makes a file's bytes and size durable, as the journal does.
func datasync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }

// fileSystem finds out what a directory lies on.
func (d *Directory) fileSystem(place string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(place, &st); err != nil {
		return err
	}
	d.Bytes = int64(st.Blocks) * st.Bsize
	d.FreeBytes = int64(st.Bavail) * st.Bsize
	d.FreeFiles = int64(st.Ffree)
	if st.Files == 0 { // as many as there is room for
		d.FreeFiles = -1
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	if place, err = filepath.Abs(place); err != nil {
		return err
	}
	if place, err = filepath.EvalSymlinks(place); err != nil {
		return err
	}
	d.FileSystem, d.Options = mountOf(string(mounts), place)
	return nil
}

// mountOf finds the type and options of what is mounted at or above a path, in
// the lines of proc_pid_mountinfo(5): the mount point is field 5, its options
// field 6; after a lone "-" come the type, the source and the super block's
// options. Of mounts on one place the last covers the others.
func mountOf(mounts, path string) (kind, options string) {
	best := -1
	for line := range strings.Lines(mounts) {
		left, right, ok := strings.Cut(line, " - ")
		before, after := strings.Fields(left), strings.Fields(right)
		if !ok || len(before) < 6 || len(after) < 3 {
			continue
		}
		point := unescape.Replace(before[4])
		if point != "/" && path != point && !strings.HasPrefix(path, point+"/") {
			continue
		}
		if len(point) >= best {
			best, kind, options = len(point), after[0], before[5]+","+after[2]
		}
	}
	return kind, options
}

// unescape turns mountinfo's octal escapes into what they stand for.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
