package powercut

import (
	"bytes"
	"maps"
)

// sectorBytes is what a disk writes in one piece.
const sectorBytes = 512

// What becomes of the unsynced changes of a file or directory.
const (
	keepAll    = iota // they had all reached the platter
	keepNone          // none had
	keepPrefix        // those before some moment had, the last one in part
	keepSome          // sectors and names had in any order
	keepModes
)

// Loss is what a power cut has taken.
type Loss struct {
	Files, Bytes int      // files with changes that are lost, and the bytes in those changes
	Names        []string // names that did not come, or did not go
}

// Survive rebuilds the tree after a power cut from what was durable and a
// random part of what was not, and turns the power on. Nobody may have the disk
// mounted.
func (d *Disk) Survive() Loss {
	d.mu.Lock()
	defer d.mu.Unlock()
	var loss Loss
	d.used = 0
	d.surviveNode(d.root, &loss, map[*inode]bool{})
	d.faults = nil
	d.powerOn()
	return loss
}

func (d *Disk) surviveNode(n *inode, loss *Loss, seen map[*inode]bool) {
	if seen[n] { // a rename between directories of which one half survived
		n.links++
		return
	}
	seen[n] = true
	n.links, n.opens = 1, 0
	if !n.dir() {
		d.surviveFile(n, loss)
		return
	}
	d.surviveNames(n, loss)
	for _, name := range n.sorted() {
		child := n.names[name]
		child.parent, child.name = n, name
		d.surviveNode(child, loss, seen)
	}
}

func (d *Disk) surviveFile(n *inode, loss *Loss) {
	pending := 0
	for i := range n.pending {
		pending += len(n.pending[i].bytes)
	}
	image := d.remains(n)
	if len(n.pending) > 0 && !bytes.Equal(image, n.now) {
		loss.Files++
		loss.Bytes += pending
	}
	n.durable, n.pending = image, nil
	n.now = append([]byte(nil), image...)
	d.used += int64(len(n.now))
}

// surviveNames keeps some of the pending changes of names, in their order.
func (d *Disk) surviveNames(n *inode, loss *Loss) {
	if len(n.unkept) > 0 {
		mode := d.draw.IntN(keepModes)
		prefix := len(n.unkept)
		switch mode {
		case keepNone:
			prefix = 0
		case keepPrefix:
			prefix = d.draw.IntN(prefix + 1)
		}
		for i := range n.unkept {
			r := &n.unkept[i]
			if i >= prefix || mode == keepSome && d.draw.IntN(2) == 0 {
				loss.Names = append(loss.Names, n.path()+r.unlink+">"+r.link)
				continue
			}
			r.apply(n.kept)
		}
		n.unkept = nil
	}
	n.names = maps.Clone(n.kept)
}

// remains is what the platter holds of a file: its durable image, and of the
// pending changes what is drawn.
func (d *Disk) remains(n *inode) []byte {
	image := n.durable
	if len(n.pending) == 0 {
		return image
	}
	switch d.draw.IntN(keepModes) {
	case keepNone:
	case keepAll:
		for i := range n.pending {
			image = n.pending[i].apply(image)
		}
	case keepPrefix:
		image = d.remainsPrefix(image, n.pending)
	case keepSome:
		if shrinks(n.pending) { // a truncation is one step of the file system
			image = d.remainsPrefix(image, n.pending)
		} else {
			image = d.remainsSectors(image, n.pending)
		}
	}
	return image
}

func shrinks(pending []write) bool {
	for i := range pending {
		if pending[i].cut {
			return true
		}
	}
	return false
}

// remainsPrefix keeps the changes before a moment, and of the one at it the
// first sectors, with or without the size that it gave the file.
func (d *Disk) remainsPrefix(image []byte, pending []write) []byte {
	at := d.draw.IntN(len(pending))
	for i := range pending[:at] {
		image = pending[i].apply(image)
	}
	torn := &pending[at]
	if len(torn.bytes) == 0 {
		return image
	}
	n := int64(len(torn.bytes))
	first := sectorBytes - torn.off%sectorBytes // bytes up to the first border
	sectors := (n-first+sectorBytes-1)/sectorBytes + 1
	kept := max(min(first+sectorBytes*(d.draw.Int64N(sectors+1)-1), n), 0)
	if kept > 0 {
		image = put(image, torn.bytes[:kept], torn.off)
	}
	if d.draw.IntN(2) == 0 && int64(len(image)) < torn.size {
		image = resize(image, torn.size) // the size had reached the platter, the bytes had not
	}
	return image
}

// remainsSectors gives every sector one of its versions, and the file one of
// its sizes. No change in pending makes the file shorter.
func (d *Disk) remainsSectors(image []byte, pending []write) []byte {
	size := int64(len(image))
	if back := d.draw.IntN(len(pending) + 1); back > 0 {
		size = pending[back-1].size
	}
	versions := map[int64]int{} // by sector: how many changes touch it
	eachSector(pending, func(_ *write, sector int64) { versions[sector]++ })
	keep := make(map[int64]int, len(versions)) // and how many of them are kept
	eachSector(pending, func(w *write, sector int64) {
		if _, drawn := keep[sector]; !drawn {
			keep[sector] = d.draw.IntN(versions[sector] + 1)
		}
		if keep[sector] == 0 {
			return
		}
		keep[sector]--
		from := max(w.off, sector*sectorBytes)
		to := min(w.off+int64(len(w.bytes)), (sector+1)*sectorBytes)
		image = put(image, w.bytes[from-w.off:to-w.off], from)
	})
	return resize(image, size)
}

// eachSector visits the sectors of each change, in the order of the changes.
func eachSector(pending []write, visit func(w *write, sector int64)) {
	for i := range pending {
		w := &pending[i]
		if len(w.bytes) == 0 {
			continue
		}
		for s := w.off / sectorBytes; s <= (w.off+int64(len(w.bytes))-1)/sectorBytes; s++ {
			visit(w, s)
		}
	}
}
