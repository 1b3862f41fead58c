package powercut

import (
	"os"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// mounted shows a disk to the kernel. Nothing is cached there: every call of a
// process arrives here, so that none outlives the power.
type mounted struct {
	fuse.RawFileSystem
	disk *Disk

	// Guarded by the disk's lock.
	nodes    map[uint64]*reference
	listings map[uint64][]fuse.DirEntry
	handles  uint64
}

// reference is an inode that the kernel knows by its number.
type reference struct {
	node    *inode
	lookups uint64
}

func newMounted(d *Disk) *mounted {
	m := &mounted{
		RawFileSystem: fuse.NewDefaultRawFileSystem(), disk: d,
		nodes: map[uint64]*reference{}, listings: map[uint64][]fuse.DirEntry{},
	}
	m.nodes[fuse.FUSE_ROOT_ID] = &reference{node: d.root, lookups: 1}
	return m
}

// String implements fuse.RawFileSystem.
func (*mounted) String() string { return fsName }

func (m *mounted) node(id uint64) *inode {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	if r := m.nodes[id]; r != nil {
		return r.node
	}
	return nil
}

// call carries out a call on the inode that a request names.
func (m *mounted) call(op Op, header *fuse.InHeader, do func(*inode) syscall.Errno) fuse.Status {
	n := m.node(header.NodeId)
	if n == nil {
		return fuse.Status(syscall.ESTALE)
	}
	return fuse.Status(m.disk.call(op, n, func() syscall.Errno { return do(n) }))
}

// number is how the kernel calls an inode.
func (m *mounted) number(n *inode) uint64 {
	if n == m.disk.root {
		return fuse.FUSE_ROOT_ID
	}
	return n.number + fuse.FUSE_ROOT_ID
}

func (m *mounted) attributes(n *inode, out *fuse.Attr) {
	*out = fuse.Attr{
		Ino: m.number(n), Size: uint64(len(n.now)), Blocks: uint64(len(n.now)+511) / 512, Blksize: 4096,
		Mode: n.mode, Nlink: uint32(n.links), Owner: fuse.Owner{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())},
	}
	out.SetTimes(&n.changed, &n.changed, &n.changed)
}

// entry answers with an inode, which the kernel then knows.
func (m *mounted) entry(n *inode, out *fuse.EntryOut) {
	out.NodeId, out.Generation = m.number(n), 1
	r := m.nodes[out.NodeId]
	if r == nil {
		r = &reference{node: n}
		m.nodes[out.NodeId] = r
	}
	r.lookups++
	m.attributes(n, &out.Attr)
}

// Forget implements fuse.RawFileSystem.
func (m *mounted) Forget(id, lookups uint64) {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	if r := m.nodes[id]; r != nil && id != fuse.FUSE_ROOT_ID {
		if r.lookups -= min(lookups, r.lookups); r.lookups == 0 {
			delete(m.nodes, id)
		}
	}
}

// Lookup implements fuse.RawFileSystem.
func (m *mounted) Lookup(_ <-chan struct{}, header *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	return m.call(OpLook, header, func(dir *inode) syscall.Errno {
		n, errno := m.disk.lookup(dir, name)
		if errno == 0 {
			m.entry(n, out)
		}
		return errno
	})
}

// GetAttr implements fuse.RawFileSystem.
func (m *mounted) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	return m.call(OpLook, &in.InHeader, func(n *inode) syscall.Errno {
		m.attributes(n, &out.Attr)
		return 0
	})
}

// SetAttr implements fuse.RawFileSystem.
func (m *mounted) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	op := OpLook
	size, sized := in.GetSize()
	if sized {
		op = OpWrite
	}
	return m.call(op, &in.InHeader, func(n *inode) syscall.Errno {
		if mode, ok := in.GetMode(); ok {
			n.mode = n.mode&syscall.S_IFMT | mode
		}
		var errno syscall.Errno
		if sized {
			errno = m.disk.truncate(n, int64(size))
		}
		m.attributes(n, &out.Attr)
		return errno
	})
}

// Mkdir implements fuse.RawFileSystem.
func (m *mounted) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	return m.make(&in.InHeader, name, syscall.S_IFDIR|in.Mode&0o7777, out, nil)
}

// Create implements fuse.RawFileSystem.
func (m *mounted) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	out.OpenFlags = fuse.FOPEN_DIRECT_IO
	return m.make(&in.InHeader, name, syscall.S_IFREG|in.Mode&0o7777, &out.EntryOut, func(n *inode) { n.opens++ })
}

func (m *mounted) make(header *fuse.InHeader, name string, mode uint32, out *fuse.EntryOut, then func(*inode)) fuse.Status {
	return m.call(OpCreate, header, func(dir *inode) syscall.Errno {
		n, errno := m.disk.create(dir, name, mode)
		if errno != 0 {
			return errno
		}
		m.entry(n, out)
		if then != nil {
			then(n)
		}
		return 0
	})
}

// Unlink implements fuse.RawFileSystem.
func (m *mounted) Unlink(_ <-chan struct{}, header *fuse.InHeader, name string) fuse.Status {
	return m.call(OpRemove, header, func(dir *inode) syscall.Errno { return m.disk.remove(dir, name, false) })
}

// Rmdir implements fuse.RawFileSystem.
func (m *mounted) Rmdir(_ <-chan struct{}, header *fuse.InHeader, name string) fuse.Status {
	return m.call(OpRemove, header, func(dir *inode) syscall.Errno { return m.disk.remove(dir, name, true) })
}

// Rename implements fuse.RawFileSystem. It exchanges nothing.
func (m *mounted) Rename(_ <-chan struct{}, in *fuse.RenameIn, oldName, newName string) fuse.Status {
	to := m.node(in.Newdir)
	if to == nil {
		return fuse.Status(syscall.ESTALE)
	}
	return m.call(OpRename, &in.InHeader, func(from *inode) syscall.Errno {
		if in.Flags != 0 {
			return syscall.EINVAL
		}
		return m.disk.rename(from, oldName, to, newName)
	})
}

// Open implements fuse.RawFileSystem. The kernel truncates by itself, before.
func (m *mounted) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	out.OpenFlags = fuse.FOPEN_DIRECT_IO
	return m.call(OpLook, &in.InHeader, func(n *inode) syscall.Errno {
		n.opens++
		return 0
	})
}

// Release implements fuse.RawFileSystem. It needs no power.
func (m *mounted) Release(_ <-chan struct{}, in *fuse.ReleaseIn) {
	n := m.node(in.NodeId)
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	if n != nil {
		n.opens--
		m.disk.free(n)
	}
}

// Read implements fuse.RawFileSystem.
func (m *mounted) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	got := 0
	status := m.call(OpRead, &in.InHeader, func(n *inode) syscall.Errno {
		if in.Offset < uint64(len(n.now)) {
			got = copy(buf, n.now[in.Offset:])
		}
		return 0
	})
	if !status.Ok() { // the library forgets the status of a read that has a result
		return nil, status
	}
	return fuse.ReadResultData(buf[:got]), status
}

// Write implements fuse.RawFileSystem.
func (m *mounted) Write(_ <-chan struct{}, in *fuse.WriteIn, p []byte) (written uint32, status fuse.Status) {
	status = m.call(OpWrite, &in.InHeader, func(n *inode) syscall.Errno {
		k, errno := m.disk.write(n, p, int64(in.Offset))
		written = uint32(k)
		return errno
	})
	return written, status
}

// Fsync implements fuse.RawFileSystem, fdatasync included: both cover bytes and
// size. What is written while the disk works is not covered.
func (m *mounted) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	upTo := m.sequence()
	return m.call(OpSync, &in.InHeader, func(n *inode) syscall.Errno {
		n.sync(upTo)
		return 0
	})
}

// FsyncDir implements fuse.RawFileSystem.
func (m *mounted) FsyncDir(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	upTo := m.sequence()
	return m.call(OpSyncDir, &in.InHeader, func(n *inode) syscall.Errno {
		n.syncNames(upTo)
		return 0
	})
}

func (m *mounted) sequence() uint64 {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	return m.disk.sequence
}

// OpenDir implements fuse.RawFileSystem.
func (m *mounted) OpenDir(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	return m.call(OpLook, &in.InHeader, func(*inode) syscall.Errno {
		m.handles++
		out.Fh = m.handles
		return 0
	})
}

// ReadDir implements fuse.RawFileSystem. A listing is taken at its beginning,
// so that names which go meanwhile make it skip none.
func (m *mounted) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return m.call(OpLook, &in.InHeader, func(dir *inode) syscall.Errno {
		if in.Offset == 0 {
			m.listings[in.Fh] = m.list(dir)
		}
		list := m.listings[in.Fh]
		for at := min(in.Offset, uint64(len(list))); at < uint64(len(list)); at++ {
			if !out.AddDirEntry(list[at]) {
				break
			}
		}
		return 0
	})
}

func (m *mounted) list(dir *inode) []fuse.DirEntry {
	list := []fuse.DirEntry{{Name: ".", Mode: dir.mode, Ino: m.number(dir)}, {Name: "..", Mode: dir.mode}}
	for _, name := range dir.sorted() {
		n := dir.names[name]
		list = append(list, fuse.DirEntry{Name: name, Mode: n.mode, Ino: m.number(n)})
	}
	return list
}

// ReleaseDir implements fuse.RawFileSystem.
func (m *mounted) ReleaseDir(in *fuse.ReleaseIn) {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	delete(m.listings, in.Fh)
}

// StatFs implements fuse.RawFileSystem.
func (m *mounted) StatFs(_ <-chan struct{}, header *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	const block = 4096
	return m.call(OpLook, header, func(*inode) syscall.Errno {
		free := max(m.disk.capacity-m.disk.used, 0)
		if m.disk.claimed >= 0 {
			free = m.disk.claimed
		}
		*out = fuse.StatfsOut{
			Blocks: uint64(max(m.disk.capacity, free)) / block, Bfree: uint64(free) / block, Bavail: uint64(free) / block,
			Bsize: block, Frsize: block, NameLen: 255, Files: 1 << 20, Ffree: 1 << 20,
		}
		return 0
	})
}
