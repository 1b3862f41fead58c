package disk

import (
	"strings"

	"trialog/core/disk"
	"trialog/sim/choice"
)

// Disk is one host's disk. It outlives the processes that use it.
type Disk struct {
	// Faults are what is wrong with it now.
	Faults Faults

	draw     *choice.Stream
	pool     *Pages
	root     *inode
	capacity int64 // bytes
	used     int64 // bytes, in whole pages
	pending  int64 // bytes written and not synced
	created  uint64
	tree     uint64 // changes of names so far
	round    uint64
}

// Faults are what is wrong with a disk.
type Faults struct {
	// The next so many calls of the kind fail with EIO.
	Writes, Reads, Syncs int
	// ShortWrites of the next writes stop half way, then fail with EIO.
	ShortWrites int
	// Broken fails every call with EIO.
	Broken bool
	// Full fails every write that needs room.
	Full bool
}

// New makes an empty disk. Its draws are on the given stream.
func New(draw *choice.Stream, pool *Pages, capacity int64) *Disk {
	d := &Disk{draw: draw, pool: pool, capacity: capacity}
	d.root = d.newInode(true)
	d.root.refs = 1
	return d
}

// Draw is the stream of the disk's draws.
func (d *Disk) Draw() *choice.Stream { return d.draw }

// Tree rises with every change of a name, so that a holder of descriptors can
// tell whether they still are what their paths say.
func (d *Disk) Tree() uint64 { return d.tree }

// Content is what a file holds, nil when there is none.
func (d *Disk) Content(path string) []byte {
	i, err := d.walk(path)
	if err != nil || i.dir != nil {
		return nil
	}
	content := make([]byte, i.size)
	i.read(content, 0)
	return content
}

// Wipe leaves an empty disk. Nothing holds its files any more.
func (d *Disk) Wipe() {
	d.drop(d.root)
	d.root = d.newInode(true)
	d.root.refs = 1
	d.tree++
}

// Discard gives the disk's memory back; the disk is of no use afterwards.
func (d *Disk) Discard() { d.drop(d.root) }

// EndRound says that the writer's round of writes and a sync is over: what it
// wrote is durable, and what it writes from now on may say so.
func (d *Disk) EndRound() { d.round++ }

// Free is the number of bytes that can still be written.
func (d *Disk) Free() int64 {
	if d.Faults.Full {
		return 0
	}
	return d.capacity - d.used
}

// Used is the number of bytes taken, in whole pages.
func (d *Disk) Used() int64 { return d.used }

// Pending is the number of bytes written and not yet synced.
func (d *Disk) Pending() int64 { return d.pending }

func (d *Disk) newInode(dir bool) *inode {
	d.created++
	i := &inode{number: d.created}
	if dir {
		i.dir = &directory{}
	}
	return i
}

func (d *Disk) takePage() []byte {
	d.used += pageBytes
	return d.pool.get()
}

func (d *Disk) givePage(page []byte) {
	d.used -= pageBytes
	d.pool.put(page)
}

// walk finds an inode; "." is the root.
func (d *Disk) walk(path string) (*inode, error) {
	at := d.root
	for path != "" {
		var name string
		name, path, _ = strings.Cut(path, "/")
		if name == "." || name == "" {
			continue
		}
		if at.dir == nil {
			return nil, disk.ErrNotExist
		}
		next := find(at.dir.entries, name)
		if next == nil {
			return nil, disk.ErrNotExist
		}
		at = next
	}
	return at, nil
}

// parent finds the directory of a path and the last name in it.
func (d *Disk) parent(path string) (*directory, string, error) {
	dir, name := ".", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, name = path[:i], path[i+1:]
	}
	node, err := d.walk(dir)
	if err != nil {
		return nil, "", err
	}
	if node.dir == nil || name == "" || name == "." {
		return nil, "", disk.ErrNotExist
	}
	return node.dir, name, nil
}

func (d *Disk) create(path string) (*inode, error) {
	dir, name, err := d.parent(path)
	if err != nil {
		return nil, err
	}
	if find(dir.entries, name) != nil {
		return nil, disk.ErrExist
	}
	if d.Free() < pageBytes {
		return nil, disk.ErrNoSpace
	}
	node := d.newInode(false)
	d.change(dir, entryChange{link: name, node: node})
	return node, nil
}

func (d *Disk) remove(path string) error {
	dir, name, err := d.parent(path)
	if err != nil {
		return err
	}
	node := find(dir.entries, name)
	if node == nil {
		return disk.ErrNotExist
	}
	if node.dir != nil && len(node.dir.entries) > 0 {
		return disk.ErrExist // ENOTEMPTY
	}
	d.change(dir, entryChange{unlink: name, node: node})
	return nil
}

func (d *Disk) rename(oldPath, newPath string) error {
	from, oldName, err := d.parent(oldPath)
	if err != nil {
		return err
	}
	node := find(from.entries, oldName)
	if node == nil {
		return disk.ErrNotExist
	}
	to, newName, err := d.parent(newPath)
	if err != nil {
		return err
	}
	if there := find(to.entries, newName); there != nil {
		switch {
		case there == node:
			return nil
		case there.dir != nil && (node.dir == nil || len(there.dir.entries) > 0):
			return disk.ErrExist
		case there.dir == nil && node.dir != nil:
			return disk.ErrExist
		}
	}
	if from == to {
		d.change(from, entryChange{unlink: oldName, link: newName, node: node})
		return nil
	}
	d.change(to, entryChange{link: newName, node: node})
	d.change(from, entryChange{unlink: oldName, node: node})
	return nil
}

func (d *Disk) mkdirAll(path string) error {
	at := d.root
	for path != "" {
		var name string
		name, path, _ = strings.Cut(path, "/")
		if name == "." || name == "" {
			continue
		}
		if at.dir == nil {
			return disk.ErrExist
		}
		next := find(at.dir.entries, name)
		if next == nil {
			next = d.newInode(true)
			d.change(at.dir, entryChange{link: name, node: next})
		}
		at = next
	}
	if at.dir == nil {
		return disk.ErrExist
	}
	return nil
}

func (d *Disk) readDir(path string) ([]string, error) {
	node, err := d.walk(path)
	if err != nil {
		return nil, err
	}
	if node.dir == nil {
		return nil, disk.ErrNotExist
	}
	names := make([]string, len(node.dir.entries))
	for k := range node.dir.entries {
		names[k] = node.dir.entries[k].name
	}
	return names, nil
}
