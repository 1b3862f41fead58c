package oracle

import (
	"trialog/core/batch"
	"trialog/core/broker"
)

// Rotten says that bits of a node's disk have flipped, here and there and now and
// then: none of its copies can be relied upon from then on.
func (o *Oracle) Rotten(at int) {
	o.nodes[at].rotten = true
	o.damage(at, func(*part) bool { return true })
}

// unread tells whether a node may hold less of a log than it held, since it has
// come upon damage that the cluster does not know of yet.
func (o *Oracle) unread(at int, r *replica) bool {
	return o.nodes[at].rotten && r != nil && r.fenced
}

// Sound compares the logs of a broker, as they stand on its disk, with what was
// written to them (O10). It returns what is not so, "" for nothing.
func (o *Oracle) Sound(at int, b *broker.Broker) string {
	o.at, o.broken = at, ""
	b.Partitions(func(v *broker.PartitionView) bool {
		if r := o.nodes[at].logs[v.Log]; !v.Retired && r != nil && r.part != nil && !v.Compacted {
			o.intact(v, r)
		}
		return o.broken == ""
	})
	return o.broken
}

func (o *Oracle) intact(v *broker.PartitionView, r *replica) {
	if v.Fenced || v.Damaged {
		o.fail("O10: node %d has had time to heal %v, and it is still damaged", o.at, r.part.tp)
		return
	}
	i := from(r.batches, int64(v.SegmentBase(0)))
	for segment := range v.Segments {
		bytes := batch.View(o.disks(o.at, v.RecordsPath(segment)))
		for ; i < len(r.batches) && r.batches[i].last < int64(v.WrittenOffset) && (segment+1 == v.Segments || r.batches[i].base < int64(v.SegmentBase(segment+1))); i++ {
			e := &r.batches[i]
			if !bytes.Whole() || !bytes[:bytes.Size()].Intact() || int64(bytes.BaseOffset()) != e.base || int64(bytes.LastOffset()) != e.last || int32(bytes.LeaderEpoch()) != e.epoch {
				o.fail("O10: node %d has read all its logs over, and what it holds of %v at %d is not what was written", o.at, r.part.tp, e.base)
				return
			}
			bytes = bytes[bytes.Size():]
		}
	}
}
