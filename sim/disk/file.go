package disk

import (
	"errors"
	"io"

	"trialog/core/disk"
	"trialog/sim/choice"
)

// file is an open file of a process.
type file struct {
	mount  *Mount
	node   *inode
	slot   int // in mount.files
	closed bool
}

func (f *file) enter() (dying, effect bool, err error) {
	if f.closed {
		return false, false, disk.ErrClosed
	}
	return f.mount.enter()
}

// ReadAt implements disk.File.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	dying, _, err := f.enter()
	switch {
	case err != nil:
		return 0, err
	case dying:
		return 0, disk.ErrCrashed
	case off < 0:
		return 0, errNegative
	}
	if faults := &f.mount.disk.Faults; faults.Reads > 0 {
		faults.Reads--
		return 0, disk.ErrIO
	}
	n := f.node.read(p, off)
	f.mount.Work.Bytes += int64(n)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt implements disk.File.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	dying, effect, err := f.enter()
	switch {
	case err != nil:
		return 0, err
	case off < 0:
		return 0, errNegative
	}
	d := f.mount.disk
	f.mount.Work.Bytes += int64(len(p))
	if dying {
		if !effect {
			p = p[:d.draw.Choose(choice.DiskShort, uint64(len(p))+1)]
		}
		if f.node.pagesFor(off, off+int64(len(p)))*pageBytes <= d.Free() {
			f.node.write(d, p, off)
		}
		return 0, disk.ErrCrashed
	}
	switch {
	case d.Faults.ShortWrites > 0:
		d.Faults.ShortWrites--
		p, err = p[:d.draw.Choose(choice.DiskShort, uint64(len(p))+1)], disk.ErrIO
	case d.Faults.Writes > 0:
		d.Faults.Writes--
		return 0, disk.ErrIO
	}
	if need := f.node.pagesFor(off, off+int64(len(p))) * pageBytes; need > 0 && need > d.Free() {
		p, err = p[:f.fits(p, off)], disk.ErrNoSpace
	}
	f.node.write(d, p, off)
	return len(p), err
}

// fits is how many of the bytes find room.
func (f *file) fits(p []byte, off int64) int {
	n := len(p)
	for n > 0 && f.node.pagesFor(off, off+int64(n))*pageBytes > max(f.mount.disk.Free(), 0) {
		// give up the last page of what is left
		end := off + int64(n)
		n = int(max((end-1)/pageBytes*pageBytes-off, 0))
	}
	return n
}

// Truncate implements disk.File.
func (f *file) Truncate(size int64) error {
	dying, effect, err := f.enter()
	switch {
	case err != nil:
		return err
	case size < 0:
		return errNegative
	case effect && f.mount.disk.Faults.Writes > 0:
		f.mount.disk.Faults.Writes--
		return disk.ErrIO
	case effect:
		f.node.truncate(f.mount.disk, size)
	}
	if dying {
		return disk.ErrCrashed
	}
	return nil
}

// Size implements disk.File.
func (f *file) Size() (int64, error) {
	if dying, _, err := f.enter(); dying || err != nil {
		return 0, errors.Join(err, crashed(dying))
	}
	return f.node.size, nil
}

func crashed(dying bool) error {
	if dying {
		return disk.ErrCrashed
	}
	return nil
}

// Sync implements disk.File.
func (f *file) Sync() error {
	f.mount.Work.Syncs++
	dying, effect, err := f.enter()
	if err != nil {
		return err
	}
	d := f.mount.disk
	if effect && d.Faults.Syncs > 0 {
		d.Faults.Syncs--
		f.node.syncFailed(d)
		return disk.ErrIO
	}
	if effect {
		f.node.sync(d)
	}
	return crashed(dying)
}

// Close implements disk.File.
func (f *file) Close() error {
	if f.closed {
		return disk.ErrClosed
	}
	m := f.mount
	if m.dead {
		return disk.ErrCrashed
	}
	f.closed = true
	last := len(m.files) - 1
	m.files[f.slot] = m.files[last]
	m.files[f.slot].slot = f.slot
	m.files = m.files[:last]
	m.disk.drop(f.node)
	return nil
}
