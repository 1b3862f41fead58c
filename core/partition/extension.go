package partition

import "trialog/core/kafka"

// The extension of a checkpoint holds, in this order, each as far as it is long
// enough: the largest ID of a producer that was forgotten; up to where the log
// has been cleaned, when a tombstone in it may go, the largest version given to
// a segment, and, if any is not 0, the version of every segment.

func (l *Log) extension() []byte {
	var e encoder
	e.u64(uint64(l.forgotten))
	e.u64(uint64(l.cleaned))
	e.u64(uint64(l.horizon))
	e.u32(l.versions)
	for i := range l.segments {
		if l.segments[i].version != 0 {
			for k := range l.segments {
				e.u32(l.segments[k].version)
			}
			break
		}
	}
	return e.b
}

// extend takes over what the extension says. One without the first number is of
// a time when nobody kept it: any producer may have been forgotten.
func (l *Log) extend(d *decoder) {
	b := d.bytes()
	x := decoder{b: b}
	l.forgotten = 1<<63 - 1
	if len(b) >= 8 {
		l.forgotten = kafka.ProducerID(x.u64())
	}
	if len(b) < 28 {
		return
	}
	l.cleaned = kafka.Offset(x.u64())
	l.horizon = kafka.TimestampMs(x.u64())
	l.versions = x.u32()
	if len(x.b) == 0 {
		return
	}
	d.bad = d.bad || len(x.b) != 4*len(l.segments)
	for i := range l.segments {
		if !d.bad {
			l.segments[i].version = x.u32()
		}
	}
}
