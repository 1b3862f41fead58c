package sim

import (
	"encoding/binary"
	"io"
	"math/bits"
	"strconv"
)

// digest folds words into 64 bits. It is our own and fixed for ever.
type digest uint64

func (d *digest) add(x uint64) {
	*d = digest(bits.RotateLeft64(uint64(*d)^x*0x9fb21c651e98df25, 31)*0x9e3779b97f4a7c15 + 0x589965cc75374cc3)
}

func (d *digest) add2(x, y uint64) {
	hi, lo := bits.Mul64(x^0xa0761d6478bd642f, y^uint64(*d)^0xe7037ed1a0b428db)
	d.add(hi ^ lo)
}

func (d *digest) str(s string) {
	d.add(uint64(len(s)))
	for len(s) >= 8 {
		d.add(uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56)
		s = s[8:]
	}
	var last uint64
	for i := range len(s) {
		last |= uint64(s[i]) << (8 * i)
	}
	d.add(last)
}

func (d *digest) bytes(b []byte) {
	d.add(uint64(len(b)))
	for len(b) >= 8 {
		d.add(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	var last uint64
	for i, c := range b {
		last |= uint64(c) << (8 * i)
	}
	d.add(last)
}

// checkpointEvery is the number of events between two hashes that a Result keeps.
const checkpointEvery = 1024

// tracer hashes the records of a run as they come.
type tracer struct {
	hi, lo      uint64
	count       uint64
	current     digest // of the event under way
	checkpoints []uint64
	records     []Record
	keep        bool
	text        io.Writer
	from, to    uint64
	line        []byte
}

func (t *tracer) start(c *Config) {
	t.hi, t.lo = 0x243f6a8885a308d3, 0x13198a2e03707344
	t.keep = c.Record
	t.text, t.from, t.to = c.Trace, c.TraceFrom, c.TraceTo
	if t.to == 0 {
		t.to = 1<<64 - 1
	}
}

// end closes the record of one event.
func (t *tracer) end(e *event) {
	r := Record{At: e.at, Digest: uint64(t.current), Node: e.node, Kind: e.kind}
	t.fold(uint64(r.At), r.Digest^uint64(r.Node)<<48^uint64(r.Kind)<<32)
	t.count++
	if t.count%checkpointEvery == 0 {
		t.checkpoints = append(t.checkpoints, t.hi^t.lo)
	}
	if t.keep {
		t.records = append(t.records, r)
	}
}

// fold mixes two words into the 128 bits.
func (t *tracer) fold(x, y uint64) {
	hi, lo := bits.Mul64(x^t.hi^0x2d358dccaa6c78a5, y^t.lo^0x8bb84b93962eacc9)
	t.hi = bits.RotateLeft64(t.hi^lo, 23) * 0x9e3779b97f4a7c15
	t.lo = bits.RotateLeft64(t.lo^hi, 41)*0xd6e8feb86659fd93 + 1
}

func (t *tracer) sum() (h [16]byte) {
	binary.BigEndian.PutUint64(h[:8], t.hi)
	binary.BigEndian.PutUint64(h[8:], t.lo)
	return h
}

// on tells whether the present event is to be told in words.
func (t *tracer) on() bool { return t.text != nil && t.count >= t.from && t.count <= t.to }

// begin starts a line for an event.
func (t *tracer) begin(e *event) {
	b := t.line[:0]
	b = strconv.AppendUint(b, t.count, 10)
	b = append(b, ' ')
	b = appendSeconds(b, e.at)
	b = append(b, " n"...)
	b = strconv.AppendUint(b, uint64(e.node), 10)
	b = append(b, ' ')
	b = append(b, e.kind.String()...)
	t.line = b
}

// say appends words to the line of the present event.
func (t *tracer) say(words ...string) {
	for _, w := range words {
		t.line = append(t.line, ' ')
		t.line = append(t.line, w...)
	}
}

// number appends name=n.
func (t *tracer) number(name string, n int64) {
	t.line = append(t.line, ' ')
	t.line = append(t.line, name...)
	t.line = append(t.line, '=')
	t.line = strconv.AppendInt(t.line, n, 10)
}

// write ends the line. A writer that fails ends the telling, not the run.
func (t *tracer) write(d uint64) {
	t.line = append(t.line, " #"...)
	t.line = strconv.AppendUint(t.line, d, 16)
	t.line = append(t.line, '\n')
	if _, err := t.text.Write(t.line); err != nil {
		t.text = nil
	}
}

// appendSeconds writes ns as seconds with nine digits.
func appendSeconds(b []byte, ns int64) []byte {
	b = strconv.AppendInt(b, ns/Second, 10)
	b = append(b, '.')
	frac := strconv.FormatInt(Second+ns%Second, 10)
	return append(b, frac[1:]...)
}
