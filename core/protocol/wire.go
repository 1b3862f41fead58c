package protocol

import (
	"encoding/binary"
	"math/bits"

	"trialog/core/kafka"
)

// reader walks a message. Reads past the end return zeros and set bad, so that
// a decoder checks once at its end; whoever allocates by a count checks that
// count against the bytes left first.
type reader struct {
	b    []byte
	bad  bool
	flex bool // compact lengths and tagged fields
}

func (r *reader) fail() {
	r.bad = true
	r.b = nil
}

// span returns the next n bytes, aliasing the message.
func (r *reader) span(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.fail()
		return nil
	}
	s := r.b[:n:n]
	r.b = r.b[n:]
	return s
}

func (r *reader) int8() int8 {
	if s := r.span(1); s != nil {
		return int8(s[0])
	}
	return 0
}

func (r *reader) int16() int16 {
	if s := r.span(2); s != nil {
		return int16(binary.BigEndian.Uint16(s))
	}
	return 0
}

func (r *reader) int32() int32 {
	if s := r.span(4); s != nil {
		return int32(binary.BigEndian.Uint32(s))
	}
	return 0
}

func (r *reader) int64() int64 {
	if s := r.span(8); s != nil {
		return int64(binary.BigEndian.Uint64(s))
	}
	return 0
}

func (r *reader) topicID() (t kafka.TopicID) {
	copy(t[:], r.span(16))
	return t
}

// uvarint reads an unsigned varint of at most 32 bits.
func (r *reader) uvarint() uint32 {
	var v uint32
	for i, c := range r.b {
		if i == 4 && c > 0x0f || i > 4 {
			break
		}
		v |= uint32(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.b = r.b[i+1:]
			return v
		}
	}
	r.fail()
	return 0
}

// arrayLen reads an array's length, -1 for null. min is the least that an
// element takes on the wire: a count that cannot fit fails before anybody
// allocates by it.
func (r *reader) arrayLen(min int) int {
	var n int
	if r.flex {
		n = int(r.uvarint()) - 1
	} else {
		n = int(r.int32())
	}
	if r.bad {
		return 0
	}
	if n < -1 || n > 0 && n > len(r.b)/min {
		r.fail()
		return 0
	}
	return n
}

// shortBytes reads a string's bytes: a compact or a 16-bit length. null is
// told apart from empty.
func (r *reader) shortBytes() (s []byte, null bool) {
	var n int
	if r.flex {
		n = int(r.uvarint()) - 1
	} else {
		n = int(r.int16())
	}
	if n == -1 && !r.bad {
		return nil, true
	}
	return r.span(n), false
}

// string reads a string that must not be null. prev is returned instead of a
// copy when it is equal, so that a reused request allocates nothing.
func (r *reader) string(prev string) string {
	s, null := r.shortBytes()
	if null {
		r.fail()
	}
	return keepString(prev, s)
}

// nullableString reads a string or null; ok tells them apart.
func (r *reader) nullableString(prev string) (s string, ok bool) {
	b, null := r.shortBytes()
	return keepString(prev, b), !null && !r.bad
}

func keepString(prev string, b []byte) string {
	if prev == string(b) {
		return prev
	}
	return string(b)
}

// nullableBytes reads a 32-bit or compact length and that many bytes, aliasing
// the message: nil for null, not nil when empty.
func (r *reader) nullableBytes() []byte {
	var n int
	if r.flex {
		n = int(r.uvarint()) - 1
	} else {
		n = int(r.int32())
	}
	if n == -1 {
		return nil
	}
	return r.span(n)
}

// tags walks the tagged fields of a struct; visit sees the known ones.
func (r *reader) tags() tagWalk {
	if !r.flex {
		return tagWalk{}
	}
	return tagWalk{left: r.uvarint()}
}

// tagWalk iterates over tagged fields without a closure:
//
//	for w := r.tags(); w.next(r); { switch w.tag { … } }
type tagWalk struct {
	left  uint32
	tag   uint32
	field reader
}

func (w *tagWalk) next(r *reader) bool {
	if w.field.bad {
		r.fail()
	}
	if w.left == 0 || r.bad {
		return false
	}
	w.left--
	w.tag = r.uvarint()
	w.field = reader{b: r.span(int(r.uvarint())), flex: true}
	return !r.bad
}

// skipTags passes over tagged fields that nobody here knows.
func (r *reader) skipTags() {
	for w := r.tags(); w.next(r); {
	}
}

func appendInt16(dst []byte, v int16) []byte { return binary.BigEndian.AppendUint16(dst, uint16(v)) }
func appendInt32(dst []byte, v int32) []byte { return binary.BigEndian.AppendUint32(dst, uint32(v)) }
func appendInt64(dst []byte, v int64) []byte { return binary.BigEndian.AppendUint64(dst, uint64(v)) }

func appendUvarint(dst []byte, v uint32) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

// uvarintLen is how many bytes appendUvarint takes.
func uvarintLen(v uint32) int { return (bits.Len32(v|1) + 6) / 7 }

// appendArrayLen appends the length of an array that is not null.
func appendArrayLen(dst []byte, flex bool, n int) []byte {
	if flex {
		return appendUvarint(dst, uint32(n)+1)
	}
	return appendInt32(dst, int32(n))
}

func appendString(dst []byte, flex bool, s string) []byte {
	if flex {
		dst = appendUvarint(dst, uint32(len(s))+1)
	} else {
		dst = appendInt16(dst, int16(len(s)))
	}
	return append(dst, s...)
}

func appendNullableString(dst []byte, flex bool, s string, ok bool) []byte {
	if ok {
		return appendString(dst, flex, s)
	}
	if flex {
		return append(dst, 0)
	}
	return appendInt16(dst, -1)
}

// appendBytesLen appends the length that precedes n bytes; -1 is null.
func appendBytesLen(dst []byte, flex bool, n int) []byte {
	if flex {
		return appendUvarint(dst, uint32(n+1))
	}
	return appendInt32(dst, int32(n))
}

func appendNullableBytes(dst []byte, flex bool, b []byte) []byte {
	if b == nil {
		return appendBytesLen(dst, flex, -1)
	}
	return append(appendBytesLen(dst, flex, len(b)), b...)
}
