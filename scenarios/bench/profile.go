package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// tableProfile names where processor profiles stand in the book.
const tableProfile = "Where the server's processor time goes"

// profile is a processor profile of Trialog's server under one load.
type profile struct {
	Case  string `json:"case"`
	File  string `json:"file"`
	Self  []cost `json:"self"`  // the functions that take most themselves
	Below []cost `json:"below"` // of this project's functions, those that take most with what they call
}

// cost is a function's share of the samples.
type cost struct {
	Percent  string `json:"percent"` // as the tool prints it
	Function string `json:"function"`
}

// costsShown is how many costs of a kind a profile keeps.
const costsShown = 5

// profiles loads Trialog once more in every case, after the rounds, so that
// taking profiles costs no round anything, and keeps the profiles.
func (r *runner) profiles(ctx context.Context) {
	if r.keep == "" {
		return
	}
	if err := os.MkdirAll(r.keep, 0o755); err != nil {
		r.book.fail(at{tableProfile, "all", nameTrialog}, err)
		return
	}
	for _, partitions := range r.plan.partitions() {
		one := &contender{system: r.trial}
		for _, c := range r.plan.cells {
			if c.partitions != partitions {
				continue
			}
			r.profileCell(ctx, one, c, 1, "one in flight")
			if c.pipelined {
				r.profileCell(ctx, one, c, c.window(), "many in flight")
			}
		}
		one.discard()
	}
	where := at{tableProfile, "reading " + sizeText(r.plan.coldBytes), nameTrialog}
	r.do(ctx, where, 5*time.Minute, func(ctx context.Context) error { return r.profileRead(ctx, where) })
}

func (r *runner) profileCell(ctx context.Context, one *contender, c cell, window int, how string) {
	where := at{tableProfile, c.String() + ", " + how, nameTrialog}
	s := r.plan.profile
	r.do(ctx, where, 2*s.limit()+startLimit, func(ctx context.Context) error {
		srv, err := one.up(ctx, r, c.partitions)
		if err != nil {
			return err
		}
		return r.profiled(ctx, where, srv, s.measured, func() error {
			_, err := runClosed(ctx, srv, c, window, span{s.warm, s.measured + s.warm})
			return err
		})
	})
}

// profileRead reads the log that the rounds have filled, over and over.
func (r *runner) profileRead(ctx context.Context, where at) error {
	dir := filepath.Join(r.dir, "read-"+nameTrialog)
	if !r.filled[dir] {
		if err := r.fillLog(ctx, r.trial, dir); err != nil {
			return err
		}
		r.filled[dir] = true
	}
	srv, err := r.trial.start(ctx, dir, 0)
	if err != nil {
		return err
	}
	defer srv.process().kill()
	end, err := srv.end(ctx, 0)
	if err != nil {
		return err
	}
	s := r.plan.profile
	return r.profiled(ctx, where, srv, s.measured, func() error {
		for began := time.Now(); time.Since(began) < s.warm+s.measured; {
			records := int64(0)
			if err := srv.read(ctx, 0, func([]byte) bool { records++; return records < end }); err != nil {
				return err
			}
		}
		return nil
	})
}

// profiled takes a profile of a server while load runs, from when it is warm.
func (r *runner) profiled(ctx context.Context, where at, srv server, lasting time.Duration, load func() error) error {
	file := filepath.Join(r.keep, fileName(where.kase)+".pprof")
	taken := make(chan error, 1)
	go func() {
		pause(ctx, r.plan.profile.warm)
		taken <- takeProfile(ctx, srv.process().ready.Admin, lasting, file)
	}()
	if err := errors.Join(load(), <-taken); err != nil {
		return err
	}
	p := profile{Case: where.kase, File: file}
	var err error
	if p.Self, err = topCosts(ctx, r.trial.program, file, "-flat", nil); err != nil {
		return err
	}
	if p.Below, err = topCosts(ctx, r.trial.program, file, "-cum", ownWork); err != nil {
		return err
	}
	r.book.Profiles = append(r.book.Profiles, p)
	return nil
}

// ownWork are the project's functions, but not the loops in which goroutines live.
var ownWork = regexp.MustCompile(`^trialog/`)

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// fileName makes a case a file's name.
func fileName(kase string) string {
	return strings.Trim(notInNames.ReplaceAllString(strings.ToLower(kase), "-"), "-")
}

// takeProfile saves a processor profile of a node, by its admin listener.
func takeProfile(ctx context.Context, admin string, lasting time.Duration, file string) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", admin, max(1, int(lasting.Seconds())))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, response.Body)
	return errors.Join(err, f.Close())
}

// topCosts asks Go's tool for the functions that cost most.
func topCosts(ctx context.Context, program, file, order string, only *regexp.Regexp) ([]cost, error) {
	cmd := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", order, "-nodecount=200", program, file)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return parseTop(string(out), order == "-cum", only), nil
}

// parseTop reads the table of pprof -top: flat, flat%, sum%, cum, cum%, name.
func parseTop(text string, cumulative bool, only *regexp.Regexp) []cost {
	var list []cost
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.HasSuffix(fields[1], "%") || !strings.HasSuffix(fields[4], "%") {
			continue
		}
		percent, name := fields[1], fields[5]
		if cumulative {
			percent = fields[4]
		}
		if percent == "0%" || only != nil && !only.MatchString(name) {
			continue
		}
		if n := len(list); cumulative && n > 0 && list[n-1].Percent == percent {
			continue // one calls the other, most likely: one line says enough
		}
		if list = append(list, cost{percent, name}); len(list) == costsShown {
			break
		}
	}
	return list
}

// profileTable prints the largest costs of every case.
func (r *report) profileTable(b *strings.Builder) {
	if len(r.Profiles) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n| load | functions themselves | the project's functions, with what they call |\n|---|---|---|\n", tableProfile, explained[tableProfile])
	for _, p := range r.Profiles {
		fmt.Fprintf(b, "| %s | %s | %s |\n", p.Case, costsText(p.Self), costsText(p.Below))
	}
}

func costsText(list []cost) string {
	var parts []string
	for _, c := range list {
		parts = append(parts, fmt.Sprintf("`%s` %s", c.Function, c.Percent))
	}
	return strings.Join(parts, "<br>")
}
