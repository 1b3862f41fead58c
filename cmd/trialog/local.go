package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// localCommand runs a whole cluster on this machine, one process a node.
type localCommand struct {
	Nodes   int      `default:"3" help:"How many nodes: 1, 3 or 5."`
	DataDir string   `default:"./trialog-local" placeholder:"DIR" help:"Where everything is kept; the same directory is the same cluster again."`
	Port    int      `default:"9092" help:"The first node's port, the others take the next ones; 0: free ones."`
	Set     []string `placeholder:"NAME=VALUE" sep:"none" help:"A broker setting of every node by Kafka's name; may be given often."`
	Level   string   `name:"log-level" default:"info" help:"debug, info, warn or error."`
}

// lonely implements lonely.
func (*localCommand) lonely() {}

// localNode is one node's process.
type localNode struct {
	localPlace
	cmd   *exec.Cmd
	ready chan struct{} // closed when it serves
	ended chan struct{} // closed when its process has ended
	err   error         // how, once ended is closed
}

// Run carries out the command.
func (c *localCommand) Run(p *program) error {
	if c.Nodes != 1 && c.Nodes != 3 && c.Nodes != 5 {
		return usage{fmt.Errorf("%d nodes: a metadata quorum has 1, 3 or 5 voters", c.Nodes)}
	}
	began := time.Now()
	plan, err := planLocal(c.DataDir, c.Nodes, c.Port)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	out := &lines{out: p.err}
	nodes := make([]*localNode, 0, c.Nodes)
	for _, place := range plan.Nodes[:c.Nodes] {
		n := &localNode{localPlace: place, ready: make(chan struct{}), ended: make(chan struct{})}
		n.cmd = exec.Command(program, c.arguments(plan, &place)...)
		n.cmd.Env = append(append([]string{}, p.env...), variable("cluster-secret")+"="+plan.Secret)
		n.cmd.SysProcAttr = ownGroup()
		if err := n.start(out); err != nil {
			killAll(nodes)
			return fmt.Errorf("node %d: %w", place.ID, err)
		}
		nodes = append(nodes, n)
	}
	if c.serving(p, nodes) {
		c.announce(p, plan, time.Since(began))
		c.watch(p, nodes)
	}
	return stopAll(p, nodes)
}

// arguments are a node's command line.
func (c *localCommand) arguments(plan *localPlan, place *localPlace) []string {
	args := []string{
		"serve", "--node-id", fmt.Sprint(place.ID), "--data-dir", filepath.Join(c.DataDir, fmt.Sprintf("node-%d", place.ID)),
		"--listen", place.Listen, "--admin-listen", "127.0.0.1:0", "--log-level", c.Level,
	}
	if c.Nodes > 1 {
		args = append(args, "--quorum-voters", plan.voters(c.Nodes))
	}
	for _, s := range c.Set {
		args = append(args, "--set", s)
	}
	return args
}

// start starts the process; its lines go to out, with a prefix.
func (n *localNode) start(out *lines) error {
	stdout, err := n.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	stderr, err := n.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := n.cmd.Start(); err != nil {
		return err
	}
	var reading sync.WaitGroup
	prefix := fmt.Sprintf("node %d | ", n.ID)
	reading.Go(func() {
		out.copy(prefix, stdout, func(line string) {
			if strings.HasPrefix(line, servingOn) {
				close(n.ready)
			}
		})
	})
	reading.Go(func() { out.copy(prefix, stderr, func(string) {}) })
	go func() {
		reading.Wait()
		n.err = n.cmd.Wait()
		close(n.ended)
	}()
	return nil
}

// serving waits until all nodes serve; false when that will not be.
func (c *localCommand) serving(p *program, nodes []*localNode) bool {
	for _, n := range nodes {
		select {
		case <-n.ready:
		case <-n.ended:
			return false
		case <-p.ctx.Done():
			return false
		}
	}
	return true
}

// announce prints where the cluster is.
func (c *localCommand) announce(p *program, plan *localPlan, took time.Duration) {
	var bootstrap []string
	for _, place := range plan.Nodes[:c.Nodes] {
		bootstrap = append(bootstrap, place.Listen)
	}
	if p.json {
		_ = json.NewEncoder(p.out).Encode(map[string]any{ // nobody may be reading
			"event": "ready", "bootstrap_servers": strings.Join(bootstrap, ","), "nodes": plan.Nodes[:c.Nodes],
			"data_dir": c.DataDir, "started_ms": took.Milliseconds(),
		})
		return
	}
	fmt.Fprintf(p.out, "%d nodes serve after %d ms. Ctrl-C stops them; the data stays in %s.\n", c.Nodes, took.Milliseconds(), c.DataDir)
	fmt.Fprintf(p.out, "--bootstrap-server %s\n", strings.Join(bootstrap, ","))
}

// watch returns when a signal has come, or no node is left. A node that ends
// by itself is not started again: whoever tries a cluster wants to see that.
func (c *localCommand) watch(p *program, nodes []*localNode) {
	left := make(chan *localNode, len(nodes))
	for _, n := range nodes {
		go func() {
			<-n.ended
			left <- n
		}()
	}
	for range nodes {
		select {
		case n := <-left:
			fmt.Fprintf(p.err, "node %d has ended: %s\n", n.ID, ending(n.err))
		case <-p.ctx.Done():
			return
		}
	}
}

// stopAll ends every node: in order at first, at once after a second signal.
func stopAll(p *program, nodes []*localNode) error {
	again, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	for _, n := range nodes {
		_ = n.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	}
	var failed []error
	for _, n := range nodes {
		select {
		case <-n.ended:
		case <-again.Done():
			killAll(nodes)
			<-n.ended
		}
		if n.err != nil {
			failed = append(failed, fmt.Errorf("node %d: %s", n.ID, ending(n.err)))
		}
	}
	if len(failed) == 0 && !p.json {
		fmt.Fprintf(p.err, "%d nodes have stopped.\n", len(nodes))
	}
	return errors.Join(failed...)
}

func killAll(nodes []*localNode) {
	for _, n := range nodes {
		_ = n.cmd.Process.Kill() // it may have ended
	}
}

// ending says how a process ended.
func ending(err error) string {
	if err == nil {
		return "stopped in order"
	}
	return err.Error()
}

// lines writes whole lines of several processes.
type lines struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *lines) copy(prefix string, from io.Reader, each func(string)) {
	in := bufio.NewReader(from)
	for {
		line, err := in.ReadString('\n')
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			each(line)
			l.mu.Lock()
			fmt.Fprintf(l.out, "%s%s\n", prefix, line)
			l.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}
