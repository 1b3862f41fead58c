package onlocal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// server is one broker: a data directory, an address, and a process now and then.
type server struct {
	program string
	dir     string
	address string   // fixed once the first process has picked a port
	node    int32    // its ID, from 1 on
	args    []string // of a node of a cluster, besides
	env     []string
	boots   int      // how often its machine has come up; 0: the machine is this one
	log     *os.File // gets all that its processes say; nil: only the end of it is kept

	mu       sync.Mutex
	cmd      *exec.Cmd
	gone     chan struct{} // closed when the process has been waited for
	expected bool          // somebody means the process to end
	restarts []time.Duration
	died     error // it ended by itself
	said     *tail
	serving  chan struct{} // closed when the present process serves
}

// ready is the line that `trialog serve --json` prints once it serves.
type ready struct {
	Event  string `json:"event"`
	Listen string `json:"listen"`
}

func newServer(program, dir string) *server {
	return &server{program: program, dir: dir, node: 1, address: "127.0.0.1:0", said: &tail{}}
}

// start starts a process and returns at once; await waits until it serves.
func (s *server) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	args := append([]string{"serve", "--json", "--data-dir", filepath.Join(s.dir, "data"), "--listen", s.address, "--admin-listen", ""}, s.args...)
	cmd := exec.Command(s.program, args...)
	cmd.Env = append(os.Environ(), s.env...)
	if s.boots > 0 {
		// The kernel's own boot ID does not change when a disk alone loses power.
		cmd.Env = append(cmd.Env, fmt.Sprintf("TRIALOG_TRIAL_BOOT_ID=node-%d-%d", s.node, s.boots))
	}
	cmd.Stderr = s.said
	if s.log != nil {
		cmd.Stderr = io.MultiWriter(s.said, s.log)
	}
	// The process must not outlive a killed parent.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd, s.gone, s.serving, s.expected = cmd, make(chan struct{}), make(chan struct{}), false
	go s.follow(cmd, out, began, s.gone, s.serving)
	return nil
}

// follow reads what a process prints until it ends.
func (s *server) follow(cmd *exec.Cmd, out io.Reader, began time.Time, gone, serving chan struct{}) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var r ready
		if json.Unmarshal(lines.Bytes(), &r) != nil || r.Event != "ready" {
			continue
		}
		s.mu.Lock()
		s.restarts = append(s.restarts, time.Since(began))
		s.address = r.Listen
		s.mu.Unlock()
		close(serving)
	}
	err := cmd.Wait()
	s.mu.Lock()
	if s.cmd == cmd && !s.expected {
		s.died = fmt.Errorf("the server ended by itself: %w\n%s", errors.Join(err, errors.New(cmd.ProcessState.String())), s.said)
	}
	s.mu.Unlock()
	close(gone)
}

// await waits until the present process serves.
func (s *server) await(limit time.Duration) error {
	s.mu.Lock()
	serving, gone := s.serving, s.gone
	s.mu.Unlock()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-serving:
		return nil
	case <-gone:
		return s.failure()
	case <-timer.C:
		return fmt.Errorf("the server did not serve within %s\n%s", limit, s.said)
	}
}

// kill ends the process at once, as a crash does.
func (s *server) kill() { s.end(syscall.SIGKILL, time.Minute) }

// killAnd is kill for a process that may be held by calls that hang: free lets
// them return once the signal is there.
func (s *server) killAnd(free func()) {
	s.mu.Lock()
	s.expected = true
	cmd, gone := s.cmd, s.gone
	s.mu.Unlock()
	if cmd == nil {
		free()
		return
	}
	_ = cmd.Process.Kill() // it may have ended
	free()
	<-gone
}

// stop asks the process to end; after a while it is killed. It returns whether
// it ended as asked.
func (s *server) stop() bool { return s.end(syscall.SIGTERM, 20*time.Second) }

func (s *server) end(signal syscall.Signal, patience time.Duration) bool {
	s.mu.Lock()
	s.expected = true
	cmd, gone := s.cmd, s.gone
	s.mu.Unlock()
	if cmd == nil {
		return true
	}
	_ = cmd.Process.Signal(signal)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-gone:
		return true
	case <-timer.C:
		_ = cmd.Process.Kill()
		<-gone
		return false
	}
}

// pause makes the process stand still for a while.
func (s *server) pause(span time.Duration) {
	s.mu.Lock()
	cmd := s.cmd
	s.mu.Unlock()
	_ = cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(span)
	_ = cmd.Process.Signal(syscall.SIGCONT)
}

// failure tells how the process ended by itself; nil: it did not.
func (s *server) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.died
}

// restartTimes are the times from start to serving.
func (s *server) restartTimes() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Duration(nil), s.restarts...)
}

// clean removes what the broker kept.
func (s *server) clean() { _ = os.RemoveAll(s.dir) }

// tail keeps the end of what a process says.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const tailBytes = 8 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if over := len(t.b) - tailBytes; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

// String is what is kept, from the first whole line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.b
	if len(b) == tailBytes {
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			b = b[i+1:]
		}
	}
	return string(b)
}
