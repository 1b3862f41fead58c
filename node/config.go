package node

import (
	"log/slog"
	"time"

	"trialog/core/broker"
)

// Config is what a node needs to know before it starts. Sizes are in bytes.
type Config struct {
	DataDir     string // made when missing
	NodeID      int32
	Listen      string // host:port of the client listener; port 0 picks a free one
	Advertise   string // host:port told to clients; empty: what Listen turned out to be
	AdminListen string // host:port of /healthz, /readyz, /metrics; empty: none
	Version     string // of the program, for the admin listener

	// Quorum names the voters of the metadata quorum as "id@host:port". Empty:
	// this node is the only voter and no port is opened for it.
	Quorum []string
	// QuorumListen is where the port for other nodes is opened; empty: the address
	// in Quorum. A node that is not named there is reached at this one.
	QuorumListen string

	// ClusterSecret is what the nodes of a cluster know and nobody else does. A
	// node that is not the only voter needs one.
	ClusterSecret string

	// Broker holds settings by Kafka's names for core's registry.
	Broker map[string]string

	// BootID is another text after every start of the machine; empty: the kernel's.
	// Tests that cut the power of a file system alone give their own.
	BootID string

	// Limits changes the broker's own bounds; nil: they are production's. Tests
	// make the journal's generations small with it.
	Limits func(*broker.Limits)

	Network Network
	Log     *slog.Logger

	// OnReady is called once, when clients are served.
	OnReady func(Ready)
}

// Network bounds what clients may take.
type Network struct {
	RequestMaxBytes     int           // socket.request.max.bytes: refused before memory is taken; Broker decides
	QueuedRequestBytes  int64         // queued.max.request.bytes: of all connections together; Broker decides
	QueuedReplyBytes    int64         // trialog.queued.max.response.bytes: read for clients and not sent; Broker decides
	TailCacheBytes      int64         // trialog.tail.cache.bytes; Broker decides
	MaxConnections      int           // max.connections; Broker decides
	MaxConnectionsPerIP int           // max.connections.per.ip; Broker decides
	MaxInFlight         int           // requests of one connection read but not answered
	MaxReplyBytes       int64         // fetch bytes of one connection asked for but not yet sent
	MaxDecompressed     int32         // trialog.batch.max.decompressed.bytes; Broker decides
	ConnectionMaxIdle   time.Duration // connections.max.idle.ms, negative: for ever; Broker decides
	FrameTimeout        time.Duration // a frame that has begun must end within it, and its size at 64 KiB/s
	PenaltyPause        time.Duration // a connection that sent what it should not have is left alone for so long, so that sending more of it does not pay
	RequestQueue        int           // inputs waiting for the loop
	ReadThreads         int           // disk reads at a time
	JournalSegmentBytes int           // size of the journal's files
	DiskSpaceEvery      time.Duration // how often free bytes are reported
	ShutdownGrace       time.Duration // a controlled shutdown that takes longer is abandoned
	QuorumStallsAfter   time.Duration // a metadata quorum that hangs for so long ends the process
	QuorumSnapshotEvery uint64        // entries of the metadata log between two snapshots; 0: the quorum's own choice
}

// idleUntil is when a connection that sends nothing from now on is closed.
func (n *Network) idleUntil(now time.Time) time.Time {
	if n.ConnectionMaxIdle < 0 {
		return time.Time{}
	}
	return now.Add(n.ConnectionMaxIdle)
}

// DefaultNetwork is Kafka's where Kafka has a value. What Broker decides is
// filled in by Start.
func DefaultNetwork() Network {
	return Network{
		MaxInFlight:         64,
		MaxReplyBytes:       16 << 20,
		FrameTimeout:        time.Minute,
		PenaltyPause:        100 * time.Millisecond,
		RequestQueue:        4096,
		ReadThreads:         4,
		JournalSegmentBytes: 4 << 20,
		DiskSpaceEvery:      time.Second,
		ShutdownGrace:       30 * time.Second,
		QuorumStallsAfter:   20 * time.Second,
	}
}

// Ready is what a node tells once it serves clients. `trialog serve --json`
// prints it as one line on standard output.
type Ready struct {
	Event     string `json:"event"`           // "ready"
	NodeID    int32  `json:"node_id"`         //
	ClusterID string `json:"cluster_id"`      //
	Listen    string `json:"listen"`          // host:port that is bound
	Advertise string `json:"advertise"`       // host:port told to clients
	Admin     string `json:"admin,omitempty"` // host:port of the admin listener
	DataDir   string `json:"data_dir"`        //
	StartedMs int64  `json:"started_ms"`      // from Start to ready, in milliseconds
	PID       int    `json:"pid"`             //
}
