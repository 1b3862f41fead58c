package onlocal

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"trialog/checker"
	"trialog/checker/history"
	"trialog/scenarios"
)

const (
	startPatience = 30 * time.Second
	adminPatience = 30 * time.Second
)

// Options say on what to work.
type Options struct {
	// Program is the server; empty: Address is used.
	Program string
	// Power is a program that holds disks whose power can go (node/powercut/drive).
	// Empty, or where it cannot mount any: power is not cut.
	Power string
	// Address is a Kafka-compatible broker that is not ours: its process is left alone.
	Address string
	// HistoryDir keeps every history; empty: those of red seeds go to "results".
	HistoryDir string
	// RestartWithin is the longest that a restart may take to the first
	// acknowledged record. 0: two seconds.
	RestartWithin time.Duration
	// Porcupine answers for it, from a process of its own (nil: in this one).
	Porcupine func(*checker.Question) checker.Answer
}

// Arm carries scenarios out on real processes.
type Arm struct {
	options Options
	judge   *checker.Checker
	noPower error // why power cannot be cut; nil: it can
}

// New makes an arm.
func New(o Options) *Arm {
	if o.RestartWithin == 0 {
		o.RestartWithin = restartBar
	}
	return &Arm{options: o, judge: checker.New(checker.Options{Porcupine: o.Porcupine}), noPower: tryPower(o.Power)}
}

// WithoutPower tells why this arm cannot cut power; nil: it can.
func (a *Arm) WithoutPower() error { return a.noPower }

func (a *Arm) means() means {
	return means{process: a.options.Program != "", power: a.noPower == nil}
}

// Run carries out one seed and judges it.
func (a *Arm) Run(ctx context.Context, s *scenarios.Scenario, seed uint64) *scenarios.Outcome {
	process := a.options.Program != ""
	o := &scenarios.Outcome{Scenario: s.Name, Seed: seed, Arm: string(a.arm()), Unsupported: outside(s, a.means())}
	if len(o.Unsupported) == len(s.Faults) {
		o.NotRun = true
		return o
	}
	p := draw(s, seed, a.means())
	r := &run{plan: p, record: history.NewSharedRecorder(p.header(s, seed, a.arm())), began: time.Now(), wire: newWire(seed), crowd: newCrowd(seed)}
	if process && s.Cluster.Brokers > 1 {
		return a.runCluster(ctx, r, s, seed, o)
	}
	server, err := a.serve(r)
	if err != nil {
		o.Break("harness", scenarios.ClassHarness, err.Error())
		return o
	}
	if server != nil {
		defer server.clean()
		defer server.kill()
	}
	strike := func() map[scenarios.Kind]int64 { return r.nemesis(ctx, server) }
	await := func() error { return nil }
	if server != nil {
		await = func() error { return server.await(startPatience) }
	}
	a.carryOut(ctx, r, strike, await, seed, o)
	if ctx.Err() != nil {
		return nil // interrupted: what happened says nothing
	}
	o.Span = r.now()
	a.conclude(r, server, s, o)
	return o
}

func (a *Arm) arm() history.Arm {
	if a.options.Program == "" {
		return history.ArmAddress
	}
	return history.ArmLocal
}

// serve starts the server in a directory of its own; nil for an address.
func (a *Arm) serve(r *run) (*server, error) {
	if a.options.Program == "" {
		r.address = a.options.Address
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "trialog-local-")
	if err != nil {
		return nil, err
	}
	s := newServer(a.options.Program, dir)
	if len(r.plan.groups) > 0 {
		s.args = groupArgs
	}
	if err := s.start(); err != nil {
		s.clean()
		return nil, err
	}
	if err := s.await(startPatience); err != nil {
		s.kill()
		s.clean()
		return nil, err
	}
	r.address = s.address
	return s, nil
}

// carryOut runs the phases: workload under faults, heal, final scan. strike
// carries the faults out, and await waits until whoever was struck serves.
func (a *Arm) carryOut(ctx context.Context, r *run, strike func() map[scenarios.Kind]int64, await func() error, seed uint64, o *scenarios.Outcome) {
	admin, cancel := context.WithTimeout(ctx, adminPatience)
	defer cancel()
	if err := r.createTopics(admin); err != nil {
		r.fail(err)
		return
	}
	r.began = time.Now()
	r.phase(history.PhaseWorkload)
	work, stop := context.WithCancel(ctx)
	defer stop()
	follow, unfollow := context.WithCancel(ctx)
	defer unfollow()
	var producers, others sync.WaitGroup
	for i, p := range r.plan.producers {
		producers.Go(func() { r.produce(work, p, seed*1000+uint64(i)) })
	}
	for i := range r.plan.consumers {
		others.Go(func() { r.consume(follow, seed*1000+uint64(i)) })
	}
	for i := range r.plan.groups {
		g := &r.plan.groups[i]
		for n := range g.members {
			others.Go(func() { r.join(work, follow, g, n, seed*1000+uint64(i*100+n)) })
		}
	}
	if len(r.plan.groups) > 0 {
		others.Go(func() { r.audit(work) })
	}
	others.Go(func() { r.administrate(work, seed) })
	others.Go(func() { r.grow(work, seed) })
	r.restarts.begin()
	fired := strike()
	sleep(ctx, r.plan.length-time.Since(r.began)) // rounds may take longer
	stop()
	r.phase(history.PhaseHeal)
	r.event(history.Heal, history.FaultNone, false)
	if err := await(); err != nil {
		o.Break("progress", scenarios.ClassProgress, err.Error())
	}
	producers.Wait()
	if err := r.catchUp(ctx); err != nil {
		o.Break("progress", scenarios.ClassProgress, err.Error())
	}
	unfollow()
	others.Wait()
	r.phase(history.PhaseScan)
	if err := r.scan(ctx); err != nil {
		o.Break("progress", scenarios.ClassProgress, err.Error())
	}
	r.phase(history.PhaseEnd)
	for _, kind := range scenarios.Kinds() {
		if n := fired[kind]; n > 0 {
			o.Faults = append(o.Faults, scenarios.Tally{Name: kind.String(), N: n})
			o.FaultsFired += n
		}
	}
	if a.options.Program == "" {
		r.deleteTopics(ctx)
	}
}

// conclude judges the history and adds what only this arm can tell.
func (a *Arm) conclude(r *run, server *server, s *scenarios.Scenario, o *scenarios.Outcome) {
	if server != nil {
		if err := server.failure(); err != nil {
			o.Break("invariant", scenarios.ClassInvariant, err.Error())
		}
		if err := r.standstill(); err != nil {
			o.Break("progress", scenarios.ClassProgress, err.Error())
		}
		for i, d := range server.restartTimes() {
			if i > 0 {
				o.ReadyMs = append(o.ReadyMs, d.Milliseconds())
			}
		}
	}
	a.weigh(r, s, o, func() {
		if server != nil {
			r.restarts.tell(o, a.options.RestartWithin)
		}
	})
}

// weigh judges the history, and what more there is to say.
func (a *Arm) weigh(r *run, s *scenarios.Scenario, o *scenarios.Outcome, more func()) {
	h := r.record.Finish()
	for n := range r.plan.topics {
		h.Header.Topics[n].Partitions = int(r.width(n))
	}
	o.Count(h)
	report := a.judge.Check(h)
	o.Judging = report.Elapsed.Nanoseconds()
	o.Judge(s, report)
	if len(r.plan.groups) > 0 {
		r.tallies.tell(o)
	}
	more()
	if err := r.failure(); err != nil {
		o.Break("harness", scenarios.ClassHarness, err.Error())
	}
	o.Weigh(s)
	a.keep(h, o)
}

// keep stores the history when it is wanted.
func (a *Arm) keep(h *history.History, o *scenarios.Outcome) {
	dir := a.options.HistoryDir
	if dir == "" && !o.Red() {
		return
	}
	if dir == "" {
		dir = "results"
	}
	file, err := scenarios.KeepHistory(dir, o.Scenario+"-"+o.Arm+"-"+strconv.FormatUint(o.Seed, 10), h)
	if err != nil {
		o.Break("harness", scenarios.ClassHarness, err.Error())
		return
	}
	o.HistoryFile, _ = filepath.Abs(file)
}
