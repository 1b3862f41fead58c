package partition

import (
	"trialog/core/batch"
	"trialog/core/kafka"
)

// Verdict is what CheckProducer says of a batch.
type Verdict uint8

// The verdicts.
const (
	Fresh     Verdict = iota // append it
	Duplicate                // it is in the log already: answer with the original's offsets
	Refused                  // answer with the error
)

// Decision is CheckProducer's answer.
type Decision struct {
	Verdict    Verdict
	Err        kafka.ErrorCode   // of a Refused batch
	BaseOffset kafka.Offset      // of a Duplicate: the original's first offset,
	LastOffset kafka.Offset      // its last one,
	Timestamp  kafka.TimestampMs // and its log append time (or largest timestamp under CreateTime)
	Unknown    bool              // a first batch, and not at sequence 0
	Wrapped    bool              // the sequence passes the largest int32 within or before the batch
}

// CheckProducer decides what a batch is to the log by its producer's sequence
// numbers (KIP-98, kafka.md §3.2). It changes nothing: only an append does.
//
// The order of the checks is Kafka's: a duplicate of one of the last five
// batches first, then the producer epoch, then the sequence. Unlike Kafka's, a
// log takes a first batch with another sequence than 0 only from a producer that
// it may have forgotten: else the batches before it were refused, or lost.
func (l *Log) CheckProducer(b batch.View) Decision {
	if b.ProducerID() == kafka.NoProducerID {
		return Decision{Verdict: Fresh}
	}
	e := l.producers.find(b.ProducerID())
	if e == nil {
		if b.BaseSequence() != 0 && !l.mayHaveForgotten(b.ProducerID()) {
			return Decision{Verdict: Refused, Err: kafka.ErrOutOfOrderSequenceNumber, Unknown: true}
		}
		return Decision{Verdict: Fresh, Unknown: b.BaseSequence() != 0}
	}
	if d, ok := e.duplicate(b); ok {
		return d
	}
	if code := e.sequence(b); code != kafka.None {
		return Decision{Verdict: Refused, Err: code}
	}
	return Decision{Verdict: Fresh, Wrapped: b.BaseSequence() > b.LastSequence() || b.BaseSequence() == 0 && e.n > 0 && e.epoch == b.ProducerEpoch()}
}

// duplicate finds the batch among those remembered, by its exact first and last sequence.
func (e *producer) duplicate(b batch.View) (Decision, bool) {
	if e.epoch != b.ProducerEpoch() {
		return Decision{}, false
	}
	base, last := b.BaseSequence(), b.LastSequence()
	for i := range e.cached[:e.n] {
		c := &e.cached[i]
		if c.baseSequence == base && c.lastSequence == last {
			return Decision{Verdict: Duplicate, BaseOffset: c.baseOffset, LastOffset: c.lastOffset, Timestamp: c.timestamp}, true
		}
	}
	return Decision{}, false
}

// sequence checks epoch and order of a batch that is not a duplicate.
func (e *producer) sequence(b batch.View) kafka.ErrorCode {
	switch epoch := b.ProducerEpoch(); {
	case epoch < e.epoch:
		return kafka.ErrInvalidProducerEpoch
	case epoch > e.epoch:
		if b.BaseSequence() != 0 && e.epoch != kafka.NoProducerEpoch {
			return kafka.ErrOutOfOrderSequenceNumber
		}
	case b.BaseSequence() != e.expected():
		return kafka.ErrOutOfOrderSequenceNumber
	}
	return kafka.None
}

// expected is the sequence that follows the last batch; 0 when none is remembered.
func (e *producer) expected() kafka.Sequence {
	if e.n == 0 {
		return 0
	}
	return batch.NextSequence(e.cached[e.n-1].lastSequence, 1)
}
