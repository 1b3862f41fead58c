package group

import (
	"bytes"
	"encoding/binary"
)

// Kafka's plain types, as far as the records and the consumers' own metadata
// need them.

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// appendNullable appends a string, or null for an empty one.
func appendNullable(b []byte, s string) []byte {
	if s == "" {
		return append(b, 0xff, 0xff)
	}
	return appendString(b, s)
}

func appendBytes(b, s []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// reader takes fields off the front of b; bad sticks. What it returns is copied.
type reader struct {
	b        []byte
	flexible bool
	bad      bool
}

// span takes n bytes, nil when they are not there.
func (r *reader) span(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) int16() int16 {
	if b := r.span(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (r *reader) int32() int32 {
	if b := r.span(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *reader) int64() int64 {
	if b := r.span(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// compact is a length of a flexible version; -1: null.
func (r *reader) compact() int {
	n := r.uvarint()
	if n > 1<<31 {
		r.bad = true
		return 0
	}
	return int(n) - 1
}

// string reads a string; null reads as empty.
func (r *reader) string() string {
	var n int
	if r.flexible {
		n = r.compact()
	} else {
		n = int(r.int16())
	}
	if n == -1 {
		return ""
	}
	return string(r.span(n))
}

func (r *reader) bytes() []byte {
	var n int
	if r.flexible {
		n = r.compact()
	} else {
		n = int(r.int32())
	}
	if n <= 0 {
		r.bad = r.bad || n < -1
		return nil
	}
	return bytes.Clone(r.span(n))
}

// count reads the length of an array, whose elements have a byte at least.
func (r *reader) count() int {
	var n int
	if r.flexible {
		n = r.compact()
	} else {
		n = int(r.int32())
	}
	if n > len(r.b) {
		r.bad = true
	}
	return n
}

// tags reads the tagged fields of a flexible version.
func (r *reader) tags(visit func(tag uint64, b []byte)) {
	if !r.flexible {
		return
	}
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		tag := r.uvarint()
		size := r.uvarint()
		if size > uint64(len(r.b)) {
			r.bad = true
			return
		}
		if b := r.span(int(size)); visit != nil {
			visit(tag, b)
		}
	}
}
