package quorum

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lni/dragonboat/v4"

	"trialog/core/kafka"
	port "trialog/core/quorum"
)

const (
	// membersEvery is how often the engine's membership is looked at although
	// nothing was said to have changed.
	membersEvery = 2 * time.Second
	// membersTimeout bounds one look: it is a linearizable read.
	membersTimeout = time.Second
	// forsakenAfter is after how many looks without an answer peers are asked
	// whether this replica is a member still: nobody tells one that is not.
	forsakenAfter = 3
	// reconfigureTimeout bounds a step. What becomes of it shows in the membership.
	reconfigureTimeout = 5 * time.Second
	// firstLookAgain is when the first look is tried again: a replica that has just
	// begun knows nobody to ask for a moment.
	firstLookAgain = 100 * time.Millisecond
)

// membership is what an engine knows of its members.
type membership struct {
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	changed chan struct{} // somebody should look
	over    chan struct{} // the engine itself says that this replica is no member
	last    port.Members  // as last told
	votes   atomic.Bool   // this replica, as last told
	missed  int           // looks in a row without an answer
}

func (m *membership) init() {
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.changed, m.over = make(chan struct{}, 1), make(chan struct{}, 1)
	m.running.Add(2) // followMembers, greetOthers
}

func (m *membership) stop() {
	m.cancel()
	m.running.Wait()
}

// systemEvents are the engine's events that the membership follows.
type systemEvents struct {
	silentEvents
	engine *Engine
}

// MembershipChanged implements raftio.ISystemEventListener.
func (s systemEvents) MembershipChanged(info nodeInfo) { signal(s.engine.membership.changed) }

// NodeReady implements raftio.ISystemEventListener.
func (s systemEvents) NodeReady(nodeInfo) { signal(s.engine.membership.changed) }

// NodeDeleted implements raftio.ISystemEventListener.
func (s systemEvents) NodeDeleted(info nodeInfo) {
	if info.ReplicaID == s.engine.replica {
		signal(s.engine.membership.over)
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// followMembers tells the membership once the replica runs and after every
// change, until the engine closes or the replica is over.
func (e *Engine) followMembers() {
	m := &e.membership
	defer m.running.Done()
	tick := time.NewTicker(membersEvery)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case <-m.ctx.Done():
			return
		case <-m.over:
			over = true
		case <-m.changed:
			over = e.look()
		case <-tick.C:
			if over = e.look(); !over && m.missed >= forsakenAfter {
				over = e.forsaken()
			}
		}
	}
	e.config.Log.Warn("this node's replica of the metadata quorum is a member no more", "replica", e.replica)
	id := e.identity
	id.Over = true
	if err := writeIdentity(&e.config, &id); err != nil {
		e.config.Fail(err)
		return
	}
	if e.config.Over != nil {
		go e.config.Over()
	}
}

// look reads the membership and tells it when it is new; true when this replica
// is over.
func (e *Engine) look() (over bool) {
	m := &e.membership
	ctx, cancel := context.WithTimeout(m.ctx, membersTimeout)
	defer cancel()
	now, err := e.host.SyncGetShardMembership(ctx, shardID)
	if err != nil {
		if m.missed++; m.last.Version == 0 {
			time.AfterFunc(firstLookAgain, func() { signal(m.changed) })
		}
		return false
	}
	m.missed = 0
	members := membersOf(now)
	if members.Over(port.ReplicaID(e.replica)) {
		return true
	}
	if members.Version <= m.last.Version {
		return false
	}
	first := m.last.Version == 0
	m.last = members
	e.transport.tellMembers(&members)
	self, _ := members.Member(port.ReplicaID(e.replica))
	m.votes.Store(self.Voter)
	if self.Voter && e.identity.Joined && !e.identity.Voter {
		if err := e.promoted(first); err != nil {
			e.config.Fail(err)
			return false
		}
	}
	e.config.Deliver(&members)
	return false
}

// Votes tells whether this replica is a voter.
func (e *Engine) Votes() bool { return e.membership.votes.Load() }

// membersOf puts the engine's membership into core's words, by rising replica ID.
func membersOf(now *dragonboat.Membership) port.Members {
	m := port.Members{Version: now.ConfigChangeID}
	add := func(replicas map[uint64]string, voter bool) {
		for id, name := range replicas {
			if node, ok := nodeOf(name); ok {
				m.Members = append(m.Members, port.Member{Replica: port.ReplicaID(id), Node: kafka.BrokerID(node), Voter: voter})
			}
			m.Highest = max(m.Highest, port.ReplicaID(id))
		}
	}
	add(now.Nodes, true)
	add(now.NonVotings, false)
	for id := range now.Removed {
		m.Highest = max(m.Highest, port.ReplicaID(id))
	}
	slices.SortFunc(m.Members, func(a, b port.Member) int { return int(a.Replica) - int(b.Replica) })
	return m
}

// promoted makes sure that this replica starts as a voter from now on. The
// engine is told at its start whether a replica votes, and must be told what
// holds at its own snapshot; so there is one from after the promotion first. A
// replica that ran from such a snapshot as one that does not vote is started again.
func (e *Engine) promoted(again bool) error {
	ctx, cancel := context.WithTimeout(e.membership.ctx, 10*time.Second)
	defer cancel()
	if _, err := e.host.SyncRequestSnapshot(ctx, shardID, dragonboat.SnapshotOption{}); err != nil && !errors.Is(err, dragonboat.ErrRejected) {
		return err
	}
	id := e.identity
	id.Voter = true
	if err := writeIdentity(&e.config, &id); err != nil {
		return err
	}
	e.identity = id
	e.transport.introduce(&id)
	if !again {
		return nil
	}
	if err := e.host.StopReplica(shardID, e.replica); err != nil {
		return err
	}
	for {
		err := e.startReplica()
		if !errors.Is(err, dragonboat.ErrShardAlreadyExist) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond): // the engine lets go of it in its own time
		}
	}
}

// forsaken asks the others whether this replica is a member still.
func (e *Engine) forsaken() bool {
	for target := range e.transport.book.all() {
		ctx, cancel := context.WithTimeout(e.membership.ctx, membersTimeout)
		peer, err := e.transport.ask(ctx, target)
		cancel()
		if err == nil && peer.Members.Over(port.ReplicaID(e.replica)) {
			return true
		}
	}
	return false
}

// greetOthers lets every node that is known learn where this one is.
func (e *Engine) greetOthers() {
	m := &e.membership
	defer m.running.Done()
	greeted := make(map[string]bool)
	for {
		waiting := false
		for target := range e.transport.book.all() {
			if greeted[target] {
				continue
			}
			ctx, cancel := context.WithTimeout(m.ctx, membersTimeout)
			peer, err := e.transport.ask(ctx, target)
			cancel()
			if greeted[target] = err == nil; err != nil {
				waiting = true
			} else if peer.Members.Over(port.ReplicaID(e.replica)) {
				signal(m.over)
			}
		}
		if !waiting {
			return
		}
		select {
		case <-m.ctx.Done():
			return
		case <-time.After(membersEvery):
		}
	}
}

// Reconfigure hands a step of the membership to the engine. Nothing answers it.
func (e *Engine) Reconfigure(r *port.Reconfigure) {
	replica, target := uint64(r.Replica), name(uint64(r.Node))
	var state *dragonboat.RequestState
	var err error
	switch r.Step {
	case port.AddNonVoter:
		state, err = e.host.RequestAddNonVoting(shardID, replica, target, r.Version, reconfigureTimeout)
	case port.Promote:
		state, err = e.host.RequestAddReplica(shardID, replica, target, r.Version, reconfigureTimeout)
	case port.Remove:
		state, err = e.host.RequestDeleteReplica(shardID, replica, r.Version, reconfigureTimeout)
	}
	if err != nil || state == nil {
		e.config.Log.Debug("a step of the quorum's membership was refused", "replica", replica, "error", err)
		return
	}
	step := int(r.Step) // the effects that hold r are used again
	e.proposals.Go(func() {
		result := <-state.ResultC()
		e.config.Log.Debug("a step of the quorum's membership", "replica", replica, "step", step, "done", result.Completed())
		state.Release()
	})
}
