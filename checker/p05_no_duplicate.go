package checker

import (
	"fmt"

	"trialog/checker/history"
)

// judgeNoDuplicate: a record of an idempotent producer lies at one offset. A
// plain producer's retries may append twice; that is listed, not claimed.
func judgeNoDuplicate(t *trial, f *finding) {
	for i := range t.duplicates {
		d := &t.duplicates[i]
		send := t.values.sent[d.sent].op
		o := &t.h.Ops[send]
		claimed, reason := t.claims.claimed(f.v.Property, o.Partition, o.InvokePos)
		if !o.Has(history.Idempotent) {
			claimed, reason = false, plainProducer
		} else if t.passedBefore(o, min(d.at, d.also)) {
			claimed, reason = false, passedFirst
		}
		if a := f.foundAs("duplicate", o.Partition, claimed, reason); a != nil {
			a.Offset, a.Value, a.HasValue = d.also, t.valueOf(d.sent), true
			a.Ops = opIDs(send, d.first, d.second)
			a.Text = fmt.Sprintf("%v lies at offset %d and at offset %d", a.Value, d.at, d.also)
		}
	}
	for i := range t.h.Ops {
		o := &t.h.Ops[i]
		if o.Kind != history.Send {
			continue
		}
		if !o.Has(history.Idempotent) {
			f.note(false, plainProducer)
			continue
		}
		if !f.claims(o.Partition, o.InvokePos) {
			continue
		}
		f.context("idempotent sends", 1)
		if o.Attempts > 1 || o.Ambiguous() {
			f.risk("idempotent sends retried or unclear", 1)
		}
	}
	f.marked()
}

const (
	plainProducer = "the producer is not idempotent"
	passedFirst   = "the log start had passed the first of them before the send was answered"
)

// passedBefore tells whether the log start of a partition of several replicas had
// passed an offset before a send was over. A replica that begins anew at its leader's
// log start has not seen the batches below it, nor who sent them, so that it takes
// one of them again when it leads, as Apache Kafka's does.
func (t *trial) passedBefore(send *history.Op, offset int64) bool {
	topic := &t.claims.partitions[send.Partition].topic
	if !topic.Retention || topic.Replicas < 2 {
		return false
	}
	for i := range t.h.Events {
		e := &t.h.Events[i]
		if e.Kind == history.LogStart && e.Partition == send.Partition && e.LogStartOffset > offset && e.Pos < send.ReturnPos {
			return true
		}
	}
	return false
}
