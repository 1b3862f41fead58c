package quorum

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// wires are the links between nodes, each way on its own. A cut link holds
// back what is on it; when it is mended, that arrives or, at random, the
// connection is gone.
type wires struct {
	mu   sync.Mutex
	cuts map[[2]int]chan struct{} // from, to: closed when the link is mended
	open map[*relay]bool
}

func newWires() *wires {
	return &wires{cuts: make(map[[2]int]chan struct{}), open: make(map[*relay]bool)}
}

// cut cuts or mends one way between two nodes. reset ends the connections that
// were held back.
func (w *wires) cut(from, to int, cut, reset bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	way := [2]int{from, to}
	switch held := w.cuts[way]; {
	case cut && held == nil:
		w.cuts[way] = make(chan struct{})
	case !cut && held != nil:
		delete(w.cuts, way)
		if reset {
			for r := range w.open {
				if r.from == from && r.to == to || r.from == to && r.to == from {
					r.end()
				}
			}
		}
		close(held)
	}
}

// pass waits until a link is not cut; false when the relay has ended.
func (w *wires) pass(from, to int, ended <-chan struct{}) bool {
	for {
		w.mu.Lock()
		held := w.cuts[[2]int{from, to}]
		w.mu.Unlock()
		if held == nil {
			return true
		}
		select {
		case <-held:
		case <-ended:
			return false
		}
	}
}

// relay carries one connection from a node to another.
type relay struct {
	wires    *wires
	from, to int
	near     net.Conn // the caller's
	far      net.Conn
	once     sync.Once
	ended    chan struct{}
}

// carry joins two connections until either ends.
func (w *wires) carry(from, to int, near, far net.Conn) {
	r := &relay{wires: w, from: from, to: to, near: near, far: far, ended: make(chan struct{})}
	w.mu.Lock()
	w.open[r] = true
	w.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { r.pump(far, near, from, to) })
	both.Go(func() { r.pump(near, far, to, from) })
	both.Wait()
	w.mu.Lock()
	delete(w.open, r)
	w.mu.Unlock()
}

func (r *relay) pump(dst io.Writer, src io.Reader, from, to int) {
	defer r.end()
	b := make([]byte, 64<<10)
	for {
		n, err := src.Read(b)
		if n > 0 {
			if !r.wires.pass(from, to, r.ended) {
				return
			}
			if _, err := dst.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (r *relay) end() {
	r.once.Do(func() {
		close(r.ended)
		r.near.Close()
		r.far.Close()
	})
}

// pipes is a network in memory for nodes that call one another "0", "1", ...
type pipes struct {
	*wires
	mu        sync.Mutex
	listeners map[string]*pipeListener
}

func newPipes() *pipes { return &pipes{wires: newWires(), listeners: make(map[string]*pipeListener)} }

// of is the network as a node sees it.
func (p *pipes) of(node int) Network {
	return Network{Listen: p.listen, Dial: func(ctx context.Context, address string) (net.Conn, error) { return p.dial(ctx, node, address) }}
}

func (p *pipes) listen(address string) (net.Listener, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listeners[address] != nil {
		return nil, fmt.Errorf("%s is taken", address)
	}
	l := &pipeListener{pipes: p, address: address, calls: make(chan net.Conn), closed: make(chan struct{})}
	p.listeners[address] = l
	return l, nil
}

func (p *pipes) dial(ctx context.Context, from int, address string) (net.Conn, error) {
	var to int
	if _, err := fmt.Sscan(address, &to); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if !p.pass(from, to, ctx.Done()) || !p.pass(to, from, ctx.Done()) {
		return nil, ctx.Err()
	}
	p.mu.Lock()
	l := p.listeners[address]
	p.mu.Unlock()
	if l == nil {
		return nil, errors.New("connection refused")
	}
	mine, near := net.Pipe()
	far, theirs := net.Pipe()
	select {
	case l.calls <- theirs:
		go p.carry(from, to, near, far)
		return mine, nil
	case <-l.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type pipeListener struct {
	pipes   *pipes
	address string
	calls   chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.calls:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.pipes.mu.Lock()
		delete(l.pipes.listeners, l.address)
		l.pipes.mu.Unlock()
	})
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr(l.address) }

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

// proxy relays TCP connections from one node to another's address until it is closed.
func (w *wires) proxy(from, to int, address func() string) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				far, err := net.DialTimeout("tcp", address(), time.Second)
				if err != nil {
					near.Close()
					return
				}
				w.carry(from, to, near, far)
			}()
		}
	}()
	return l, nil
}
