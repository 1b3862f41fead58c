package codec

import (
	"encoding/binary"
	"errors"
)

var errBlock = malformed(errors.New("a snappy block does not parse"))

// The kinds of elements of a snappy block (format_description.txt of the
// reference implementation), in the two lowest bits of their first byte.
const (
	literal   = 0
	copyNear  = 1 // 4 to 11 bytes from at most 2 KiB before
	copyShort = 2 // 1 to 64 bytes, two bytes of distance
	copyLong  = 3 // four bytes of distance
)

// unpackLarge decompresses a block of any size and hands out what it has come to
// while it goes on: the library's decompressor cannot be interrupted, and whoever
// stops the world, the collector for one, waits for it.
func unpackLarge(block []byte, limit int, take func([]byte) bool) (goOn bool, err error) {
	n, err := believable(block, limit)
	if err != nil {
		return false, err
	}
	_, header := binary.Uvarint(block)
	out, taken := make([]byte, 0, n), 0
	for rest := block[header:]; len(rest) > 0; {
		e, ok := parseElement(rest)
		if !ok || e.size > n-len(out) || e.back > len(out) {
			return false, errBlock
		}
		rest = rest[e.took:]
		switch from := len(out) - e.back; {
		case e.back == 0:
			out = append(out, rest[:e.size]...)
			rest = rest[e.size:]
		case e.back >= e.size:
			out = append(out, out[from:from+e.size]...)
		default: // it repeats what it makes
			for i := range e.size {
				out = append(out, out[from+i])
			}
		}
		if len(out)-taken >= stretch {
			if !take(out[taken:]) {
				return false, nil
			}
			taken = len(out)
		}
	}
	if len(out) != n {
		return false, errBlock
	}
	return taken == n || take(out[taken:]), nil
}

// element is a literal or a copy.
type element struct {
	size int // bytes that it makes
	back int // how far before the end they stand; 0: they follow
	took int // bytes of its head
}

// parseElement reads an element's head; false: it is none, or what it needs is
// not there.
func parseElement(b []byte) (e element, ok bool) {
	tag := int(b[0])
	e.took = 1
	switch tag & 3 {
	case literal:
		e.size = tag>>2 + 1
		if more := tag>>2 - 59; more > 0 {
			e.took += more
			if len(b) < e.took {
				return e, false
			}
			var size [8]byte
			copy(size[:], b[1:e.took])
			e.size = int(binary.LittleEndian.Uint64(size[:])) + 1
		}
		return e, e.size <= len(b)-e.took
	case copyNear:
		e.took += 1
		if len(b) < e.took {
			return e, false
		}
		e.size, e.back = 4+tag>>2&7, tag&0xe0<<3|int(b[1])
	case copyShort:
		e.took += 2
		if len(b) < e.took {
			return e, false
		}
		e.size, e.back = tag>>2+1, int(binary.LittleEndian.Uint16(b[1:]))
	case copyLong:
		e.took += 4
		if len(b) < e.took {
			return e, false
		}
		e.size, e.back = tag>>2+1, int(binary.LittleEndian.Uint32(b[1:]))
	}
	return e, e.back > 0
}
