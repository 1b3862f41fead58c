package sim

import (
	"errors"
	"runtime"
	"runtime/debug"
	"testing"

	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/sim/choice"
)

func TestSameSeedSameHash(t *testing.T) {
	run := func(seed uint64, procs, gc int) (*Result, int) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		defer debug.SetGCPercent(debug.SetGCPercent(gc))
		apps := fakeApps(4)
		r := fakeRun(Config{Seed: seed, Faults: everyFault(), WirePercent: 40, BatchSteps: int(seed % 4)}, apps).Run()
		return r, apps[0].ok
	}
	hashes := map[[16]byte]bool{}
	for seed := range uint64(20) {
		a, _ := run(seed, 1, 10)
		b, _ := run(seed, 8, -1)
		if a.TraceHash != b.TraceHash || a.Events != b.Events || a.Draws != b.Draws {
			t.Fatalf("seed %d: %x and %x, %d and %d events", seed, a.TraceHash, b.TraceHash, a.Events, b.Events)
		}
		if a.Broken != "" {
			t.Fatalf("seed %d: %s", seed, a.Broken)
		}
		if a.Stuck {
			t.Fatalf("seed %d: an application still waits", seed)
		}
		hashes[a.TraceHash] = true
	}
	if len(hashes) != 20 {
		t.Fatalf("%d hashes of 20 seeds", len(hashes))
	}
}

func TestEveryFaultFiresAndWorkGoesOn(t *testing.T) {
	var fired [FaultKindCount]int
	for seed := range uint64(60) {
		apps := fakeApps(4)
		r := fakeRun(Config{Seed: seed, Faults: everyFault()}, apps).Run()
		for k, n := range r.Faults {
			fired[k] += n
		}
		ok := 0
		for _, a := range apps {
			ok += a.ok
		}
		if ok < 500 {
			t.Errorf("seed %d: only %d operations succeeded", seed, ok)
		}
	}
	for k := FaultKind(1); k < FaultKindCount; k++ {
		// The stand-in broker has neither segments nor partitions with an in-sync set.
		if fired[k] == 0 && k != FaultSegmentRot && k != FaultKillInSync {
			t.Errorf("%s never fired", k)
		}
	}
}

// What is passed as bytes and what is passed as objects arrives alike: without
// faults every operation succeeds either way.
func TestWireAndObjectsAreServedAlike(t *testing.T) {
	for _, wire := range []uint64{0, 100} {
		apps := fakeApps(4)
		r := fakeRun(Config{Seed: 5, WirePercent: wire, Phases: Phases{Warmup: 5 * Second, Faults: 10 * Second, Heal: Second}}, apps).Run()
		if (r.Bytes > 0) != (wire > 0) {
			t.Errorf("%d bytes on the wire", r.Bytes)
		}
		for i, a := range apps {
			if a.ok < 500 || a.info > 0 {
				t.Errorf("wire %d client %d: %+v", wire, i, a)
			}
		}
	}
}

func TestMemoryOfAnEarlierRunChangesNothing(t *testing.T) {
	memory := &Memory{}
	for seed := range uint64(5) {
		config := Config{Seed: seed, Faults: everyFault(), WirePercent: 50}
		fresh := fakeRun(config, fakeApps(3)).Run()
		config.Memory = memory
		reused := fakeRun(config, fakeApps(3)).Run()
		if fresh.TraceHash != reused.TraceHash {
			t.Fatalf("seed %d: the run depends on what an earlier one left", seed)
		}
	}
}

func TestTraceTextChangesNothing(t *testing.T) {
	config := Config{Seed: 9, Faults: everyFault(), WirePercent: 50}
	plain := fakeRun(config, fakeApps(3)).Run()
	var lines counter
	config.Trace = &lines
	told := fakeRun(config, fakeApps(3)).Run()
	if plain.TraceHash != told.TraceHash {
		t.Fatal("telling the run changed it")
	}
	if uint64(lines) != told.Events {
		t.Fatalf("%d lines of %d events", lines, told.Events)
	}
}

type counter uint64

func (c *counter) Write(p []byte) (int, error) {
	*c++
	return len(p), nil
}

func TestPlantedLeakIsSeen(t *testing.T) {
	n := uint64(0)
	leak := func() uint64 { n++; return n >> 12 }
	config := Config{Seed: 1, Leak: leak}
	a := fakeRun(config, fakeApps(2)).Run()
	b := fakeRun(config, fakeApps(2)).Run()
	if a.TraceHash == b.TraceHash {
		t.Fatal("a package variable that leaks from run to run is not seen")
	}
}

// TestPlannedCrashEnds: a crash that has not come true when its fault is over
// does not come any more, and takes no later plan with it.
func TestPlannedCrashEnds(t *testing.T) {
	between := func(ordinal uint32) choice.Override { // two effects, that is
		return choice.Override{Stream: choice.ID(choice.KindFault, int(FaultCrashInCall)), Site: choice.FaultDetail, Ordinal: ordinal, Value: 2}
	}
	w := fakeRun(Config{Seed: 3, Tape: []choice.Override{between(0), between(1)}}, fakeApps(1))
	for w.now < Second && w.Advance(1) {
	}
	h := w.hosts[1]
	s := &strike{Strike: Strike{Kind: FaultCrashInCall}, draw: w.nemesis.stream(w, FaultCrashInCall)}
	plan := func(until int64) {
		w.armCrash(s, h, &Fault{Kind: FaultCrashInCall, At: w.now, Until: until, Node: 1})
		if h.broker.crash.amid == 0 {
			t.Fatal("the tape was not heard")
		}
		h.broker.crash.amid = 1 << 30 // it will not come true by itself
	}
	advance := func(until int64) {
		for w.now < until && w.Advance(1) {
		}
	}
	first, second := w.now+Second, w.now+2*Second
	plan(first)
	plan(second)
	advance(first + Millisecond)
	if h.broker.crash.amid == 0 {
		t.Fatal("the end of the first plan ended the second")
	}
	advance(second + Millisecond)
	if h.broker.crash.amid != 0 || h.broker.crash.power {
		t.Fatalf("planned beyond its end: %+v", h.broker.crash)
	}
}

// TestStallsEndAtTheHeal: what a stall holds up, and what has failed in it, is
// over when the faults are.
func TestStallsEndAtTheHeal(t *testing.T) {
	stall := Strike{At: Second, Kind: FaultDiskStall, Target: 1, Span: Minute}
	phases := Phases{Warmup: 500 * Millisecond, Faults: 4 * Second, Heal: Second}
	w := fakeRun(Config{Seed: 3, Faults: Faults{Script: []Strike{stall}}, Phases: phases}, fakeApps(1))
	heal := phases.Warmup + phases.Faults
	advance := func(until int64) {
		for w.queue.list[0].at < until && w.Advance(1) {
		}
	}
	advance(heal - 100*Millisecond)
	b := w.hosts[1].broker
	if b.stall == 0 {
		t.Fatal("nothing stalls")
	}
	b.stall = 30 * Second // everything that begins now lasts beyond the heal
	w.nemesis.lasting[0].amount = b.stall
	began := b.host.incarnation
	failing := func(fs disk.FS, _ any) (any, error) { return nil, errors.Join(disk.ErrIO, fs.SyncDir(".")) }
	fine := func(fs disk.FS, _ any) (any, error) { return nil, fs.SyncDir(".") }
	for i, run := range []func(disk.FS, any) (any, error){fine, failing} {
		w.startJob(b, &disk.Job{Ref: kafka.Ref(100 + i), Name: "checkpoint", Run: run})
	}
	advance(heal)
	if !b.host.running || b.host.incarnation != began {
		t.Fatal("what takes long is over before its time")
	}
	advance(heal + Millisecond)
	if b.host.running && b.host.incarnation == began {
		t.Error("that a call failed while faults struck was not told once they were over")
	}
	for i := range w.queue.list {
		if e := &w.queue.list[i]; e.inc == began && e.node == 1 && e.at > heal+Second && e.kind == evJob {
			t.Errorf("a job ends at %d", e.at)
		}
	}
}

// TestBlind: what only a look inside would find does not end a blind run.
func TestBlind(t *testing.T) {
	for _, blind := range []bool{false, true} {
		w := fakeRun(Config{Seed: 5, CheckEvery: 10, Blind: blind}, fakeApps(1))
		w.fake.broker = func(c broker.Config) brokerMachine {
			return &fakeBroker{config: c, broken: errors.New("X1: a planted one")}
		}
		if r := w.Run(); (r.Broken == "") != blind {
			t.Errorf("blind: %t, and the run was ended for %q", blind, r.Broken)
		}
	}
}
