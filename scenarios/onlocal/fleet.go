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

	"trialog/scenarios"
)

// fleet is the nodes of a cluster, each a process, with relays between them.
type fleet struct {
	dir     string
	links   *links
	servers []*server
	power   *power // nil: its disks are the machine's
	leaders *leaders

	mu   sync.Mutex
	busy map[int32]bool // a fault of its process is under way
	draw *rand.Rand
}

// sessions make failures of a node known in seconds, so that a short run sees many.
var sessions = []string{"broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500"}

// newFleet prepares a cluster; start starts it, and end ends it in any case.
// With power, each node has a disk that can lose it.
func newFleet(program string, power *power, s *scenarios.Scenario, seed uint64) (*fleet, error) {
	dir, err := os.MkdirTemp("", "trialog-local-")
	if err != nil {
		return nil, err
	}
	f := &fleet{
		dir: dir, links: newLinks(), busy: make(map[int32]bool), draw: rand.New(rand.NewPCG(seed, 5)),
		power: power, leaders: newLeaders(),
	}
	if err := f.prepare(program, s, seed); err != nil {
		f.end()
		return nil, err
	}
	return f, nil
}

func (f *fleet) prepare(program string, s *scenarios.Scenario, seed uint64) error {
	var own, voters []string
	for i := range s.Cluster.Brokers {
		node := int32(i + 1)
		behind, err := freeAddress()
		if err != nil {
			return err
		}
		front, err := f.links.front(node, behind)
		if err != nil {
			return err
		}
		own = append(own, behind)
		voters = append(voters, fmt.Sprintf("%d@%s", node, front))
	}
	for i := range s.Cluster.Brokers {
		v := newServer(program, filepath.Join(f.dir, fmt.Sprintf("node-%d", i+1)))
		v.node = int32(i + 1)
		f.servers = append(f.servers, v)
		if err := f.disk(v, seed); err != nil {
			return err
		}
		var err error
		if v.address, err = freeAddress(); err != nil {
			return err
		}
		v.env = []string{"TRIALOG_CLUSTER_SECRET=" + fmt.Sprintf("%x", seed)}
		v.args = []string{"--node-id", fmt.Sprint(v.node), "--quorum-voters", strings.Join(voters, ","), "--quorum-listen", own[i]}
		for _, name := range sessions {
			v.args = append(v.args, "--set", name)
		}
		if rack := s.Cluster.Rack(i); rack != "" {
			v.args = append(v.args, "--set", "broker.rack="+rack)
		}
		if s.Workload.Groups.Max > 0 {
			v.args = append(v.args, groupArgs...)
		}
		for _, c := range s.Cluster.Settings {
			v.args = append(v.args, "--set", c.Name+"="+c.Value)
		}
	}
	return nil
}

// disk makes a node's directory, and a disk at it if power is to go.
func (f *fleet) disk(s *server, seed uint64) error {
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return err
	}
	log, err := os.Create(s.dir + ".log")
	if err != nil {
		return err
	}
	s.log = log
	if f.power == nil {
		return nil
	}
	s.boots = 1
	return f.power.mount(s.node, s.dir, seed*16+uint64(s.node))
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

func (f *fleet) nodes() []int32 {
	var all []int32
	for _, s := range f.servers {
		all = append(all, s.node)
	}
	return all
}

// end ends everything and removes what was kept.
func (f *fleet) end() {
	for _, s := range f.servers {
		s.kill()
		if s.log != nil {
			s.log.Close()
		}
	}
	f.links.close()
	if f.power != nil {
		f.power.end()
	}
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

func (f *fleet) release(nodes ...*server) {
	f.mu.Lock()
	for _, s := range nodes {
		f.busy[s.node] = false
	}
	f.mu.Unlock()
}

// pickAll takes every node, once no process is being struck; false: that does
// not come about within a while.
func (f *fleet) pickAll(ctx context.Context) bool {
	for end := time.Now().Add(pickPatience); time.Now().Before(end); {
		if f.takeAll() {
			return true
		}
		if !sleep(ctx, 20*time.Millisecond) {
			return false
		}
	}
	return false
}

const pickPatience = 20 * time.Second

func (f *fleet) takeAll() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.servers {
		if f.busy[s.node] {
			return false
		}
	}
	for _, s := range f.servers {
		f.busy[s.node] = true
	}
	return true
}
