package partition

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"trialog/core/kafka"
)

// A checkpoint file is a header (magic, version, flags, length and CRC-32C of
// the body) and a body: everything that a log knows, up to an LSN of the
// journal. All numbers are big-endian. Counts of things that do not exist yet
// (open transactions, aborted ranges) are written as zero. The extension is in
// extension.go; older checkpoints have none.
const (
	checkpointMagic      = 0x544c4350 // "TLCP"
	checkpointVersion    = 1
	checkpointHeaderSize = 16

	flagGaps = 1 // offsets of the log are not dense
)

var errCheckpoint = errors.New("malformed checkpoint")

// checkpoint is what a checkpoint file says beside the Log it fills in.
type checkpoint struct {
	log     *Log
	lsn     kafka.LSN // every entry of the log up to it is contained
	durable kafka.LSN // known durable when the checkpoint was made
}

// encodeCheckpoint writes l's state as of the journal's entry lsn.
func encodeCheckpoint(now kafka.Now, l *Log, lsn, durable kafka.LSN) []byte {
	e := encoder{b: make([]byte, checkpointHeaderSize, 512)}
	e.b = appendIdentity(e.b, l.Identity)
	e.u64(uint64(lsn))
	e.u64(uint64(durable))
	e.u64(uint64(l.LastLSN))
	e.u64(uint64(l.HighWatermark))
	e.u64(uint64(l.NextLogStart())) // the entry that asked for it is among those contained
	e.u64(uint64(max(l.LocalLogStartOffset, l.NextLogStart())))
	e.u64(uint64(l.LogEndOffset))
	e.u64(uint64(l.ActiveSince))
	e.bytes([]byte(l.Fenced))
	e.segments(l)
	e.u32(uint32(len(l.epochs)))
	for _, x := range l.epochs {
		e.u32(uint32(x.Epoch))
		e.u64(uint64(x.Start))
	}
	e.producers(now, &l.producers)
	e.u32(uint32(len(l.open)))
	for _, x := range l.open {
		e.u64(uint64(x.producer))
		e.u64(uint64(x.first))
	}
	e.u32(uint32(len(l.aborted)))
	for _, x := range l.aborted {
		e.u64(uint64(x.Producer))
		e.u64(uint64(x.First))
		e.u64(uint64(x.Last))
	}
	e.bytes(l.extension())
	body := e.b[checkpointHeaderSize:]
	binary.BigEndian.PutUint32(e.b, checkpointMagic)
	e.b[4] = checkpointVersion
	if l.gaps {
		e.b[5] |= flagGaps
	}
	binary.BigEndian.PutUint32(e.b[8:], uint32(len(body)))
	binary.BigEndian.PutUint32(e.b[12:], crc32.Checksum(body, castagnoli))
	return e.b
}

// segments writes the table of segments. The counts of index entries are those
// that are on disk once the checkpoint is: all of them.
func (e *encoder) segments(l *Log) {
	e.u32(uint32(len(l.segments)))
	for i := range l.segments {
		s := &l.segments[i]
		e.u64(uint64(s.base))
		e.u64(uint64(s.size))
		e.u64(uint64(s.maxTimestamp))
		e.u64(uint64(s.maxTimestampOffset))
		e.u64(uint64(s.sinceIndex))
		e.u32(uint32(s.index.count()))
		e.u32(uint32(s.times.count()))
	}
}

// producers writes the producer state by producer ID. Instead of the instant of
// receipt it has the time since, so that a restart neither shortens nor ends it.
func (e *encoder) producers(now kafka.Now, p *producers) {
	order := p.sorted()
	e.u32(uint32(len(order)))
	for _, i := range order {
		x := &p.slots[i]
		e.u64(uint64(x.id))
		e.u16(uint16(x.epoch))
		e.u32(uint32(x.coordinatorEpoch))
		e.u64(uint64(x.openFirst))
		e.u64(uint64(now.Mono.Sub(x.received)))
		e.u64(uint64(x.lastTimestamp))
		e.b = append(e.b, byte(x.n))
		for _, c := range x.cached[:x.n] {
			e.u32(uint32(c.baseSequence))
			e.u32(uint32(c.lastSequence))
			e.u64(uint64(c.baseOffset))
			e.u64(uint64(c.lastOffset))
			e.u64(uint64(c.timestamp))
		}
	}
}

// decodeCheckpoint reads a checkpoint file. The log it returns has its index
// entries counted, not loaded.
func decodeCheckpoint(b []byte, now kafka.Now, limits *Limits) (checkpoint, error) {
	if len(b) < checkpointHeaderSize || binary.BigEndian.Uint32(b) != checkpointMagic || b[4] != checkpointVersion {
		return checkpoint{}, errCheckpoint
	}
	body := b[checkpointHeaderSize:]
	if int64(binary.BigEndian.Uint32(b[8:])) != int64(len(body)) || binary.BigEndian.Uint32(b[12:]) != crc32.Checksum(body, castagnoli) {
		return checkpoint{}, errCheckpoint
	}
	d := decoder{b: body}
	id, err := decodeIdentity(d.take(identitySize))
	if err != nil {
		return checkpoint{}, err
	}
	l := newLog(id, 0, limits, now.Wall)
	l.gaps = b[5]&flagGaps != 0
	c := checkpoint{log: l, lsn: kafka.LSN(d.u64()), durable: kafka.LSN(d.u64())}
	l.CheckpointLSN = c.lsn
	l.LastLSN = kafka.LSN(d.u64())
	l.HighWatermark = kafka.Offset(d.u64())
	l.LogStartOffset = kafka.Offset(d.u64())
	l.LocalLogStartOffset = kafka.Offset(d.u64())
	l.LogEndOffset = kafka.Offset(d.u64())
	l.ActiveSince = kafka.TimestampMs(d.u64())
	l.Fenced = string(d.bytes())
	d.segments(l)
	for range d.count(12) {
		l.epochs = append(l.epochs, EpochEntry{Epoch: kafka.LeaderEpoch(d.u32()), Start: kafka.Offset(d.u64())})
	}
	d.producers(now, &l.producers)
	for range d.count(16) {
		l.open = append(l.open, openTransaction{producer: kafka.ProducerID(d.u64()), first: kafka.Offset(d.u64())})
	}
	for range d.count(24) {
		l.aborted = append(l.aborted, AbortedRange{Producer: kafka.ProducerID(d.u64()), First: kafka.Offset(d.u64()), Last: kafka.Offset(d.u64())})
	}
	l.extend(&d)
	l.WrittenEndOffset, l.DurableEndOffset = l.LogEndOffset, l.LogEndOffset
	if d.bad || l.Invariants() != nil {
		return checkpoint{}, errCheckpoint
	}
	return c, nil
}

func (d *decoder) segments(l *Log) {
	n := d.count(48)
	if n == 0 {
		d.bad = true
		return
	}
	l.segments = make([]segment, n)
	largest := kafka.NoTimestamp
	for i := range l.segments {
		s := &l.segments[i]
		s.base = kafka.Offset(d.u64())
		s.size = int64(d.u64())
		s.maxTimestamp = kafka.TimestampMs(d.u64())
		s.maxTimestampOffset = kafka.Offset(d.u64())
		s.sinceIndex = int64(d.u64())
		s.index.stored = int(d.u32())
		s.times.stored = int(d.u32())
		largest = max(largest, s.maxTimestamp)
		s.runningMax = largest
	}
}

func (d *decoder) producers(now kafka.Now, p *producers) {
	for range d.count(39) {
		id := kafka.ProducerID(d.u64())
		if p.find(id) != nil {
			d.bad = true
			return
		}
		x := p.take(id)
		x.epoch = kafka.ProducerEpoch(d.u16())
		x.coordinatorEpoch = kafka.CoordinatorEpoch(d.u32())
		x.openFirst = kafka.Offset(d.u64())
		x.received = now.Mono.Add(-kafka.Duration(d.u64()))
		x.lastTimestamp = kafka.TimestampMs(d.u64())
		x.n = int8(d.u8())
		if x.n < 0 || x.n > cachedBatches {
			d.bad = true
			return
		}
		for i := range x.cached[:x.n] {
			x.cached[i] = cachedBatch{
				baseSequence: kafka.Sequence(d.u32()),
				lastSequence: kafka.Sequence(d.u32()),
				baseOffset:   kafka.Offset(d.u64()),
				lastOffset:   kafka.Offset(d.u64()),
				timestamp:    kafka.TimestampMs(d.u64()),
			}
		}
	}
}
