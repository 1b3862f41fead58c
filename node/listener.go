package node

import (
	"errors"
	"net"
	"strconv"
	"sync"
	"time"

	"trialog/core/kafka"
)

// listenerName is Kafka's name of the one listener that there is so far.
const listenerName = "PLAINTEXT"

// connections are the open connections by ID.
type connections struct {
	mu      sync.RWMutex
	byID    map[kafka.ConnID]*connection
	clients int            // how many of them are clients'
	byHost  map[string]int // how many of these come from an address
	next    uint64
	all     sync.WaitGroup
	shut    bool
}

func newConnections() *connections {
	return &connections{byID: make(map[kafka.ConnID]*connection), byHost: make(map[string]int)}
}

func (cs *connections) get(id kafka.ConnID) *connection {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	return cs.byID[id]
}

// list returns the open connections.
func (cs *connections) list() []*connection {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	all := make([]*connection, 0, len(cs.byID))
	for _, c := range cs.byID {
		all = append(all, c)
	}
	return all
}

// sending tells whether any reply has not been sent yet.
func (cs *connections) sending() bool {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	for _, c := range cs.byID {
		if c.out.busy() {
			return true
		}
	}
	return false
}

// open admits a socket; otherwise it says why not.
func (cs *connections) open(n *Node, socket net.Conn) (c *connection, refusal string) {
	c = newConnection(n, socket)
	limits := &n.config.Network
	cs.mu.Lock()
	defer cs.mu.Unlock()
	switch {
	case cs.shut:
		return nil, "the node ends"
	case cs.clients >= limits.MaxConnections:
		return nil, "there are max.connections already"
	case cs.byHost[c.host] >= limits.MaxConnectionsPerIP:
		return nil, "there are max.connections.per.ip from its address already"
	}
	cs.clients++
	cs.byHost[c.host]++
	cs.add(c)
	return c, ""
}

// add gives a connection its ID. The caller holds the lock.
func (cs *connections) add(c *connection) {
	cs.next++
	c.id = kafka.ConnID(cs.next)
	cs.byID[c.id] = c
}

func (cs *connections) forget(c *connection) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.byID, c.id)
	if c.peer {
		return
	}
	cs.clients--
	if cs.byHost[c.host]--; cs.byHost[c.host] == 0 {
		delete(cs.byHost, c.host)
	}
}

// close ends every connection and waits for their goroutines.
func (cs *connections) close() {
	cs.mu.Lock()
	cs.shut = true
	for _, c := range cs.byID {
		c.close()
	}
	cs.mu.Unlock()
	cs.all.Wait()
}

// listen opens the client listener. "localhost" means both of a machine's
// loopback addresses, since clients try either first and some complain loudly
// of the one where nobody is.
func listen(address string) ([]net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host != "localhost" {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, err
		}
		return []net.Listener{l}, nil
	}
	first, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	bound, ok := first.Addr().(*net.TCPAddr)
	if !ok || bound.IP.To4() == nil {
		return []net.Listener{first}, nil
	}
	second, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(bound.Port)))
	if err != nil { // no IPv6 here, most likely
		return []net.Listener{first}, nil
	}
	return []net.Listener{first, second}, nil
}

// closeListeners stops taking connections.
func (n *Node) closeListeners() error {
	var all error
	for _, l := range n.listeners {
		all = errors.Join(all, l.Close())
	}
	return all
}

// accept takes connections until the listener is closed.
func (n *Node) accept(l net.Listener) {
	for {
		socket, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, most likely: it passes
			if n.notes.admit("accept") {
				n.log.Warn("a connection could not be accepted", "error", err)
			}
			time.Sleep(50 * time.Millisecond)
			continue
		}
		c, refusal := n.conns.open(n, socket)
		if c == nil {
			n.metrics.refused.Inc()
			if n.notes.admit("connections") {
				n.log.Warn("a connection was refused", "client", socket.RemoteAddr(), "reason", refusal)
			}
			socket.Close()
			continue
		}
		n.metrics.accepted.Inc()
		n.conns.all.Go(func() {
			defer n.conns.forget(c)
			c.serve(listenerName)
		})
	}
}
