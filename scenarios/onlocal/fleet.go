package onlocal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"trialog/checker/history"
	"trialog/scenarios"
)

// fleet is the nodes of a cluster, each a process, with relays between them.
type fleet struct {
	dir     string
	links   *links
	servers []*server

	mu   sync.Mutex
	busy map[int32]bool // a fault of its process is under way
	draw *rand.Rand
}

// sessions make failures of a node known in seconds, so that a short run sees many.
var sessions = []string{"broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500"}

// newFleet prepares a cluster; start starts it.
func newFleet(program string, s *scenarios.Scenario, seed uint64) (*fleet, error) {
	dir, err := os.MkdirTemp("", "trialog-local-")
	if err != nil {
		return nil, err
	}
	f := &fleet{dir: dir, links: newLinks(), busy: make(map[int32]bool), draw: rand.New(rand.NewPCG(seed, 5))}
	var own, voters []string
	for i := range s.Cluster.Brokers {
		node := int32(i + 1)
		behind, err := freeAddress()
		if err != nil {
			return nil, err
		}
		front, err := f.links.front(node, behind)
		if err != nil {
			return nil, err
		}
		own = append(own, behind)
		voters = append(voters, fmt.Sprintf("%d@%s", node, front))
	}
	for i := range s.Cluster.Brokers {
		v := newServer(program, filepath.Join(dir, fmt.Sprintf("node-%d", i+1)))
		v.node = int32(i + 1)
		if v.address, err = freeAddress(); err != nil {
			return nil, err
		}
		v.env = []string{"TRIALOG_CLUSTER_SECRET=" + fmt.Sprintf("%x", seed)}
		v.args = []string{"--node-id", fmt.Sprint(v.node), "--quorum-voters", strings.Join(voters, ","), "--quorum-listen", own[i]}
		for _, name := range sessions {
			v.args = append(v.args, "--set", name)
		}
		for _, c := range s.Cluster.Settings {
			v.args = append(v.args, "--set", c.Name+"="+c.Value)
		}
		f.servers = append(f.servers, v)
	}
	return f, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// start starts every node and waits until all serve.
func (f *fleet) start() error {
	for _, s := range f.servers {
		if err := s.start(); err != nil {
			return err
		}
	}
	return f.await(startPatience)
}

// await waits until every node serves.
func (f *fleet) await(limit time.Duration) error {
	for _, s := range f.servers {
		if err := s.await(limit); err != nil {
			return fmt.Errorf("node %d: %w", s.node, err)
		}
	}
	return nil
}

func (f *fleet) addresses() string {
	var all []string
	for _, s := range f.servers {
		all = append(all, s.address)
	}
	return strings.Join(all, ",")
}

// end ends everything and removes what was kept.
func (f *fleet) end() {
	for _, s := range f.servers {
		s.kill()
	}
	f.links.close()
	_ = os.RemoveAll(f.dir)
}

// failure tells which node ended by itself.
func (f *fleet) failure() error {
	for _, s := range f.servers {
		if err := s.failure(); err != nil {
			return fmt.Errorf("node %d: %w", s.node, err)
		}
	}
	return nil
}

// runCluster carries out one seed on a cluster of processes and judges it.
func (a *Arm) runCluster(ctx context.Context, r *run, s *scenarios.Scenario, seed uint64, o *scenarios.Outcome) *scenarios.Outcome {
	f, err := newFleet(a.options.Program, s, seed)
	if err != nil {
		o.Break("harness", scenarios.ClassHarness, err.Error())
		return o
	}
	defer f.end()
	if err := f.start(); err != nil {
		o.Break("progress", scenarios.ClassProgress, err.Error())
		return o
	}
	r.address = f.addresses()
	strike := func() map[scenarios.Kind]int64 { return r.strikeFleet(ctx, f) }
	a.carryOut(ctx, r, strike, func() error { return f.await(startPatience) }, seed, o)
	if ctx.Err() != nil {
		return nil // interrupted: what happened says nothing
	}
	o.Span = r.now()
	if err := f.failure(); err != nil {
		o.Break("invariant", scenarios.ClassInvariant, err.Error())
	}
	if err := r.standstill(); err != nil {
		o.Break("progress", scenarios.ClassProgress, err.Error())
	}
	a.weigh(r, s, o, func() {})
	return o
}

// pick takes a node whose process nobody else strikes, that of an aim if it
// can be found; nil when none is left.
func (f *fleet) pick(aimed int32, process bool) *server {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.draw.IntN(len(f.servers))
	for i := range f.servers {
		s := f.servers[(at+i)%len(f.servers)]
		if aimed > 0 && s.node != aimed || process && f.busy[s.node] {
			continue
		}
		f.busy[s.node] = f.busy[s.node] || process
		return s
	}
	return nil
}

func (f *fleet) release(s *server) {
	f.mu.Lock()
	f.busy[s.node] = false
	f.mu.Unlock()
}

// crash ends a node's process, in order or not, and starts it again.
func (r *run) crash(f *fleet, s *server, k strike) {
	if k.kind == scenarios.ProcessKill {
		r.atRisk()
		s.kill()
		r.eventAt(s.node, history.Crash, history.FaultKill, false)
	} else {
		r.eventAt(s.node, history.Crash, history.FaultKill, s.stop())
	}
	time.Sleep(k.span)
	if err := s.start(); err != nil {
		r.fail(err)
		return
	}
	r.eventAt(s.node, history.Start, history.FaultNone, false)
	if err := s.await(startPatience); err != nil {
		r.stuck(fmt.Errorf("node %d: %w", s.node, err))
	}
}
