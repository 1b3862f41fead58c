package checker

import (
	"fmt"

	"trialog/checker/history"
)

// producerAt is one producer's view of one partition: the order of its sends
// is kept for as long as it has its producer ID.
type producerAt struct {
	process   int32
	partition history.Partition
	producer  int64
}

type producerOrder struct {
	last int64 // largest offset so far
	op   int32
}

// judgeProducerOrder: of two sends of one producer to one partition, both in
// the log, the earlier has the smaller offset. It is claimed for idempotent
// producers: a plain one with several requests in flight may reorder by
// retrying.
func judgeProducerOrder(t *trial, f *finding) {
	orders := make(map[producerAt]producerOrder)
	for i := range t.h.Ops {
		o := &t.h.Ops[i]
		if o.Kind != history.Send || o.RecordCount == 0 {
			continue
		}
		sent := t.values.sent[t.firstOf[i]:][:o.RecordCount]
		t.orderWithin(f, int32(i), o, sent)
		low, high := offsetsOf(sent)
		if high < 0 {
			continue
		}
		key := producerAt{o.Process, o.Partition, o.ProducerID}
		before, known := orders[key]
		if known {
			claimed, reason := t.orderClaimed(o, &t.h.Ops[before.op])
			if low < before.last {
				if a := f.foundAs("nonmonotonic-send", o.Partition, claimed, reason); a != nil {
					a.Offset, a.Value, a.HasValue = low, t.valueOf(t.firstOf[i]), true
					a.Ops = opIDs(before.op, int32(i))
					a.Text = fmt.Sprintf("sent later, yet at offset %d, below %d", low, before.last)
				}
			} else if f.note(claimed, reason); claimed {
				f.risk("sends after another of their producer", 1)
			}
		}
		if !known || high > before.last || t.begunAnew(before.op, int32(i)) {
			orders[key] = producerOrder{high, int32(i)}
		}
	}
}

// orderWithin looks at the records of one send.
func (t *trial) orderWithin(f *finding, i int32, o *history.Op, sent []sent) {
	last := int64(history.Unset)
	for j := range sent {
		if sent[j].low == history.Unset {
			continue
		}
		if sent[j].low <= last {
			claimed, reason := t.orderClaimed(o, o)
			if a := f.foundAs("int-nonmonotonic-send", o.Partition, claimed, reason); a != nil {
				a.Offset, a.Value, a.HasValue = sent[j].low, t.valueOf(t.firstOf[i]+int32(j)), true
				a.Ops = opIDs(i, sent[j].seenBy)
				a.Text = fmt.Sprintf("record %d of the send lies at offset %d, one before it at %d", j, sent[j].low, last)
			}
			return
		}
		last = sent[j].low
	}
}

func (t *trial) orderClaimed(o, before *history.Op) (bool, string) {
	if !o.Has(history.Idempotent) {
		return false, plainProducer
	}
	return t.claims.claimed(history.ProducerOrder, o.Partition, before.InvokePos)
}

// offsetsOf returns the smallest and the largest offset of a send's records;
// -1 if none was seen.
func offsetsOf(sent []sent) (low, high int64) {
	low, high = history.Unset, history.Unset
	for j := range sent {
		if at := sent[j].low; at != history.Unset {
			if low == history.Unset || at < low {
				low = at
			}
			high = max(high, at)
		}
	}
	return low, high
}
