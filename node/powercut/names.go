package powercut

import (
	"maps"
	"slices"
	"time"
)

// rename is a change of a directory's names that no sync has covered. A rename
// within a directory is one change: both names or neither.
type rename struct {
	sequence uint64
	unlink   string // the name that goes; empty: none
	link     string // the name that comes, or is replaced; empty: none
	node     *inode
}

// apply does the change to a table of names. It is the change as the platter
// takes it: with changes before it lost, a name that goes may be another's by
// now, and stays.
func (r *rename) apply(names map[string]*inode) {
	if r.unlink != "" && names[r.unlink] == r.node {
		delete(names, r.unlink)
	}
	if r.link != "" {
		names[r.link] = r.node
	}
}

// change does a change of names in a directory.
func (d *Disk) change(dir *inode, r rename) {
	d.sequence++
	r.sequence = d.sequence
	var gone *inode
	if r.link != "" {
		gone = dir.names[r.link]
		r.node.parent, r.node.name = dir, r.link
		r.node.links++
	}
	r.apply(dir.names)
	dir.unkept = append(dir.unkept, r)
	dir.changed = time.Now()
	if gone != nil {
		d.unlinked(gone)
	}
	if r.unlink != "" {
		d.unlinked(r.node)
	}
}

// syncNames makes the changes of a directory up to a sequence durable.
func (n *inode) syncNames(upTo uint64) {
	done := 0
	for done < len(n.unkept) && n.unkept[done].sequence <= upTo {
		n.unkept[done].apply(n.kept)
		done++
	}
	n.unkept = append(n.unkept[:0], n.unkept[done:]...)
}

// sorted lists the names of a directory.
func (n *inode) sorted() []string { return slices.Sorted(maps.Keys(n.names)) }
