package powercut_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"trialog/core/broker"
	"trialog/node"
	"trialog/node/osfs"
	"trialog/node/powercut"
)

// What a child process is told by its environment.
const (
	childDir    = "POWERCUT_CHILD_DIR"    // run a node in this directory
	childListen = "POWERCUT_CHILD_LISTEN" // and listen here
	childSmall  = "POWERCUT_CHILD_SMALL"  // with small generations and frequent checkpoints
	childTells  = "POWERCUT_CHILD_TELLS"  // and tell descriptor 3 what is synced
)

// TestMain runs a node instead of the tests when the environment says so.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(runNode(dir))
	}
	os.Exit(m.Run())
}

func runNode(dir string) int {
	if os.Getenv(childTells) != "" {
		osfs.Observe(powercut.Tell(os.NewFile(3, "tells"), dir))
	}
	c := node.Config{
		DataDir: dir, NodeID: 1, Listen: os.Getenv(childListen),
		Broker: map[string]string{}, Network: node.DefaultNetwork(),
		Log:     slog.New(slog.NewTextHandler(os.Stderr, nil)),
		OnReady: func(r node.Ready) { _ = json.NewEncoder(os.Stdout).Encode(r) },
	}
	c.Network.DiskSpaceEvery = 100 * time.Millisecond
	c.Network.QuorumStallsAfter = 3 * time.Second
	if os.Getenv(childSmall) != "" {
		c.Network.JournalSegmentBytes = 128 << 10
		c.Network.QuorumSnapshotEvery = 30
		c.Limits = func(l *broker.Limits) {
			l.DiskReserve = 16 << 20
			l.Storage.GenerationBytes = 512 << 10
			l.Storage.JournalBytes = 4 << 20
			l.Storage.CheckpointBytes = 1 << 20
			l.Storage.LargeBatchBytes = 4 << 10
		}
	}
	n, err := node.Start(c)
	if err == nil {
		asked := make(chan os.Signal, 1)
		notify(asked)
		go func() {
			<-asked
			n.Shutdown()
		}()
		err = n.Wait()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the node ended:", err)
		return 3
	}
	return 0
}

// process is a node in a process of its own.
type process struct {
	cmd   *exec.Cmd
	said  *tail
	ready chan node.Ready // gets one value when the node serves
	gone  chan struct{}   // closed when the process has ended
}

// spawn starts a node. files are what it gets from descriptor 3 on.
func spawn(t *testing.T, dir, address string, small bool, files ...*os.File) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0]), said: &tail{}, ready: make(chan node.Ready, 1), gone: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), childDir+"="+dir, childListen+"="+address)
	if small {
		p.cmd.Env = append(p.cmd.Env, childSmall+"=1")
	}
	if len(files) > 0 {
		p.cmd.Env = append(p.cmd.Env, childTells+"=1")
		p.cmd.ExtraFiles = files
	}
	p.cmd.Stderr = p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.follow(out)
	return p
}

func (p *process) follow(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var r node.Ready
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.Event == "ready" {
			p.ready <- r
		}
	}
	_ = p.cmd.Wait()
	close(p.gone)
}

func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// tail keeps what a process says, the last megabyte of it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if over := len(t.b) - 1<<20; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

// String is its end, to be shown.
func (t *tail) String() string {
	all := t.all()
	return all[max(0, len(all)-16<<10):]
}

// all is to be searched.
func (t *tail) all() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.b))
}
