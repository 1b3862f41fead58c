package partition

import "encoding/binary"

// encoder appends big-endian numbers.
type encoder struct{ b []byte }

func (e *encoder) u16(v uint16)   { e.b = binary.BigEndian.AppendUint16(e.b, v) }
func (e *encoder) u32(v uint32)   { e.b = binary.BigEndian.AppendUint32(e.b, v) }
func (e *encoder) u64(v uint64)   { e.b = binary.BigEndian.AppendUint64(e.b, v) }
func (e *encoder) bytes(v []byte) { e.u32(uint32(len(v))); e.b = append(e.b, v...) }

// decoder takes big-endian numbers off the front; bad sticks, and everything
// after it reads as zero.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if d.bad || n > len(d.b) {
		d.bad = true
		return make([]byte, min(n, 64))
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *decoder) u8() uint8   { return d.take(1)[0] }
func (d *decoder) u16() uint16 { return binary.BigEndian.Uint16(d.take(2)) }
func (d *decoder) u32() uint32 { return binary.BigEndian.Uint32(d.take(4)) }
func (d *decoder) u64() uint64 { return binary.BigEndian.Uint64(d.take(8)) }

// count reads how many things of at least size bytes follow.
func (d *decoder) count(size int) int {
	n := int(d.u32())
	if d.bad || n > len(d.b)/size {
		d.bad = true
		return 0
	}
	return n
}

func (d *decoder) bytes() []byte {
	n := d.count(1)
	if d.bad {
		return nil
	}
	return d.take(n)
}
