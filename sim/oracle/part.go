package oracle

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// part is what is known of one partition.
type part struct {
	tp          kafka.TopicPartition
	batches     []entry // that have counted
	end         int64
	rewritten   int64 // below it some replica's cleaner has taken records out
	leaders     []leadership
	held        []*replica // by node: its present log
	epoch       int32
	leaderEpoch int32
	state       *metadata.Partition // as the newest image has it
	damaged     []int               // nodes whose copy cannot be relied upon
	void        bool                // the faults went beyond what is claimed
	blank       []int               // nodes that have lost their disk since they were in sync
	thin        bool                // it is compacted: a replica may lack records, and batches
}

type leadership struct {
	epoch   int32
	node    int
	counted int64 // the largest high watermark in it
}

// led notes who leads in an epoch and returns who was the first to.
func (p *part) led(epoch int32, node int) int {
	for i := range p.leaders {
		if p.leaders[i].epoch == epoch {
			return p.leaders[i].node
		}
	}
	p.leaders = append(p.leaders, leadership{epoch: epoch, node: node})
	return node
}

// before is how much had counted under leaders of older epochs: what a leader
// that hears of its role late must have.
func (p *part) before(epoch int32) int64 {
	end := int64(0)
	for i := range p.leaders {
		if p.leaders[i].epoch < epoch {
			end = max(end, p.leaders[i].counted)
		}
	}
	return end
}

// count takes what a leader's high watermark now covers.
func (p *part) count(r *replica, hw int64, epoch int32) {
	for i := range p.leaders {
		if p.leaders[i].epoch == epoch {
			p.leaders[i].counted = hw
		}
	}
	for i := from(r.batches, p.end); i < len(r.batches) && r.batches[i].last < hw; i++ {
		p.batches = append(p.batches, r.batches[i])
	}
	p.end = hw
}

// differs is the first offset in [low, high) at which a replica holds another
// batch than has counted, or none; -1: it agrees.
func (p *part) differs(r *replica, low, high int64) int64 {
	low = max(low, r.start)
	if low >= high {
		return -1
	}
	if at := p.strange(r, low, min(high, p.rewritten)); at >= 0 {
		return at
	}
	low = max(low, p.rewritten)
	i, j := from(p.batches, low), from(r.batches, low)
	if p.thin {
		return p.differsThinned(r.batches[j:], i, high)
	}
	for ; i < len(p.batches) && p.batches[i].base < high; i, j = i+1, j+1 {
		if j == len(r.batches) || !p.batches[i].same(&r.batches[j]) {
			return p.batches[i].base
		}
	}
	return -1
}

// strange is the first offset in [low, high) of a batch of a replica that is no
// part of one that has counted; -1: there is none. A cleaner may take records out
// of batches, and whole batches, and puts nothing in.
func (p *part) strange(r *replica, low, high int64) int64 {
	if low >= high {
		return -1
	}
	i := from(p.batches, low)
	for j := from(r.batches, low); j < len(r.batches) && r.batches[j].base < high; j++ {
		b := &r.batches[j]
		for i < len(p.batches) && p.batches[i].last < b.base {
			i++
		}
		if i == len(p.batches) || b.base < p.batches[i].base || b.last > p.batches[i].last || b.epoch != p.batches[i].epoch {
			return b.base
		}
	}
	return -1
}

// differsThinned is differs for a log that is compacted: each batch that the
// replica has stands where it stood, with as many offsets and the same epoch.
func (p *part) differsThinned(batches []entry, i int, high int64) int64 {
	for k := range batches {
		e := &batches[k]
		if e.base >= high {
			break
		}
		for i < len(p.batches) && p.batches[i].base < e.base {
			i++
		}
		if i == len(p.batches) || p.batches[i].base != e.base || p.batches[i].last != e.last || p.batches[i].epoch != e.epoch {
			return e.base
		}
	}
	return -1
}

// decided follows what the controller has decided of a partition.
func (o *Oracle) decided(topic string, state *metadata.Partition) {
	p := o.part(kafka.TopicPartition{Topic: state.Topic, Partition: state.Index})
	epoch, leaderEpoch := int32(state.PartitionEpoch), int32(state.LeaderEpoch)
	if epoch == p.epoch {
		return
	}
	elected := leaderEpoch != p.leaderEpoch
	o.refill(p, topic, state)
	p.epoch, p.leaderEpoch, p.state = epoch, leaderEpoch, state
	whole := len(state.ISR) == len(state.Replicas)
	if whole {
		// A set that still counts one who has lost what he had, and has not come
		// back to say so, is not in sync again.
		p.damaged = slices.DeleteFunc(p.damaged, func(at int) bool { return !o.excused(at, p) && !o.nodes[at].rotten })
		whole = len(p.damaged) == 0
	}
	o.tell(Change{
		Partition: p.tp, Topic: topic, Leader: state.Leader, Epoch: leaderEpoch, Elected: elected,
		InSync: len(state.ISR), Whole: whole,
	})
	o.complete(p)
}

// Whole tells whether every replica of every partition is in sync, as it must be
// some time after everything has healed.
func (o *Oracle) Whole() bool {
	whole := true
	o.each(func(p *part) {
		if p.state != nil && !p.void && o.image.Topic(p.tp.Topic) != nil {
			whole = whole && len(p.state.ISR) == len(p.state.Replicas) && p.state.Leader != kafka.NoBroker
		}
	})
	return whole
}

// complete judges those that may be elected.
func (o *Oracle) complete(p *part) {
	if p.state == nil || !o.claimed(p) || o.image.Topic(p.tp.Topic) == nil { // deleted, and not known everywhere
		return
	}
	for _, id := range p.state.ISR {
		o.candidate(p, id, "ISR")
	}
	for _, id := range p.state.ELR {
		o.candidate(p, id, "ELR")
	}
}

func (o *Oracle) candidate(p *part, id kafka.BrokerID, of string) {
	r := p.held[id]
	if o.excused(int(id), p) || o.unread(int(id), r) {
		return
	}
	has := p.has(r)
	if has < p.end {
		o.fail("O6: node %d is in the %s of %v with %d, and %d have counted", id, of, p.tp, has, p.end)
		return
	}
	if r != nil {
		if at := p.differs(r, r.agreed, p.end); at >= 0 {
			o.fail("O6: node %d is in the %s of %v with another record at %d than has counted", id, of, p.tp, at)
			return
		}
		r.agreed = max(r.agreed, p.end)
	}
}

// has is how much of a partition a log is relied upon to keep: in synced mode what
// is durable, once that has been confirmed of every candidate.
func (p *part) has(r *replica) int64 {
	switch {
	case r == nil || r.gone:
		return 0
	case r.mode && p.state.Mode.Durable():
		return r.synced
	default:
		return r.written
	}
}

// mayLead tells whether a node is in the ISR or the ELR.
func (p *part) mayLead(node int) bool {
	id := kafka.BrokerID(node)
	return p.state != nil && slices.Contains(p.state.Replicas, id) && (slices.Contains(p.state.ISR, id) || slices.Contains(p.state.ELR, id))
}

// onlyCandidate tells whether nobody else is in the ISR or the ELR.
func (p *part) onlyCandidate(node int) bool {
	other := func(id kafka.BrokerID) bool { return id != kafka.BrokerID(node) }
	return p.mayLead(node) && !slices.ContainsFunc(p.state.ISR, other) && !slices.ContainsFunc(p.state.ELR, other)
}

// replicates tells whether a node holds a copy, as far as is known.
func (p *part) replicates(node int) bool {
	return p.state == nil || slices.Contains(p.state.Replicas, kafka.BrokerID(node))
}
