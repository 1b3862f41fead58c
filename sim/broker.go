package sim

import (
	"strconv"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/sim/choice"
	simdisk "trialog/sim/disk"
)

// brokerMachine is what the host runs: *broker.Broker, or a test's stand-in.
type brokerMachine interface {
	Step(now kafka.Now, in broker.Input, out *broker.Effects)
	Deadline() (kafka.Instant, bool)
	Invariants() error
}

// brokerHost runs one broker process after another on one host's disk.
type brokerHost struct {
	host    *host
	machine brokerMachine
	core    *broker.Broker // machine, when it is core's
	out     broker.Effects
	in      brokerInputs
	shared  int  // Steps that share out
	flushAt bool // a flush is in the queue
	steps   uint64
	serving bool
	joined  bool // its replica of the metadata quorum runs
	// quorumLife counts the replicas that it has lost; askToJoin is whom it asks
	// for the next one.
	quorumLife uint32
	askToJoin  int

	disk   *simdisk.Disk
	mount  *simdisk.Mount
	writer writeQueue
	reads  slots[readOp]
	jobs   slots[jobOp]
	files  fileCache
	crash  crashPlan
	// stopUntil is when a process that was asked to stop is to be started again.
	stopUntil int64
	stall     int64         // how much longer every operation of the disk takes now
	patient   bool          // calls that the disk has no room for wait
	scrub     scrubMark     // of when everything was healed
	rotten    string        // the directory of the file that was damaged last
	conns     []*connection // by ConnID
	peers     []*peer       // by node ID and purpose
}

// brokerInputs are reused: an input is not kept by the machine.
type brokerInputs struct {
	start   broker.Start
	tick    broker.Tick
	opened  broker.ConnectionOpened
	closed  broker.ConnectionClosed
	request broker.Request
	written broker.Written
	synced  broker.Synced
	failed  broker.Failed
	read    broker.ReadDone
	job     broker.JobDone
	quorum  broker.Quorum
	peer    broker.PeerReply
	space   broker.DiskSpace
	stop    broker.Shutdown
}

// crashPlan is a crash inside a call to the file system, or between effects.
type crashPlan struct {
	power  bool  // the power goes, not only the process
	atBoot int64 // in this call of the next process; 0: not
	amid   int64 // after so many kinds of effects were carried out; 0: not
	serial int64 // which plan it is
}

const listenerName = "PLAINTEXT"

// brokerPort is where every broker listens.
const brokerPort = 9092

// startBroker begins an incarnation.
func (w *World) startBroker(b *brokerHost) {
	h := b.host
	seed := kafka.NewRand(h.draw.Choose(choice.EntropySeed, 1<<62))
	b.mount = b.disk.Mount()
	if b.crash.atBoot > 0 {
		b.mount.CrashIn(b.crash.atBoot)
		b.crash.atBoot = 0
	}
	config := broker.Config{
		NodeID:      kafka.BrokerID(h.node),
		Incarnation: kafka.IncarnationID(seed.UUID()),
		Seed:        seed.Uint64(),
		Boot:        strconv.Itoa(h.boots),
		Listeners: []broker.Listener{{
			Name: listenerName, Host: h.name, Port: brokerPort, Security: kafka.Plaintext, InterBroker: true,
		}},
		Voter:    h.node <= w.config.Voters,
		Settings: w.config.Settings,
		Codecs:   &w.codecs,
	}
	if len(w.config.Racks) >= h.node {
		config.Rack = w.config.Racks[h.node-1]
	}
	if w.oracle != nil {
		w.oracle.Began(h.node, config.Incarnation)
	}
	b.out.Reset()
	b.out.Watch.Fatal = !w.config.Blind
	b.shared, b.serving = 0, false
	b.conns = append(b.conns[:0], nil)
	b.writer.reset()
	b.reads.reset()
	b.jobs.reset()
	b.files.reset()
	w.newMachine(b, config)
	w.tellNode(h, NodeStarted, "")
	w.stepBroker(b, &b.in.start)
	w.tellSpace(b)
}

// newMachine makes the broker and what writes its disk.
func (w *World) newMachine(b *brokerHost, config broker.Config) {
	if w.fake.broker != nil {
		b.machine = w.fake.broker(config)
		b.writer.writer = w.fake.writer(b.mount, simdisk.NewJournal(b.mount, w.config.Disk.SegmentBytes))
		w.quorumUp(b.host)
	} else {
		b.core = broker.New(config, w.config.Limits)
		b.machine = b.core
	}
}

// stepBroker gives a broker one input.
func (w *World) stepBroker(b *brokerHost, in broker.Input) {
	h := b.host
	w.steps++
	b.steps++
	emitted := len(b.out.Appends)
	b.machine.Step(h.clock.now(w.now+w.leaked), in, &b.out)
	if w.starts != nil && b.core != nil {
		if broken := w.starts.Step(h.node, b.core, b.out.Appends[emitted:]); broken != "" {
			w.accuse(h.node, broken)
		}
	}
	if w.oracle != nil && b.core != nil {
		if broken := w.oracle.Step(h.node, b.core, b.out.Appends[emitted:]); broken != "" {
			w.accuse(h.node, broken)
		}
	}
	if b.core != nil {
		if err := b.core.CheckDecisions(); err != nil {
			w.fail(h.node, err.Error())
		}
	}
	if every := w.config.CheckEvery; every > 0 && b.steps%uint64(every) == 0 {
		w.walk(b)
	}
	b.shared++
	if b.shared < w.config.BatchSteps && h.draw.Choose(choice.NodeBatch, 4) != 0 {
		if !b.flushAt {
			b.flushAt = true
			w.schedule(h, w.now+h.draw.Between(choice.NodeBatch, 0, 50*Microsecond), evFlush, 0, 0)
		}
	} else {
		w.flush(b)
	}
	if h.running {
		w.arm(h)
	}
}

// walk checks all invariants of a broker.
func (w *World) walk(b *brokerHost) {
	if err := b.machine.Invariants(); err != nil {
		w.accuse(b.host.node, err.Error())
	}
}

// flush carries out what a broker's Steps asked for. No order holds between
// kinds of effects, and the process may die between any two.
func (w *World) flush(b *brokerHost) {
	out := &b.out
	b.shared = 0
	if out.Watch.Dirty() {
		w.count(&out.Watch)
	}
	for i := range out.Notes {
		w.note(b, &out.Notes[i])
	}
	for i := range out.Replies {
		w.reply(b, &out.Replies[i])
	}
	if len(out.Replies) > 0 && w.diesAmid(b) {
		return
	}
	for i := range out.Sends {
		w.sendPeer(b, &out.Sends[i])
	}
	for i := range out.Proposals {
		w.propose(b, &out.Proposals[i])
	}
	for i := range out.Reconfigures {
		w.reconfigure(b, &out.Reconfigures[i])
	}
	for i := range out.Joins {
		w.joins(&out.Joins[i])
	}
	if len(out.Sends)+len(out.Proposals) > 0 && w.diesAmid(b) {
		return
	}
	if len(out.Appends) > 0 {
		w.takeAppends(b, out.Appends)
	}
	for i := range out.Reads {
		w.startRead(b, &out.Reads[i])
	}
	for i := range out.Jobs {
		w.startJob(b, &out.Jobs[i])
	}
	for i := range out.Mutes {
		w.mute(b, &out.Mutes[i])
	}
	halt := out.Halt
	out.Reset()
	w.lookAt(b)
	if halt.Set {
		w.halted(b, halt)
	}
}

// diesAmid ends the process between two kinds of effects when that is planned:
// what has gone out has gone out, and nothing else ever does.
func (w *World) diesAmid(b *brokerHost) bool {
	if b.crash.amid == 0 {
		return false
	}
	if b.crash.amid--; b.crash.amid > 0 {
		return false
	}
	b.out.Reset()
	w.crash(b.host, b.crash.power, "between two effects")
	w.restartSoon(b.host)
	return true
}

// lookAt tells when a broker begins to serve.
func (w *World) lookAt(b *brokerHost) {
	if !b.serving && b.core != nil && b.core.Ready() {
		b.serving = true
		w.tellNode(b.host, NodeServing, "")
	}
}

// halted ends an incarnation that asked for it.
func (w *World) halted(b *brokerHost, halt broker.Halt) {
	w.trace.current.str(halt.Reason)
	if halt.Clean {
		b.writer.drain()
		if w.diedInCall(b) {
			return
		}
		w.endProcess(b.host, NodeStopped, "")
	} else {
		w.endProcess(b.host, NodeHalted, halt.Reason)
	}
	if b.stopUntil > w.now {
		w.restart(b.host, b.stopUntil)
	} else {
		w.restartSoon(b.host)
	}
}

// note tells an operator's line.
func (w *World) note(b *brokerHost, n *broker.Note) {
	w.trace.current.str(n.Text)
	w.trace.current.add2(uint64(n.Offset), uint64(uint32(n.Partition)))
	if w.trace.on() {
		w.trace.say("note:", n.Text, n.Topic, n.Detail)
	}
}

// tellSpace tells a broker how much room its disk has, again and again.
func (w *World) tellSpace(b *brokerHost) {
	if !b.host.running {
		return
	}
	b.in.space.Free = b.disk.Free()
	w.stepBroker(b, &b.in.space)
	if b.host.running {
		w.schedule(b.host, w.now+Second, evSpace, 0, 0)
	}
}
