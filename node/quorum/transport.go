package quorum

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/lni/dragonboat/v4/config"
	"github.com/lni/dragonboat/v4/raftio"
	"github.com/lni/dragonboat/v4/raftpb"

	port "trialog/core/quorum"
	"trialog/node/peering"
)

// writeTimeout bounds one write to a peer. A peer that does not read is as
// good as gone, and the engine sends everything again.
const writeTimeout = 5 * time.Second

// dialTimeout bounds the opening of a connection.
const dialTimeout = 2 * time.Second

// transport carries the engine's messages between logical names over TCP. It
// is made before the engine, answers who it is from the start on, and hands
// messages over only between the engine's Start and Close.
type transport struct {
	self       uint64 // node ID
	name       string
	book       *book
	address    string // where to listen; empty: nowhere
	advertised string // where others reach this node
	secret     string // what members of the cluster know
	network    Network
	others     func(net.Conn, *bufio.Reader, peering.Call)
	joins      func(context.Context, *port.Join) (port.Joined, error)
	log        *slog.Logger

	listener net.Listener
	serving  sync.WaitGroup

	mu       sync.Mutex
	identity identity
	members  port.Members // as last known
	open     map[net.Conn]struct{}
	shutDown bool

	// gate is held for reading while a message is handed over, and for writing
	// to begin and to end that, so that Close returns with no handler running.
	gate     sync.RWMutex
	messages raftio.MessageHandler
	chunks   raftio.ChunkHandler
}

func newTransport(c *Config) *transport {
	return &transport{
		self: c.Self, name: name(c.Self), book: openBook(c), address: c.Listen, advertised: c.Advertise, secret: c.Secret,
		network: c.Network.orTCP(),
		others:  c.Others, joins: c.Join, log: c.Log, open: make(map[net.Conn]struct{}),
	}
}

// introduce sets what peers are told of this replica.
func (t *transport) introduce(id *identity) {
	t.mu.Lock()
	t.identity = *id
	t.mu.Unlock()
}

// tellMembers sets what peers are told of the membership.
func (t *transport) tellMembers(m *port.Members) {
	t.mu.Lock()
	t.members = *m
	t.mu.Unlock()
}

// welcome is what a caller is told of this replica.
type welcome struct {
	identity
	// Members is the membership as this replica knows it, so that one of which the
	// engine tells nothing any more, or never will, learns that.
	Members port.Members `json:"members"`
}

func (t *transport) welcome() []byte {
	t.mu.Lock()
	w := welcome{identity: t.identity, Members: t.members}
	t.mu.Unlock()
	b, err := json.Marshal(&w)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return b
}

// listen opens the port, when there is one.
func (t *transport) listen(id *identity) error {
	t.introduce(id)
	if t.address == "" {
		return nil
	}
	l, err := t.network.Listen(t.address)
	if err != nil {
		return err
	}
	t.listener = l
	t.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			if !t.keep(conn) {
				return
			}
			t.serving.Go(func() {
				defer t.drop(conn)
				t.log.Debug("quorum connection ended", "peer", conn.RemoteAddr(), "error", t.serve(conn))
			})
		}
	})
	return nil
}

// keep notes an open connection so that shut can end it; false once shut.
func (t *transport) keep(conn net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shutDown {
		conn.Close()
		return false
	}
	t.open[conn] = struct{}{}
	return true
}

func (t *transport) drop(conn net.Conn) {
	t.mu.Lock()
	delete(t.open, conn)
	t.mu.Unlock()
	conn.Close()
}

// shut closes the port and every connection and waits for their goroutines.
func (t *transport) shut() {
	t.mu.Lock()
	t.shutDown = true
	for conn := range t.open {
		conn.Close()
	}
	t.mu.Unlock()
	if t.listener != nil {
		t.listener.Close()
	}
	t.serving.Wait()
}

// Create implements config.TransportFactory.
func (t *transport) Create(_ config.NodeHostConfig, messages raftio.MessageHandler, chunks raftio.ChunkHandler) raftio.ITransport {
	return &attached{transport: t, messages: messages, chunks: chunks}
}

// Validate implements config.TransportFactory: addresses are logical names.
func (t *transport) Validate(name string) bool { return name != "" }

// attached is the transport as the engine sees it.
type attached struct {
	*transport
	messages raftio.MessageHandler
	chunks   raftio.ChunkHandler
}

// Name implements raftio.ITransport.
func (*attached) Name() string { return "trialog" }

// Start implements raftio.ITransport.
func (a *attached) Start() error {
	a.gate.Lock()
	defer a.gate.Unlock()
	a.transport.messages, a.transport.chunks = a.messages, a.chunks
	return nil
}

// Close implements raftio.ITransport.
func (a *attached) Close() error {
	a.gate.Lock()
	a.transport.messages, a.transport.chunks = nil, nil
	a.gate.Unlock()
	a.shut()
	return nil
}

// GetConnection implements raftio.ITransport.
func (a *attached) GetConnection(ctx context.Context, target string) (raftio.IConnection, error) {
	l, _, err := a.dial(ctx, target)
	return l, err
}

// GetSnapshotConnection implements raftio.ITransport.
func (a *attached) GetSnapshotConnection(ctx context.Context, target string) (raftio.ISnapshotConnection, error) {
	l, _, err := a.dial(ctx, target)
	return l, err
}

// connect reaches a logical name at one of its addresses, and makes sure who answers.
func (t *transport) connect(ctx context.Context, target, purpose string) (*link, error) {
	err := fmt.Errorf("no address is known for %s", target)
	for _, address := range t.book.of(target) {
		conn, failed := t.network.Dial(ctx, address)
		if failed != nil {
			err = failed
			continue
		}
		if failed := peering.Open(conn, peering.Call{Self: t.name, Peer: target, Purpose: purpose}, t.secret); failed != nil {
			conn.Close()
			err = fmt.Errorf("%s at %s: %w", target, address, failed)
			continue
		}
		return newLink(conn), nil
	}
	return nil, err
}

// dial connects to a logical name for messages of the engine.
func (t *transport) dial(ctx context.Context, target string) (*link, welcome, error) {
	l, err := t.connect(ctx, target, peering.ForQuorum)
	if err != nil {
		return nil, welcome{}, err
	}
	peer, err := l.greet(&hello{From: t.name, To: target, Address: t.advertised})
	if err != nil {
		l.Close()
		return nil, welcome{}, fmt.Errorf("%s: %w", target, err)
	}
	return l, peer, nil
}

// ask learns who a peer is, and lets it learn where this node is.
func (t *transport) ask(ctx context.Context, target string) (welcome, error) {
	l, peer, err := t.dial(ctx, target)
	if err != nil {
		return welcome{}, err
	}
	l.Close()
	return peer, nil
}

// handMessages gives a batch to the engine, or drops it while there is none.
func (t *transport) handMessages(batch raftpb.MessageBatch) {
	t.gate.RLock()
	defer t.gate.RUnlock()
	if t.messages != nil {
		t.messages(batch)
	}
}

// handChunk gives a piece of a snapshot to the engine; false when it is not wanted.
func (t *transport) handChunk(chunk raftpb.Chunk) bool {
	t.gate.RLock()
	defer t.gate.RUnlock()
	return t.chunks != nil && t.chunks(chunk)
}
