package sim

import (
	"encoding/binary"
	"runtime"
	"runtime/debug"
	"testing"

	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/sim/choice"
)

// ledger is what the applications of one run know together.
type ledger struct {
	created bool
	acked   map[int64]uint64 // offset: value
	read    map[int64]uint64
	twice   int // two records acknowledged at one offset
	changed int // an offset showed another record than before
	next    uint64
}

const ledgerTopic = "ledger"

// writerApp creates the topic and produces one record after another.
type writerApp struct {
	l    *ledger
	op   client.OpID
	open [32]struct { // by op modulo its length; never more than five are open
		op    client.OpID
		value uint64
	}
	inFlight int
	creates  bool
	produce  client.Produce
	record   [1]client.Record
	value    [100]byte
}

func (a *writerApp) Start(c *ClientHost) {
	clear(a.open[:])
	a.inFlight = 0
	a.record[0] = client.Record{Timestamp: kafka.NoTimestamp, Value: a.value[:]}
	a.produce = client.Produce{Topic: ledgerTopic, Records: a.record[:]}
	c.WakeAt(c.Now() + Millisecond)
}

func (a *writerApp) Wake(c *ClientHost) {
	switch {
	case c.Phase() >= Healing:
		return
	case !a.l.created && a.creates:
		a.op++
		c.Do(&client.CreateTopic{Op: a.op, Topic: ledgerTopic, Partitions: 1, Replicas: -1})
		c.WakeAt(c.Now() + Second)
		return
	case a.l.created && a.inFlight < 5:
		a.op++
		a.l.next++
		slot := &a.open[uint64(a.op)%uint64(len(a.open))]
		slot.op, slot.value = a.op, a.l.next
		a.inFlight++
		binary.BigEndian.PutUint64(a.value[:], a.l.next)
		a.produce.Op = a.op
		c.Do(&a.produce)
	}
	c.WakeAt(c.Now() + c.Between(choice.AppGap, 5*Millisecond, 35*Millisecond))
}

func (a *writerApp) Done(c *ClientHost, d *client.Done) {
	slot := &a.open[uint64(d.Op)%uint64(len(a.open))]
	if slot.op != d.Op {
		if d.Outcome == client.OK || d.Err.String() == "TOPIC_ALREADY_EXISTS" {
			a.l.created = true
		}
		return
	}
	a.inFlight--
	v := slot.value
	if d.Outcome != client.OK {
		return
	}
	if _, ok := a.l.acked[int64(d.Offset)]; ok {
		a.l.twice++
	}
	a.l.acked[int64(d.Offset)] = v
}

func (a *writerApp) Idle() bool { return a.inFlight == 0 }

// readerApp reads the topic from its beginning.
type readerApp struct {
	l        *ledger
	op       client.OpID
	assigned bool
	polling  bool
	poll     client.Poll
}

func (a *readerApp) Start(c *ClientHost) {
	a.assigned, a.polling = false, false
	c.WakeAt(c.Now() + 10*Millisecond)
}

func (a *readerApp) Wake(c *ClientHost) {
	if !a.l.created {
		c.WakeAt(c.Now() + 100*Millisecond)
		return
	}
	if !a.assigned {
		a.assigned = true
		a.op++
		c.Do(&client.Assign{Op: a.op, Topic: ledgerTopic, From: client.Position{Kind: client.AtEarliest}})
	}
	if !a.polling {
		a.polling = true
		a.op++
		a.poll = client.Poll{Op: a.op, Wait: 500 * kafka.Millisecond}
		c.Do(&a.poll)
	}
}

func (a *readerApp) Done(c *ClientHost, d *client.Done) {
	for i := range d.Fetched {
		for _, r := range d.Fetched[i].Records {
			v := binary.BigEndian.Uint64(r.Value)
			if old, ok := a.l.read[int64(r.Offset)]; ok && old != v {
				a.l.changed++
			}
			a.l.read[int64(r.Offset)] = v
		}
	}
	a.polling = false
	c.WakeAt(c.Now() + c.Between(choice.AppGap, Millisecond, 20*Millisecond))
}

func (a *readerApp) Idle() bool { return len(a.l.read) >= len(a.l.acked) }

// coreRun is a world of real machines: one topic, two writers, a reader.
func coreRun(config Config, l *ledger) Config {
	l.acked, l.read = map[int64]uint64{}, map[int64]uint64{}
	limits := client.DefaultLimits()
	limits.RequestTimeout, limits.DeliveryTimeout, limits.DialTimeout = 2*kafka.Second, 8*kafka.Second, kafka.Second
	limits.ProduceWait = kafka.Second
	plain := client.Config{Limits: limits, Producer: client.ProducerConfig{Acks: -1, Idempotent: true, Retries: 1 << 30}}
	config.Clients = []ClientSpec{
		{Name: "writer1", Client: plain, App: &writerApp{l: l, creates: true}},
		{Name: "writer2", Client: plain, App: &writerApp{l: l}},
		{Name: "reader", Client: plain, App: &readerApp{l: l}},
	}
	return config
}

func check(t *testing.T, l *ledger, r *Result) {
	t.Helper()
	if r.Broken != "" {
		t.Errorf("seed %d at %d.%03d s, node %d: %s", r.Seed, r.BrokenAt/Second, r.BrokenAt%Second/Millisecond, r.BrokenNode, r.Broken)
		return
	}
	lost := 0
	for offset, v := range l.acked {
		if got, ok := l.read[offset]; !ok || got != v {
			lost++
		}
	}
	if lost+l.twice+l.changed > 0 {
		t.Errorf("seed %d: of %d acknowledged records %d are not where they were acknowledged (%d read), %d lie on another, %d changed",
			r.Seed, len(l.acked), lost, len(l.read), l.twice, l.changed)
	}
}

func TestCoreWithoutFaults(t *testing.T) {
	for seed := range uint64(3) {
		var l ledger
		r := New(coreRun(Config{Seed: seed, Brokers: 1, WirePercent: 50 * seed,
			Phases: Phases{Warmup: 3 * Second, Faults: 10 * Second, Heal: 2 * Second, Extra: 5 * Second}}, &l)).Run()
		check(t, &l, r)
		if len(l.acked) < 400 {
			t.Errorf("seed %d: only %d acknowledged", seed, len(l.acked))
		}
	}
}

// harsh strikes with everything that a single broker must survive without losing anything.
func harsh() Faults {
	var f Faults
	for k := FaultKind(1); k < FaultKindCount; k++ {
		if k != FaultJournalRot && k != FaultSegmentRot {
			f.Doses = append(f.Doses, Dose{Kind: k, Share: 60, TimesMin: 0, TimesMax: 4})
		}
	}
	return f
}

func harshConfig(seed uint64, l *ledger) Config {
	return coreRun(Config{
		Seed: seed, Brokers: 1, WirePercent: 30, BatchSteps: int(seed % 4), Faults: harsh(),
		Clock:  Clock{OffsetMaxMs: 60_000, DriftMaxPpm: 200},
		Phases: Phases{Warmup: 3 * Second, Faults: 20 * Second, Heal: 15 * Second, Extra: 20 * Second},
	}, l)
}

func TestCoreKeepsWhatItAcknowledged(t *testing.T) {
	memory := &Memory{}
	acked, fired := 0, 0
	for seed := range uint64(40) {
		var l ledger
		config := harshConfig(seed, &l)
		config.Memory = memory
		r := New(config).Run()
		check(t, &l, r)
		if r.Stuck || r.ServingAtEnd != 1 {
			t.Errorf("seed %d: stuck %v, %d serve, %d acknowledged, %d read", seed, r.Stuck, r.ServingAtEnd, len(l.acked), len(l.read))
		}
		acked += len(l.acked)
		for _, n := range r.Faults {
			fired += n
		}
	}
	if acked < 40*200 || fired < 40*5 {
		t.Errorf("%d acknowledged under %d faults: too little was at risk", acked, fired)
	}
}

// The same seed is the same run, whatever the scheduler, the collector and
// earlier runs do.
func TestCoreIsDeterministic(t *testing.T) {
	memory := &Memory{}
	for seed := range uint64(6) {
		var l ledger
		plain := New(harshConfig(seed, &l)).Run()
		for _, procs := range []int{1, 8} {
			for _, gc := range []int{10, -1} {
				func() {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
					defer debug.SetGCPercent(debug.SetGCPercent(gc))
					var l ledger
					config := harshConfig(seed, &l)
					config.Memory = memory
					if r := New(config).Run(); r.TraceHash != plain.TraceHash || r.Events != plain.Events {
						t.Errorf("seed %d, GOMAXPROCS %d, GOGC %d: another run", seed, procs, gc)
					}
				}()
			}
		}
	}
	if d, differ := FirstDifference(func() Config { var l ledger; return harshConfig(1, &l) }); differ {
		t.Errorf("event %d:\n%s\n%s", d.Event, d.A, d.B)
	}
}

func TestFirstDifferenceShowsBothSides(t *testing.T) {
	calls := uint64(0)
	d, differ := FirstDifference(func() Config {
		var l ledger
		config := harshConfig(2, &l)
		run := calls % 2
		calls++
		events := uint64(0)
		config.Leak = func() uint64 {
			if events++; events == 500 {
				return run
			}
			return 0
		}
		return config
	})
	if !differ || d.Event != 499 || d.A == d.B || d.A == "" {
		t.Fatalf("%v at %d:\n%s\n%s", differ, d.Event, d.A, d.B)
	}
}

// Once a world is warm, going on allocates next to nothing: files are rolled,
// metadata is refreshed, idle connections are opened anew.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	memory := &Memory{}
	for run := range 2 {
		var l ledger
		w := New(coreRun(Config{Seed: 3, Brokers: 1, Memory: memory, Phases: Phases{Warmup: 2 * Second, Faults: 60 * Second, Heal: Second}}, &l))
		for w.Now() < 20*Second {
			w.Advance(100)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		events := w.trace.count
		for w.Now() < 60*Second {
			w.Advance(100)
		}
		runtime.ReadMemStats(&after)
		mallocs, events := after.Mallocs-before.Mallocs, w.trace.count-events
		if run == 1 && mallocs*50 > events {
			t.Errorf("%d allocations in %d events", mallocs, events)
		}
		w.Finish()
	}
}

// BenchmarkCore measures a default load on one broker without faults: four
// writers and two readers, about 100 operations a second.
func BenchmarkCore(b *testing.B) {
	config := Config{Brokers: 1, Memory: &Memory{}, Phases: Phases{Warmup: 2 * Second, Faults: 60 * Second, Heal: Second, Extra: Second}}
	var events, ops uint64
	var virtual int64
	var before, after runtime.MemStats
	b.ResetTimer()
	for i := range b.N {
		if i == 1 {
			runtime.ReadMemStats(&before)
			b.ResetTimer()
			events, ops, virtual = 0, 0, 0
		}
		var l ledger
		config.Seed++
		r := New(coreRun(config, &l)).Run()
		events += r.Events
		virtual += r.Virtual
		ops += uint64(len(l.acked))
	}
	b.StopTimer()
	runtime.ReadMemStats(&after)
	report(b, events, ops, virtual, after.Mallocs-before.Mallocs)
}
