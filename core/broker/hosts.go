package broker

import (
	"cmp"
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
	"trialog/core/replication"
)

// host is one replica on this broker, with what the broker adds to it.
type host struct {
	replica *replication.Replica
	tp      kafka.TopicPartition
	topic   string // its name when the role was last looked at; for people
	touched bool   // stands in Broker.touched
	reads   int    // reads under way: its files must stay
	retired bool   // taken off byTopic; the log ends when reads is zero
	gone    bool   // the log has ended

	// roleDue: the image has a role for it that waits until its log has been cut.
	roleDue   bool
	follow    following
	throttled throttled
	proposing bool // stands in Broker.isr.waiting
	damage    damage
	anew      bool // begun in the place of a damaged log, which the image may not know yet
	heals     bool // likewise, and has not been in sync since
	replaces  bool // begun in the place of a damaged log

	readers []sessionSeat     // the fetch sessions that read it
	shown   replication.Sight // what they have been told of, or are about to look at

	coordinates bool   // of the offsets topic: whoever leads coordinates groups
	shard       *shard // while it does
}

// inputs are the values that steps of replicas point to, so that none is allocated.
type inputs struct {
	produce      replication.Produce
	written      replication.Written
	synced       replication.Synced
	epochStarted replication.EpochStarted
	advance      replication.Advance
	wait         replication.Wait
	unwait       replication.Unwait
	expire       replication.ExpireProducers
	retire       replication.Retire
	fetched      replication.Fetched
	progress     replication.FollowerFetched
	stayed       replication.FollowerStayed
	checkISR     replication.CheckISR
	retain       replication.Retain
	deletion     replication.DeleteRecords
	logStarted   replication.LogStarted
}

// addHost takes a replica on.
func (b *Broker) addHost(log *partition.Log) *host {
	h := &host{replica: replication.New(b.config.NodeID, log), tp: log.Partition}
	must.True(b.byTopic[h.tp] == nil, "B6 one log per partition")
	b.byTopic[h.tp] = h
	at, found := b.place(log.Log)
	must.True(!found, "B6 log IDs are never used twice")
	b.hosts = slices.Insert(b.hosts, at, h)
	return h
}

// dropHost forgets a replica whose log has ended.
func (b *Broker) dropHost(h *host) {
	h.gone = true
	if i, found := b.place(h.replica.Log.Log); found {
		b.hosts = slices.Delete(b.hosts, i, i+1)
	}
}

// place is where the replica with a log stands in hosts, or would.
func (b *Broker) place(log kafka.LogID) (at int, found bool) {
	return slices.BinarySearchFunc(b.hosts, log, func(h *host, id kafka.LogID) int { return cmp.Compare(h.replica.Log.Log, id) })
}

// hostOf returns the replica with a log, nil when there is none any more.
func (b *Broker) hostOf(l *partition.Log) *host {
	if l == nil {
		return nil
	}
	if at, found := b.place(l.Log); found {
		return b.hosts[at]
	}
	return nil
}

// stepReplica gives a replica an input and carries on what follows.
func (b *Broker) stepReplica(h *host, in replication.Input) {
	must.True(len(b.replicated.Appends) == 0, "B10 a replica's effects are taken before the next one steps")
	h.replica.Step(b.now, in, &b.replicated)
	b.takeEffects(h)
	b.touch(h)
}

// takeEffects numbers appends, hands out answers and wakes fetches.
func (b *Broker) takeEffects(h *host) {
	b.number(h)
	for i := range b.replicated.Answers {
		b.answerProduce(&b.replicated.Answers[i])
	}
	for _, t := range b.replicated.Wakes {
		b.wakeFetch(t)
	}
	if b.replicated.Propose {
		b.proposeISR(h)
	}
	b.replicated.Reset()
}

// touch puts a replica on the list that settle works off.
func (b *Broker) touch(h *host) {
	if !h.touched {
		h.touched = true
		b.touched = append(b.touched, h)
	}
}

// settleHosts lets every touched replica look how far its log counts now.
func (b *Broker) settleHosts() {
	for i := 0; i < len(b.touched); i++ {
		h := b.touched[i]
		h.replica.Step(b.now, &b.in.advance, &b.replicated)
		b.takeEffects(h)
		h.touched = false
		b.checkHost(h)
		b.follow(h)
		b.noteChange(h)
		if h.coordinates {
			b.coordinate(h)
		}
		b.settled = append(b.settled, h)
	}
	clear(b.touched)
	b.touched = b.touched[:0]
	b.deletesDue = len(b.deleting) > 0
}

// find returns the replica of a partition, nil when this broker holds none.
func (b *Broker) find(tp kafka.TopicPartition) *host { return b.byTopic[tp] }

// release lets a replica's files go that a read has held.
func (b *Broker) release(h *host, lease uint32) {
	if h.replica.Log.EndRead(lease) {
		b.upkeepDue = true
	}
	h.reads--
	must.True(h.reads >= 0, "B9 a lookup releases what it held")
	if h.reads == 0 && h.retired {
		b.endLog(h)
	}
}

// scanProducers forgets idle producers, on a monotonic period.
func (b *Broker) scanProducers() {
	if b.phase < PhaseServing || b.now.Mono < b.nextScan {
		return
	}
	b.nextScan = b.now.Mono.Add(b.limits.ProducerScan)
	for _, h := range b.hosts {
		h.replica.Step(b.now, &b.in.expire, &b.replicated)
	}
}
