package logtrial

import (
	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/scenarios"
	"trialog/sim/choice"
)

// writer is an idempotent producer of one log; id -1: a plain one.
type writer struct {
	id    int64
	epoch int16
	next  int32
}

// proposal is the batch that a producer is about to send.
type proposal struct {
	writer
	repeats int // index into the model's batches of the one it sends again; -1: none
}

func (p *proposal) header() batch.Producer {
	if p.id < 0 {
		return batch.Plain()
	}
	return batch.Producer{ID: kafka.ProducerID(p.id), Epoch: kafka.ProducerEpoch(p.epoch), BaseSequence: kafka.Sequence(p.next)}
}

// compose builds the records of a batch and says whose it is.
func (t *trial) compose(s *subject) *proposal {
	t.builder.Reset()
	t.stamps = t.stamps[:0]
	for range 1 + t.draw.Choose(choice.AppSize, 4) {
		t.values++
		value := make([]byte, 8+t.draw.Choose(choice.AppSize, 120))
		for i := range value {
			value[i] = byte(t.values >> (8 * (i & 7)))
		}
		at := int64(t.now.Wall) - int64(t.draw.Choose(choice.AppTime, 5))*1000
		t.builder.Append(kafka.TimestampMs(at), nil, value)
		t.stamps = append(t.stamps, at)
	}
	const writers = 4
	i := int(t.draw.Choose(choice.AppKey, writers+1))
	if i == 0 {
		return &proposal{writer: writer{id: -1}, repeats: -1}
	}
	for len(s.producers) < writers {
		s.producers = append(s.producers, writer{id: int64(len(s.producers))*1000 + int64(s.name.Partition)})
	}
	w := &s.producers[i-1]
	p := &proposal{writer: *w, repeats: -1}
	w.next += t.builder.Count()
	return p
}

// decide compares what the log says of a producer's batch with what the model
// says; false: the batch must not be appended.
func (t *trial) decide(s *subject, p *proposal, b batch.View) bool {
	d := s.log.CheckProducer(b)
	if d.Verdict != partition.Fresh {
		t.fail(scenarios.ClassDuplicates, "log %d says %d to the next batch of producer %d: sequence %d", s.model.id, d.Verdict, p.id, p.next)
	}
	return true
}

// forgetProducers makes the next batches of a log's producers fit what is left
// of it after a truncation or a crash: a real producer would get an error and
// begin a new epoch.
func (t *trial) forgetProducers(s *subject) {
	for i := range s.producers {
		s.producers[i].epoch++
		s.producers[i].next = 0
	}
}

// remembered lists the last batches, at most five, of a producer's newest epoch.
func (s *state) remembered(id int64) []record {
	var list []record
	for i := range s.batches {
		b := &s.batches[i]
		if b.producer != id {
			continue
		}
		if len(list) > 0 && list[0].producerEpoch != b.producerEpoch {
			list = list[:0]
		}
		list = append(list, *b)
		if len(list) > 5 {
			list = append(list[:0], list[1:]...)
		}
	}
	return list
}

// examine asks a log about its producers: a batch sent again must be known, by
// the offsets it has, and a gap must be refused.
func (t *trial) examine(s *subject) {
	now := &s.model.now
	if !s.log.Serving() {
		return
	}
	for i := range s.producers {
		list := now.remembered(s.producers[i].id)
		for _, r := range list {
			if r.base < now.start {
				continue
			}
			d := s.log.CheckProducer(t.shape(r.producer, r.producerEpoch, r.firstSeq, r.endSeq-r.firstSeq+1))
			if s.forgetful && d.Verdict != partition.Duplicate {
				continue // the producer may have been forgotten, and may have gone on since
			}
			if d.Verdict != partition.Duplicate || int64(d.BaseOffset) != r.base || int64(d.LastOffset) != r.last {
				t.fail(scenarios.ClassDuplicates, "log %d does not know the batch at %d again: verdict %d, offsets %d to %d", s.model.id, r.base, d.Verdict, d.BaseOffset, d.LastOffset)
			}
		}
		for _, r := range s.model.undone {
			if r.producer != s.producers[i].id {
				continue
			}
			d := s.log.CheckProducer(t.shape(r.producer, r.producerEpoch, r.firstSeq, r.endSeq-r.firstSeq+1))
			if d.Verdict == partition.Duplicate {
				t.fail(scenarios.ClassDuplicates, "log %d answers for the batch at %d, which was cut off", s.model.id, r.base)
			}
		}
		if n := len(list); n > 0 {
			t.examineNext(s, &list[n-1], s.producers[i].epoch)
		}
	}
	t.examineStranger(s)
}

// examineNext asks for what follows a producer's last batch: it goes on there,
// forgotten or not, and nowhere else while it is remembered. Once something was
// cut off (epoch, the producer's own, has risen since), a log may have forgotten
// who wrote only what lies below the log start now: the segments are gone that
// told of it.
func (t *trial) examineNext(s *subject, last *record, epoch int16) {
	d := s.log.CheckProducer(t.shape(last.producer, last.producerEpoch, last.endSeq+1, 1))
	if d.Verdict != partition.Fresh {
		t.fail(scenarios.ClassDuplicates, "log %d says %d to sequence %d of producer %d after %d", s.model.id, d.Verdict, last.endSeq+1, last.producer, last.endSeq)
	}
	d = s.log.CheckProducer(t.shape(last.producer, last.producerEpoch, last.endSeq+2, 1))
	lost := last.producerEpoch < epoch && last.last < s.model.now.start
	if d.Verdict != partition.Refused && !s.forgetful && !lost {
		t.fail(scenarios.ClassDuplicates, "log %d takes sequence %d of producer %d after %d", s.model.id, last.endSeq+2, last.producer, last.endSeq)
	}
}

// examineStranger asks for a producer that never wrote to the log, newer than
// all that did. It begins at sequence 0, unless the log has lost its own beginning.
func (t *trial) examineStranger(s *subject) {
	const stranger = 1 << 40
	if d := s.log.CheckProducer(t.shape(stranger, 0, 0, 1)); d.Verdict != partition.Fresh {
		t.fail(scenarios.ClassOrder, "log %d says %d to the first batch of a new producer", s.model.id, d.Verdict)
	}
	if d := s.log.CheckProducer(t.shape(stranger, 0, 1, 1)); d.Verdict != partition.Refused && s.model.now.start == 0 {
		t.fail(scenarios.ClassOrder, "log %d takes the second batch of a new producer before its first", s.model.id)
	}
}

// shape builds a batch of which only the header matters.
func (t *trial) shape(id int64, epoch int16, first, count int32) batch.View {
	t.builder.Reset()
	for range count {
		t.builder.Append(t.now.Wall, nil, []byte{0})
	}
	return t.builder.BuildFor(batch.Producer{ID: kafka.ProducerID(id), Epoch: kafka.ProducerEpoch(epoch), BaseSequence: kafka.Sequence(first)})
}
