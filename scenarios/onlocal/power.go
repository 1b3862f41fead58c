package onlocal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// power is a process that holds the disks of a fleet and can take their power
// away: trialog-powercut, on FUSE. What nodes wrote and did not sync is then
// lost, torn, or kept out of order.
type power struct {
	mu      sync.Mutex
	cmd     *exec.Cmd
	ask     io.WriteCloser
	answers *bufio.Scanner
	said    *tail
	lost    powerLoss // by all cuts
}

// powerLoss is what power cuts have taken.
type powerLoss struct {
	Files int `json:"files"`
	Bytes int `json:"bytes"`
	Names int `json:"names"`
}

// diskBytes is the size of a node's disk. It is kept in memory, as far as it is used.
const diskBytes = 16 << 30

// syncMicros is how long a sync takes on such a disk: about what it takes on a
// real one, and long enough that a power cut finds something unsynced.
const syncMicros = 1500

// newPower starts the program.
func newPower(program string) (*power, error) {
	p := &power{cmd: exec.Command(program), said: &tail{}}
	p.cmd.Stderr = p.said
	var err error
	if p.ask, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.answers = bufio.NewScanner(out)
	return p, p.cmd.Start()
}

// do has the program do something to a disk.
func (p *power) do(what string, disk int32, more map[string]any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := map[string]any{"do": what, "disk": disk}
	for name, v := range more {
		q[name] = v
	}
	if err := json.NewEncoder(p.ask).Encode(q); err != nil {
		return fmt.Errorf("power: %w", err)
	}
	if !p.answers.Scan() {
		return fmt.Errorf("power: the program has ended: %s", p.said)
	}
	var a struct {
		Error string `json:"error"`
		powerLoss
	}
	if err := json.Unmarshal(p.answers.Bytes(), &a); err != nil {
		return fmt.Errorf("power: %w", err)
	}
	if a.Error != "" {
		return fmt.Errorf("power: %s disk %d: %s", what, disk, a.Error)
	}
	p.lost.Files += a.Files
	p.lost.Bytes += a.Bytes
	p.lost.Names += a.Names
	return nil
}

// mount puts an empty disk at a directory.
func (p *power) mount(disk int32, dir string, seed uint64) error {
	return p.do("mount", disk, map[string]any{"dir": dir, "seed": seed, "capacity": diskBytes, "sync_us": syncMicros})
}

// fail takes the power from nodes: first all disks go dark, so that nobody
// syncs or writes any more, then the processes die, then what survives is there.
func (p *power) fail(nodes []*server) error {
	for _, s := range nodes {
		if err := p.do("cut", s.node, nil); err != nil {
			return err
		}
	}
	var failed error
	for _, s := range nodes {
		// Calls that hang in the dark hold the process until they return.
		s.killAnd(func() { failed = errors.Join(failed, p.do("release", s.node, nil)) })
		failed = errors.Join(failed, p.do("survive", s.node, nil))
		s.boots++
	}
	return failed
}

// end takes the disks away. The nodes must have ended.
func (p *power) end() {
	p.ask.Close()
	_ = p.cmd.Wait() // its disks were for this run only
}

// losses is what power cuts have taken so far.
func (p *power) losses() powerLoss {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// tryPower tells why power cannot be cut here; nil: it can. It mounts a disk
// for a moment.
func tryPower(program string) error {
	if program == "" {
		return errors.New("no program for it")
	}
	dir, err := os.MkdirTemp("", "trialog-power-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p, err := newPower(program)
	if err != nil {
		return err
	}
	defer p.end()
	return p.mount(1, dir, 1)
}
