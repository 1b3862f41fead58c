package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// processes are the nodes of one cluster, each a process that may be killed.
type processes struct {
	t     *testing.T
	dir   string
	plan  *localPlan
	nodes []*localNode
}

// startProcesses founds a cluster of n processes.
func startProcesses(t *testing.T, n int) *processes {
	t.Helper()
	dir := t.TempDir()
	plan, err := planLocal(dir, n, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &processes{t: t, dir: dir, plan: plan, nodes: make([]*localNode, n)}
	t.Cleanup(func() {
		for i := range c.nodes {
			c.kill(i)
		}
	})
	for i := range c.nodes {
		c.start(i)
	}
	c.ready()
	return c
}

// start starts a node's process; ready waits until all serve.
func (c *processes) start(i int) {
	c.t.Helper()
	command := localCommand{
		Nodes: len(c.nodes), DataDir: c.dir, Level: "warn",
		Set: []string{"broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500"}, // a failover in seconds
	}
	place := c.plan.Nodes[i]
	n := &localNode{localPlace: place, ready: make(chan struct{}), ended: make(chan struct{})}
	program, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	n.cmd = exec.Command(program, command.arguments(c.plan, &place)...)
	n.cmd.Env = append(os.Environ(), asProgram+"=1", variable("cluster-secret")+"="+c.plan.Secret)
	n.cmd.SysProcAttr = ownGroup()
	out := io.Discard
	if testing.Verbose() {
		out = os.Stderr
	}
	if err := n.start(&lines{out: out}); err != nil {
		c.t.Fatal(err)
	}
	c.nodes[i] = n
}

func (c *processes) ready() {
	c.t.Helper()
	for _, n := range c.nodes {
		if n == nil {
			continue
		}
		select {
		case <-n.ready:
		case <-n.ended:
			c.t.Fatalf("node %d has ended: %v", n.ID, n.err)
		case <-time.After(60 * time.Second):
			c.t.Fatalf("node %d does not serve", n.ID)
		}
	}
}

// kill ends a node without a word to it.
func (c *processes) kill(i int) {
	if n := c.nodes[i]; n != nil {
		_ = n.cmd.Process.Signal(syscall.SIGKILL) // it may have ended
		<-n.ended
		c.nodes[i] = nil
	}
}

// client reaches the cluster by the nodes that are up.
func (c *processes) client(options ...kgo.Opt) *kgo.Client {
	c.t.Helper()
	var seeds []string
	for i, n := range c.nodes {
		if n != nil {
			seeds = append(seeds, c.plan.Nodes[i].Listen)
		}
	}
	k, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(seeds...), kgo.DisableClientMetrics(), kgo.MetadataMinAge(20 * time.Millisecond), kgo.ProducerLinger(0),
		kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }), kgo.RetryTimeout(time.Minute),
		kgo.DialTimeout(2 * time.Second),
	}, options...)...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(k.Close)
	return k
}

// survival writes to a replicated topic and reads all of it from every node.
type survival struct {
	*processes
	ctx     context.Context
	written int
}

func (s *survival) write(n int) {
	s.t.Helper()
	k := s.client()
	defer k.Close()
	began := time.Now()
	for range n {
		r := &kgo.Record{Topic: "kept", Key: fmt.Append(nil, s.written), Value: fmt.Append(nil, s.written)}
		if err := k.ProduceSync(s.ctx, r).FirstErr(); err != nil {
			s.t.Fatalf("record %d after %v: %v", s.written, time.Since(began), err)
		}
		s.written++
	}
}

// read reads everything through each node that is up.
func (s *survival) read(what string) {
	s.t.Helper()
	for i, n := range s.nodes {
		if n == nil {
			continue
		}
		k := s.client(kgo.SeedBrokers(s.plan.Nodes[i].Listen), kgo.ConsumeTopics("kept"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
		times := make(map[string]int)
		for len(times) < s.written && ctx.Err() == nil {
			k.PollFetches(ctx).EachRecord(func(r *kgo.Record) { times[string(r.Value)]++ })
		}
		cancel()
		k.Close()
		for v := range s.written {
			if got := times[fmt.Sprint(v)]; got != 1 {
				s.t.Fatalf("%s: node %d shows record %d %d times", what, i+1, v, got)
			}
		}
	}
}

// whole waits until every replica is in sync again.
func (s *survival) whole(what string) {
	s.t.Helper()
	k := s.client()
	defer k.Close()
	a := kadm.NewClient(k)
	var last string
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		topics, err := a.ListTopics(s.ctx, "kept")
		if err != nil {
			last = err.Error()
			continue
		}
		whole := true
		last = ""
		for _, p := range topics["kept"].Partitions.Sorted() {
			whole = whole && p.Leader >= 0 && len(p.ISR) == len(s.nodes)
			last += fmt.Sprintf("partition %d led by %d in sync %v; ", p.Partition, p.Leader, p.ISR)
		}
		if whole && len(topics["kept"].Partitions) > 0 {
			return
		}
	}
	s.t.Fatalf("%s: not all replicas are in sync: %s", what, last)
}

func (s *survival) leader(partition int32) int {
	s.t.Helper()
	k := s.client()
	defer k.Close()
	topics, err := kadm.NewClient(k).ListTopics(s.ctx, "kept")
	if err != nil {
		s.t.Fatal(err)
	}
	return int(topics["kept"].Partitions[partition].Leader) - 1
}

func (s *survival) controller() int {
	s.t.Helper()
	k := s.client()
	defer k.Close()
	v, err := describeQuorum(s.ctx, k)
	if err != nil {
		s.t.Fatal(err)
	}
	return int(v.Leader) - 1
}

// TestClusterSurvives kills leaders, the active controller, everybody, and
// takes a disk away, and misses nothing that was acknowledged.
func TestClusterSurvives(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	s := &survival{processes: startProcesses(t, 3), ctx: ctx}
	k := s.client()
	if r, err := kadm.NewClient(k).CreateTopic(ctx, 3, 3, nil, "kept"); err != nil || r.Err != nil {
		t.Fatal(err, r.Err)
	}
	s.write(30)
	s.read("at first")
	s.whole("at first")

	for _, victim := range []struct {
		what string
		node func() int
	}{
		{"a leader", func() int { return s.leader(0) }},
		{"the active controller", s.controller},
	} {
		i := victim.node()
		if i < 0 {
			t.Fatalf("%s is nobody", victim.what)
		}
		s.kill(i)
		began := time.Now()
		s.write(30)
		t.Logf("%s was killed: 30 records were acknowledged within %v", victim.what, time.Since(began))
		s.read(victim.what + " was killed")
		s.start(i)
		s.ready()
		s.whole(victim.what + " is back")
	}

	for i := range s.nodes {
		s.kill(i)
	}
	for i := range s.nodes {
		s.start(i)
	}
	s.ready()
	s.write(10)
	s.read("all were killed")
	s.whole("all were killed")

	s.kill(1)
	if err := os.RemoveAll(filepath.Join(s.dir, "node-2")); err != nil {
		t.Fatal(err)
	}
	s.write(10)
	s.start(1)
	s.ready()
	s.whole("a disk was lost")
	s.kill(0) // what it held is now with the one that was wiped
	s.write(10)
	s.read("a disk was lost, and then a node killed")
	_, out, errs := run(t, "", "cluster", "describe", "--bootstrap-server="+s.plan.Nodes[1].Listen)
	if !strings.Contains(out, "3 under-replicated") {
		t.Errorf("described as\n%s%s", out, errs)
	}
}
