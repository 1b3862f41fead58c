package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
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
}

// startProcess starts a program and waits for its ready line.
func startProcess(ctx context.Context, program string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(program, args...), said: &tail{}, gone: make(chan struct{})}
	p.cmd.Stderr = p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	serving := make(chan ready, 1)
	go p.follow(out, serving)
	select {
	case p.ready = <-serving:
		p.served = time.Since(p.began)
		return p, nil
	case <-p.gone:
		return nil, fmt.Errorf("%s ended before it served: %s\n%s", program, p.cmd.ProcessState, p.said)
	case <-ctx.Done():
		p.kill()
		return nil, fmt.Errorf("%s does not serve: %w\n%s", program, ctx.Err(), p.said)
	}
}

// follow reads what the process prints until it ends.
func (p *process) follow(out io.Reader, serving chan<- ready) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var r ready
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.Event == "ready" {
			serving <- r
			break
		}
	}
	_, _ = io.Copy(io.Discard, out)
	_ = p.cmd.Wait() // how it ended stands in ProcessState
	close(p.gone)
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.gone
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
