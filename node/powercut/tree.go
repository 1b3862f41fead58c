package powercut

import "syscall"

// lookup finds a name.
func (d *Disk) lookup(dir *inode, name string) (*inode, syscall.Errno) {
	if !dir.dir() {
		return nil, syscall.ENOTDIR
	}
	if n := dir.names[name]; n != nil {
		return n, 0
	}
	return nil, syscall.ENOENT
}

// create makes a file or a directory, as mode says.
func (d *Disk) create(dir *inode, name string, mode uint32) (*inode, syscall.Errno) {
	switch {
	case !dir.dir():
		return nil, syscall.ENOTDIR
	case dir.names[name] != nil:
		return nil, syscall.EEXIST
	case dir.links == 0:
		return nil, syscall.ENOENT
	}
	n := d.newInode(mode)
	d.change(dir, rename{link: name, node: n})
	return n, 0
}

// remove takes a name away: a file's, or an empty directory's.
func (d *Disk) remove(dir *inode, name string, wantDir bool) syscall.Errno {
	n, errno := d.lookup(dir, name)
	switch {
	case errno != 0:
		return errno
	case wantDir && !n.dir():
		return syscall.ENOTDIR
	case !wantDir && n.dir():
		return syscall.EISDIR
	case len(n.names) > 0:
		return syscall.ENOTEMPTY
	}
	d.change(dir, rename{unlink: name, node: n})
	return 0
}

// rename moves a name, replacing another.
func (d *Disk) rename(from *inode, oldName string, to *inode, newName string) syscall.Errno {
	n, errno := d.lookup(from, oldName)
	if errno != 0 {
		return errno
	}
	switch there := to.names[newName]; {
	case !to.dir():
		return syscall.ENOTDIR
	case there == n:
		return 0
	case there == nil:
	case there.dir() && !n.dir():
		return syscall.EISDIR
	case !there.dir() && n.dir():
		return syscall.ENOTDIR
	case len(there.names) > 0:
		return syscall.ENOTEMPTY
	}
	if from == to {
		d.change(from, rename{unlink: oldName, link: newName, node: n})
		return 0
	}
	d.change(to, rename{link: newName, node: n})
	d.change(from, rename{unlink: oldName, node: n})
	return 0
}
