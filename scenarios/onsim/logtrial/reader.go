package logtrial

import (
	"errors"
	"io"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/scenarios"
	"trialog/sim/choice"
)

// read looks something up in a log, by offset or by time, and asks about
// producers now and then.
func (t *trial) read() {
	s := t.pick()
	if s == nil || !s.log.Serving() {
		return
	}
	start, end := int64(s.log.LogStartOffset), int64(s.log.WrittenEndOffset)
	switch t.draw.Choose(choice.AppDetail, 4) {
	case 0:
		t.examine(s)
	case 1:
		t.search(s, end)
	default:
		from := start + int64(t.draw.Choose(choice.AppSize, uint64(end-start)+1))
		most := 1 + int32(t.draw.Choose(choice.AppSize, 8<<10))
		if found, ok := t.fetch(s, from, end, most); ok {
			t.match(s, from, end, found)
		}
	}
}

// fetch reads whole batches from an offset on. It returns false when the
// process died meanwhile.
func (t *trial) fetch(s *subject, from, end int64, most int32) ([]record, bool) {
	s.log.Fetch(&t.lookup, kafka.Offset(from), kafka.Offset(end), most)
	if !t.follow(s) {
		return nil, false
	}
	var list []record
	for rest := batch.View(t.lookup.Records); len(rest) > 0; {
		b := rest[:rest.Size()]
		if !b.Intact() {
			t.fail(scenarios.ClassConsistency, "log %d serves a damaged batch at %d", s.model.id, b.BaseOffset())
		}
		list = append(list, record{base: int64(b.BaseOffset()), last: int64(b.LastOffset()), epoch: int32(b.LeaderEpoch()), hash: hashBytes(b)})
		rest = rest[rest.Size():]
	}
	return list, true
}

// follow carries a lookup to its end; false: the process died.
func (t *trial) follow(s *subject) bool {
	for steps := 0; ; steps++ {
		var r disk.Read
		if !s.log.Next(&t.lookup, &r) {
			return true
		}
		if steps > 10_000 {
			t.fail(scenarios.ClassConsistency, "a lookup in log %d does not end", s.model.id)
		}
		bytes, err := t.readFile(&r)
		if err != nil {
			t.failed(err)
			return false
		}
		p := s.log.Feed(&t.lookup, bytes, nil)
		if p == partition.Unpack {
			result, err := partition.SearchBatch(t.mount, s.log.Search(&t.lookup, &t.codecs))
			if err != nil {
				t.failed(err)
				return false
			}
			p = s.log.Searched(&t.lookup, result.(*partition.SearchResult))
		}
		switch p {
		case partition.More:
		case partition.Found:
			return true
		default:
			t.fail(scenarios.ClassConsistency, "a lookup in log %d ends with %d", s.model.id, p)
		}
	}
}

func (t *trial) readFile(r *disk.Read) ([]byte, error) {
	f, err := t.mount.Open(partition.ReadPath(r))
	if err != nil {
		return nil, err
	}
	bytes := make([]byte, r.Len)
	n, err := f.ReadAt(bytes, r.Pos)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return bytes[:n], f.Close()
}

// match compares what a fetch returned with the model: the batch that holds the
// offset first, then without a gap.
func (t *trial) match(s *subject, from, end int64, found []record) {
	batches := s.model.now.batches
	i := 0
	for i < len(batches) && batches[i].last < from {
		i++
	}
	if len(found) == 0 {
		if i < len(batches) && batches[i].last < end {
			t.fail(scenarios.ClassConsistency, "log %d returns nothing at %d, below %d", s.model.id, from, end)
		}
		return
	}
	for k := range found {
		if i+k >= len(batches) || found[k].base != batches[i+k].base || found[k].hash != batches[i+k].hash || found[k].last >= end {
			t.fail(scenarios.ClassConsistency, "log %d returns another batch than it took, at %d", s.model.id, found[k].base)
		}
	}
	t.say("fetched", from, int64(len(found)))
}

// search looks for the first record at or after some time.
func (t *trial) search(s *subject, end int64) {
	at := int64(t.now.Wall) - int64(t.draw.Choose(choice.AppTime, 20_000))
	s.log.FindTimestamp(&t.lookup, kafka.TimestampMs(at), kafka.Offset(end))
	if !t.follow(s) {
		return
	}
	want, wantAt := int64(-1), int64(-1)
	for _, b := range s.model.now.batches {
		if b.last >= end || want >= 0 {
			break
		}
		for k, when := range b.times {
			if offset := b.base + int64(k); when >= at && offset >= s.model.now.start {
				want, wantAt = offset, when
				break
			}
		}
	}
	if int64(t.lookup.Offset) != want || int64(t.lookup.Timestamp) != wantAt {
		t.fail(scenarios.ClassConsistency, "log %d has its first record at or after %d at offset %d (%d), and says %d (%d)",
			s.model.id, at, want, wantAt, t.lookup.Offset, t.lookup.Timestamp)
	}
	t.say("searched", at, want)
}

// readAll compares everything that every log serves with the model.
func (t *trial) readAll() {
	for _, s := range t.logs {
		t.examine(s)
		found, ok := t.all(s)
		if !ok {
			t.fail(scenarios.ClassConsistency, "a read failed without a fault")
		}
		got := state{batches: found, start: s.model.now.start}
		if !got.prefixOf(&s.model.now) || !s.model.now.prefixOf(&got) {
			t.fail(scenarios.ClassConsistency, "log %d serves something else than it took", s.model.id)
		}
	}
}

// all reads what a log serves.
func (t *trial) all(s *subject) ([]record, bool) {
	from, end := int64(s.log.LogStartOffset), int64(s.log.WrittenEndOffset)
	var list []record
	for from < end {
		found, ok := t.fetch(s, from, end, 32<<10)
		if !ok {
			return nil, false
		}
		if len(found) == 0 {
			t.fail(scenarios.ClassConsistency, "log %d returns nothing at %d, below %d", s.model.id, from, end)
		}
		list = append(list, found...)
		from = found[len(found)-1].last + 1
	}
	return list, true
}
