package disk

// inode is a file or a directory.
type inode struct {
	number uint64 // by creation, for traces
	dir    *directory
	pages  [][]byte // nil: a hole of zeros
	size   int64
	// undo holds the changes since the last Sync, oldest first.
	undo []change
	// syncedSize is the size at the last Sync.
	syncedSize int64
	// settled are the sizes at the last Syncs, of the latest rounds that had one.
	settled [4]roundSize
	// lost are bytes that a failed Sync left in memory only: later Syncs return
	// success and do not write them, unless they were written anew.
	lost []span
	// refs counts the names (present and durable), the pending changes and the
	// open files that need the inode.
	refs int
}

// roundSize is what of a file was synced when a round (Disk.EndRound) was under way.
type roundSize struct {
	round uint64
	size  int64
}

// change is a write or a truncation, with what undoes it.
type change struct {
	off, n  int64  // the bytes it changed, a truncation's up to the larger size
	oldSize int64  // before it
	newSize int64  // after it
	old     []byte // the former bytes from off, as far as the file reached
}

// read copies what there is at off.
func (i *inode) read(p []byte, off int64) int {
	if off >= i.size {
		return 0
	}
	p = p[:min(int64(len(p)), i.size-off)]
	done := 0
	for done < len(p) {
		at := off + int64(done)
		page, in := int(at/pageBytes), int(at%pageBytes)
		n := min(len(p)-done, pageBytes-in)
		if page < len(i.pages) && i.pages[page] != nil {
			copy(p[done:done+n], i.pages[page][in:])
		} else {
			clear(p[done : done+n])
		}
		done += n
	}
	return done
}

// pagesFor tells how many pages a write of [off, end) has to take.
func (i *inode) pagesFor(off, end int64) int64 {
	if end <= off {
		return 0
	}
	var missing int64
	for page := off / pageBytes; page <= (end-1)/pageBytes; page++ {
		if page >= int64(len(i.pages)) || i.pages[page] == nil {
			missing++
		}
	}
	return missing
}

// store puts bytes at off without any record of it; the size grows as needed.
func (i *inode) store(d *Disk, p []byte, off int64) {
	if i.pages == nil {
		i.pages = make([][]byte, 0, 16)
	}
	for done := 0; done < len(p); {
		at := off + int64(done)
		page, in := int(at/pageBytes), int(at%pageBytes)
		for page >= len(i.pages) {
			i.pages = append(i.pages, nil)
		}
		if i.pages[page] == nil {
			i.pages[page] = d.takePage()
		}
		done += copy(i.pages[page][in:], p[done:])
	}
	i.size = max(i.size, off+int64(len(p)))
}

// write stores bytes and records how to undo it.
func (i *inode) write(d *Disk, p []byte, off int64) {
	if len(p) == 0 {
		return
	}
	c := change{off: off, n: int64(len(p)), oldSize: i.size}
	if off < i.size {
		c.old = make([]byte, min(int64(len(p)), i.size-off))
		i.read(c.old, off)
	}
	i.store(d, p, off)
	c.newSize = i.size
	if i.undo == nil {
		i.undo = make([]change, 0, 16)
	}
	i.undo = append(i.undo, c)
	d.pending += c.n
}

// truncate sets the size and records how to undo it.
func (i *inode) truncate(d *Disk, size int64) {
	if size == i.size {
		return
	}
	c := change{off: min(size, i.size), n: max(size, i.size) - min(size, i.size), oldSize: i.size, newSize: size}
	if size < i.size {
		c.old = make([]byte, i.size-size)
		i.read(c.old, size)
	}
	i.undo = append(i.undo, c)
	i.cut(d, size)
}

// cut sets the size without any record of it. What lies beyond is zero.
func (i *inode) cut(d *Disk, size int64) {
	if size < i.size {
		keep := int((size + pageBytes - 1) / pageBytes)
		for page := keep; page < len(i.pages); page++ {
			if i.pages[page] != nil {
				d.givePage(i.pages[page])
			}
		}
		i.pages = i.pages[:min(keep, len(i.pages))]
		if in := int(size % pageBytes); in != 0 && keep <= len(i.pages) && i.pages[keep-1] != nil {
			clear(i.pages[keep-1][in:])
		}
	}
	i.size = size
}

// span is a range of bytes and what the platter holds instead of them.
type span struct {
	off int64
	old []byte // zero beyond the former end of the file
}

// sync makes what was written durable.
func (i *inode) sync(d *Disk) {
	for k := range i.undo {
		c := &i.undo[k]
		if len(i.lost) > 0 {
			i.rewritten(c.off, c.off+c.n)
		}
		d.pending -= c.n
		c.old = nil
	}
	i.undo = i.undo[:0]
	i.syncedSize = i.size
	if s := &i.settled[0]; s.round != d.round {
		copy(i.settled[1:], i.settled[:])
		s.round = d.round
	}
	i.settled[0].size = i.size
}

// syncFailed drops what was to be synced from the list of what later Syncs do.
func (i *inode) syncFailed(d *Disk) {
	for k := range i.undo {
		c := &i.undo[k]
		old := make([]byte, c.n)
		copy(old, c.old)
		i.lost = append(i.lost, span{c.off, old})
		d.pending -= c.n
		c.old = nil
	}
	i.undo = i.undo[:0]
	i.syncedSize = i.size
}

// rewritten removes [from, to) from what was lost.
func (i *inode) rewritten(from, to int64) {
	var rest []span
	for _, s := range i.lost {
		end := s.off + int64(len(s.old))
		if to <= s.off || from >= end {
			rest = append(rest, s)
			continue
		}
		if s.off < from {
			rest = append(rest, span{s.off, s.old[:from-s.off]})
		}
		if to < end {
			rest = append(rest, span{to, s.old[to-s.off:]})
		}
	}
	i.lost = rest
}

// settledBelow is the offset below which no byte was changed since a Sync that
// lies at least age whole rounds back.
func (i *inode) settledBelow(d *Disk, age uint64) int64 {
	for k := range i.settled {
		if s := &i.settled[k]; s.round+age < d.round {
			return min(s.size, i.syncedBelow())
		}
	}
	return 0
}

// syncedBelow is the offset below which no byte was changed since the last Sync.
func (i *inode) syncedBelow() int64 {
	below := min(i.size, i.syncedSize)
	for k := range i.undo {
		below = min(below, i.undo[k].off)
	}
	for k := range i.lost {
		below = min(below, i.lost[k].off)
	}
	return below
}
