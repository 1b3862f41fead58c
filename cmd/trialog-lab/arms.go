package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"trialog/scenarios"
	"trialog/scenarios/onlocal"
	"trialog/scenarios/onsim"
)

// The arms by name; anything else is an address.
const (
	onSimulator = "sim"
	onLocal     = "local"
)

type armOptions struct {
	on      string
	jobs    int
	trialog string // server program for real processes
	power   string // what cuts their power
	history string
	log     io.Writer
}

// armSet is the arms of one run and what must be cleaned up after them.
type armSet struct {
	list  []scenarios.Arm
	close func()
}

func newArms(ctx context.Context, o armOptions) (*armSet, error) {
	set := &armSet{close: func() {}}
	if o.on == onSimulator {
		for range o.jobs {
			set.list = append(set.list, onsim.New(onsim.Options{HistoryDir: o.history}))
		}
		return set, nil
	}
	local := onlocal.Options{HistoryDir: o.history}
	if o.on == onLocal {
		program, remove, err := findProgram(ctx, o.trialog, serverProgram, o.log)
		if err != nil {
			return nil, err
		}
		power, removePower, err := findProgram(ctx, o.power, powerProgram, o.log)
		set.close = func() {
			remove()
			removePower()
		}
		switch {
		case err != nil && o.power != "":
			set.close()
			return nil, err
		case err != nil:
			fmt.Fprintln(o.log, "no power cuts:", err)
		}
		local.Program, local.Power = program, power
	} else {
		for address := range strings.SplitSeq(o.on, ",") {
			if _, _, err := net.SplitHostPort(address); err != nil {
				return nil, usage("--on %s: want sim, local or HOST:PORT[,HOST:PORT]", o.on)
			}
		}
		local.Address = o.on
	}
	for range o.jobs {
		second, err := secondJudge()
		if err != nil {
			set.close()
			return nil, err
		}
		before := set.close
		set.close = func() {
			second.Close()
			before()
		}
		local.Porcupine = second.Ask
		arm := onlocal.New(local)
		if why := arm.WithoutPower(); why != nil && local.Power != "" && len(set.list) == 0 {
			fmt.Fprintln(o.log, "no power cuts:", why)
		}
		set.list = append(set.list, arm)
	}
	return set, nil
}

// companion is a program that stands beside this one, or is built from source.
type companion struct{ name, source string }

var (
	serverProgram = companion{"trialog", "./cmd/trialog"}
	powerProgram  = companion{"trialog-powercut", "./node/powercut/drive"}
)

// findProgram finds a program: the one named, the one beside this program, or
// one built from the source tree that we stand in.
func findProgram(ctx context.Context, named string, b companion, log io.Writer) (program string, remove func(), err error) {
	remove = func() {}
	if named != "" {
		_, err := os.Stat(named)
		return named, remove, err
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), b.name)
		if _, err := os.Stat(beside); err == nil {
			return beside, remove, nil
		}
	}
	root, err := moduleRoot()
	if err != nil {
		return "", remove, fmt.Errorf("no program %s beside this one, and %w; --help tells how to name one", b.name, err)
	}
	dir, err := os.MkdirTemp("", "trialog-program-")
	if err != nil {
		return "", remove, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	program = filepath.Join(dir, b.name)
	fmt.Fprintf(log, "building %s from %s\n", b.name, root)
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, b.source)
	cmd.Dir = root
	if said, err := cmd.CombinedOutput(); err != nil {
		remove()
		return "", func() {}, fmt.Errorf("building %s: %w\n%s", b.name, err, said)
	}
	return program, remove, nil
}
