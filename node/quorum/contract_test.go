package quorum

import (
	"sync"
	"testing"
	"time"

	port "trialog/core/quorum"
	"trialog/core/quorum/quorumtest"
	"trialog/node/osfs"
)

// TestContract holds the real engine to the port's contract: what the suite
// records must be a trace of the model that the simulator runs on.
func TestContract(t *testing.T) {
	t.Parallel()
	quorumtest.Suite(t, func(n int) quorumtest.Cluster {
		c := &realCluster{t: t, voters: voters(t)[:n], nodes: make([]realNode, n)}
		if n == 1 {
			c.voters = Voters{{ID: 1}}
		}
		for i := range c.nodes {
			c.nodes[i].dir = t.TempDir()
		}
		c.wake = sync.NewCond(&c.mu)
		return c
	})
}

// patience is how long the engine may take until something happens.
const patience = 10 * time.Second

// realCluster is a quorum of engines in one process, over loopback.
type realCluster struct {
	t      *testing.T
	voters Voters
	nodes  []realNode

	mu    sync.Mutex
	wake  *sync.Cond
	queue []toldBy
}

// realNode is one voter. Its engine starts in the background, for the first
// start of several voters waits for all of them.
type realNode struct {
	dir     string
	life    int
	started chan *Engine
	engine  *Engine
}

// toldBy is an event with the incarnation that it was told to.
type toldBy struct {
	node, life int
	event      port.Event
}

func (c *realCluster) Start(i int) {
	n := &c.nodes[i]
	n.life++
	life := n.life
	config := Config{
		FS: osfs.New(n.dir), Dir: "quorum", Voters: c.voters, Self: c.voters[i].ID, Listen: c.voters[i].Address,
		KnowsCluster: life > 1, StallsAfter: time.Minute, Log: silent(),
		Fail: func(err error) { c.t.Errorf("voter %d: the engine failed: %v", i, err) },
		Deliver: func(e port.Event) {
			c.mu.Lock()
			c.queue = append(c.queue, toldBy{i, life, e})
			c.mu.Unlock()
			c.wake.Signal()
		},
	}
	n.started = make(chan *Engine, 1)
	go func(started chan<- *Engine) {
		e, err := Start(config)
		if err != nil {
			c.t.Errorf("voter %d does not start: %v", i, err)
		}
		started <- e
	}(n.started)
}

// running waits until a voter's engine has started.
func (c *realCluster) running(i int) *Engine {
	n := &c.nodes[i]
	if n.engine == nil {
		n.engine = <-n.started
	}
	return n.engine
}

func (c *realCluster) Stop(i int) {
	if e := c.running(i); e != nil {
		e.Close()
	}
	c.nodes[i].engine, c.nodes[i].started = nil, nil
}

func (c *realCluster) Propose(i int, p *port.Propose) { c.running(i).Propose(p) }

func (c *realCluster) Next() (int, port.Event, bool) {
	end := time.Now().Add(patience)
	timer := time.AfterFunc(patience, c.wake.Broadcast)
	defer timer.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for len(c.queue) > 0 {
			e := c.queue[0]
			c.queue = c.queue[1:]
			if n := &c.nodes[e.node]; e.life == n.life && n.started != nil {
				return e.node, e.event, true
			}
		}
		if !time.Now().Before(end) {
			return 0, nil, false
		}
		c.wake.Wait()
	}
}

func (c *realCluster) Close() {
	var all sync.WaitGroup
	for i := range c.nodes {
		if c.nodes[i].started != nil {
			all.Go(func() { c.Stop(i) })
		}
	}
	all.Wait()
}
