package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"

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
		program, remove, err := findServer(ctx, o.trialog, o.log)
		if err != nil {
			return nil, err
		}
		local.Program, set.close = program, remove
	} else {
		if _, _, err := net.SplitHostPort(o.on); err != nil {
			return nil, usage("--on %s: want sim, local or HOST:PORT", o.on)
		}
		local.Address = o.on
	}
	for range o.jobs {
		set.list = append(set.list, onlocal.New(local))
	}
	return set, nil
}

// findServer finds the server program: the one named, the one beside this
// program, or one built from the source tree that we stand in.
func findServer(ctx context.Context, named string, log io.Writer) (program string, remove func(), err error) {
	remove = func() {}
	if named != "" {
		_, err := os.Stat(named)
		return named, remove, err
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "trialog")
		if _, err := os.Stat(beside); err == nil {
			return beside, remove, nil
		}
	}
	root, err := moduleRoot()
	if err != nil {
		return "", remove, fmt.Errorf("no server program beside this one, and %w; name one with --trialog", err)
	}
	dir, err := os.MkdirTemp("", "trialog-server-")
	if err != nil {
		return "", remove, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	program = filepath.Join(dir, "trialog")
	fmt.Fprintln(log, "building the server from", root)
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/trialog")
	cmd.Dir = root
	if said, err := cmd.CombinedOutput(); err != nil {
		remove()
		return "", func() {}, fmt.Errorf("building the server: %w\n%s", err, said)
	}
	return program, remove, nil
}
