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
	mu   sync.RWMutex
	byID map[kafka.ConnID]*connection
	next uint64
	all  sync.WaitGroup
	shut bool
}

func newConnections() *connections {
	return &connections{byID: make(map[kafka.ConnID]*connection)}
}

func (cs *connections) get(id kafka.ConnID) *connection {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	return cs.byID[id]
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

// open admits a socket; nil when there are too many, or no more are wanted.
func (cs *connections) open(n *Node, socket net.Conn) *connection {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.shut || len(cs.byID) >= n.config.Network.MaxConnections {
		return nil
	}
	cs.next++
	c := newConnection(n, kafka.ConnID(cs.next), socket)
	cs.byID[c.id] = c
	return c
}

func (cs *connections) forget(c *connection) {
	cs.mu.Lock()
	delete(cs.byID, c.id)
	cs.mu.Unlock()
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
		c := n.conns.open(n, socket)
		if c == nil {
			n.metrics.refused.Inc()
			if n.notes.admit("connections") {
				n.log.Warn("a connection was refused: there are too many", "client", socket.RemoteAddr(), "max", n.config.Network.MaxConnections)
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
