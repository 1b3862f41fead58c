package broker

import (
	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
	"trialog/core/partition"
)

// session is the broker's standing with the controller: its registration, its
// heartbeats, and in the end its shutdown.
type session struct {
	registered  bool                // the image contains this incarnation
	epoch       kafka.BrokerEpoch   // of this incarnation, once registered
	previous    kafka.BrokerEpoch   // in the clean-shutdown mark, NoBrokerEpoch without
	keptSince   kafka.IncarnationID // since whose start nothing is missing on the disk
	modesIndex  uint64              // see settleModes
	diskCluster string              // the cluster that the data directory belongs to, empty while it is new

	asking   bool          // a command is under way
	giveUpAt kafka.Instant // when to ask again although it is
	retryAt  kafka.Instant // when to ask next, unless asking

	stopBy     kafka.Instant // while stopping: when patience ends
	wantsStop  bool          // while stopping: the controller has been asked to move the roles
	handedOver bool          // while stopping: the image says that it has, or nobody waits for that any more
	shouldStop bool          // while stopping: every broker knows
	drained    bool          // the logs are closed: nothing is appended any more
}

// followSession looks what a new image says of this broker.
func (b *Broker) followSession(claimed bool) {
	if claimed {
		// There is somebody new to ask. Whoever was asked may never answer.
		b.session.asking, b.session.retryAt = false, b.now.Mono
	}
	if b.journal == nil {
		return // recovery looks again when it is done
	}
	b.followCluster()
	self := b.state.Image().Broker(b.config.NodeID)
	switch {
	case b.phase == PhaseHalted || self == nil:
	case self.Incarnation == b.config.Incarnation:
		b.session.epoch = self.Epoch
		if !b.session.registered && !b.session.drained { // it may stop before it has learnt that it was registered
			b.session.registered = true
			b.session.retryAt = b.now.Mono
			b.isr.checkAt = b.now.Mono
			b.applyAllRoles()
		}
		if b.phase == PhaseRegistering && !self.Fenced {
			b.serve()
		}
		if b.phase == PhaseStopping && self.ShuttingDown {
			b.handOver()
		}
	case b.session.registered:
		b.halt("another incarnation of this broker has registered", false)
	}
}

// followCluster ties the data directory to the cluster.
func (b *Broker) followCluster() {
	id := b.state.Image().ClusterID()
	if id == (kafka.UUID{}) || b.session.diskCluster == id.String() {
		return
	}
	if b.session.diskCluster != "" {
		b.halt("the data directory belongs to cluster "+b.session.diskCluster+", the metadata quorum to "+id.String(), false)
		return
	}
	b.session.diskCluster = id.String()
	b.emitJob("set-cluster-id", partition.SetClusterID, &partition.SetClusterIDArgs{ClusterID: id.String()})
}

// serve lets the requests begin that have waited.
func (b *Broker) serve() {
	b.phase = PhaseServing
	b.beginRetention()
	b.beginCleaning()
	b.beginScrubbing()
	b.nextScan = b.now.Mono.Add(b.limits.ProducerScan)
	b.note(Note{Level: Info, Text: "serving", Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset})
	b.unstall()
}

// sessionDue registers, again when the broker was unregistered, tells the controller that this broker lives, and goes
// on with a shutdown.
func (b *Broker) sessionDue() {
	if b.journal == nil || b.phase == PhaseHalted {
		return
	}
	if b.phase == PhaseStopping {
		b.continueShutdown()
	}
	if b.session.drained || b.now.Mono < b.session.nextAsk() {
		return
	}
	b.session.asking = true
	b.session.giveUpAt = b.now.Mono.Add(2 * max(b.limits.Heartbeat, b.limits.Retry))
	if !b.session.registered || b.state.Image().Broker(b.config.NodeID) == nil {
		b.session.retryAt = b.now.Mono.Add(b.limits.Retry)
		b.ask(pendingCommand{kind: commandRegister}, b.registration())
		return
	}
	b.session.retryAt = b.now.Mono.Add(b.limits.Heartbeat)
	b.session.wantsStop = b.phase == PhaseStopping && b.patienceOver()
	b.ask(pendingCommand{kind: commandHeartbeat}, &controller.Heartbeat{
		Broker: b.config.NodeID, Epoch: b.session.epoch, AppliedIndex: b.state.Index(),
		ModesIndex: b.settleModes(), WantShutdown: b.session.wantsStop,
	})
}

// settleModes returns the index of the newest image known to be one whose
// durability modes the disk has: no log waits to be synced for a change of its
// mode, or for a role that may bring one.
func (b *Broker) settleModes() uint64 {
	for _, h := range b.hosts {
		if h.roleDue || !h.retired && h.replica.Log.Settling() {
			return b.session.modesIndex
		}
	}
	b.session.modesIndex = b.state.Index()
	return b.session.modesIndex
}

func (b *Broker) registration() *controller.RegisterBroker {
	r := &controller.RegisterBroker{
		Broker: b.config.NodeID, Incarnation: b.config.Incarnation, Directory: b.directory,
		Previous: b.session.previous, KeptSince: b.session.keptSince, Rack: b.config.Rack,
	}
	if id, err := kafka.ParseUUID(b.session.diskCluster); err == nil {
		r.ClusterID = id
	}
	for _, l := range b.config.Listeners {
		r.Listeners = append(r.Listeners, metadata.Listener{
			Name: l.Name, Host: l.Host, Port: uint16(l.Port), Security: int16(l.Security),
		})
	}
	return r
}

// registrationDone takes the answer to a registration. A success shows in the image;
// some refusals will never go away.
func (b *Broker) registrationDone(code kafka.ErrorCode, message string) {
	b.session.asking = false
	switch code {
	case kafka.ErrInconsistentClusterID, kafka.ErrInvalidRegistration:
		b.halt("the controller refuses this broker: "+message, false)
	case kafka.ErrDuplicateBrokerRegistration:
		b.note(Note{Level: Warn, Text: "registration refused, will try again", Detail: message, Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset})
	default:
		// Any other error may pass: retryAt was set when the question was sent.
	}
}

// heartbeatDone takes the answer to a heartbeat.
func (b *Broker) heartbeatDone(code kafka.ErrorCode, r *controller.HeartbeatResult) {
	b.session.asking = false
	switch {
	case code == kafka.ErrStaleBrokerEpoch:
		// The image will show who has taken this broker's place.
		b.out.Watch.Reached(must.BrokerSuperseded)
	case code != kafka.None:
		b.session.retryAt = b.now.Mono.Add(b.limits.Retry)
	case b.phase == PhaseStopping:
		b.session.shouldStop = r.ShouldStop
		b.session.retryAt = b.now.Mono.Add(b.limits.Retry)
		switch {
		case r.ShouldStop:
		case !b.session.wantsStop && b.patienceOver():
			b.session.retryAt = b.now.Mono // the last produce was answered meanwhile
		default:
			b.session.retryAt = b.now.Mono.Add(b.limits.Retry / 8)
		}
	case r.Fenced:
		b.session.retryAt = b.now.Mono.Add(b.limits.Retry)
	}
}

// beginShutdown starts a controlled shutdown: no more is appended, what waits is
// answered, the roles go, and with them whoever wants to produce; then every log is
// checkpointed and the clean mark left.
func (b *Broker) beginShutdown() {
	switch {
	case b.phase == PhaseStopping:
	case b.journal == nil:
		b.halt("stopped before recovery had finished", true)
	default:
		b.phase = PhaseStopping
		b.session.stopBy = b.now.Mono.Add(b.limits.ShutdownWait)
		b.session.asking, b.session.retryAt = false, b.now.Mono
	}
}

// handingOver tells whether produce waits for the roles to go: only then is there a
// leader to turn to, and a client that was refused before would look for one in vain
// for as long as it leaves between two looks.
func (b *Broker) handingOver() bool { return b.phase == PhaseStopping && !b.session.handedOver }

// handOver lets go whoever wants to produce here.
func (b *Broker) handOver() {
	if !b.session.handedOver {
		b.session.handedOver = true
		b.unstall()
	}
}

// hurryShutdowns tells the controller at once that this broker acts on an image in
// which another one has no role any more: that one waits for everybody.
func (b *Broker) hurryShutdowns(d *metadata.Delta) {
	for _, id := range d.Brokers {
		if other := d.To.Broker(id); id != b.config.NodeID && other != nil && other.ShuttingDown && b.session.registered {
			b.session.asking, b.session.retryAt = false, b.now.Mono
		}
	}
}

// continueShutdown closes the logs once nothing waits and the roles have moved,
// or patience has ended.
func (b *Broker) continueShutdown() {
	if b.session.drained {
		return
	}
	overdue := b.now.Mono >= b.session.stopBy
	if !overdue && (!b.patienceOver() || b.session.registered && !b.session.shouldStop) {
		return
	}
	b.handOver()
	logs := make([]*partition.Log, 0, len(b.hosts))
	for _, h := range b.hosts {
		b.in.retire.Err = kafka.ErrNotLeaderOrFollower
		b.stepReplica(h, &b.in.retire)
		logs = append(logs, h.replica.Log)
	}
	b.session.drained = true
	b.journal.Drain(logs, b.session.epoch)
	b.upkeepDue = true
}

// patienceOver tells whether the roles may go: no produce waits, or for too long.
func (b *Broker) patienceOver() bool {
	return b.counters.WaitingProduces == 0 || b.now.Mono >= b.session.stopBy
}

// sessionDeadline is when sessionDue has something to do.
func (b *Broker) sessionDeadline() (kafka.Instant, bool) {
	if b.journal == nil || b.session.drained {
		return 0, false
	}
	at := b.session.nextAsk()
	if b.phase == PhaseStopping {
		at = min(at, b.session.stopBy)
	}
	return at, true
}

// nextAsk is when to ask the controller again: an answer that does not come
// must not cost the session.
func (s *session) nextAsk() kafka.Instant {
	if s.asking {
		return s.giveUpAt
	}
	return s.retryAt
}
