package broker

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
	"trialog/core/replication"
)

// fetchAnswered takes what a leader answered. Without a body nobody knows
// whether it saw the fetch, and so of which epoch its session is.
func (b *Broker) fetchAnswered(f *fetcher, body protocol.Body) {
	f.busy = false
	if b.session.drained {
		return
	}
	a, ok := body.(*protocol.FetchResponse)
	switch {
	case !ok:
		b.fetcherFailed(f)
	case a.Err == kafka.ErrFetchSessionIDNotFound || a.Err == kafka.ErrInvalidFetchSessionEpoch || a.Err == kafka.ErrFetchSessionTopicIDError:
		b.out.Watch.Reached(must.FollowerSessionLost)
		f.restart()
		b.pollLater(f)
	case a.Err != kafka.None:
		b.fetcherFailed(f)
	default:
		f.failures = 0
		switch {
		case f.epoch != firstEpoch:
			f.epoch = nextEpoch(f.epoch)
		case a.SessionID != 0:
			f.session, f.epoch = a.SessionID, nextEpoch(firstEpoch)
		default:
			f.session = 0
		}
		for i := range a.Partitions {
			b.followed(f, &a.Partitions[i])
		}
		b.pollLater(f)
	}
}

// restart lets the next fetch list everything and open a new session.
func (f *fetcher) restart() {
	f.epoch = firstEpoch
	for _, h := range f.all {
		h.follow.listed = false
		if !h.follow.changed {
			h.follow.changed = true
			f.changed = append(f.changed, h)
		}
	}
	f.listed = 0
	f.left = f.left[:0]
}

// fetcherFailed waits before the leader is asked again.
func (b *Broker) fetcherFailed(f *fetcher) {
	f.restart()
	f.retryAt = b.backoff(f.failures)
	f.failures++
}

// followed takes what a leader said of one partition.
func (b *Broker) followed(f *fetcher, p *protocol.FetchPartitionResponse) {
	h := b.find(kafka.TopicPartition{Topic: p.TopicID, Partition: p.Partition})
	if h == nil || h.follow.from != f || !h.follow.listed {
		return // it has changed its role meanwhile
	}
	w := &h.follow
	switch p.Err {
	case kafka.None:
		w.failures = 0
		b.in.fetched = replication.Fetched{
			Epoch: w.asked.CurrentLeaderEpoch, FetchOffset: w.asked.FetchOffset, HighWatermark: p.HighWatermark,
			LogStartOffset: p.LogStartOffset, Diverging: p.Diverging, Records: p.Records,
		}
		if base, anew := h.replica.BeginsAnew(&b.in.fetched); anew {
			b.in.fetched.Records = nil
			b.out.Watch.Reached(must.FollowerBeganWithinBatch)
			b.startAnew(h, base, h.replica.Log.LogStartOffset)
			return
		}
		b.stepReplica(h, &b.in.fetched)
		b.in.fetched.Records = nil
		b.payTaking(h, len(p.Records))
		if h.replica.Log.Truncating() {
			b.upkeepDue = true
		}
	case kafka.ErrOffsetOutOfRange:
		b.startAnew(h, p.LogStartOffset, p.LogStartOffset)
	default:
		b.rest(h)
	}
}

// rest leaves a partition out for a while.
func (b *Broker) rest(h *host) {
	w := &h.follow
	w.retryAt = b.backoff(w.failures)
	w.failures++
	w.from.leaveOut(h)
	b.touch(h)
}

// leaveOut has a partition wait for its retryAt.
func (f *fetcher) leaveOut(h *host) {
	w := &h.follow
	f.restless = min(f.restless, w.retryAt)
	if !w.resting {
		w.resting = true
		f.resting = append(f.resting, h)
	}
}

// startAnew gives up a log of which the leader has nothing any more, since what
// follows its end has been deleted there, or that is empty and ends within a batch
// of the leader's. The new one begins at base, and has nothing below start.
func (b *Broker) startAnew(h *host, base, start kafka.Offset) {
	topic := b.state.Image().Topic(h.tp.Topic)
	if base < 0 || topic == nil || h.follow.asked.CurrentLeaderEpoch != h.replica.Epoch() {
		b.rest(h)
		return
	}
	p := topic.Partition(h.tp.Partition)
	b.out.Watch.Reached(must.FollowerStartedAnew)
	b.note(Note{Level: Warn, Text: "a log does not reach what its leader has and starts anew", Topic: h.topic, Partition: h.tp.Partition,
		Epoch: h.replica.Epoch(), Offset: base})
	b.retire(h, kafka.ErrNotLeaderOrFollower)
	n := b.createFrom(h.tp, p, base, start)
	n.anew, n.heals, n.replaces = h.anew, h.heals, h.replaces
	b.applyRole(topic, p)
}
