package protocol

// A shape is one line that says how a request body lies on the wire, so that
// it can be walked before kmsg decodes it. kmsg allocates by an array's count
// before it has seen an element: without the walk, a small frame could claim
// hundreds of times its size. With it, what kmsg allocates is bounded by
// elements that are really there.
//
//	1 2 4 8 16   so many bytes           s   string, or null
//	                                     b   bytes, or null
//	[ … ]        array of structs        { … }   array of plain values
//	< … >        struct or null (one byte, -1 for null)
//	@3+ @0-5:    the next token exists from version 3, or in 0 to 5
//
// Structs end with tagged fields in flexible versions; so does the body.

// wellShaped walks a request body by its key's shape. It accepts nothing that
// does not end where the body ends.
func wellShaped(key, version int16, body []byte) bool {
	for i := range apis {
		if apis[i].Key == key {
			w := shapeWalk{
				shape:   apis[i].Shape,
				version: version,
				r:       reader{b: body, flex: version >= apis[i].FlexibleFrom},
			}
			w.fields(0, 0)
			w.r.skipTags()
			return !w.r.bad && len(w.r.b) == 0
		}
	}
	return false
}

type shapeWalk struct {
	shape   string
	version int16
	r       reader
}

// fields walks the tokens from position at up to the closing bracket close (0:
// the end of the shape) and returns the position behind it.
func (w *shapeWalk) fields(at int, close byte) int {
	for at < len(w.shape) {
		c := w.shape[at]
		present := true
		if c == '@' {
			at, present = w.versions(at + 1)
			c = w.shape[at]
		}
		switch c {
		case close:
			return at + 1
		case ' ':
			at++
		case '[', '{', '<':
			at = w.nested(at, present)
		case 's':
			if present {
				w.r.shortBytes()
			}
			at++
		case 'b':
			if present {
				w.r.nullableBytes()
			}
			at++
		default:
			n := int(c - '0')
			if at+1 < len(w.shape) && w.shape[at+1] == '6' { // 16, the only width of two digits
				n, at = 16, at+1
			}
			if present {
				w.r.span(n)
			}
			at++
		}
	}
	return at
}

// nested walks an array or a nullable struct that opens at position at.
func (w *shapeWalk) nested(at int, present bool) int {
	open := w.shape[at]
	close := open + 2 // the brackets of ASCII: [ ], { }, < >
	count := 0
	switch {
	case !present:
	case open == '<':
		if w.r.int8() >= 0 {
			count = 1
		}
	default:
		count = w.r.arrayLen(1)
	}
	end := w.skip(at+1, close)
	for ; count > 0 && !w.r.bad; count-- {
		w.fields(at+1, close)
		if open != '{' {
			w.r.skipTags()
		}
	}
	return end
}

// skip returns the position behind the bracket that closes what was opened
// before position at.
func (w *shapeWalk) skip(at int, close byte) int {
	depth := 1
	for ; depth > 0; at++ {
		switch w.shape[at] {
		case '[', '{', '<':
			depth++
		case ']', '}', '>':
			depth--
		}
	}
	return at
}

// versions reads "3+" or "0-5:" at position at.
func (w *shapeWalk) versions(at int) (next int, present bool) {
	low, at := w.number(at)
	if w.shape[at] == '+' {
		return at + 1, w.version >= low
	}
	high, at := w.number(at + 1)
	return at + 1, w.version >= low && w.version <= high
}

func (w *shapeWalk) number(at int) (n int16, next int) {
	for ; w.shape[at] >= '0' && w.shape[at] <= '9'; at++ {
		n = 10*n + int16(w.shape[at]-'0')
	}
	return n, at
}
