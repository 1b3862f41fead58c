package sim

import (
	"strconv"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/client"
	"trialog/core/disk"
	"trialog/core/metadata"
	"trialog/core/must"
	"trialog/core/protocol"
	"trialog/core/quorum/model"
	"trialog/sim/choice"
	simdisk "trialog/sim/disk"
	"trialog/sim/oracle"
)

// Phase is a part of a run.
type Phase uint8

// The phases, in order.
const (
	Warmup Phase = iota
	Faulty
	Healing
	Extra
	Over
)

// World is one run.
type World struct {
	config Config
	fake   fakes
	now    int64
	phase  Phase
	queue  queue
	event  event // under way
	trace  tracer
	memory *Memory
	leaked int64 // what Config.Leak gave for the event under way

	source *choice.Source
	world  *choice.Stream
	hosts  []*host // by node; 0 is nobody
	net    network
	quorum *model.Model
	// quorumAt is when the model is asked next; 0: not at all.
	quorumAt     int64
	quorumTraced bool
	replicas     []uint64 // by replica ID of the quorum: to which broker's which disk it was given
	nemesis      nemesis
	held         []heldDelivery // see explore.go
	starts       *oracle.Starts // nil: nobody watches log starts
	oracle       *oracle.Oracle // nil: nobody compares replicas

	free      protocol.FreeList
	codecs    batch.Codecs
	checker   batch.Checker
	scratch   []byte
	digestBuf []byte
	watch     must.Watch

	choices    []choice.Override
	broken     string
	brokenNode int
	counts
}

// counts are what a Result reports.
type counts struct {
	steps, messages, wireBytes uint64
	reads, appends, syncs      uint64
	restarts, jobCount         int
	lostBytes                  int64
	faults                     [FaultKindCount]int
	probes                     [must.ProbeCount]uint64
	beliefs                    [must.BeliefCount]uint64
}

// fakes stand in for core's machines in tests of the world itself.
type fakes struct {
	broker func(broker.Config) brokerMachine
	client func(client.Config) clientMachine
	writer func(disk.FS, *simdisk.Journal) writer
}

// New sets a run up. It panics when the configuration makes no sense.
func New(config Config) *World { return newWorld(config, fakes{}) }

func newWorld(config Config, fake fakes) *World {
	must.True(config.Brokers >= 1, "sim: a run has at least one broker")
	config.fill()
	w := &World{config: config, fake: fake, memory: config.Memory}
	if w.memory == nil {
		w.memory = &Memory{}
	}
	w.queue.list = w.memory.events[:0]
	w.watch.Fatal = !w.config.Blind
	w.codecs = Codecs()
	w.checker.Codecs = &w.codecs
	w.trace.start(&w.config)
	w.source = choice.NewSource(config.Seed, config.Tape)
	if config.Even {
		w.source = choice.NewEven(config.Tape)
	}
	if config.Record {
		w.source.Record(&w.choices)
	}
	w.world = w.source.Stream(choice.KindWorld, 0)
	w.checkInPieces()
	w.traceQuorum()
	w.newHosts()
	w.newQuorum()
	w.newOracle()
	w.scheduleWorld(0, 0, evPhase, uint64(Warmup), 0)
	return w
}

func (w *World) newHosts() {
	c := &w.config
	w.hosts = make([]*host, 1, 1+c.Brokers+len(c.Clients))
	for i := range c.Brokers {
		h := w.newHost("broker" + strconv.Itoa(i+1))
		d := simdisk.New(w.source.Stream(choice.KindDisk, h.node), &w.memory.pages, c.Disk.Capacity)
		h.broker = &brokerHost{host: h, disk: d}
	}
	for i := range c.Clients {
		h := w.newHost(c.Clients[i].Name)
		h.client = &ClientHost{world: w, host: h, index: i, app: c.Clients[i].App, draw: w.source.Stream(choice.KindApp, i)}
	}
	n := len(w.hosts)
	w.net.hosts = n
	w.net.links = make([]link, n*n)
	for from := 1; from < n; from++ {
		for to := 1; to < n; to++ {
			w.net.links[from*n+to].draw = w.source.Stream(choice.KindLink, from*n+to)
		}
	}
}

func (w *World) newHost(name string) *host {
	h := &host{node: len(w.hosts), name: name, draw: w.source.Stream(choice.KindNode, len(w.hosts))}
	w.hosts = append(w.hosts, h)
	c := &w.config.Clock
	h.clock.wall = Epoch + (h.draw.Between(choice.SwarmLimit, 0, 2*c.OffsetMaxMs)-c.OffsetMaxMs)*Millisecond
	h.clock.ppm = h.draw.Between(choice.SwarmLimit, 0, 2*c.DriftMaxPpm) - c.DriftMaxPpm
	return h
}

// Now is the virtual time in nanoseconds.
func (w *World) Now() int64 { return w.now }

// Phase tells in which part the run is.
func (w *World) Phase() Phase { return w.phase }

// Replicas calls yield for every replica on a broker's host whose process
// runs, until it returns false.
func (w *World) Replicas(node int, yield func(*broker.PartitionView) bool) {
	if b := w.hosts[node].broker; b != nil && b.core != nil {
		b.core.Partitions(yield)
	}
}

// Image is the metadata that the broker on a host acts on, nil when it does not
// run.
func (w *World) Image(node int) *metadata.Image {
	if b := w.hosts[node].broker; b != nil && b.core != nil {
		return b.core.Image()
	}
	return nil
}

// Disk is the disk of a broker's host, for a judge that looks at disks.
func (w *World) Disk(node int) *simdisk.Disk { return w.hosts[node].broker.disk }

// Run carries the run out and tells what came of it.
func (w *World) Run() *Result {
	for w.Advance(1 << 62) {
	}
	return w.Finish()
}

// Finish tells what came of a run that is over, or is given up. It is called once.
func (w *World) Finish() *Result { return w.result() }

// Step carries out the next event. It returns false when the run is over.
func (w *World) Step() bool { return w.Advance(1) }

// Advance carries out up to n events. It returns false when the run is over. A
// machine that panics with a string has broken an invariant or belief: that
// ends the run and is told in the Result. Any other panic is the caller's.
func (w *World) Advance(n uint64) bool {
	if !w.config.Panic {
		defer w.caught()
	}
	for ; n > 0 && w.phase != Over && !w.queue.empty(); n-- {
		w.event = w.queue.pop()
		w.step(&w.event)
	}
	return w.phase != Over && !w.queue.empty()
}

func (w *World) step(e *event) {
	w.now = e.at
	w.trace.current = 0
	if w.config.Leak != nil {
		w.leaked = int64(w.config.Leak() & 7)
		w.trace.current.add(uint64(w.leaked))
	}
	telling := w.trace.on()
	if telling {
		w.trace.begin(e)
	}
	if w.config.Explore != nil && w.phase == Faulty {
		w.explore(e)
	} else {
		w.dispatch(e)
	}
	if telling && w.trace.text != nil {
		w.trace.write(uint64(w.trace.current))
	}
	w.trace.end(e)
}

// caught turns a panic into the end of the run.
func (w *World) caught() {
	switch r := recover().(type) {
	case nil:
	case string:
		w.fail(int(w.event.node), r)
	default:
		panic(r) // not an invariant but a defect, for the caller to tell
	}
}

// fail ends the run: something that must hold does not.
func (w *World) fail(node int, what string) {
	if w.broken != "" {
		return
	}
	w.broken, w.brokenNode = what, node
	w.phase = Over
	w.trace.current.str(what)
	if w.trace.on() {
		w.trace.say("BROKEN:", what)
	}
	if w.config.Observer != nil {
		w.config.Observer.Broken(w.now, node, what)
	}
}

// accuse ends the run for what only a look inside has found.
func (w *World) accuse(node int, what string) {
	if !w.config.Blind {
		w.fail(node, what)
	}
}

// count adds what machines reached.
func (w *World) count(watch *must.Watch) {
	for i, n := range watch.Probes {
		w.probes[i] += uint64(n)
	}
	for i, n := range watch.Beliefs {
		w.beliefs[i] += uint64(n)
	}
	watch.Reset()
}

// dispatch does what an event says, or nothing when the process it was meant
// for is no more.
func (w *World) dispatch(e *event) {
	switch e.kind {
	case evPhase:
		w.enterPhase(Phase(e.a))
		return
	case evStart:
		if h := w.hosts[e.node]; h.restartAt == int64(e.a) && !h.running {
			w.boot(h)
		}
		return
	case evStrike:
		w.strike(e.a)
		return
	case evFaultEnd:
		w.over(int(e.a))
		return
	case evQuorum:
		w.stepQuorum(int64(e.a))
		return
	default:
		// The others wait while their host is paused.
	}
	h := w.hosts[e.node]
	switch {
	case h.paused:
		h.parked = append(h.parked, *e)
	case e.kind == evDeliver:
		w.deliver(e.a, int(e.b))
	case e.kind == evDialLost:
		w.dialLost(e.a)
	case e.kind == evIdleConn:
		w.idleConnection(e.a)
	case h.alive(e.inc):
		w.dispatchProcess(h, e)
	}
}

// dispatchProcess does what concerns one process.
func (w *World) dispatchProcess(h *host, e *event) {
	switch e.kind {
	case evTimer:
		w.timer(h, e.at)
	case evJoin:
		w.askToJoin(h)
	case evFlush:
		h.broker.flushAt = false
		w.flush(h.broker)
	case evWrite:
		w.write(h.broker)
	case evSync:
		w.sync(h.broker)
	case evRead:
		w.finishRead(h.broker, e.a)
	case evJob:
		w.job(h.broker, e.a)
	case evStop:
		w.stepBroker(h.broker, &h.broker.in.stop)
	case evSpace:
		w.tellSpace(h.broker)
	case evWake:
		w.wake(h.client, e.a)
	case evPeerLate:
		w.peerLate(e.a)
	case evPeerLost:
		w.peerLost(h.broker, e.a)
	default:
		panic("no process takes the event " + e.kind.String())
	}
}
