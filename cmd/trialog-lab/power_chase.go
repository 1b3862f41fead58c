package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const (
	// hang is after how much of its own processor time without a line a build is given
	// up: a bug may make a run go round for ever. Real time would say that a machine is
	// busy, and pass over the seed.
	hang = 60 * time.Second
	// standstill is after how many seconds in which a build says nothing, and does not
	// work at all, it is given up: it waits for what does not come. Those in which it,
	// or this process, was stopped do not count.
	standstill = 60
)

// ending is how a hunt of a program came to its end.
type ending struct {
	hung bool
	how  string
}

// String is a sentence without its object: what the program did.
func (e ending) String() string { return "the program " + e.how }

// chase runs a hunt of a program and shows each seed to see, until that has seen
// enough or the program is done, or has hung.
func (h *hunter) chase(ctx context.Context, program string, args []string, most time.Duration, see func(*sighting) bool) (ending, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// A bug may also eat all memory.
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", `ulimit -v ` + memory + ` && exec "$@"`, "sh", program, "hunt"}, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return ending{}, fmt.Errorf("the program does not start: %w", err)
	}
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(pipe)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			select {
			case lines <- bytes.Clone(scanner.Bytes()):
			case <-ctx.Done():
				return
			}
		}
		if scanner.Err() != nil {
			stop() // nobody reads what else it says
		}
	}()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	p := patience{pid: cmd.Process.Pid, most: most}
	for {
		select {
		case line, more := <-lines:
			p.heard()
			var s sighting
			if more && (json.Unmarshal(line, &s) != nil || !see(&s)) {
				continue
			}
			if more {
				stop()
			}
			err := cmd.Wait() // killed by us, or it has closed its output: it is ending
			return ending{how: "ended (" + endedBy(err, said.String()) + ")"}, nil
		case <-ticker.C:
			if how := p.tick(); how != "" {
				stop()
				_ = cmd.Wait()
				return ending{hung: true, how: how}, nil
			}
		}
	}
}

// endedBy tells by what: the first line that it said, or its status.
func endedBy(err error, said string) string {
	for line := range strings.Lines(said) {
		if text := strings.TrimSpace(line); text != "" {
			return text
		}
	}
	if err != nil {
		return err.Error()
	}
	return "by itself"
}

// patience watches a process that should be saying something.
type patience struct {
	pid    int
	most   time.Duration // of its processor time, without a word
	worked time.Duration // its processor time at the last tick
	silent time.Duration // its processor time since it last said something
	idle   int           // ticks since it last worked
}

// heard says that it has said something.
func (p *patience) heard() { p.silent, p.idle = 0, 0 }

// tick is called every second, and says how the process hangs, if it does.
func (p *patience) tick() (how string) {
	now, stopped, known := workOf(p.pid)
	switch {
	case stopped:
	case !known:
		p.idle++ // this system does not tell: every second counts
	case now > p.worked:
		p.silent, p.worked, p.idle = p.silent+now-p.worked, now, 0
	default:
		p.idle++
	}
	switch {
	case p.silent >= p.most:
		return fmt.Sprintf("hung: it worked for %s and said nothing", p.silent.Round(time.Second))
	case p.idle >= standstill:
		return fmt.Sprintf("hung: it stood still for %d s", p.idle)
	}
	return ""
}

// workOf is the processor time of a process so far, and whether it is stopped; known
// is false where the system does not tell.
func workOf(pid int) (worked time.Duration, stopped, known bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, false, false
	}
	// After the name, which may hold anything: state, parent, …, user and system time
	// as the 12th and 13th, in hundredths of a second.
	_, after, found := bytes.Cut(text[max(0, bytes.LastIndexByte(text, ')')):], []byte(" "))
	fields := strings.Fields(string(after))
	if !found || len(fields) < 13 {
		return 0, false, false
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err != nil || err2 != nil {
		return 0, false, false
	}
	return time.Duration(user+system) * 10 * time.Millisecond, fields[0] == "T" || fields[0] == "t", true
}
