package batch

import (
	"errors"

	"trialog/core/kafka"
)

// field is what a scanner reads next of a record.
type field uint8

const (
	fieldSize field = iota
	fieldAttributes
	fieldTimestamp
	fieldOffset
	fieldKey
	fieldValue
	fieldHeaders
	fieldHeaderKey
	fieldHeaderValue
)

// scanner checks records that come in pieces, cut anywhere, and keeps none of
// their bytes. It refuses what checkRecords refuses.
type scanner struct {
	view      View
	out       Checked
	limit     int64 // of all bytes
	read      int64 // of all bytes, with the record that is being read counted as a whole
	count     int32 // records read
	next      field
	value     uint64 // of the varint that is being read
	shift     uint   // of its next byte; 0: none is being read
	left      int64  // bytes of the record that no field has claimed
	skip      int64  // bytes of a key or value that are still to come
	headers   int32  // still to come
	timestamp int64
	offset    int32
	keyless   bool
}

// checkPieces is checkWhole without a buffer for the records.
func (c *Checker) checkPieces(v View, found Checked) Checked {
	s := scanner{view: v, out: found, limit: int64(c.Limits.decompressed())}
	err := c.Codecs[v.Codec()].Each(v.Records(), c.Limits.decompressed(), func(piece []byte) bool {
		s.feed(piece)
		c.Between()
		return s.out.Err == kafka.None
	})
	switch {
	case s.out.Err != kafka.None: // what came until then was enough
	case errors.Is(err, ErrTooLarge):
		s.out.tooLarge()
	case err != nil:
		s.out.Err = kafka.ErrCorruptMessage
	case s.count != v.Count() || s.next != fieldSize || s.shift != 0:
		s.out.malformed(s.count, v.Count())
	}
	return s.out
}

// feed reads a piece, or as much of it as it takes to refuse the batch.
func (s *scanner) feed(p []byte) {
	for len(p) > 0 && s.out.Err == kafka.None {
		switch {
		case s.skip > 0:
			n := min(s.skip, int64(len(p)))
			p = p[n:]
			if s.skip -= n; s.skip == 0 {
				s.settle()
			}
		case s.next == fieldSize && s.count == s.view.Count(), s.next != fieldSize && s.left == 0:
			s.bad()
		case s.next == fieldAttributes:
			p = p[1:]
			s.left--
			s.next = fieldTimestamp
		default:
			b := p[0]
			p = p[1:]
			if s.next != fieldSize {
				s.left--
			}
			s.varint(b)
		}
	}
}

// varint takes the next byte of a number (zigzag, at most 64 bits).
func (s *scanner) varint(b byte) {
	if s.shift == 63 && b > 1 {
		s.bad()
		return
	}
	s.value |= uint64(b&0x7f) << s.shift
	if b >= 0x80 {
		s.shift += 7
		return
	}
	v := int64(s.value>>1) ^ -int64(s.value&1)
	s.value, s.shift = 0, 0
	if s.next != fieldTimestamp && v != int64(int32(v)) {
		s.bad()
		return
	}
	s.advance(v)
	if s.skip == 0 {
		s.settle()
	}
}

// advance takes a field's number, and knows what follows.
func (s *scanner) advance(v int64) {
	switch s.next {
	case fieldSize:
		s.size(v)
	case fieldTimestamp:
		s.timestamp, s.next = v, fieldOffset
	case fieldOffset:
		s.offset, s.next = int32(v), fieldKey
	case fieldKey:
		s.keyless = v == -1
		s.bytes(v, fieldValue)
	case fieldValue:
		s.bytes(v, fieldHeaders)
	case fieldHeaders:
		if v < 0 || v > s.left {
			s.bad()
			return
		}
		s.headers, s.next = int32(v), fieldHeaderKey
	case fieldHeaderKey:
		if v == -1 { // a header's key is never null
			s.bad()
			return
		}
		s.headers--
		s.bytes(v, fieldHeaderValue)
	case fieldHeaderValue:
		s.bytes(v, fieldHeaderKey)
	case fieldAttributes: // a byte, and no number
	}
}

// size begins a record. One that says that it is too large need not be unpacked.
func (s *scanner) size(v int64) {
	switch {
	case v < 0:
		s.bad()
	case s.read+v > s.limit:
		s.out.tooLarge()
	default:
		s.read += v
		s.left, s.next = v, fieldAttributes
	}
}

// bytes passes over a key or value of n bytes; -1 is null.
func (s *scanner) bytes(n int64, next field) {
	if n < -1 || n > s.left {
		s.bad()
		return
	}
	s.skip = max(0, n)
	s.left -= s.skip
	s.next = next
}

// settle ends the record if nothing of it is to come.
func (s *scanner) settle() {
	if s.out.Err != kafka.None || s.next != fieldHeaderKey || s.headers > 0 {
		return
	}
	if s.left != 0 {
		s.bad()
		return
	}
	if s.out.record(s.count, s.view.BaseTimestamp()+kafka.TimestampMs(s.timestamp), s.offset, s.keyless) {
		s.count++
		s.next = fieldSize
	}
}

func (s *scanner) bad() { s.out.malformed(s.count, s.view.Count()) }
