package partition

import (
	"errors"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

const walkBuffer = 1 << 20

// walk visits the whole, intact batches of a segment's file that lie in bytes
// [from, limit), in order, until visit returns false. It returns the position
// behind the last batch for which visit returned true: limit, or where bytes
// are missing, damaged or not wanted. A missing file has no bytes.
func walk(fs disk.FS, path string, from, limit int64, visit func(v batch.View, pos int64) bool) (pos int64, err error) {
	f, err := fs.Open(path)
	if errors.Is(err, disk.ErrNotExist) {
		return from, nil
	}
	if err != nil {
		return from, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buf := make([]byte, min(walkBuffer, max(limit-from, 0)))
	for pos = from; pos < limit; {
		n, err := readAt(f, buf[:min(int64(len(buf)), limit-pos)], pos)
		if err != nil {
			return pos, err
		}
		used, more := visitAll(buf[:n], pos, visit)
		pos += int64(used)
		switch {
		case !more:
			return pos, nil
		case used > 0:
			continue
		}
		need := int64(batch.HeaderSize)
		if n >= batch.HeaderSize {
			need = int64(batch.View(buf).Size())
		}
		if n < len(buf) && int64(n) < limit-pos || need <= int64(n) || need > limit-pos {
			return pos, nil // the file ends, or no batch begins here
		}
		buf = make([]byte, need)
	}
	return pos, nil
}

// visitAll visits the batches at the start of b and returns their length; more
// is false once visit was, or a batch is damaged.
func visitAll(b []byte, at int64, visit func(v batch.View, pos int64) bool) (used int, more bool) {
	for batch.View(b[used:]).Whole() {
		v := batch.View(b[used:])
		v = v[:v.Size()]
		if !v.Intact() || !visit(v, at+int64(used)) {
			return used, false
		}
		used += len(v)
	}
	return used, true
}

// rescan builds a segment anew from the batches of its file that lie
// in its first limit bytes and below end, and returns it with one past its last
// offset. errShort: bytes below both are missing or damaged.
func rescan(fs disk.FS, log kafka.LogID, name segmentName, limit int64, end kafka.Offset, interval int32) (segment, kafka.Offset, error) {
	s := newSegment(name.base)
	s.version = name.version
	next, beyond := name.base, false
	pos, err := walk(fs, name.path(log, disk.FileLog), 0, limit, func(v batch.View, _ int64) bool {
		if beyond = v.NextOffset() > end; beyond || v.BaseOffset() < next {
			return false
		}
		s.add(v.LastOffset(), len(v), v.MaxTimestamp(), interval)
		next = v.NextOffset()
		return true
	})
	if err == nil && pos < limit && !beyond && next < end {
		err = errShort
	}
	return s, next, err
}

var errShort = errors.New("bytes of the log are missing or damaged")

// rebuildProducers computes l's producer state from the checkpoint on disk, if
// it describes a prefix of what the log is now (it does when nothing below it
// was ever cut, cut being the lowest truncation since), and the log's batches.
func rebuildProducers(fs disk.FS, l *Log, now kafka.Now, cut kafka.Offset) error {
	p := newProducers()
	first, from := 0, int64(0)
	var gone []goneSegment
	if b, err := readFile(fs, checkpointPath(l.Log)); err == nil {
		if c, err := decodeCheckpoint(b, now, l.limits); err == nil && c.log.LogEndOffset <= cut {
			p = c.log.producers
			first, from = l.segmentFor(c.log.active().base), c.log.active().size
			gone = l.goneFrom(c.log.active().base)
		}
	} else if !errors.Is(err, disk.ErrNotExist) {
		return err
	}
	for _, g := range gone { // the checkpoint names them, so that their files are there
		path := g.path(l.Log, disk.FileLog)
		size, err := sizeOf(fs, path)
		if err != nil {
			return err
		}
		_, err = walk(fs, path, from, size, func(v batch.View, _ int64) bool {
			p.apply(now, v, v.BaseOffset(), v.LastOffset(), v.MaxTimestamp())
			return true
		})
		if err != nil {
			return err
		}
		from = 0
	}
	for i := first; i < len(l.segments); i++ {
		s := &l.segments[i]
		end, err := walk(fs, s.path(l.Log, disk.FileLog), from, s.size, func(v batch.View, _ int64) bool {
			p.apply(now, v, v.BaseOffset(), v.LastOffset(), v.MaxTimestamp())
			return true
		})
		if err != nil {
			return err
		}
		if end != s.size {
			return errShort
		}
		from = 0
	}
	l.producers = p
	return nil
}
