package tail

import "strings"

// begin is called before bytes are written to a file; fill wants its answer.
func (c *Cache) begin() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cuts
}

// fill adds bytes that were written at pos of a file. Those that stood at pos
// and behind it are taken out. If anything was taken out elsewhere since begun,
// nobody can tell which came first, and nothing is added.
func (c *Cache) fill(of *File, pos int64, p []byte, begun uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if of.orphan {
		c.cutAll()
		return
	}
	f := c.files[of.path]
	if c.cuts != begun {
		c.cut(f, 0)
		return
	}
	if f != nil && (pos < f.start || pos > f.end) {
		c.cut(f, 0)
		f = nil
	}
	if f == nil {
		f = &file{path: of.path, start: pos, end: pos}
		c.files[of.path] = f
	} else if pos < f.end {
		c.cutBytes(f, pos)
	}
	f.size = of.size
	if int64(len(p)) > c.limit/8 || !c.add(f, p) {
		c.cut(f, 0)
	}
}

// add appends bytes to a file; false when there is no memory for them.
func (c *Cache) add(f *file, p []byte) bool {
	for len(p) > 0 {
		k := f.tail()
		if k == nil {
			buf := c.room(f, f.nextChunk(len(p)))
			if buf == nil {
				return false
			}
			k = &chunk{file: f, pos: f.end, buf: buf}
			f.chunks = append(f.chunks, k)
			c.order = append(c.order, k)
		}
		n := min(len(p), cap(k.buf)-len(k.buf))
		k.buf = append(k.buf, p[:n]...)
		f.end += int64(n)
		p = p[n:]
	}
	return true
}

// tail is the chunk that takes more bytes; nil: a new one is needed.
func (f *file) tail() *chunk {
	if len(f.chunks) == 0 {
		return nil
	}
	k := f.chunks[len(f.chunks)-1]
	if k.sealed || len(k.buf) == cap(k.buf) {
		return nil
	}
	return k
}

// nextChunk is how large a file's next chunk should be for n bytes: twice the
// last, and one write lies in one chunk.
func (f *file) nextChunk(n int) int {
	size := minChunk
	if last := len(f.chunks) - 1; last >= 0 {
		size = min(maxChunk, 2*cap(f.chunks[last].buf))
	}
	for size < min(n, maxChunk) {
		size *= 2
	}
	return (max(size, n) + minChunk - 1) / minChunk * minChunk
}

// room returns memory for a chunk of a file, dropping the oldest ones until it
// is within the bound; nil when lent ones hold too much.
func (c *Cache) room(of *file, size int) []byte {
	var buf []byte
	for c.stats.Resident+c.stats.Lent+int64(size) > c.limit {
		k := c.oldest()
		if k == nil {
			return nil
		}
		f, old := k.file, k.buf // k is the first of its file: chunks are in order in both lists
		c.drop(k)
		f.chunks[0] = nil
		f.chunks = f.chunks[1:]
		f.start = k.pos + int64(len(old))
		if len(f.chunks) == 0 && f != of {
			delete(c.files, f.path)
		}
		if !k.lent && k.users == 0 && cap(old) == size {
			buf = old[:0]
		}
	}
	if buf == nil {
		buf = make([]byte, 0, size)
	}
	c.stats.Resident += int64(cap(buf))
	return buf
}

// oldest takes the oldest chunk that is kept from the list.
func (c *Cache) oldest() *chunk {
	for c.head < len(c.order) {
		k := c.order[c.head]
		c.order[c.head] = nil
		c.head++
		if c.head*2 > len(c.order) {
			n := copy(c.order, c.order[c.head:])
			clear(c.order[n:])
			c.order, c.head = c.order[:n], 0
		}
		if k.file != nil {
			return k
		}
	}
	return nil
}

// drop takes a chunk's memory out of what reads find.
func (c *Cache) drop(k *chunk) {
	size := int64(cap(k.buf))
	c.stats.Resident -= size
	if k.lent {
		c.stats.Lent += size
	}
	k.file, k.buf = nil, nil
}

// cut takes a file's bytes from pos on out. What is left of a chunk takes no
// more: a reader may hold what stood behind.
func (c *Cache) cut(f *file, pos int64) {
	if f == nil {
		return
	}
	if pos <= f.start {
		for _, k := range f.chunks {
			c.drop(k)
		}
		f.chunks = nil
		delete(c.files, f.path)
		return
	}
	c.cutBytes(f, pos)
}

// cutBytes is cut for a file that stays.
func (c *Cache) cutBytes(f *file, pos int64) {
	for n := len(f.chunks); n > 0 && f.chunks[n-1].pos >= pos; n = len(f.chunks) {
		c.drop(f.chunks[n-1])
		f.chunks[n-1] = nil
		f.chunks = f.chunks[:n-1]
	}
	if n := len(f.chunks); n > 0 {
		if k := f.chunks[n-1]; pos < k.pos+int64(len(k.buf)) {
			k.buf = k.buf[:pos-k.pos]
			k.sealed = true
		}
	}
	f.end = min(f.end, pos)
}

// changed takes a file out that was changed by other means than fill.
func (c *Cache) changed(f *File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.orphan {
		c.cutAll()
		return
	}
	c.cuts++
	c.cut(c.files[f.path], 0)
}

// cutAll takes everything out: a file was changed that has another name by
// now, and nobody knows which. A log's files are closed before they are moved.
func (c *Cache) cutAll() {
	c.cuts++
	for _, f := range c.files {
		c.cut(f, 0)
	}
}

// moved takes out the files of a name that stands for something else now, or
// for nothing: a file, or everything below a directory. What is still written
// to them under the old name is not kept.
func (c *Cache) moved(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cuts++
	below := path + "/"
	for name, f := range c.files {
		if name == path || strings.HasPrefix(name, below) {
			c.cut(f, 0)
		}
	}
	for f := range c.open {
		if f.path == path || strings.HasPrefix(f.path, below) {
			f.orphan = true
		}
	}
}
