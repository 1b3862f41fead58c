package quorum

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path"
	"sync"
	"time"

	"github.com/lni/dragonboat/v4"
	"github.com/lni/dragonboat/v4/client"
	"github.com/lni/dragonboat/v4/config"
	"github.com/lni/dragonboat/v4/raftio"
	"github.com/lni/dragonboat/v4/statemachine"

	"trialog/core/metadata"
	port "trialog/core/quorum"
	"trialog/node/osfs"
	"trialog/node/peering"
)

// The metadata log is the engine's only shard.
const (
	shardID      = 1
	deploymentID = 0x747269616c6f67 // "trialog"
)

// proposalTimeout is when a proposal without an answer becomes Unknown.
const proposalTimeout = time.Second

// snapshotEntries is how many entries lie between two snapshots of the state,
// unless Config says otherwise; a tenth of them stays in the log for followers
// that lag.
const snapshotEntries = 10_000

// Config is what the engine needs.
type Config struct {
	// Context gives up a first start that waits for other voters; nil: never.
	Context context.Context
	FS      *osfs.FS // the data directory
	Dir     string   // the quorum's directory in it
	Voters  Voters
	Self    uint64 // this node's ID
	// KnowsCluster says that the data directory belongs to a cluster already, so
	// that an empty quorum directory means lost data.
	KnowsCluster bool
	Listen       string // host:port of the transport; empty: none, for a single voter
	Advertise    string // host:port at which other nodes reach it
	Secret       string // what the nodes of this cluster know, and nobody else
	// Network is what the transport goes over; the zero value is TCP.
	Network Network
	// Others is given the connections of members that are not for the quorum, with
	// what has been read of them; they end when it returns. nil: none.
	Others func(net.Conn, *bufio.Reader, peering.Call)
	// Join passes a node's question for a replica on to core; nil: nobody can answer.
	Join func(context.Context, *port.Join) (port.Joined, error)
	// Over is called at most once, when this replica is a member no more. The
	// engine is to be closed and another started, which joins anew.
	Over func()
	// Deliver is given every event, in order; it may block. It is called by
	// goroutines of the engine, one at a time per kind of event.
	Deliver func(port.Event)
	// SnapshotEntries is how many entries lie between two snapshots; 0: 10,000.
	SnapshotEntries uint64
	// Fail is called when the engine has hung for StallsAfter, and when its disk fails.
	Fail        func(error)
	StallsAfter time.Duration
	// Full tells whether the disk has had no room a moment ago, which the engine
	// waits for as FS does; nil: never. It is not hung then.
	Full func() bool
	Log  *slog.Logger
}

// Network makes connections, so that a test can cut them.
type Network struct {
	Listen func(address string) (net.Listener, error)
	Dial   func(ctx context.Context, address string) (net.Conn, error)
}

// orTCP fills in what is missing.
func (n Network) orTCP() Network {
	if n.Listen == nil {
		n.Listen = func(address string) (net.Listener, error) { return net.Listen("tcp", address) }
	}
	if n.Dial == nil {
		d := net.Dialer{Timeout: dialTimeout}
		n.Dial = func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
	}
	return n
}

// Engine is a running replica of the metadata quorum.
type Engine struct {
	config   Config
	host     *dragonboat.NodeHost
	session  *client.Session
	identity identity // followMembers' once the replica runs
	replica  uint64
	// incarnation marks the proposals of this run, so that a Ref comes back to
	// the run that gave it and to no other.
	incarnation uint64
	watch       *watchdog
	proposals   sync.WaitGroup
	transport   *transport
	membership  membership
}

// Start opens the replica and replays its log into Deliver.
func Start(c Config) (*Engine, error) {
	useLogger(c.Log)
	e := &Engine{config: c}
	e.membership.init()
	var seed [8]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return nil, err
	}
	e.incarnation = binary.LittleEndian.Uint64(seed[:])
	transport := newTransport(&c)
	id, err := form(&c, transport)
	if err != nil {
		transport.shut()
		return nil, err
	}
	e.identity, e.replica, e.transport = id, id.ReplicaID, transport
	e.watch = newWatchdog(e)
	if err := e.open(transport); err != nil {
		transport.shut()
		return nil, fmt.Errorf("metadata quorum: %w", err)
	}
	go e.watch.run()
	go e.followMembers()
	go e.greetOthers()
	return e, nil
}

func (e *Engine) open(transport *transport) error {
	rtt, _, _ := timing(len(e.config.Voters))
	host, err := dragonboat.NewNodeHost(config.NodeHostConfig{
		DeploymentID:      deploymentID,
		NodeHostDir:       e.config.FS.Path(path.Join(e.config.Dir, engineDir)),
		RTTMillisecond:    rtt,
		RaftAddress:       e.identity.Name,
		RaftEventListener: e,

		SystemEventListener: systemEvents{engine: e},
		Expert: config.ExpertConfig{
			FS:               newFiles(&e.config),
			TransportFactory: transport,
			LogDB:            logDB(),
			Engine:           config.EngineConfig{ExecShards: 2, CommitShards: 2, ApplyShards: 2, SnapshotShards: 2, CloseShards: 2},
		},
	})
	if err != nil {
		return err
	}
	if host == nil { // the engine's answer to a file system that it does not know
		return errors.New("the engine did not start and gave no reason")
	}
	e.host, e.session = host, host.GetNoOPSession(shardID)
	if err = e.startReplica(); err != nil {
		host.Close()
	}
	return err
}

// startReplica starts the shard on a host that runs.
func (e *Engine) startReplica() error {
	_, election, heartbeat := timing(len(e.config.Voters))
	snapshots := e.config.SnapshotEntries
	if snapshots == 0 {
		snapshots = snapshotEntries
	}
	return e.host.StartReplica(e.identity.members(), e.identity.Joined, e.newMachine, config.Config{
		ReplicaID:           e.identity.ReplicaID,
		ShardID:             shardID,
		IsNonVoting:         e.identity.Joined && !e.identity.Voter,
		OrderedConfigChange: true,
		CheckQuorum:         true,
		PreVote:             true,
		ElectionRTT:         election,
		HeartbeatRTT:        heartbeat,
		SnapshotEntries:     snapshots,
		CompactionOverhead:  snapshots / 10,
	})
}

// timing gives the engine's tick in milliseconds, and its election timeout and
// heartbeat in ticks. A single voter waits for nobody, so its first election
// may come at once; several need half a second to ride out a stalled disk.
func timing(voters int) (rtt, election, heartbeat uint64) {
	if voters == 1 {
		return 20, 3, 1
	}
	return 20, 25, 2
}

func logDB() config.LogDBConfig {
	c := config.GetTinyMemLogDBConfig()
	c.Shards = 1 // fixed for the life of a directory
	return c
}

// Propose hands an entry to the engine and returns at once. Committed answers
// it, or Unknown.
func (e *Engine) Propose(p *port.Propose) {
	cmd := appendCommand(nil, e.incarnation, p)
	state, err := e.host.Propose(e.session, cmd, proposalTimeout)
	if err != nil {
		e.config.Log.Debug("metadata proposal refused", "error", err)
		ref := p.Ref
		e.proposals.Go(func() { e.config.Deliver(&port.Unknown{Ref: ref}) })
		return
	}
	ref := p.Ref
	e.proposals.Go(func() {
		result := <-state.ResultC()
		done := result.Completed()
		state.Release()
		if !done {
			e.config.Deliver(&port.Unknown{Ref: ref})
		}
	})
}

// LeaderUpdated implements raftio.IRaftEventListener.
func (e *Engine) LeaderUpdated(info raftio.LeaderInfo) {
	leads := info.LeaderID == info.ReplicaID
	e.watch.setLeads(leads)
	signal(e.membership.changed) // now somebody can be asked
	if leads {
		e.config.Deliver(&port.Leads{})
		return
	}
	e.config.Deliver(&port.LeadsNot{})
}

// Close stops the replica. Nothing is delivered after it returns.
func (e *Engine) Close() {
	e.watch.stop()
	e.membership.stop()
	e.closeHost()
	e.proposals.Wait()
}

// closeHost closes the engine, which panics where its disk has failed. Whoever
// ends a node for just that has said why already.
func (e *Engine) closeHost() {
	defer func() {
		if r := recover(); r != nil {
			e.config.Log.Error("the metadata quorum's engine did not close in order", "error", r)
		}
	}()
	e.host.Close()
}

// newMachine implements statemachine.CreateStateMachineFunc.
func (e *Engine) newMachine(_, _ uint64) statemachine.IStateMachine {
	return &machine{state: metadata.NewState(), deliver: e.config.Deliver, incarnation: e.incarnation}
}
