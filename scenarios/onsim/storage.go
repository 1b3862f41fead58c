package onsim

import (
	"encoding/hex"
	"fmt"
	"io"
	"runtime/debug"
	"slices"

	"trialog/checker/history"
	"trialog/core/must"
	"trialog/scenarios"
	"trialog/scenarios/onsim/logtrial"
	"trialog/sim"
	"trialog/sim/choice"
	simdisk "trialog/sim/disk"
)

// deaths ties declared faults to the ways in which a storage trial's process ends.
var deaths = []struct {
	kind  scenarios.Kind
	death logtrial.Death
}{
	{scenarios.ProcessKill, logtrial.Kill},
	{scenarios.PowerCut, logtrial.Power},
	{scenarios.CrashInCall, logtrial.InCall},
	{scenarios.Shutdown, logtrial.Clean},
	{scenarios.WriteError, logtrial.WriteError},
	{scenarios.SyncError, logtrial.SyncError},
	{scenarios.ShortWrite, logtrial.ShortWrite},
}

// options are what a replay or a shrinking adds to a run.
type options struct {
	tape   []choice.Override
	trace  io.Writer
	record bool
	strips bool // put down how far replicas have come, for a picture
	// operations ends the run after so many; 0: as drawn.
	operations int
	// explored are the faults that overrides place; not nil: nothing is drawn.
	explored []sim.Strike
	// absent are the brokers that never start.
	absent []int
}

// carryOutStorage runs one seed of a scenario that tries the storage alone.
func (a *Arm) carryOutStorage(s *scenarios.Scenario, seed uint64, o options) *Run {
	d := newDrawer(seed)
	a.record.Reset(storageHeader(s, seed))
	c := logtrial.Config{
		Seed: seed, Tape: o.tape, Trace: o.trace, Record: a.record, Pages: &a.pages,
		Logs: d.workload(s.Storage.Logs), Operations: d.workload(s.Storage.Operations), Deaths: d.deaths(s),
		Stop: o.operations,
	}
	run := &Run{Outcome: &scenarios.Outcome{Scenario: s.Name, Seed: seed, Arm: string(history.ArmSimulator)}, Result: &sim.Result{}}
	if o.record {
		c.Draws = &run.Result.Choices
	}
	result, broken := liveStorage(c, &a.pages)
	run.History = a.record.History()
	run.Result.Unused, run.operations = result.Unused, result.At+1
	out := run.Outcome
	out.TraceHash = hex.EncodeToString(result.Hash[:])
	out.Events, out.Operations, out.Span = int64(result.Operations), result.Appended, result.Virtual
	out.Acked, out.AckedValues, out.Restarts = result.Durable, result.Durable, result.Recoveries-1
	for death, n := range result.Deaths {
		if n > 0 {
			out.Faults = append(out.Faults, scenarios.Tally{Name: logtrial.Death(death).String(), N: n})
			out.FaultsFired += n
		}
	}
	for probe, n := range result.Probes {
		out.Probes = append(out.Probes, scenarios.Tally{Name: must.Probe(probe).String(), N: int64(n)})
	}
	report := a.judge.Check(run.History)
	out.Judging = report.Elapsed.Nanoseconds()
	out.Judge(s, report)
	switch {
	case broken != "":
		out.Break("invariant", scenarios.ClassInvariant, broken)
	case result.Broken != "":
		out.Break("model", result.Class, result.Broken)
	}
	out.Weigh(s)
	return run
}

// liveStorage tells a panic instead of ending the program.
func liveStorage(c logtrial.Config, pages *simdisk.Pages) (result *logtrial.Result, broken string) {
	defer func() {
		if r := recover(); r != nil {
			*pages = simdisk.Pages{}
			result, broken = &logtrial.Result{}, fmt.Sprintf("panic: %v\n%s", r, places(debug.Stack()))
		}
	}()
	return logtrial.Run(c), ""
}

// deaths draws how often the process ends in which way, and shuffles the list.
func (d drawer) deaths(s *scenarios.Scenario) []logtrial.Death {
	var list []logtrial.Death
	for _, row := range deaths {
		i := slices.IndexFunc(s.Faults, func(f scenarios.Fault) bool { return f.Kind == row.kind })
		if i < 0 {
			continue
		}
		f := &s.Faults[i]
		if f.Share > 0 && int(d.stream.Choose(choice.SwarmFault, 100)) >= f.Share {
			continue
		}
		for range d.stream.Between(choice.SwarmDose, int64(f.Times.Min), int64(f.Times.Max)) {
			list = append(list, row.death)
		}
	}
	for i := len(list) - 1; i > 0; i-- {
		j := int(d.stream.Choose(choice.SwarmDose, uint64(i)+1))
		list[i], list[j] = list[j], list[i]
	}
	return list
}

func storageHeader(s *scenarios.Scenario, seed uint64) history.Header {
	h := history.Header{Scenario: s.Name, Arm: history.ArmSimulator, Seed: seed, Nodes: 1}
	for _, d := range history.Catalogue() {
		if d.Property != history.CrashConsistency {
			h.Claims = append(h.Claims, history.Claim{Property: d.Property, Reason: "there are no clients in this trial"})
		}
	}
	return h
}
