package broker

import (
	"errors"
	"fmt"

	"trialog/core/must"
)

// checkStep checks what the Step may have broken, in time that does not depend
// on how much the broker holds, and everything now and then.
func (b *Broker) checkStep() {
	must.True(len(b.replicated.Appends) == 0 && len(b.replicated.Answers) == 0, "B10 a replica's effects are taken before a Step ends")
	b.steps++
	if b.limits.CheckEvery > 0 && b.steps%b.limits.CheckEvery == 0 {
		if err := b.Invariants(); err != nil {
			panic("invariant broken: " + err.Error())
		}
	}
}

// checkHost checks a replica that the Step touched.
func (b *Broker) checkHost(h *host) {
	if err := h.replica.Check(); err != nil {
		panic("invariant broken: " + err.Error())
	}
}

// Invariants checks everything; see doc.go for the numbers.
func (b *Broker) Invariants() error {
	if err := b.checkRequests(); err != nil {
		return err
	}
	if err := b.checkFetchSessions(); err != nil {
		return err
	}
	if err := b.checkHosts(); err != nil {
		return err
	}
	for _, s := range b.groups.shards {
		if s.host.shard != s || s.gone {
			return errors.New("B20: a coordinator is not that of its partition")
		}
		if s.phase != shardActive {
			continue
		}
		if err := s.machine.Invariants(); err != nil {
			return err
		}
	}
	return b.CheckDecisions()
}

// CheckDecisions checks the controller: all of what it has decided if the last
// Step decided something, and next to nothing if not.
func (b *Broker) CheckDecisions() error {
	if b.controller == nil {
		return nil
	}
	return b.controller.Invariants()
}

// checkRequests checks B1 to B5.
func (b *Broker) checkRequests() error {
	var produces, fetches int64
	for _, r := range b.requests.slots {
		if r.conn == nil {
			if r.place != noPlace {
				return errors.New("B2: a request that is gone waits for an instant")
			}
			continue
		}
		if r.state == requestRunning && r.key == keyProduce && r.produce.pending > 0 {
			produces++
		}
		if r.state == requestRunning && r.fetch.waiting {
			fetches++
		}
		if r.place != noPlace && b.deadlines.heap[r.place] != r {
			return errors.New("B2: a request is not where the heap has it")
		}
		if err := checkOrder(r.conn); err != nil {
			return err
		}
	}
	if produces != b.counters.WaitingProduces || fetches != b.counters.WaitingFetches {
		return fmt.Errorf("B5: %d produces and %d fetches wait, %d and %d are counted", produces, fetches, b.counters.WaitingProduces, b.counters.WaitingFetches)
	}
	return nil
}

// checkOrder checks that what has begun on a connection stands in front, and
// that nothing has begun behind what has not taken effect; on a closed
// connection what stands behind is over without having begun.
func checkOrder(c *connection) error {
	for i := range c.queue.len() {
		r := *c.queue.at(i)
		if began := r.state != requestQueued; began != (i < c.begun) {
			return errors.New("B3: requests of a connection begin in arrival order")
		}
		if i+1 < c.begun && !r.applied && r.state != requestDone && !c.closed {
			return errors.New("B4: a request has begun behind one that has not taken effect")
		}
	}
	return nil
}

// checkHosts checks B6, B9 and the replicas' own invariants.
func (b *Broker) checkHosts() error {
	for _, f := range b.fetchers {
		if !f.checkFollowing() {
			return fmt.Errorf("B19: the counts of the fetcher of broker %d are not those of its replicas", f.leader)
		}
	}
	reads := 0
	for i, h := range b.hosts {
		if i > 0 && b.hosts[i-1].replica.Log.Log >= h.replica.Log.Log {
			return errors.New("B6: hosts are sorted by log ID")
		}
		if !h.retired && b.byTopic[h.tp] != h {
			return errors.New("B6: a replica is not found by its partition")
		}
		reads += h.reads
		if err := h.replica.Invariants(); err != nil {
			return err
		}
	}
	open := 0
	if b.scrub.busy {
		open++
	}
	for ref := b.reads.first; ref < b.reads.next; ref++ {
		if p := b.reads.get(ref); p != nil && !p.host.gone {
			open++
		}
	}
	if reads != open {
		return fmt.Errorf("B9: %d reads hold files, %d are open", reads, open)
	}
	return nil
}
