package onlocal

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"trialog/checker/history"
	"trialog/scenarios"
)

// runCluster carries out one seed on a cluster of processes and judges it.
func (a *Arm) runCluster(ctx context.Context, r *run, s *scenarios.Scenario, seed uint64, o *scenarios.Outcome) *scenarios.Outcome {
	var power *power
	var err error
	if a.means().power && (s.Has(scenarios.PowerCut) || s.Has(scenarios.PowerCutAll)) {
		power, err = newPower(a.options.Power)
	}
	var f *fleet
	if err == nil {
		f, err = newFleet(a.options.Program, power, s, seed)
	}
	if err != nil {
		o.Break("harness", scenarios.ClassHarness, err.Error())
		return o
	}
	defer f.end()
	if err := f.start(); err != nil {
		o.Break("progress", scenarios.ClassProgress, err.Error())
		return o
	}
	r.address = f.addresses()
	strike := func() map[scenarios.Kind]int64 {
		watch, stop := context.WithCancel(ctx)
		seen := make(chan struct{})
		go func() {
			r.watchLeaders(watch, f.leaders)
			close(seen)
		}()
		fired := r.strikeFleet(ctx, f)
		sleep(ctx, moveGrace)
		stop()
		<-seen
		return fired
	}
	a.carryOut(ctx, r, strike, func() error { return f.await(startPatience) }, seed, o)
	if ctx.Err() != nil {
		return nil // interrupted: what happened says nothing
	}
	o.Span, o.Moved = r.now(), f.leaders.moved()
	if f.power != nil {
		l := f.power.losses()
		o.Probes = append(o.Probes, scenarios.Tally{Name: "power cuts took bytes that were not synced", N: int64(l.Files)},
			scenarios.Tally{Name: "power cuts took names that were not synced", N: int64(l.Names)})
	}
	if err := f.failure(); err != nil {
		o.Break("invariant", scenarios.ClassInvariant, err.Error())
	}
	if err := r.standstill(); err != nil {
		o.Break("progress", scenarios.ClassProgress, err.Error())
	}
	a.weigh(r, s, o, func() {})
	if o.Red() || a.options.HistoryDir != "" {
		a.keepLogs(f, o)
	}
	return o
}

// keepLogs stores what the nodes said beside the history.
func (a *Arm) keepLogs(f *fleet, o *scenarios.Outcome) {
	dir := a.options.HistoryDir
	if dir == "" {
		dir = "results"
	}
	for _, s := range f.servers {
		to := dir + "/" + o.Scenario + "-" + o.Arm + "-" + strconv.FormatUint(o.Seed, 10) + fmt.Sprintf(".node-%d.log", s.node)
		if err := copyFile(to, s.log.Name()); err != nil {
			o.Break("harness", scenarios.ClassHarness, err.Error())
		}
	}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// crash ends nodes' processes, in order or not, with their power or without,
// and starts them again.
func (r *run) crash(f *fleet, k strike, nodes ...*server) {
	switch {
	case ofPower(k.kind):
		r.atRisk()
		if err := f.power.fail(nodes); err != nil {
			r.fail(err)
			return
		}
		for _, s := range nodes {
			r.eventAt(s.node, history.Crash, history.FaultPower, false)
		}
	case k.kind == scenarios.ProcessKill, k.kind == scenarios.KillAll:
		r.atRisk()
		for _, s := range nodes {
			s.kill()
			r.eventAt(s.node, history.Crash, history.FaultKill, false)
		}
	default:
		for _, s := range nodes {
			r.eventAt(s.node, history.Crash, history.FaultKill, s.stop())
		}
	}
	time.Sleep(k.span)
	for _, s := range nodes {
		if err := s.start(); err != nil {
			r.fail(err)
			return
		}
		r.eventAt(s.node, history.Start, history.FaultNone, false)
	}
	for _, s := range nodes {
		if err := s.await(startPatience); err != nil {
			r.stuck(fmt.Errorf("node %d: %w", s.node, err))
		}
	}
}
