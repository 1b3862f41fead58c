package disk

import (
	"errors"

	"trialog/core/disk"
	"trialog/sim/choice"
)

// Mount is what one process sees of a disk: a disk.FS that dies with it.
type Mount struct {
	// Work is what was done through the mount since the caller last cleared it.
	Work Work

	disk  *Disk
	files []*file // open ones
	slab  []file  // for those to come
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
	if len(m.slab) == 0 {
		m.slab = make([]file, 32)
	}
	f := &m.slab[0] // never given out twice: who has closed it may still hold it
	m.slab = m.slab[1:]
	*f = file{mount: m, node: node, slot: len(m.files)}
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
