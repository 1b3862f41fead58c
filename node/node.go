package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/kafka"
	port "trialog/core/quorum"
	"trialog/node/admin"
	"trialog/node/codec"
	"trialog/node/osfs"
	"trialog/node/quorum"
	"trialog/node/tail"
)

// Node is a running broker.
type Node struct {
	config Config
	log    *slog.Logger
	began  time.Time

	lock      *osfs.Lock
	fs        *osfs.FS
	listeners []net.Listener // the first gives the address
	admin     *admin.Server

	inbox    *inbox
	loop     *loop
	writer   *diskWriter
	reads    *diskReader
	peers    *peers
	joins    *joins
	conns    *connections
	requests *memory       // what clients' requests take
	replies  *memory       // what is read for them and not sent
	short    chan struct{} // holds a token while one of both may be short
	tail     *tail.Cache
	segments sync.Mutex // held while a job writes a segment to the device
	metrics  *metrics
	checks   *checkers
	watch    watched
	room     room
	notes    noteLimit // of the node's own messages
	speaker  *speaker  // of the broker's
	codecs   batch.Codecs
	limits   broker.Limits

	voters  quorum.Voters
	engine  atomic.Pointer[quorum.Engine] // nil until recovery has ended
	told    uint64                        // the last index that the broker was told of; the engine's
	files   appendWriter                  // nil until recovery has ended
	jobs    sync.WaitGroup
	carried chan struct{} // closed when the carrier has ended
	looped  chan struct{} // closed when the loop has ended
	stop    chan struct{} // closed to end the loop without a halt
	ctx     context.Context
	cancel  context.CancelFunc

	ready     atomic.Bool
	clusterID atomic.Pointer[string]
	ended     sync.Once
	ending    chan struct{} // closed when the node begins to end
	outcome   error         // why, once ending is closed; nil: a clean halt
	done      chan struct{} // closed when everything is released
}

// Start starts a node. It returns when the listener is bound; Config.OnReady
// tells when clients are served. Wait must be called.
func Start(config Config) (*Node, error) {
	n := &Node{
		config: config, log: config.Log, began: time.Now(),
		carried: make(chan struct{}), looped: make(chan struct{}), stop: make(chan struct{}),
		ending: make(chan struct{}), done: make(chan struct{}), short: make(chan struct{}, 1),
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	n.config.applySettings()
	if n.config.BootID == "" {
		n.config.BootID = bootID()
	}
	n.codecs, n.limits = codec.All(), broker.DefaultLimits()
	if config.Limits != nil {
		config.Limits(&n.limits)
	}
	var err error
	if n.voters, err = quorum.ParseVoters(config.Quorum, uint64(config.NodeID)); err != nil {
		return nil, err
	}
	if err := n.checkPeers(); err != nil {
		return nil, err
	}
	if n.lock, err = osfs.LockDir(config.DataDir); err != nil {
		return nil, err
	}
	n.fs = osfs.New(config.DataDir).Patient(n.awaitRoom)
	if n.listeners, err = listen(config.Listen); err != nil {
		return nil, errors.Join(err, n.lock.Release())
	}
	b, err := n.newBroker()
	if err != nil {
		return nil, errors.Join(err, n.closeListeners(), n.lock.Release())
	}
	n.build(b)
	if config.AdminListen != "" {
		if n.admin, err = admin.Start(config.AdminListen, n.status, n.metrics.registry); err != nil {
			return nil, errors.Join(err, n.closeListeners(), n.lock.Release())
		}
	}
	n.run()
	return n, nil
}

// newBroker makes the machine with what the node has found out.
func (n *Node) newBroker() (*broker.Broker, error) {
	listeners, err := n.brokerListeners()
	if err != nil {
		return nil, err
	}
	seed, err := entropy()
	if err != nil {
		return nil, err
	}
	draw := kafka.NewRand(seed)
	return broker.New(broker.Config{
		NodeID:      kafka.BrokerID(n.config.NodeID),
		Incarnation: kafka.IncarnationID(draw.UUID()),
		Boot:        n.config.BootID,
		Seed:        draw.Uint64(),
		Listeners:   listeners,
		Rack:        n.config.Broker["broker.rack"],
		Voter:       true,
		Settings:    n.brokerSettings(),
		Codecs:      &n.codecs,
	}, n.limits), nil
}

// brokerSettings are the broker's settings with what the node knows of its place, for
// those who ask: DescribeConfigs, DescribeLogDirs.
func (n *Node) brokerSettings() map[string]string {
	all := maps.Clone(n.config.Broker)
	if all == nil {
		all = make(map[string]string)
	}
	all["node.id"] = strconv.FormatInt(int64(n.config.NodeID), 10)
	if dir, err := filepath.Abs(n.config.DataDir); err == nil {
		all["log.dirs"] = dir
	}
	return all
}

// advertised is the address that clients are told: what was configured, or
// where the listener is, by a name that other machines can use.
func (n *Node) advertised() (host string, portNumber int32, err error) {
	_, bound, err := net.SplitHostPort(n.listeners[0].Addr().String())
	if err != nil {
		return "", 0, err
	}
	address := n.config.Advertise
	if address == "" {
		address = n.config.Listen
	}
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("advertised address %q: %w", address, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		if host, err = os.Hostname(); err != nil {
			return "", 0, err
		}
	}
	if p == "" || p == "0" {
		p = bound
	}
	number, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("advertised address %q: %w", address, err)
	}
	return host, int32(number), nil
}

// build makes the parts; none of them runs yet.
func (n *Node) build(b *broker.Broker) {
	net := &n.config.Network
	n.metrics = newMetrics()
	n.speaker = newSpeaker(n.log)
	n.inbox = newInbox(net.RequestQueue)
	n.loop = newLoop(b, n.inbox, n.serve, n.fail)
	n.writer = newDiskWriter(n.inbox, n.metrics)
	n.requests, n.replies = newMemory(net.QueuedRequestBytes, n.short), newMemory(net.QueuedReplyBytes, n.short)
	n.tail = tail.New(net.TailCacheBytes)
	n.reads = newDiskReader(n.fs, n.tail, n.replies, n.inbox)
	n.loop.readBack = n.reads.recycle
	n.peers = newPeers(n.inbox, n.config.NodeID, n.config.ClusterSecret, int32(net.RequestMaxBytes), n.log)
	n.joins = newJoins(n.inbox)
	n.conns = newConnections()
	n.checks = newCheckers(&n.codecs, net.MaxDecompressed)
	n.metrics.registry.MustRegister(newBrokerCollector(n), watchCollector{&n.watch}, memoryCollector{n})
}

// run starts the goroutines.
func (n *Node) run() {
	go func() {
		defer close(n.carried)
		n.carry()
	}()
	go func() {
		defer close(n.looped)
		n.loop.run(n.stop)
	}()
	n.reads.start(n.config.Network.ReadThreads)
	go n.relieve()
	go n.pollSpace()
	go n.end()
}

// serve begins to accept clients. The loop calls it once.
func (n *Node) serve(clusterID string) {
	n.clusterID.Store(&clusterID)
	n.ready.Store(true)
	for _, l := range n.listeners {
		go n.accept(l)
	}
	if n.config.OnReady == nil {
		return
	}
	host, portNumber, err := n.advertised()
	if err != nil { // it was parsed before
		host = ""
	}
	r := Ready{
		Event: "ready", NodeID: n.config.NodeID, ClusterID: clusterID,
		Listen: n.listeners[0].Addr().String(), Advertise: net.JoinHostPort(host, strconv.Itoa(int(portNumber))),
		DataDir: n.config.DataDir, StartedMs: time.Since(n.began).Milliseconds(), PID: os.Getpid(),
	}
	if n.admin != nil {
		r.Admin = n.admin.Addr()
	}
	n.config.OnReady(r)
}

// status is what the admin listener tells.
func (n *Node) status() admin.Status {
	s := admin.Status{Phase: broker.Phase(n.loop.phase.Load()).String(), NodeID: n.config.NodeID, Ready: n.ready.Load(), Version: n.config.Version}
	s.Healthy = n.loop.look(func(*broker.Broker) {})
	if id := n.clusterID.Load(); id != nil {
		s.ClusterID = *id
	}
	select {
	case <-n.ending:
		s.Healthy, s.Ready = false, false
	default:
	}
	return s
}

// Addr is where the client listener is bound.
func (n *Node) Addr() string { return n.listeners[0].Addr().String() }

// propose passes a proposal to the quorum. Before the quorum runs the broker
// has no reason to propose, and learns nothing of what it proposed.
func (n *Node) propose(p *port.Propose) {
	if e := n.engine.Load(); e != nil {
		e.Propose(p)
		return
	}
	n.jobs.Go(func() { n.inbox.put(&broker.Quorum{Event: &port.Unknown{Ref: p.Ref}}) })
}
