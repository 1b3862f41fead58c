package batch

import (
	"encoding/binary"
	"errors"

	"trialog/core/kafka"
)

// ErrRecord says that the bytes of a batch's records do not parse.
var ErrRecord = errors.New("malformed record")

// Record is one record in place. Its slices alias the batch's bytes.
type Record struct {
	TimestampDelta int64
	OffsetDelta    int32
	Key            []byte // nil: null
	Value          []byte // nil: null
	Headers        Headers
}

// Headers are a record's headers, encoded. They have been parsed once.
type Headers struct {
	count int32
	bytes []byte
}

// Header is one header of a record; Value is nil when null.
type Header struct {
	Key   []byte
	Value []byte
}

// Records iterates over the records of a batch.
type Records struct {
	rest []byte
	raw  []byte // of the record that Next has parsed, its length included
	left int32
	err  error
}

// Iterate begins at the first of count records in bytes, which must be
// decompressed.
func Iterate(bytes []byte, count int32) Records { return Records{rest: bytes, left: count} }

// Next parses the next record into r. It returns false at the end, and at the
// first record that does not parse.
func (it *Records) Next(r *Record) bool {
	if it.left <= 0 || it.err != nil {
		if it.err == nil && len(it.rest) != 0 {
			it.err = ErrRecord // bytes behind the last record
		}
		return false
	}
	p := parser{b: it.rest}
	size := p.varint32()
	if p.bad || size < 0 || int(size) > len(p.b) {
		it.err = ErrRecord
		return false
	}
	end := len(it.rest) - len(p.b) + int(size)
	it.raw, it.rest = it.rest[:end:end], p.b[size:]
	p.b = p.b[:size]
	p.skip(1) // attributes, unused
	r.TimestampDelta = p.varint()
	r.OffsetDelta = p.varint32()
	r.Key = p.bytes()
	r.Value = p.bytes()
	r.Headers = p.headers()
	if p.bad || len(p.b) != 0 {
		it.err = ErrRecord
		return false
	}
	it.left--
	return true
}

// Err is ErrRecord if the iteration stopped early or bytes were left over.
func (it *Records) Err() error { return it.err }

// Len is the number of headers.
func (h Headers) Len() int { return int(h.count) }

// Next takes the first header off.
func (h *Headers) Next() (Header, bool) {
	if h.count <= 0 {
		return Header{}, false
	}
	p := parser{b: h.bytes}
	out := Header{Key: p.bytes(), Value: p.bytes()}
	h.bytes = p.b
	h.count--
	return out, !p.bad
}

// parser takes fields off the front of b; bad sticks.
type parser struct {
	b   []byte
	bad bool
}

func (p *parser) varint() int64 {
	v, n := binary.Varint(p.b)
	if n <= 0 {
		p.bad = true
		return 0
	}
	p.b = p.b[n:]
	return v
}

func (p *parser) varint32() int32 {
	v := p.varint()
	if v != int64(int32(v)) {
		p.bad = true
		return 0
	}
	return int32(v)
}

func (p *parser) skip(n int) {
	if n > len(p.b) {
		p.bad = true
		return
	}
	p.b = p.b[n:]
}

// bytes reads a length and as many bytes; -1 is null.
func (p *parser) bytes() []byte {
	n := p.varint32()
	if n == -1 || p.bad {
		return nil
	}
	if n < 0 || int(n) > len(p.b) {
		p.bad = true
		return nil
	}
	out := p.b[:n:n]
	p.b = p.b[n:]
	return out
}

// headers walks over a record's headers, so that later iteration cannot fail.
func (p *parser) headers() Headers {
	h := Headers{count: p.varint32()}
	if h.count < 0 || int(h.count) > len(p.b) {
		p.bad = true
		return Headers{}
	}
	h.bytes = p.b
	for range h.count {
		if key := p.bytes(); key == nil { // a header's key is never null
			p.bad = true
		}
		p.bytes()
		if p.bad {
			return Headers{}
		}
	}
	return h
}

// Decompress returns the records of v in plain, in buf when they are
// compressed, and buf to be used again.
func (v View) Decompress(codecs *Codecs, limit int, buf []byte) (plain, reuse []byte, err error) {
	id := v.Codec()
	if id == Uncompressed {
		return v.Records(), buf, nil
	}
	if codecs == nil || codecs[id] == nil {
		return nil, buf, ErrCodec
	}
	plain, err = codecs[id].Decompress(buf[:0], v.Records(), limit)
	return plain, plain, err
}

// FindTimestamp finds the first record at or above offset from whose timestamp
// is at least t. The error says that the records do not decompress or parse.
func (v View) FindTimestamp(t kafka.TimestampMs, from kafka.Offset, codecs *Codecs, limit int) (kafka.Offset, kafka.TimestampMs, bool, error) {
	if v.LogAppendTime() && v.Dense() {
		return max(v.BaseOffset(), from), v.MaxTimestamp(), v.MaxTimestamp() >= t && v.LastOffset() >= from, nil
	}
	plain, _, err := v.Decompress(codecs, limit, nil)
	if err != nil {
		return kafka.NoOffset, kafka.NoTimestamp, false, err
	}
	it := Iterate(plain, v.Count())
	var r Record
	for it.Next(&r) {
		offset := v.BaseOffset() + kafka.Offset(r.OffsetDelta)
		timestamp := v.BaseTimestamp() + kafka.TimestampMs(r.TimestampDelta)
		if v.LogAppendTime() {
			timestamp = v.MaxTimestamp()
		}
		if timestamp >= t && offset >= from {
			return offset, timestamp, true, nil
		}
	}
	return kafka.NoOffset, kafka.NoTimestamp, false, it.Err()
}
