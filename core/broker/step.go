package broker

import (
	"trialog/core/kafka"
	"trialog/core/must"
)

// Step is the only way to change the broker.
func (b *Broker) Step(now kafka.Now, in Input, out *Effects) {
	if b.phase == PhaseHalted {
		return // what was emitted before Halt is all there is
	}
	b.now, b.out = now, out
	b.settled = b.settled[:0]
	b.replicated.Watch, b.decided.Watch = &out.Watch, &out.Watch
	switch in := in.(type) {
	case *Start:
		b.start()
	case *Tick:
	case *ConnectionOpened:
		b.openConnection(in)
	case *ConnectionClosed:
		b.closeConnection(in.Conn)
	case *Request:
		b.accept(in)
	case *Written:
		b.written(in.Ref)
	case *Synced:
		b.synced(in.Ref)
	case *Failed:
		b.fail(in.Err)
	case *ReadDone:
		b.readDone(in)
	case *JobDone:
		b.jobDone(in)
	case *Quorum:
		b.quorumEvent(in.Event)
	case *JoinQuorum:
		b.joinQuorum(in)
	case *PeerReply:
		b.peerReply(in)
	case *DiskSpace:
		b.diskSpace(in.Free)
	case *Shutdown:
		b.beginShutdown()
	}
	if b.phase != PhaseHalted {
		b.due()
	}
	b.settle()
	b.checkStep()
	b.out = nil
}

// due does what has become due by the monotonic clock.
func (b *Broker) due() {
	for r := b.deadlines.first(); r != nil && r.deadline <= b.now.Mono; r = b.deadlines.first() {
		b.deadlines.remove(r)
		b.expire(r)
	}
	b.controllerDue()
	b.sessionDue()
	b.scanProducers()
	b.scanRetention()
	b.scanCleaning()
	b.scrubDue()
	b.fetchersDue()
	b.groupsDue()
	b.isrDue()
	b.healDue()
}

// expire ends the wait of a request.
func (b *Broker) expire(r *request) {
	switch r.key {
	case keyProduce:
		b.expireProduce(r)
	case keyFetch:
		b.expireFetch(r)
	case keyDeleteRecords:
		b.expireDeletes(r)
	}
}

// settle carries on until nothing more follows from what happened: high
// watermarks move, waiting requests are answered, the next ones begin, jobs
// that have become due are emitted.
func (b *Broker) settle() {
	for {
		switch {
		case b.phase == PhaseHalted:
			return // nothing is appended or answered any more
		case len(b.touched) > 0:
			b.settleHosts()
		case len(b.toFetch) > 0:
			b.settleFetches()
		case b.hurryDue:
			b.hurryFollowers()
		case len(b.toPoll) > 0:
			b.settleFetchers()
		case b.isr.ready(b.now.Mono):
			b.sendISR()
		case len(b.toAdvance) > 0:
			b.settleConnections()
		case b.deletesDue:
			b.settleDeletes()
		case b.upkeepDue:
			b.upkeep()
		default:
			return
		}
	}
}

// settleConnections lets the requests of connections begin and their replies go.
func (b *Broker) settleConnections() {
	for i := 0; i < len(b.toAdvance); i++ {
		b.advance(b.toAdvance[i])
	}
	clear(b.toAdvance)
	b.toAdvance = b.toAdvance[:0]
}

// mayBegin tells whether a request may begin now. Before the broker serves only
// the protocol itself is spoken; produce waits while there is no room for it, and
// while a broker that stops still has its roles.
func (b *Broker) mayBegin(r *request) bool {
	if r.err != kafka.None || servedEarly(r.key) {
		return true
	}
	if b.phase < PhaseServing {
		return false
	}
	if (r.key == keyProduce || r.key == keyOffsetCommit) && b.phase == PhaseServing && !b.room() {
		b.out.Watch.Reached(must.ProduceWaitedForJournal)
		return false
	}
	if r.key == keyProduce && b.handingOver() {
		b.out.Watch.Reached(must.ProduceWaitedForHandover)
		return false
	}
	return true
}

// room tells whether more may be appended: the journal is below its bound, and
// so is what the writer has not got round to.
func (b *Broker) room() bool {
	return !b.journal.Full() && b.appends.unwritten < b.limits.UnwrittenBytes
}

// servedEarly tells which requests do not wait until this broker serves: what
// tells clients our versions, and what other brokers ask of the controller,
// which may be here before anything else is.
func servedEarly(key int16) bool {
	switch key {
	case keyApiVersions, keyAlterPartition, keyBrokerRegistration, keyBrokerHeartbeat, keyAllocateProducerIDs, keyAssignReplicasToDirs, keyEnvelope:
		return true
	}
	return false
}

// unstall lets connections look again whether their next request may begin.
func (b *Broker) unstall() {
	for _, c := range b.stalled {
		c.stalled = false
		b.advanceLater(c)
	}
	clear(b.stalled)
	b.stalled = b.stalled[:0]
}

// Deadline says when the broker next wants a Tick.
func (b *Broker) Deadline() (kafka.Instant, bool) {
	if b.phase == PhaseHalted || b.phase == PhaseNew {
		return 0, false
	}
	at, any := b.sessionDeadline()
	if r := b.deadlines.first(); r != nil && (!any || r.deadline < at) {
		at, any = r.deadline, true
	}
	if b.controller != nil {
		if d, ok := b.controller.Deadline(); ok && (!any || d < at) {
			at, any = d, true
		}
	}
	if b.phase >= PhaseServing && (!any || b.nextScan < at) {
		at, any = b.nextScan, true
	}
	if b.groups.next != never && (!any || b.groups.next < at) {
		at, any = b.groups.next, true
	}
	if b.phase == PhaseServing && b.nextRetain < at {
		at = b.nextRetain
	}
	if b.phase == PhaseServing && b.cleaning.at < at {
		at = b.cleaning.at
	}
	if b.phase == PhaseServing && !b.scrub.busy && b.scrub.at < at {
		at = b.scrub.at
	}
	if d := b.replicationDeadline(); d != never && (!any || d < at) {
		at, any = d, true
	}
	return at, any
}
