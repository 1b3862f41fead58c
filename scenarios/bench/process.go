package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// ready is the line that a server prints once it serves: `trialog serve --json`
// and the children of this program alike.
type ready struct {
	Event  string `json:"event"`  // "ready"
	Listen string `json:"listen"` // host:port for clients
	Admin  string `json:"admin,omitempty"`
}

// process is a server that runs as a child. It dies with its parent.
type process struct {
	cmd    *exec.Cmd
	ready  ready
	began  time.Time     // just before exec
	served time.Duration // from began to the ready line
	said   *tail
	gone   chan struct{} // closed when the process has been waited for

	serving chan ready // gets the ready line
	peers   []*process // the other nodes of its cluster, which share its fate
}

// startProcess starts a program and waits for its ready line.
func startProcess(ctx context.Context, program string, args ...string) (*process, error) {
	p, err := launch(nil, program, args...)
	if err != nil {
		return nil, err
	}
	if err := p.await(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// launch starts a program, with more variables in its environment.
func launch(env []string, program string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(program, args...), said: &tail{}, gone: make(chan struct{}), serving: make(chan ready, 1)}
	p.cmd.Stderr = p.said
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.follow(out)
	return p, nil
}

// await waits for the ready line; without one the process is killed.
func (p *process) await(ctx context.Context) error {
	select {
	case p.ready = <-p.serving:
		p.served = time.Since(p.began)
		return nil
	case <-p.gone:
		return p.ended()
	case <-ctx.Done():
		p.kill()
		return fmt.Errorf("%s does not serve: %w\n%s", p.cmd.Path, ctx.Err(), p.said)
	}
}

// ended says how the process ended before it served.
func (p *process) ended() error {
	return fmt.Errorf("%s ended before it served: %s\n%s", p.cmd.Path, p.cmd.ProcessState, p.said)
}

// follow reads what the process prints until it ends.
func (p *process) follow(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var r ready
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.Event == "ready" {
			p.serving <- r
			break
		}
	}
	_, _ = io.Copy(io.Discard, out)
	_ = p.cmd.Wait() // how it ended stands in ProcessState
	close(p.gone)
}

// kill is kill -9, of a whole cluster.
func (p *process) kill() {
	all := append([]*process{p}, p.peers...)
	for _, one := range all {
		_ = one.cmd.Process.Kill() // it may have ended
	}
	for _, one := range all {
		<-one.gone
	}
}

// failed tells which process of a cluster has ended by itself; nil: none.
func (p *process) failed() error {
	for _, one := range append([]*process{p}, p.peers...) {
		select {
		case <-one.gone:
			return fmt.Errorf("the server ended by itself: %s", one.said)
		default:
		}
	}
	return nil
}

// stop asks the process to end, and kills it when it takes more than 20 s.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(20 * time.Second)
	defer timer.Stop()
	select {
	case <-p.gone:
	case <-timer.C:
		p.kill()
		return fmt.Errorf("%s did not end within 20 s of a SIGTERM", p.cmd.Path)
	}
	if !p.cmd.ProcessState.Success() {
		return fmt.Errorf("%s ended with %s\n%s", p.cmd.Path, p.cmd.ProcessState, p.said)
	}
	return nil
}

// tail keeps the end of what a process says.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const tailBytes = 4 << 10

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	if over := len(t.b) - tailBytes; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(b), nil
}

// String is what is kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}
