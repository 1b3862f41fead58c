package broker

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/replication"
)

// deleteState is a DeleteRecords request that has begun: it waits until the log
// starts of all live replicas have moved, durably.
type deleteState struct {
	parts   []deletePart
	pending int // parts that are not done
}

type deletePart struct {
	host  *host
	epoch kafka.LeaderEpoch
	to    kafka.Offset
	low   kafka.Offset
	err   kafka.ErrorCode
	done  bool
}

func (s *deleteState) reset() {
	clear(s.parts)
	*s = deleteState{parts: s.parts[:0]}
}

// beginDeleteRecords moves log starts and waits for the replicas (KIP-107).
func (b *Broker) beginDeleteRecords(r *request) {
	body := r.body.(*kmsg.DeleteRecordsRequest)
	s := &r.deletes
	for i := range body.Topics {
		t := &body.Topics[i]
		for _, q := range t.Partitions {
			p := b.deleteRecords(t.Topic, kafka.PartitionIndex(q.Partition), kafka.Offset(q.Offset))
			if !p.done {
				s.pending++
			}
			s.parts = append(s.parts, p)
		}
	}
	b.deadlines.add(r, b.now.Mono.Add(kafka.Ms(int64(max(0, body.TimeoutMillis)))))
	b.deleting = append(b.deleting, r.token)
	b.deletesDue = true
}

// deleteRecords begins with one partition.
func (b *Broker) deleteRecords(topic string, index kafka.PartitionIndex, asked kafka.Offset) deletePart {
	p := deletePart{low: kafka.NoOffset, done: true}
	tp, code := b.locate(topic, kafka.TopicID{}, index, false)
	if p.err = code; p.err != kafka.None {
		return p
	}
	if kafka.InternalTopic(topic) {
		p.err = kafka.ErrInvalidTopicException
		return p
	}
	if p.host = b.find(tp); p.host == nil {
		p.err = kafka.ErrNotLeaderOrFollower
		return p
	}
	if p.to, p.err = p.host.replica.Deletable(asked); p.err != kafka.None {
		return p
	}
	p.epoch, p.done = p.host.replica.Epoch(), false
	b.in.deletion = replication.DeleteRecords{To: p.to}
	b.stepReplica(p.host, &b.in.deletion)
	return p
}

// settleDeletes answers what has come to pass.
func (b *Broker) settleDeletes() {
	b.deletesDue = false
	b.deleting = slices.DeleteFunc(b.deleting, func(t token) bool {
		r := b.requests.get(t)
		return r == nil || r.state != requestRunning || b.tryDeletes(r)
	})
}

// tryDeletes looks how far the replicas are; true: the request is answered.
func (b *Broker) tryDeletes(r *request) bool {
	s := &r.deletes
	for i := range s.parts {
		p := &s.parts[i]
		if p.done {
			continue
		}
		replica := p.host.replica
		switch {
		case p.host.retired || replica.Role() != replication.RoleLeader || replica.Epoch() != p.epoch:
			p.err, p.done = kafka.ErrNotLeaderOrFollower, true
		default:
			if p.low = replica.LowWatermark(b.lives); p.low >= p.to {
				b.out.Watch.Reached(must.RecordsDeleted)
				p.done = true
			}
		}
		if p.done {
			s.pending--
		}
	}
	if s.pending > 0 {
		return false
	}
	b.deleted(r)
	return true
}

// lives tells whether a broker is registered and not fenced, as the image has it.
func (b *Broker) lives(id kafka.BrokerID) bool {
	peer := b.state.Image().Broker(id)
	return peer != nil && !peer.Fenced
}

// expireDeletes ends the wait: the replicas that have not followed will.
func (b *Broker) expireDeletes(r *request) {
	for i := range r.deletes.parts {
		if p := &r.deletes.parts[i]; !p.done {
			p.err, p.done = kafka.ErrRequestTimedOut, true
		}
	}
	b.deleted(r)
}

func (b *Broker) deleted(r *request) {
	body := r.body.(*kmsg.DeleteRecordsRequest)
	resp := kmsg.NewPtrDeleteRecordsResponse()
	n := 0
	for i := range body.Topics {
		out := kmsg.NewDeleteRecordsResponseTopic()
		out.Topic = body.Topics[i].Topic
		for _, q := range body.Topics[i].Partitions {
			part := &r.deletes.parts[n]
			n++
			p := kmsg.NewDeleteRecordsResponseTopicPartition()
			p.Partition, p.ErrorCode, p.LowWatermark = q.Partition, int16(part.err), int64(part.low)
			if part.err != kafka.None {
				b.counters.Errors++
				p.LowWatermark = int64(kafka.NoOffset)
			}
			out.Partitions = append(out.Partitions, p)
		}
		resp.Topics = append(resp.Topics, out)
	}
	b.finish(r, resp)
}
