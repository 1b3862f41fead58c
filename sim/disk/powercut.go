package disk

import "trialog/sim/choice"

// What becomes of the unsynced changes of a file or directory.
const (
	keepAll    = iota // they had all reached the platter
	keepNone          // none had
	keepPrefix        // those before some moment had, the last one in part
	keepSome          // sectors and names had in any order
	keepModes
)

// PowerCut leaves what the platter holds: everything synced, and of the rest
// what is drawn. No process may have the disk mounted. It returns how many
// unsynced bytes did not survive.
func (d *Disk) PowerCut() (lostBytes int64) { return d.cutInode(d.root) }

func (d *Disk) cutInode(i *inode) int64 {
	if i.dir == nil {
		return d.cutFile(i)
	}
	d.cutDir(i.dir)
	var lost int64
	for k := range i.dir.entries {
		lost += d.cutInode(i.dir.entries[k].node)
	}
	return lost
}

// cutDir keeps some of the pending changes of names, in their order.
func (d *Disk) cutDir(dir *directory) {
	if len(dir.undo) == 0 {
		return
	}
	list := append([]entry(nil), dir.synced...)
	mode := d.draw.Choose(choice.DiskEntries, keepModes)
	prefix := len(dir.undo)
	switch mode {
	case keepNone:
		prefix = 0
	case keepPrefix:
		prefix -= int(d.draw.Choose(choice.DiskEntry, uint64(len(dir.undo))+1))
	}
	for k := range dir.undo[:prefix] {
		if mode == keepSome && d.draw.Choose(choice.DiskEntry, 2) != 0 {
			continue
		}
		list = dir.undo[k].survive(list)
	}
	for k := range list {
		list[k].node.refs++
	}
	for k := range dir.entries {
		d.drop(dir.entries[k].node)
	}
	dir.entries = list
	d.syncEntries(dir)
}

// survive does a change that reached the platter. A name goes only if it still
// is the inode's: with changes lost in between it may be another's.
func (c *entryChange) survive(list []entry) []entry {
	if c.unlink != "" && find(list, c.unlink) == c.node {
		list = set(list, c.unlink, nil)
	}
	if c.link != "" {
		list = set(list, c.link, c.node)
	}
	return list
}

// cutFile keeps some of a file's pending changes.
func (d *Disk) cutFile(i *inode) (lostBytes int64) {
	if len(i.undo) > 0 {
		switch d.draw.Choose(choice.DiskKeep, keepModes) {
		case keepNone:
			lostBytes = i.rollBack(d, 0)
		case keepPrefix:
			lostBytes = d.cutPrefix(i)
		case keepSome:
			if i.shrunk() {
				lostBytes = d.cutPrefix(i) // a truncation is one step of the file system
			} else {
				lostBytes = d.cutSectors(i)
			}
		}
		i.sync(d)
	}
	for _, s := range i.lost {
		if d.draw.Choose(choice.DiskKeep, 2) == 0 {
			continue
		}
		if n := min(int64(len(s.old)), i.size-s.off); n > 0 {
			i.store(d, s.old[:n], s.off)
			lostBytes += n
		}
	}
	i.lost, i.syncedSize = nil, i.size
	return lostBytes
}

// shrunk tells whether a pending change made the file shorter.
func (i *inode) shrunk() bool {
	for k := range i.undo {
		if i.undo[k].newSize < i.undo[k].oldSize {
			return true
		}
	}
	return false
}

// rollBack undoes all changes but the first keep.
func (i *inode) rollBack(d *Disk, keep int) (undone int64) {
	for k := len(i.undo) - 1; k >= keep; k-- {
		c := &i.undo[k]
		if len(c.old) > 0 {
			i.store(d, c.old, c.off)
		}
		i.cut(d, c.oldSize)
		undone += c.n
		d.pending -= c.n
	}
	i.undo = i.undo[:keep]
	return undone
}

// cutPrefix keeps the changes before a moment, and of the one at it the first
// sectors, with or without the size it gave the file.
func (d *Disk) cutPrefix(i *inode) int64 {
	keep := int(d.draw.Choose(choice.DiskSector, uint64(len(i.undo))))
	torn := i.undo[keep]
	var written []byte
	if torn.newSize >= torn.oldSize { // a write
		written = make([]byte, torn.n)
		i.readAs(written, keep)
	}
	lost := i.rollBack(d, keep)
	if written == nil {
		return lost
	}
	first := sectorBytes - torn.off%sectorBytes // bytes up to the first border
	sectors := (torn.n-first+sectorBytes-1)/sectorBytes + 1
	survive := first + sectorBytes*(int64(d.draw.Choose(choice.DiskSector, uint64(sectors)+1))-1)
	survive = max(min(survive, torn.n), 0)
	i.store(d, written[:survive], torn.off)
	if d.draw.Choose(choice.DiskSize, 2) != 0 && i.size < torn.newSize {
		i.cut(d, torn.newSize) // the size had reached the platter, the bytes had not
	}
	return lost - survive
}

// readAs reads the bytes of change k as they were right after it.
func (i *inode) readAs(p []byte, k int) {
	c := &i.undo[k]
	i.read(p, c.off)
	for j := len(i.undo) - 1; j > k; j-- {
		overlay(p, c.off, i.undo[j].old, i.undo[j].off)
	}
}

// overlay copies src, which lies at srcOff, over dst, which lies at dstOff.
func overlay(dst []byte, dstOff int64, src []byte, srcOff int64) {
	from, to := max(dstOff, srcOff), min(dstOff+int64(len(dst)), srcOff+int64(len(src)))
	if from < to {
		copy(dst[from-dstOff:to-dstOff], src[from-srcOff:])
	}
}

// cutSectors lets every sector fall back to one of its unsynced versions, and
// the size to one of the sizes.
func (d *Disk) cutSectors(i *inode) (lost int64) {
	low, high := i.undo[0].off, int64(0)
	for k := range i.undo {
		low, high = min(low, i.undo[k].off), max(high, i.undo[k].off+i.undo[k].n)
	}
	size := i.size
	if back := int(d.draw.Choose(choice.DiskSize, uint64(len(i.undo))+1)); back > 0 {
		size = i.undo[len(i.undo)-back].oldSize
	}
	for at := low / sectorBytes * sectorBytes; at < high; at += sectorBytes {
		lost += d.cutSector(i, at)
	}
	i.cut(d, size)
	return lost
}

func (d *Disk) cutSector(i *inode, at int64) (lost int64) {
	var touching uint64
	for k := range i.undo {
		if c := &i.undo[k]; c.off < at+sectorBytes && c.off+c.n > at {
			touching++
		}
	}
	if touching == 0 {
		return 0
	}
	back := d.draw.Choose(choice.DiskSector, touching+1)
	var sector [sectorBytes]byte
	i.read(sector[:], at)
	for k := len(i.undo) - 1; k >= 0 && back > 0; k-- {
		c := &i.undo[k]
		if c.off >= at+sectorBytes || c.off+c.n <= at {
			continue
		}
		from, to := max(c.off, at), min(c.off+c.n, at+sectorBytes)
		clear(sector[from-at : to-at])
		overlay(sector[:], at, c.old, c.off)
		lost += to - from
		back--
	}
	// Only as far as the file reaches: a sector never makes it longer.
	if n := min(i.size-at, sectorBytes); n > 0 {
		i.store(d, sector[:n], at)
	}
	return lost
}
