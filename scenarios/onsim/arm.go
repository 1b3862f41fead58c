package onsim

import (
	"context"
	"encoding/hex"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"trialog/checker"
	"trialog/checker/history"
	"trialog/core/must"
	"trialog/scenarios"
	"trialog/sim"
	simdisk "trialog/sim/disk"
)

// Options of an arm.
type Options struct {
	// HistoryDir keeps every history; empty: none.
	HistoryDir string
	// Blind: nobody looks inside, so that what is found is found by what clients saw.
	Blind bool
	// Patience bounds the processor time of one seed; a run that takes longer counts
	// as standing still. 0: a minute. Real time would say that a machine is busy.
	Patience time.Duration
}

// Arm carries scenarios out in the simulator. It keeps its memory from seed to
// seed, so that a soak allocates little.
type Arm struct {
	options Options
	record  *history.Recorder
	judge   *checker.Checker
	memory  sim.Memory
	pages   simdisk.Pages
}

// New makes an arm.
func New(o Options) *Arm {
	if o.Patience == 0 {
		o.Patience = time.Minute
	}
	return &Arm{options: o, record: history.NewRecorder(history.Header{}), judge: checker.New(checker.Options{})}
}

// Run carries out one seed and judges it.
func (a *Arm) Run(ctx context.Context, s *scenarios.Scenario, seed uint64) *scenarios.Outcome {
	if ctx.Err() != nil {
		return nil
	}
	run := a.carryOut(s, seed, options{strips: a.options.HistoryDir != ""})
	if a.options.HistoryDir != "" {
		name := s.Name + "-" + strconv.FormatUint(seed, 10)
		file, err := scenarios.KeepHistory(a.options.HistoryDir, name, run.History)
		if err != nil {
			run.Outcome.Break("harness", scenarios.ClassHarness, err.Error())
		}
		run.Outcome.HistoryFile = file
	}
	return run.Outcome
}

// Run is one carried-out seed.
type Run struct {
	Outcome *scenarios.Outcome
	History *history.History
	Result  *sim.Result
	// Signature names how the run failed, or what a control was caught by.
	Signature string
	// Stale says in what way the run is not the one that its tape was made for.
	Stale []string
	// Missed names the draws of the tape that were never made, a line for each stream and
	// site.
	Missed []string

	operations int // that a trial of the storage had come to
}

// carryOut builds, runs and judges one seed.
func (a *Arm) carryOut(s *scenarios.Scenario, seed uint64, o options) *Run {
	if s.Storage != nil {
		return a.carryOutStorage(s, seed, o)
	}
	t, config := build(less(s, o.absent), seed, a.record, o.explored)
	w := newWatch(t)
	config.Observer = w
	config.Memory, config.Blind = &a.memory, a.options.Blind
	config.Tape, config.Trace, config.Record, config.Absent = o.tape, o.trace, o.record, o.absent
	run := &Run{Outcome: &scenarios.Outcome{Scenario: s.Name, Seed: seed, Arm: string(history.ArmSimulator)}}
	if o.strips {
		w.strips = newStrips(t)
	}
	result, broken := a.live(config, w)
	w.fence(result.Virtual)
	t.enter(result.Virtual, history.PhaseEnd)
	run.Result, run.History = result, a.record.History()
	a.conclude(run, t, w, broken)
	return run
}

// live lets the world run. What panics in it beyond a broken invariant, such
// as an index out of range in a machine, is told instead of ending the program.
func (a *Arm) live(config *sim.Config, w *watch) (result *sim.Result, broken string) {
	defer func() {
		if r := recover(); r != nil {
			result, a.memory = &sim.Result{Seed: config.Seed}, sim.Memory{}
			broken = fmt.Sprintf("panic: %v\n%s", r, places(debug.Stack()))
		}
	}()
	w.world = sim.New(*config)
	runtime.LockOSThread() // whose time is told
	defer runtime.UnlockOSThread()
	began := scenarios.ThreadTime()
	for w.advance() {
		if time.Duration(scenarios.ThreadTime()-began) > a.options.Patience {
			return w.world.Finish(), "the run did not end within " + a.options.Patience.String()
		}
	}
	return w.world.Finish(), ""
}

// places are the machines' lines in a stack, a few of them.
func places(stack []byte) string {
	var lines []string
	for line := range strings.Lines(string(stack)) {
		if strings.Contains(line, ".go:") && strings.Contains(line, "/core/") {
			lines = append(lines, "  "+strings.TrimSpace(line))
		}
	}
	return strings.Join(lines[:min(len(lines), 4)], "\n")
}

// conclude judges the history and fills the outcome.
func (a *Arm) conclude(run *Run, t *trial, w *watch, broken string) {
	o, r := run.Outcome, run.Result
	o.TraceHash = hex.EncodeToString(r.TraceHash[:])
	o.Span, o.Events, o.Restarts, o.FaultsFired = r.Virtual, int64(r.Events), int64(r.Restarts), w.fired
	for kind, n := range r.Faults {
		if n > 0 {
			o.Faults = append(o.Faults, scenarios.Tally{Name: sim.FaultKind(kind).String(), N: int64(n)})
		}
	}
	for probe, n := range r.Probes {
		o.Probes = append(o.Probes, scenarios.Tally{Name: must.Probe(probe).String(), N: int64(n)})
	}
	o.Count(run.History)
	report := a.judge.Check(run.History)
	o.Judging = report.Elapsed.Nanoseconds()
	switch {
	case broken != "":
		o.Break("invariant", scenarios.ClassInvariant, broken)
	case r.Broken != "":
		o.Break("invariant", scenarios.ClassInvariant, fmt.Sprintf("%s (node %d)", r.Broken, r.BrokenNode))
		o.Failure.Role = w.role(r.BrokenNode)
	}
	o.Judge(t.scenario, report)
	for _, text := range t.wrong {
		o.Break("group-settings", scenarios.ClassGroups, text)
	}
	if t.asker != nil {
		for _, text := range t.asker.wrong {
			o.Break("answers", scenarios.ClassConsistency, text)
		}
	}
	if r.Stuck {
		o.Break("progress", scenarios.ClassProgress, "after everything had healed, "+t.stuck())
	}
	o.Weigh(t.scenario)
}

// stuck says who still waits for what.
func (t *trial) stuck() string {
	var list []string
	if !t.admin.Idle() {
		list = append(list, "the topics of the run were not all there")
	}
	for _, p := range t.producers {
		if !p.Idle() {
			list = append(list, fmt.Sprintf("client %d waited for %d outcomes", p.id, len(p.pending)))
		}
	}
	for i := range t.scanner.parts {
		if p := &t.scanner.parts[i]; !p.over {
			list = append(list, fmt.Sprintf("the scan of %s/%d stood at %d of %d", p.topic, p.index, p.next, p.end))
		}
	}
	for _, k := range t.consumers {
		if f := k.standing(); f != nil && !k.Idle() {
			list = append(list, fmt.Sprintf("client %d read %s/%d to %d and not on", k.id, f.topic, f.index, f.next))
		}
	}
	if t.watch.world != nil && !t.watch.world.Settled() {
		list = append(list, "the metadata quorum had not the members that were decided")
	}
	for _, g := range t.groups {
		for _, k := range g.members {
			if k.untold() {
				list = append(list, fmt.Sprintf("client %d of %s was told of an interval of %d ms last, and it is %d", k.id, g.name, k.beats.told, g.last().interval))
			}
		}
		if p := g.behind(); p != nil {
			list = append(list, fmt.Sprintf("nobody of %s read %s/%d to %d", g.name, p.topic, p.index, p.end))
		}
	}
	for _, l := range t.lives {
		if !l.Idle() {
			list = append(list, fmt.Sprintf("client %d waited for life %d of %s, in step %d: %v", l.id, l.number, l.topic.name, l.step, l.pending))
		}
	}
	if t.asker != nil && !t.asker.Idle() {
		list = append(list, "what was written with AlterConfigs was not read back: "+t.asker.kept.waiting())
	}
	for _, l := range t.ledgers {
		if !l.Idle() {
			list = append(list, fmt.Sprintf("client %d waited for %d offsets", l.id, len(l.pending)))
		}
	}
	if t.watch.world != nil && !t.watch.world.Balanced() {
		list = append(list, "some partition was not led by the replica that it prefers")
	}
	if len(list) == 0 {
		list = append(list, "some replica was not in sync")
	}
	return strings.Join(list, "; ")
}
