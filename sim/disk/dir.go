package disk

import "strings"

// directory is what an inode that is one holds.
type directory struct {
	entries []entry // by name
	synced  []entry // the durable entries, by name
	undo    []entryChange
}

// entry is a name in a directory.
type entry struct {
	name string
	node *inode
}

// entryChange is a change of names since the last SyncDir. A rename is one
// change: both names or neither.
type entryChange struct {
	unlink string // the name that goes; empty: none
	link   string // the name that comes, or is replaced; empty: none
	node   *inode
}

func search(list []entry, name string) (int, bool) {
	low, high := 0, len(list)
	for low < high {
		mid := (low + high) / 2
		switch c := strings.Compare(list[mid].name, name); {
		case c == 0:
			return mid, true
		case c < 0:
			low = mid + 1
		default:
			high = mid
		}
	}
	return low, false
}

func find(list []entry, name string) *inode {
	if i, ok := search(list, name); ok {
		return list[i].node
	}
	return nil
}

// set links, replaces or (with a nil node) unlinks a name.
func set(list []entry, name string, node *inode) []entry {
	i, ok := search(list, name)
	switch {
	case node == nil && ok:
		return append(list[:i], list[i+1:]...)
	case node == nil:
		return list
	case ok:
		list[i].node = node
		return list
	}
	list = append(list, entry{})
	copy(list[i+1:], list[i:])
	list[i] = entry{name, node}
	return list
}

// apply does a change of names to a list.
func (c *entryChange) apply(list []entry) []entry {
	if c.unlink != "" {
		list = set(list, c.unlink, nil)
	}
	if c.link != "" {
		list = set(list, c.link, c.node)
	}
	return list
}

// change does a change of names and records how it is missed by a power cut.
func (d *Disk) change(dir *directory, c entryChange) {
	d.tree++
	var gone *inode
	if c.link != "" {
		gone = find(dir.entries, c.link)
	}
	c.node.refs++ // held by the pending change
	c.node.refs++ // and by the name
	dir.entries = c.apply(dir.entries)
	dir.undo = append(dir.undo, c)
	if c.unlink != "" {
		d.drop(c.node) // the name that went held it
	}
	if c.link == "" {
		d.drop(c.node) // no name came
	}
	if gone != nil {
		d.drop(gone)
	}
}

// syncEntries makes the names of a directory durable.
func (d *Disk) syncEntries(dir *directory) {
	for k := range dir.entries {
		dir.entries[k].node.refs++
	}
	for k := range dir.synced {
		d.drop(dir.synced[k].node)
	}
	dir.synced = append(dir.synced[:0], dir.entries...)
	for k := range dir.undo {
		d.drop(dir.undo[k].node)
	}
	dir.undo = dir.undo[:0]
}

// drop lets go of an inode, and of its memory when nobody needs it.
func (d *Disk) drop(i *inode) {
	i.refs--
	if i.refs != 0 {
		return
	}
	for _, page := range i.pages {
		if page != nil {
			d.givePage(page)
		}
	}
	for k := range i.undo {
		d.pending -= i.undo[k].n
	}
	i.pages, i.undo, i.lost, i.size = nil, nil, nil, 0
	if i.dir == nil {
		return
	}
	for k := range i.dir.entries {
		d.drop(i.dir.entries[k].node)
	}
	for k := range i.dir.synced {
		d.drop(i.dir.synced[k].node)
	}
	for k := range i.dir.undo {
		d.drop(i.dir.undo[k].node)
	}
	i.dir = nil
}
