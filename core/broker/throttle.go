package broker

import (
	"math"
	"slices"
	"strconv"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// Replication of chosen replicas may be slowed down while they are not in sync, so
// that moving partitions leaves room for clients (KIP-73): at the leader by what it
// sends, at the follower by what it takes, each in bytes a second over all of them.
// What is in sync is never slowed down: it would leave.

// throttle is one of the two bounds. What was sent is paid for afterwards: nothing
// more is sent before.
type throttle struct{ paidAt kafka.Instant }

// spend counts bytes. rate is bytes a second.
func (t *throttle) spend(now kafka.Instant, bytes int, rate int64) {
	t.paidAt = max(t.paidAt, now).Add(kafka.Duration(int64(bytes) * int64(kafka.Second) / max(rate, 1)))
}

// throttled are the sides on which a replica is slowed down while it is not in sync.
type throttled struct{ lead, follow bool }

// throttledAs looks whether a topic's settings name this broker's replica.
func (b *Broker) throttledAs(p kafka.PartitionIndex, c *kafka.TopicConfig) throttled {
	if len(c.LeaderThrottled)+len(c.FollowerThrottled) == 0 {
		return throttled{}
	}
	// A leader is slowed down where its own replica is named.
	name := strconv.Itoa(int(p)) + ":" + strconv.Itoa(int(b.config.NodeID))
	named := func(list []string) bool { return slices.Contains(list, "*") || slices.Contains(list, name) }
	return throttled{lead: named(c.LeaderThrottled), follow: named(c.FollowerThrottled)}
}

// inSync tells whether a replica of a partition is in the ISR, as the image has it.
func (b *Broker) inSync(tp kafka.TopicPartition, id kafka.BrokerID) bool {
	p := b.state.Image().Partition(tp)
	return p != nil && slices.Contains(p.ISR, id)
}

// slowsFollower tells whether what a follower is sent counts for the leader's bound.
func (b *Broker) slowsFollower(h *host, body *protocol.FetchRequest) bool {
	return h.throttled.lead && body.ReplicaID >= 0 && b.cluster.LeaderThrottleRate != math.MaxInt64 && !b.inSync(h.tp, body.ReplicaID)
}

// mustWait tells whether a follower is sent nothing now: what it was sent is not
// paid for yet.
func (b *Broker) mustWait(h *host, body *protocol.FetchRequest) bool {
	if b.now.Mono >= b.sending.paidAt || !b.slowsFollower(h, body) {
		return false
	}
	b.out.Watch.Reached(must.LeaderThrottled)
	return true
}

// paySending counts what a follower is sent.
func (b *Broker) paySending(h *host, body *protocol.FetchRequest, bytes int) {
	if bytes > 0 && b.slowsFollower(h, body) {
		b.sending.spend(b.now.Mono, bytes, b.cluster.LeaderThrottleRate)
	}
}

// payTaking counts what this broker's replica was sent, and leaves the replica out
// until that is paid for.
func (b *Broker) payTaking(h *host, bytes int) {
	rate := b.cluster.FollowerThrottleRate
	if bytes == 0 || !h.throttled.follow || rate == math.MaxInt64 || b.inSync(h.tp, b.config.NodeID) || h.follow.from == nil {
		return
	}
	b.taking.spend(b.now.Mono, bytes, rate)
	b.out.Watch.Reached(must.FollowerThrottled)
	w := &h.follow
	w.slowed, w.retryAt = true, b.taking.paidAt
	w.from.leaveOut(h)
	b.touch(h)
}

// throttleAnew takes a replica's settings over; what was slowed down under others
// looks again.
func (b *Broker) throttleAnew(h *host, c *kafka.TopicConfig) {
	h.throttled = b.throttledAs(h.tp.Partition, c)
	if h.follow.slowed {
		h.follow.slowed, h.follow.retryAt = false, b.now.Mono
		b.taking.paidAt = min(b.taking.paidAt, b.now.Mono)
		h.follow.from.leaveOut(h)
	}
}
