// Command bench measures a real Trialog server against its peers on this
// machine, in one run: a plain append with fdatasync on the same disk, kfake in
// memory, and NATS JetStream with every write synced. With -replicated it
// measures clusters of three nodes on this machine: Trialog, Apache Kafka and
// JetStream, with every write synced and without. Rounds are interleaved;
// medians and spread are printed, everything stands in the JSON.
//
//	TRIALOG_BIN=../../bin/trialog go run . -quick -out ../../results/bench.json -md ../../results/bench.md
//	TRIALOG_BIN=../../bin/trialog go run . -replicated -quick -md ../../results/bench-replicated.md
//
// Files: plan.go (what is measured, how long), runner.go (rounds), cell.go (a
// load), contender.go (a system with its server), produce.go, latency.go,
// consume.go, footprint.go, recovery.go (the cases), load_closed.go,
// load_open.go, fill.go, disk.go (the loads), system.go, kafka.go, trialog.go,
// kfake.go, jetstream.go (the systems), replicated.go, cluster.go,
// kafka_apache.go, jetstream_cluster.go (clusters), process.go, child.go (their processes),
// procfs.go, prometheus.go, observe.go, machine.go (what is read besides),
// book.go, report.go (the figures), profile.go (where the time goes).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

func main() {
	var err error
	if len(os.Args) > 1 && os.Args[1] == childWord {
		err = runChild(os.Args[2:])
	} else {
		err = run(os.Args[1:], os.Stdout, os.Stderr)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	quick, full bool
	replicated  bool
	jars        string
	rounds      int
	log         int // MiB
	only        string
	dir         string
	program     string
	json, md    string
	profiles    string
}

func parseOptions(args []string, errs io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(errs)
	f.BoolVar(&o.quick, "quick", false, "a subset, in about two minutes")
	f.BoolVar(&o.full, "full", false, "every case, longer, and a log of 4 GiB to read")
	f.BoolVar(&o.replicated, "replicated", false, "measure clusters of three nodes instead: Trialog, Apache Kafka, JetStream, each durability (with -quick in about ten minutes)")
	f.StringVar(&o.jars, "jars", "../../bin/interop/java", "where Apache Kafka's jars are, for -replicated; make interop fetches them")
	f.IntVar(&o.rounds, "rounds", 0, "interleaved rounds (default 5, quick 3)")
	f.IntVar(&o.log, "log", 0, "MiB of the log that is read, cold and cached (default 1024, quick 128, full 4096)")
	f.StringVar(&o.only, "only", "", "measure only what matches this regular expression, as table/case/system")
	f.StringVar(&o.dir, "dir", "../../results", "where servers keep their data, in a directory that is made and removed; must be on a disk")
	f.StringVar(&o.program, "trialog", os.Getenv("TRIALOG_BIN"), "the server; default $TRIALOG_BIN, else ../../bin/trialog")
	f.StringVar(&o.profiles, "profiles", "", "after the rounds, profile Trialog's server in every case and keep the profiles in this directory")
	f.StringVar(&o.json, "out", "", "write every value to this file, as JSON")
	f.StringVar(&o.md, "md", "", "write the tables to this file, as Markdown; default: standard output")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("%q is not a flag", f.Args())
	case o.log < 0:
		return nil, errors.New("-log is a size in MiB")
	case o.quick && o.full:
		return nil, errors.New("-quick and -full exclude each other")
	case o.program == "":
		o.program = "../../bin/trialog"
	}
	return o, nil
}

func (o *options) plan() plan {
	p := defaultPlan()
	switch {
	case o.replicated:
		p = replicatedPlan(o.quick, o.full)
	case o.quick:
		p = quickPlan()
	case o.full:
		p = fullPlan()
	}
	if o.rounds > 0 {
		p.rounds = o.rounds
	}
	if o.log > 0 {
		p.space += 4 * int64(max(0, o.log<<20-p.coldBytes)) // every system has one of its own
		p.coldBytes = o.log << 20
	}
	return p
}

// newRunner makes the scratch directory; the returned function removes it.
func (o *options) newRunner(errs io.Writer) (*runner, func(), error) {
	r := &runner{plan: o.plan(), book: &book{}, log: errs, filled: make(map[string]bool)}
	var err error
	if o.only != "" {
		if r.only, err = regexp.Compile(o.only); err != nil {
			return nil, nil, err
		}
	}
	if r.trial.program, err = filepath.Abs(o.program); err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(r.trial.program); err != nil {
		return nil, nil, fmt.Errorf("%w; make build builds it", err)
	}
	if r.self, err = os.Executable(); err != nil {
		return nil, nil, err
	}
	if r.jars, err = filepath.Abs(o.jars); err != nil {
		return nil, nil, err
	}
	r.fake.self = r.self
	if o.profiles != "" {
		if r.keep, err = filepath.Abs(o.profiles); err != nil {
			return nil, nil, err
		}
	}
	parent, err := filepath.Abs(o.dir)
	if err == nil {
		err = os.MkdirAll(parent, 0o755)
	}
	if err != nil {
		return nil, nil, err
	}
	if err := suits(parent, r.plan.space); err != nil {
		return nil, nil, err
	}
	if r.dir, err = os.MkdirTemp(parent, "bench-"); err != nil {
		return nil, nil, err
	}
	return r, func() { _ = os.RemoveAll(r.dir) }, nil
}

// suits tells whether a directory can hold the servers' data.
func suits(dir string, space int64) error {
	if kind := fileSystem(dir); inMemory(kind) {
		return fmt.Errorf("%s is %s, where a sync costs nothing: choose another with -dir", dir, kind)
	}
	free, err := freeBytes(dir)
	if err == nil && free < space {
		err = fmt.Errorf("%s has %d GiB free, and a round may take %d GiB: choose another with -dir", dir, free>>30, space>>30)
	}
	return err
}

func run(args []string, out, errs io.Writer) error {
	o, err := parseOptions(args, errs)
	if err != nil {
		return err
	}
	r, remove, err := o.newRunner(errs)
	if err != nil {
		return err
	}
	defer remove()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	where := describe(r.dir, r.trial.program)
	if r.plan.replicated {
		more, err := apacheKafka{jars: r.jars}.versions(ctx)
		if err != nil {
			return err
		}
		maps.Copy(where.Modules, more)
	}
	r.run(ctx)
	where.LoadAtEnd, _ = loadAverage()
	result := &report{
		Machine: where, Mode: r.plan.mode, Only: o.only, Rounds: r.book.rounds, Complete: ctx.Err() == nil,
		Seconds: time.Since(r.began).Seconds(), book: r.book,
	}
	if err := o.write(result, out); err != nil {
		return err
	}
	if n := len(r.book.Failures); n > 0 {
		return fmt.Errorf("%s failed", counted(n, "case"))
	}
	return ctx.Err()
}

// write leaves the report where it is asked for.
func (o *options) write(result *report, out io.Writer) error {
	if o.json != "" {
		if err := writeTo(o.json, result.writeJSON); err != nil {
			return err
		}
	}
	if o.md != "" {
		return writeTo(o.md, result.writeMarkdown)
	}
	return result.writeMarkdown(out)
}

func writeTo(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
