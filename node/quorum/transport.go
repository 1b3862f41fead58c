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

	"trialog/node/peering"
)

// writeTimeout bounds one write to a peer. A peer that does not read is as
// good as gone, and the engine sends everything again.
const writeTimeout = 5 * time.Second

// transport carries the engine's messages between logical names over TCP. It
// is made before the engine, answers who it is from the start on, and hands
// messages over only between the engine's Start and Close.
type transport struct {
	name      string
	addresses map[string]string // logical name to host:port
	address   string            // where to listen; empty: nowhere
	secret    string            // what members of the cluster know
	others    func(net.Conn, *bufio.Reader, peering.Call)
	log       *slog.Logger

	listener net.Listener
	serving  sync.WaitGroup

	mu       sync.Mutex
	self     []byte // the identity as peers are told, JSON
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
		name: name(c.Self), addresses: c.Voters.addresses(), address: c.Listen, secret: c.Secret, others: c.Others, log: c.Log,
		open: make(map[net.Conn]struct{}),
	}
}

// introduce sets what peers are told of this replica.
func (t *transport) introduce(id *identity) {
	b, err := json.Marshal(id)
	if err != nil {
		panic(err) // strings and numbers only
	}
	t.mu.Lock()
	t.self = b
	t.mu.Unlock()
}

func (t *transport) introduction() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.self
}

// listen opens the port, when there is one.
func (t *transport) listen(id *identity) error {
	t.introduce(id)
	if t.address == "" {
		return nil
	}
	l, err := net.Listen("tcp", t.address)
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

// dial connects to a logical name and checks that it is who answers.
func (t *transport) dial(ctx context.Context, target string) (*link, identity, error) {
	address := t.addresses[target]
	if address == "" {
		return nil, identity{}, fmt.Errorf("no address is known for %s", target)
	}
	d := net.Dialer{Timeout: 2 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, identity{}, err
	}
	if err := peering.Open(conn, peering.Call{Self: t.name, Peer: target, Purpose: peering.ForQuorum}, t.secret); err != nil {
		conn.Close()
		return nil, identity{}, fmt.Errorf("%s at %s: %w", target, address, err)
	}
	l := newLink(conn)
	peer, err := l.greet(t.name, target, t.introduction())
	if err != nil {
		conn.Close()
		return nil, identity{}, fmt.Errorf("%s at %s: %w", target, address, err)
	}
	return l, peer, nil
}

// ask learns who a peer is.
func (t *transport) ask(ctx context.Context, target string) (identity, error) {
	l, peer, err := t.dial(ctx, target)
	if err != nil {
		return identity{}, err
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
