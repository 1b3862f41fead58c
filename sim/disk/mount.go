package disk

import (
	"errors"
	"io"

	"trialog/core/disk"
	"trialog/sim/choice"
)

// Mount is what one process sees of a disk: a disk.FS that dies with it.
type Mount struct {
	// Work is what was done through the mount since the caller last cleared it.
	Work Work

	disk  *Disk
	files []*file // open ones
	// crashIn counts down to the call in which the process dies; 0: it does not.
	crashIn int64
	dead    bool
}

// Work counts calls, for the caller to turn into time.
type Work struct {
	Calls, Syncs int64
	Bytes        int64 // read and written
}

var _ disk.FS = (*Mount)(nil)

var errNegative = errors.New("negative offset")

// Mount opens the disk for a process.
func (d *Disk) Mount() *Mount { return &Mount{disk: d} }

// CrashIn makes the process die inside its k-th call from now, 1 being the
// next: the call may have had its effect, in part or not at all. 0 disarms.
func (m *Mount) CrashIn(k int64) { m.crashIn = k }

// Dead tells whether the process has died: in a call, or by Kill.
func (m *Mount) Dead() bool { return m.dead }

// Kill ends the process: its files are closed, every later call fails with
// ErrCrashed.
func (m *Mount) Kill() {
	m.dead = true
	for _, f := range m.files {
		f.closed = true
		m.disk.drop(f.node)
	}
	m.files = nil
}

// enter begins a call. dying says that the process dies inside it; then effect
// says whether what it does still happens.
func (m *Mount) enter() (dying, effect bool, err error) {
	if m.dead {
		return false, false, disk.ErrCrashed
	}
	m.Work.Calls++
	if m.crashIn > 0 {
		m.crashIn--
		if m.crashIn == 0 {
			m.dead = true
			return true, m.disk.draw.Choose(choice.DiskCrash, 2) == 0, nil
		}
	}
	if m.disk.Faults.Broken {
		return false, false, disk.ErrIO
	}
	return false, true, nil
}

// call does one operation on the tree.
func (m *Mount) call(do func() error) error {
	dying, effect, err := m.enter()
	if err != nil {
		return err
	}
	if effect {
		err = do()
	}
	if dying {
		return disk.ErrCrashed
	}
	return err
}

// Create implements disk.FS.
func (m *Mount) Create(path string) (disk.File, error) {
	var f *file
	err := m.call(func() error {
		if m.disk.Faults.Writes > 0 {
			m.disk.Faults.Writes--
			return disk.ErrIO
		}
		node, err := m.disk.create(path)
		if err == nil {
			f = m.open(node)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Open implements disk.FS.
func (m *Mount) Open(path string) (disk.File, error) {
	var f *file
	err := m.call(func() error {
		node, err := m.disk.walk(path)
		switch {
		case err != nil:
			return err
		case node.dir != nil:
			return disk.ErrExist // EISDIR
		}
		f = m.open(node)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (m *Mount) open(node *inode) *file {
	node.refs++
	f := &file{mount: m, node: node, slot: len(m.files)}
	m.files = append(m.files, f)
	return f
}

// Remove implements disk.FS.
func (m *Mount) Remove(path string) error {
	return m.call(func() error { return m.disk.remove(path) })
}

// Rename implements disk.FS.
func (m *Mount) Rename(oldPath, newPath string) error {
	return m.call(func() error { return m.disk.rename(oldPath, newPath) })
}

// MkdirAll implements disk.FS.
func (m *Mount) MkdirAll(path string) error {
	return m.call(func() error { return m.disk.mkdirAll(path) })
}

// ReadDir implements disk.FS.
func (m *Mount) ReadDir(path string) (names []string, err error) {
	err = m.call(func() error {
		names, err = m.disk.readDir(path)
		return err
	})
	return names, err
}

// SyncDir implements disk.FS.
func (m *Mount) SyncDir(path string) error {
	m.Work.Syncs++
	return m.call(func() error {
		node, err := m.disk.walk(path)
		switch {
		case err != nil:
			return err
		case node.dir == nil:
			return disk.ErrNotExist
		}
		if m.disk.Faults.Syncs > 0 {
			m.disk.Faults.Syncs--
			return disk.ErrIO
		}
		m.disk.syncEntries(node.dir)
		return nil
	})
}

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
