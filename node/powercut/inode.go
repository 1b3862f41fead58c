package powercut

import (
	"syscall"
	"time"
)

// inode is a file or a directory.
type inode struct {
	number  uint64
	mode    uint32 // as stat(2) has it
	changed time.Time

	// A present name, for faults that look at paths.
	parent *inode
	name   string

	// What needs a file's bytes: present names and open handles.
	links int
	opens int

	// A file: its bytes as they are, as they are durable, and what lies between.
	now     []byte
	durable []byte
	pending []write

	// A directory likewise.
	names  map[string]*inode
	kept   map[string]*inode
	unkept []rename
}

// write is a change of a file that no sync has covered.
type write struct {
	sequence uint64
	off      int64
	bytes    []byte
	size     int64 // of the file, right after it
	cut      bool  // the file got shorter; off and bytes say nothing
}

func (d *Disk) newInode(mode uint32) *inode {
	d.numbers++
	n := &inode{number: d.numbers, mode: mode, changed: time.Now()}
	if n.dir() {
		n.names, n.kept = map[string]*inode{}, map[string]*inode{}
	}
	return n
}

func (n *inode) dir() bool { return n.mode&syscall.S_IFMT == syscall.S_IFDIR }

// path is the inode's place below the root, with a slash behind a directory.
func (n *inode) path() string {
	if n.parent == nil {
		return ""
	}
	p := n.parent.path() + n.name
	if n.dir() {
		p += "/"
	}
	return p
}

// resize gives an image another length; what is new is zero.
func resize(image []byte, size int64) []byte {
	have := int64(len(image))
	if size <= have {
		clear(image[size:])
		return image[:size]
	}
	return append(image, make([]byte, size-have)...)
}

// put writes bytes into an image.
func put(image, p []byte, off int64) []byte {
	if end := off + int64(len(p)); end > int64(len(image)) {
		image = resize(image, end)
	}
	copy(image[off:], p)
	return image
}

// apply does the change to an image.
func (w *write) apply(image []byte) []byte {
	if len(w.bytes) > 0 {
		image = put(image, w.bytes, w.off)
	}
	return resize(image, w.size)
}

// write changes a file's bytes and returns how many found room.
func (d *Disk) write(n *inode, p []byte, off int64) (int, syscall.Errno) {
	if grow := off + int64(len(p)) - int64(len(n.now)); grow > 0 {
		room := max(d.capacity-d.used, 0)
		if over := grow - room; over > 0 {
			if over >= int64(len(p)) {
				return 0, syscall.ENOSPC
			}
			p = p[:int64(len(p))-over]
		}
	}
	before := int64(len(n.now))
	n.now = put(n.now, p, off)
	d.changedFile(n, before, write{off: off, bytes: append([]byte(nil), p...)})
	return len(p), 0
}

// truncate sets a file's size.
func (d *Disk) truncate(n *inode, size int64) syscall.Errno {
	before := int64(len(n.now))
	if size == before {
		return 0
	}
	if size-before > max(d.capacity-d.used, 0) {
		return syscall.ENOSPC
	}
	n.now = resize(n.now, size)
	d.changedFile(n, before, write{cut: size < before})
	return 0
}

func (d *Disk) changedFile(n *inode, before int64, w write) {
	d.sequence++
	w.sequence, w.size = d.sequence, int64(len(n.now))
	n.pending = append(n.pending, w)
	n.changed = time.Now()
	d.used += w.size - before
}

// sync makes the changes up to a sequence durable.
func (n *inode) sync(upTo uint64) {
	done := 0
	for done < len(n.pending) && n.pending[done].sequence <= upTo {
		n.durable = n.pending[done].apply(n.durable)
		done++
	}
	n.pending = append(n.pending[:0], n.pending[done:]...)
	if len(n.pending) == 0 {
		n.durable = resize(n.durable, int64(len(n.now))) // a failed sync may have left another size
	}
}

// syncFailed settles the fate of what a failed sync had to write: the part that
// is not on the platter now will never be, unless it is written anew.
func (d *Disk) syncFailed(n *inode) {
	if n.dir() {
		return
	}
	n.durable = d.remains(n)
	n.pending = nil
}

// unlinked notes that a name went, and frees what nobody can reach.
func (d *Disk) unlinked(n *inode) {
	n.links--
	d.free(n)
}

func (d *Disk) free(n *inode) {
	if n.links == 0 && n.opens == 0 && !n.dir() && len(n.now) > 0 {
		// Its durable image stays: a durable name may still lead to it.
		d.used -= int64(len(n.now))
		n.now = nil
	}
}
