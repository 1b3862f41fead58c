package oracle

import (
	"trialog/core/broker"
	"trialog/core/kafka"
)

// epochs compares a log's cache of leader epochs with its batches: at the first
// and last batch of each epoch they must agree (KAFKA-10432).
func (o *Oracle) epochs(v *broker.PartitionView, r *replica) {
	if v.Fenced || r.end != int64(v.LogEndOffset) {
		return
	}
	at := from(r.batches, max(r.start, int64(v.LogStartOffset)))
	for i := at; i < len(r.batches); i++ {
		e := &r.batches[i]
		if i > at && i+1 < len(r.batches) && r.batches[i-1].epoch == e.epoch && r.batches[i+1].epoch == e.epoch {
			continue
		}
		if known := int32(v.EpochAt(kafka.Offset(e.last))); known != e.epoch {
			o.fail("O7: the log of %v on node %d has a batch of epoch %d at %d, and takes it for one of epoch %d", r.part.tp, o.at, e.epoch, e.base, known)
			return
		}
	}
}

// Last looks at the epochs of a broker's logs when the run is over.
func (o *Oracle) Last(at int, b *broker.Broker) string {
	o.at, o.broken = at, ""
	b.Partitions(func(v *broker.PartitionView) bool {
		if r := o.nodes[at].logs[v.Log]; !v.Retired && r != nil && r.part != nil {
			o.epochs(v, r)
		}
		return o.broken == ""
	})
	return o.broken
}
