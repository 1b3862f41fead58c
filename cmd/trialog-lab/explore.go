package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/onsim"
	"trialog/sim/explore"
)

// exploreFlags are what run --explore enumerates.
type exploreFlags struct {
	Explore bool     `help:"Enumerate the schedules of the scenario's small world, without randomness, instead of running seeds: up to two faults, each before some event of a broker, times one delivery held past up to eight others. --seeds and --for bound how many are run."`
	Placed  int      `help:"With --explore: how many faults, at most 2." default:"2"`
	Borders int      `help:"With --explore: before how many events of each broker a fault is placed." default:"60"`
	Held    int      `help:"With --explore: how many deliveries, from the first, are held." default:"60"`
	Past    int      `help:"With --explore: past how many others, at most 8." default:"8"`
	Fault   []string `help:"With --explore: only these kinds of faults." placeholder:"KIND"`
	Tape    string   `help:"With --explore: where to store the first schedule that fails. Default: ./results." placeholder:"FILE" type:"path"`
}

// explored is what exploring found, as --json prints it.
type explored struct {
	Scenario string        `json:"scenario"`
	Faults   []string      `json:"faults"`
	Space    explore.Space `json:"space"`
	Product  uint64        `json:"product"`
	Run      uint64        `json:"run"`
	Unmade   int           `json:"unmade"` // of them, with a choice that was never made
	Red      int           `json:"red"`
	First    *uint64       `json:"first,omitempty"` // the number of the first that failed
	Tape     string        `json:"tape,omitempty"`
	Seconds  float64       `json:"seconds"`
}

// explore runs the schedules of one scenario, in their order, until some have
// failed in --failures different ways, or all that were asked for are run.
func (c *runCommand) explore(ctx context.Context, to output) error {
	list, err := c.scenarios()
	if err != nil {
		return err
	}
	if len(c.Scenarios) != 1 || c.On != onSimulator {
		return usage("--explore takes one scenario, in the simulator")
	}
	world, err := onsim.NewExplored(&list[0], c.Fault)
	if err != nil {
		return usageError{err}
	}
	space := world.Space(explore.Space{Borders: c.Borders, Faults: c.Placed, Deliveries: c.Held, Past: c.Past})
	if !space.Valid() {
		return usage("--placed is at most 2, --past at most 8, and no product may be beyond 64 bits")
	}
	found := explored{Scenario: list[0].Name, Faults: world.Kinds(), Space: space, Product: space.Product()}
	if !c.JSON {
		printSpace(to.out, &found)
	}
	if err := c.schedules(ctx, to, world, &found); err != nil {
		return err
	}
	if err := printExplored(to.out, &found, c.JSON); err != nil {
		return err
	}
	switch {
	case found.Red > 0:
		return errNotSo
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return nil
	}
}

func (c *runCommand) schedules(ctx context.Context, to output, world *onsim.Explored, found *explored) error {
	pool, arms := scenarios.Pool{}, make([]*onsim.Explorer, c.jobs())
	for i := range arms {
		arms[i] = onsim.NewExplorer(world, found.Space, onsim.Options{Patience: 20 * time.Second})
		pool.Arms = append(pool.Arms, arms[i])
	}
	limit, began := found.Product, time.Now()
	if c.Seeds > 0 {
		limit = min(limit, uint64(c.Seeds))
	}
	bar := newProgress(to.log, int(min(limit, 1<<40)), c.For)
	pool.Next = func(i int) (scenarios.Task, bool) {
		k := uint64(c.Shard.task(i))
		return scenarios.Task{Scenario: world.Scenario(), Seed: k}, k < limit && (c.For == 0 || time.Since(began) < c.For)
	}
	kinds, failed := map[string]bool{}, error(nil)
	pool.Emit = func(o *scenarios.Outcome) bool {
		found.Run++
		bar.say("%d of %d schedules, %d red", found.Run, limit, found.Red)
		if !o.Red() {
			return true
		}
		found.Red++
		if kinds[o.Signature()] {
			return true
		}
		kinds[o.Signature()] = true
		bar.clear()
		failed = c.schedule(to.out, world, found, o)
		return failed == nil && len(kinds) < c.Failures
	}
	pool.Run(ctx)
	bar.clear()
	for _, x := range arms {
		found.Unmade += x.Unmade
	}
	found.Seconds = time.Since(began).Seconds()
	return failed
}

// schedule tells a schedule that failed, and stores the first one.
func (c *runCommand) schedule(w io.Writer, world *onsim.Explored, found *explored, o *scenarios.Outcome) error {
	tape := world.Tape(found.Space, o.Seed)
	file := c.Tape
	if file == "" || found.First != nil {
		file = filepath.Join("results", found.Scenario+"-schedule-"+strconv.FormatUint(o.Seed, 10)+".tape")
	}
	tape.Commit, tape.Signature, tape.TraceHash = commit(), o.Signature(), o.TraceHash
	text, err := tape.Encode()
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		return err
	}
	if found.First == nil {
		found.First, found.Tape = &o.Seed, file
	}
	if c.JSON {
		return nil
	}
	f := o.Failure
	fmt.Fprintf(w, "\nVIOLATED     %s: %s\n             %s\n", f.Property, f.Anomaly, f.Text)
	for _, line := range f.Shown {
		fmt.Fprintf(w, "  %s\n", line)
	}
	fmt.Fprintf(w, "schedule     %d\n", o.Seed)
	for _, line := range world.Words(found.Space, o.Seed) {
		fmt.Fprintf(w, "             %s\n", line)
	}
	fmt.Fprintf(w, "trace hash   %s\nreplay       trialog-lab replay %s\n", o.TraceHash, file)
	return nil
}

func printSpace(w io.Writer, x *explored) {
	s := x.Space
	fmt.Fprintf(w, "%s in small: %d brokers, faults %v in %d ways, before %d events of each broker; %d deliveries held past 1 to %d others\n",
		x.Scenario, s.Brokers, x.Faults, s.Ways, s.Borders, s.Deliveries, s.Past)
	fmt.Fprintf(w, "product      (1 + %d + %d) x (1 + %d) = %d schedules\n", s.Single(), s.Pairs(), s.Delays(), x.Product)
}

func printExplored(w io.Writer, x *explored, machines bool) error {
	if machines {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(x)
	}
	fmt.Fprintf(w, "\n%d of %d schedules were run in %.0f s, %d red; in %d some choice was never made\n", x.Run, x.Product, x.Seconds, x.Red, x.Unmade)
	return nil
}
