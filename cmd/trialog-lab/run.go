package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"time"

	"trialog/checker/history"
	"trialog/scenarios"
)

type runCommand struct {
	Scenarios []string      `arg:"" optional:"" name:"scenario" help:"Scenarios to run, in turn; all of them when none is named."`
	Seeds     int           `help:"How many seeds to run, over all scenarios together." placeholder:"N"`
	For       time.Duration `help:"Run for this long instead, on fresh seeds." placeholder:"10m"`
	Seed      *uint64       `help:"The first seed. Default: 1 with --seeds, a fresh one with --for." placeholder:"S"`
	Jobs      int           `help:"Seeds at a time. Default: one a core in the simulator, one at all on real processes." placeholder:"J"`
	On        string        `help:"Where to run: sim, local (real processes of this machine), or HOST:PORT of any Kafka-compatible broker." default:"sim"`
	Trialog   string        `help:"The server program for --on local. Default: the one beside this program, else built from source." placeholder:"FILE" type:"path"`
	Power     string        `help:"The program that cuts nodes' power for --on local, on FUSE. Default: trialog-powercut beside this program, else built from source." placeholder:"FILE" type:"path"`
	Moves     int64         `help:"Fail unless so many faults moved a leader, in all." placeholder:"N"`
	Each      int64         `help:"Fail unless every kind of fault of a scenario struck so often, in all." placeholder:"N"`
	History   string        `help:"Keep the history of every seed in this directory. Default: only those of red seeds on real processes, in ./results." placeholder:"DIR" type:"path"`
	EDN       string        `name:"edn" help:"Keep the history of every seed in this directory as Jepsen's EDN." placeholder:"DIR" type:"path"`
	Failures  int           `help:"Stop after this many different failures, or ten times as many red seeds." default:"5"`
	Shard     shard         `help:"Run only the i-th of n parts of the seeds; merge puts the parts together." placeholder:"I/N"`
	Junit     string        `help:"Write the results as JUnit's XML into this file." placeholder:"FILE" type:"path"`
	JSON      bool          `help:"Print a summary for machines."`
	exploreFlags
}

// Run carries out the seeds and prints failures as they come and a summary.
func (c *runCommand) Run(ctx context.Context, to output) error {
	if c.Explore {
		return c.explore(ctx, to)
	}
	list, err := c.scenarios()
	if err != nil {
		return err
	}
	if c.Seeds == 0 && c.For == 0 {
		return usage("say how much: --seeds N or --for 10m")
	}
	first := c.firstSeed()
	arms, err := newArms(ctx, armOptions{on: c.On, jobs: c.jobs(), trialog: c.Trialog, power: c.Power, history: cmp.Or(c.History, c.EDN), log: to.log})
	if err != nil {
		return err
	}
	defer arms.close()
	gather, kinds, kept := scenarios.NewGather(list), newFailureKinds(to.out, c.JSON), []*scenarios.Outcome(nil)
	bar := newProgress(to.log, c.Seeds, c.For)
	deadline := time.Now().Add(c.For)
	pool := scenarios.Pool{
		Arms: arms.list,
		Next: func(i int) (scenarios.Task, bool) {
			i = c.Shard.task(i)
			return scenarios.Deal(list, first, i), (c.Seeds == 0 || i < c.Seeds) && (c.For == 0 || time.Now().Before(deadline))
		},
		Emit: func(o *scenarios.Outcome) bool {
			gather.Add(o)
			if c.Shard.of > 0 {
				kept = append(kept, o)
			}
			if c.EDN != "" {
				if err := translate(c.EDN, o, c.History == ""); err != nil {
					o.Break("harness", scenarios.ClassHarness, err.Error())
				}
			}
			if o.Red() {
				bar.clear()
				kinds.add(o)
			}
			bar.show(gather)
			return kinds.count() < c.Failures && gather.Red() < 10*c.Failures
		},
	}
	began := time.Now()
	pool.Run(ctx)
	bar.clear()
	sum := gather.Summary()
	sum.Interrupted = ctx.Err() != nil
	if c.Shard.of == 0 {
		sum.Require(c.Moves, c.Each)
		sum.RequireProbes()
	}
	kinds.again()
	return c.report(to.out, &scenarios.Results{
		Stamp: stamp, Arm: c.arm(), Passed: sum.Passed(), FirstSeed: first, Elapsed: time.Since(began).Nanoseconds(),
		Shard: c.Shard.String(), Outcomes: kept, Summary: sum,
	})
}

// arm names where the run was, as histories do.
func (c *runCommand) arm() string {
	if c.On == onSimulator || c.On == onLocal {
		return c.On
	}
	return string(history.ArmAddress)
}

func (c *runCommand) report(w io.Writer, r *scenarios.Results) error {
	sum := r.Summary
	if err := printResults(w, r, c.JSON, c.Junit); err != nil {
		return err
	}
	switch {
	case sum.Interrupted && sum.Red == 0:
		return fmt.Errorf("interrupted after %d seeds: what was not run shows nothing", sum.Seeds)
	case !sum.Passed():
		return errNotSo
	case sum.Seeds == 0:
		return fmt.Errorf("nothing was run: no scenario has a fault that %s can inject", c.On)
	default:
		return nil
	}
}

func (c *runCommand) scenarios() ([]scenarios.Scenario, error) {
	list, err := scenarios.Named(c.Scenarios...)
	if err != nil {
		return nil, usageError{err}
	}
	return list, nil
}

func (c *runCommand) firstSeed() uint64 {
	switch {
	case c.Seed != nil:
		return *c.Seed
	case c.Seeds > 0:
		return 1
	default:
		return freshSeed()
	}
}

func (c *runCommand) jobs() int {
	switch {
	case c.Jobs > 0:
		return c.Jobs
	case c.On == onSimulator:
		return runtime.GOMAXPROCS(0)
	default:
		return 1
	}
}

// freshSeed is short enough to be typed.
func freshSeed() uint64 {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // never returned since Go 1.24
	}
	return binary.LittleEndian.Uint64(b[:])%1_000_000_000 + 1_000_000
}
