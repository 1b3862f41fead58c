package broker

import (
	"cmp"
	"math"
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
	"trialog/core/replication"
)

// fetcher follows the partitions that one other broker leads. It has one fetch
// under way at a time, in a fetch session (KIP-227), so that a fetch names only
// partitions of which something has changed.
//
// What a follower has and what is durable of it travel in the same request. In
// synced mode it asks for more as soon as it has taken what it got; while the
// disk works on that, the leader is asked not to wait, and when there is nothing
// more the next fetch waits for the disk instead, and says how far it came.
type fetcher struct {
	leader   kafka.BrokerID
	busy     bool // a fetch is under way
	queued   bool // stands in Broker.toPoll
	failures int
	retryAt  kafka.Instant // after a failure: not before

	session int32 // 0: none
	epoch   int32 // that the next fetch names; firstEpoch: it lists everything
	request protocol.FetchRequest

	all       []*host       // that this fetcher follows
	changed   []*host       // of which the leader does not know what is wanted
	resting   []*host       // that wait after an error
	restless  kafka.Instant // none of resting is to be asked for before
	left      []protocol.ForgottenPartition
	listed    int // of all: those that the leader reads
	unsynced  int // of all: those of which not everything is durable
	unwritten int // of all: those of which not everything is in the page cache
}

// following is what a fetcher knows of one replica.
type following struct {
	from      *fetcher                // nil: it follows nobody
	asked     protocol.FetchPartition // as the leader was told, while listed
	listed    bool
	changed   bool // stands in from.changed
	resting   bool // stands in from.resting
	slowed    bool // rests because it is throttled
	unsynced  bool
	unwritten bool
	failures  int
	retryAt   kafka.Instant
}

// never is an instant that does not come.
const never kafka.Instant = math.MaxInt64

// fetchVersion is the version of Fetch between brokers; followerPartitionBytes
// how much of one partition a fetch takes (replica.fetch.max.bytes).
const (
	fetchVersion           = 17
	followerPartitionBytes = 1 << 20
)

// follow makes what a fetcher knows of a replica what its role and its log say.
func (b *Broker) follow(h *host) {
	w, r := &h.follow, h.replica
	var f *fetcher
	if r.Role() == replication.RoleFollower && r.Leader() != kafka.NoBroker && !h.retired {
		f = b.fetcherOf(r.Leader())
	}
	if w.from != f {
		b.unfollow(h)
		if f == nil {
			return
		}
		w.from = f
		f.all = append(f.all, h)
	}
	if f == nil {
		return
	}
	count(&f.unsynced, &w.unsynced, r.Unsynced())
	count(&f.unwritten, &w.unwritten, r.Unwritten())
	b.compareAsked(h)
	b.pollLater(f)
}

// count keeps a number of flags that are set.
func count(n *int, flag *bool, set bool) {
	if set != *flag {
		*flag = set
		if set {
			*n++
		} else {
			*n--
		}
	}
}

// compareAsked notes that the leader is to be told something else.
func (b *Broker) compareAsked(h *host) {
	w := &h.follow
	if w.changed {
		return
	}
	ask, wanted := b.askOf(h)
	if wanted != w.listed || wanted && ask != w.asked {
		w.changed = true
		w.from.changed = append(w.from.changed, h)
	}
}

// askOf is what the leader is to be asked about one partition; false: nothing now.
func (b *Broker) askOf(h *host) (protocol.FetchPartition, bool) {
	r := h.replica
	if !r.Fetches() || h.follow.resting {
		return protocol.FetchPartition{}, false
	}
	q := protocol.FetchPartition{
		TopicID: h.tp.Topic, Partition: h.tp.Partition, CurrentLeaderEpoch: r.Epoch(),
		LogStartOffset: r.Log.LogStartOffset, PartitionMaxBytes: min(followerPartitionBytes, b.limits.FollowerBytes),
	}
	q.FetchOffset, q.LastFetchedEpoch, q.DurableEndOffset = r.Wanted()
	return q, true
}

// unfollow takes a replica from its fetcher.
func (b *Broker) unfollow(h *host) {
	w := &h.follow
	f := w.from
	if f == nil {
		return
	}
	f.all = without(f.all, h)
	f.changed = without(f.changed, h)
	f.resting = without(f.resting, h)
	f.unlist(h)
	count(&f.unsynced, &w.unsynced, false)
	count(&f.unwritten, &w.unwritten, false)
	*w = following{}
	b.pollLater(f)
}

// without removes a host from a list and keeps the order.
func without(hosts []*host, h *host) []*host {
	if i := slices.Index(hosts, h); i >= 0 {
		return slices.Delete(hosts, i, i+1)
	}
	return hosts
}

// unlist has the leader's session forget a replica.
func (f *fetcher) unlist(h *host) {
	if !h.follow.listed {
		return
	}
	h.follow.listed = false
	f.listed--
	f.left = append(f.left, protocol.ForgottenPartition{TopicID: h.tp.Topic, Partition: h.tp.Partition})
}

// fetcherOf returns the fetcher of a leader, making one if there is none.
func (b *Broker) fetcherOf(leader kafka.BrokerID) *fetcher {
	i, found := slices.BinarySearchFunc(b.fetchers, leader, func(f *fetcher, id kafka.BrokerID) int { return cmp.Compare(f.leader, id) })
	if !found {
		b.fetchers = slices.Insert(b.fetchers, i, &fetcher{leader: leader, epoch: firstEpoch, restless: never})
	}
	return b.fetchers[i]
}

// pollLater lets a fetcher look, once this Step has settled, whether to ask.
func (b *Broker) pollLater(f *fetcher) {
	if !f.queued && !f.busy {
		f.queued = true
		b.toPoll = append(b.toPoll, f)
	}
}

// pollAll lets every fetcher look.
func (b *Broker) pollAll() {
	b.noRoom = false
	for _, f := range b.fetchers {
		b.pollLater(f)
	}
}

func (b *Broker) settleFetchers() {
	for i := 0; i < len(b.toPoll); i++ {
		f := b.toPoll[i]
		f.queued = false
		b.poll(f)
	}
	clear(b.toPoll)
	b.toPoll = b.toPoll[:0]
}

// poll sends a fetcher's next fetch, if there is something to ask and nothing
// to wait for.
func (b *Broker) poll(f *fetcher) {
	if f.busy || f.unwritten > 0 || b.now.Mono < f.retryAt || !b.session.registered || b.session.drained {
		return
	}
	if !b.room() {
		b.noRoom = true
		return
	}
	news := b.compose(f)
	if f.listed == 0 {
		f.epoch = firstEpoch // the session ends with the fetch that opens the next
		return
	}
	if f.unsynced > 0 && !news {
		return // the disk will have news
	}
	host, port, ok := b.addressOf(f.leader)
	if !ok {
		b.fetcherFailed(f)
		return
	}
	q := &f.request
	q.ReplicaID, q.ReplicaEpoch = b.config.NodeID, b.session.epoch
	q.MaxWaitMs, q.MinBytes, q.MaxBytes = int32(b.limits.FollowerWait/kafka.Millisecond), 1, b.limits.FollowerBytes
	for _, h := range f.resting {
		if w := &h.follow; w.slowed { // it is paid for before long, and then asked for
			q.MaxWaitMs = min(q.MaxWaitMs, int32(max(w.retryAt.Sub(b.now.Mono), kafka.Millisecond)/kafka.Millisecond))
		}
	}
	if f.unsynced > 0 {
		q.MaxWaitMs = 0
	}
	q.SessionID, q.SessionEpoch = f.session, f.epoch
	ref, slot := b.sends.add()
	*slot = pendingSend{fetcher: f}
	b.out.Sends = append(b.out.Sends, Send{
		Ref: ref, To: f.leader, Host: host, Port: port, Key: keyFetch, Version: fetchVersion, Body: q,
	})
	f.busy = true
}

// compose writes down what the leader is to be told. It returns false when that
// is nothing new.
func (b *Broker) compose(f *fetcher) bool {
	q := &f.request
	if f.epoch == firstEpoch { // everything, whatever was asked before
		q.Partitions, q.Forgotten = q.Partitions[:0], q.Forgotten[:0]
		f.left = f.left[:0]
		news := false
		for _, h := range f.all {
			w := &h.follow
			ask, wanted := b.askOf(h)
			count(&f.listed, &w.listed, wanted)
			if wanted {
				news = news || w.changed
				w.asked = ask
				q.Partitions = append(q.Partitions, ask)
			}
			w.changed = false
		}
		clear(f.changed)
		f.changed = f.changed[:0]
		return news
	}
	q.Partitions = q.Partitions[:0]
	for _, h := range f.changed {
		w := &h.follow
		w.changed = false
		ask, wanted := b.askOf(h)
		if !wanted {
			f.unlist(h)
			continue
		}
		if w.listed && w.asked == ask {
			continue
		}
		count(&f.listed, &w.listed, true)
		w.asked = ask
		q.Partitions = append(q.Partitions, ask)
	}
	clear(f.changed)
	f.changed = f.changed[:0]
	q.Forgotten = q.Forgotten[:0]
	for i := range f.left { // unless it has come back
		if h := b.find(kafka.TopicPartition{Topic: f.left[i].TopicID, Partition: f.left[i].Partition}); h == nil || h.follow.from != f || !h.follow.listed {
			q.Forgotten = append(q.Forgotten, f.left[i])
		}
	}
	f.left = f.left[:0]
	return len(q.Partitions)+len(q.Forgotten) > 0
}

// addressOf is where another broker is reached by brokers.
func (b *Broker) addressOf(id kafka.BrokerID) (host string, port int32, ok bool) {
	peer := b.state.Image().Broker(id)
	if peer == nil {
		return "", 0, false
	}
	l, ok := peer.Listener(b.interBrokerListener())
	return l.Host, int32(l.Port), ok
}

// fetchersDue lets those look whose wait after a failure is over.
func (b *Broker) fetchersDue() {
	for _, f := range b.fetchers {
		if f.retryAt != 0 && b.now.Mono >= f.retryAt {
			f.retryAt = 0
			b.pollLater(f)
		}
		if b.now.Mono >= f.restless {
			b.restDue(f)
		}
	}
}

// restDue asks again for the partitions that have rested long enough.
func (b *Broker) restDue(f *fetcher) {
	f.restless = never
	kept := f.resting[:0]
	for _, h := range f.resting {
		if b.now.Mono < h.follow.retryAt {
			f.restless = min(f.restless, h.follow.retryAt)
			kept = append(kept, h)
			continue
		}
		h.follow.resting, h.follow.slowed = false, false
		b.touch(h)
	}
	clear(f.resting[len(kept):])
	f.resting = kept
}

// replicationDeadline is when fetchers, or ISR changes, want to be looked at.
func (b *Broker) replicationDeadline() kafka.Instant {
	at := min(b.isrDeadline(), b.healDeadline())
	for _, f := range b.fetchers {
		if f.retryAt != 0 {
			at = min(at, f.retryAt)
		}
		at = min(at, f.restless)
	}
	return at
}

// backoff is the wait after so many failures in a row.
func (b *Broker) backoff(failures int) kafka.Instant {
	wait := b.limits.FollowerBackoff << min(failures, 16)
	return b.now.Mono.Add(min(wait, b.limits.FollowerBackoffMax))
}

// checkFollowing checks B19.
func (f *fetcher) checkFollowing() bool {
	listed, unsynced, unwritten := 0, 0, 0
	for _, h := range f.all {
		w := &h.follow
		must.True(w.from == f, "B19 a fetcher has the replicas that follow its leader")
		listed += ones(w.listed)
		unsynced += ones(w.unsynced)
		unwritten += ones(w.unwritten)
	}
	return listed == f.listed && unsynced == f.unsynced && unwritten == f.unwritten
}

func ones(set bool) int {
	if set {
		return 1
	}
	return 0
}
