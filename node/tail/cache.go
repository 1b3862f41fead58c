package tail

import (
	"runtime"
	"sync"
)

// A chunk is at least minChunk and, unless one write is larger, at most maxChunk
// bytes. A file's first is small, since most files get little.
const (
	minChunk = 4 << 10
	maxChunk = 256 << 10
)

// lendFrom is the part of a chunk from which on a read gets a slice of it:
// one lendFrom-th of its memory.
const lendFrom = 4

// Cache keeps the newest bytes of files, by path. Its methods may be called
// from any goroutine.
type Cache struct {
	mu    sync.Mutex
	limit int64
	files map[string]*file
	order []*chunk // every chunk that is kept, oldest first, from head on; some are dropped already
	head  int
	cuts  uint64 // raised by everything that takes bytes out
	open  map[*File]struct{}
	stats Stats
}

// Stats says what a cache holds, in bytes, and what it was good for.
type Stats struct {
	Resident int64  // memory of chunks that reads find
	Lent     int64  // memory of chunks dropped while a reader held a slice
	Hits     uint64 // reads answered
	Misses   uint64
	HitBytes uint64
}

// file is the end of one file, chunk after chunk without a gap.
type file struct {
	path   string
	start  int64 // position of the first byte kept
	end    int64 // position behind the last
	size   int64 // of the file, as it is written
	chunks []*chunk
}

// chunk is a stretch of a file. Bytes below len(buf) never change.
type chunk struct {
	file   *file // nil: dropped
	pos    int64
	buf    []byte
	sealed bool // nothing is added any more
	lent   bool // a slice of it was given out
	users  int  // readers that copy from it right now
}

// New returns a cache that takes at most limit bytes of memory for what it
// keeps. With 0 it keeps nothing.
func New(limit int64) *Cache {
	return &Cache{limit: limit, files: make(map[string]*file), open: make(map[*File]struct{})}
}

// Stats returns what the cache holds now.
func (c *Cache) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Read returns n bytes of a file from pos on, fewer where the file ends, or
// false if they are not all here. Nobody may write to them.
func (c *Cache) Read(path []byte, pos int64, n int) ([]byte, bool) {
	c.mu.Lock()
	f := c.files[string(path)] // takes no memory
	if f == nil || n <= 0 || pos < f.start || pos >= f.end || pos+int64(n) > f.end && f.end != f.size {
		c.stats.Misses++
		c.mu.Unlock()
		return nil, false
	}
	n = int(min(int64(n), f.end-pos))
	c.stats.Hits++
	c.stats.HitBytes += uint64(n)
	i := f.place(pos)
	first := f.chunks[i]
	if at := int(pos - first.pos); at+n <= len(first.buf) && n*lendFrom >= cap(first.buf) && c.stats.Lent <= c.limit/2 {
		c.lend(first)
		out := first.buf[at : at+n : at+n]
		c.mu.Unlock()
		return out, true
	}
	var few [4]part
	parts := few[:0]
	for _, k := range f.chunks[i : f.place(pos+int64(n)-1)+1] {
		k.users++
		parts = append(parts, part{k, k.buf})
	}
	c.mu.Unlock()
	out := gather(parts, int(pos-first.pos), n)
	c.mu.Lock()
	for _, p := range parts {
		p.chunk.users--
	}
	c.mu.Unlock()
	return out, true
}

// part is what a chunk held when a reader began to copy.
type part struct {
	chunk *chunk
	bytes []byte
}

// gather copies n bytes that begin at the first part's byte at.
func gather(parts []part, at, n int) []byte {
	out := make([]byte, 0, n)
	for _, p := range parts {
		out = append(out, p.bytes[at:min(len(p.bytes), at+n-len(out))]...)
		at = 0
	}
	return out
}

// place finds the chunk that holds a position that is kept.
func (f *file) place(pos int64) int {
	lo, hi := 0, len(f.chunks)
	for lo+1 < hi {
		if mid := int(uint(lo+hi) >> 1); f.chunks[mid].pos <= pos {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// lend notes that somebody holds a slice of a chunk: its memory counts until
// the collector has found that nobody does.
func (c *Cache) lend(k *chunk) {
	if k.lent {
		return
	}
	k.lent = true
	runtime.AddCleanup(&k.buf[0], c.returned, int64(cap(k.buf)))
}

// returned is called when a chunk that was lent is garbage, which it can be
// only once it was dropped.
func (c *Cache) returned(size int64) {
	c.mu.Lock()
	c.stats.Lent -= size
	c.mu.Unlock()
}
