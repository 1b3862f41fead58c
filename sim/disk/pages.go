package disk

// pageBytes is the unit of a file's memory.
const pageBytes = 8 << 10

// sectorBytes is what a disk writes in one piece.
const sectorBytes = 512

// Pages lends memory to the disks of a run and, when it is kept, of the next.
type Pages struct {
	free  [][]byte
	slab  []byte
	lent  int
	taken int
}

// get returns a page of zeros.
func (p *Pages) get() []byte {
	p.lent++
	if n := len(p.free); n > 0 {
		page := p.free[n-1]
		p.free = p.free[:n-1]
		clear(page)
		return page
	}
	if len(p.slab) < pageBytes {
		const slabPages = 64
		p.slab = make([]byte, slabPages*pageBytes)
		p.taken += slabPages
	}
	page := p.slab[:pageBytes:pageBytes]
	p.slab = p.slab[pageBytes:]
	return page
}

func (p *Pages) put(page []byte) {
	p.lent--
	p.free = append(p.free, page)
}

// Bytes is the memory that was taken from the runtime.
func (p *Pages) Bytes() int { return p.taken * pageBytes }
