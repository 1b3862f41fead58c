package onlocal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// links are relays in front of every node's port for other nodes. Whoever
// calls says its name in the clear before anything else, so that a relay knows
// which link a connection belongs to. What a cut holds back arrives when the
// link is mended, or its connection ends then.
type links struct {
	mu    sync.Mutex
	cuts  map[way]chan struct{} // closed when the link is mended
	open  map[*passage]bool
	ports []net.Listener
}

// way is one direction between two nodes.
type way struct{ from, to int32 }

// passage is one connection through a relay.
type passage struct {
	links     *links
	from, to  int32
	near, far net.Conn
	once      sync.Once
	ended     chan struct{}
}

func newLinks() *links {
	return &links{cuts: make(map[way]chan struct{}), open: make(map[*passage]bool)}
}

// front opens a port that leads to a node's own.
func (l *links) front(node int32, behind string) (address string, err error) {
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	l.ports = append(l.ports, port)
	go func() {
		for {
			near, err := port.Accept()
			if err != nil {
				return
			}
			go l.carry(node, near, behind)
		}
	}()
	return port.Addr().String(), nil
}

// helloHead is the magic, a version byte and the length of a hello.
const helloHead = 9

// readHello reads a hello and tells who calls.
func readHello(from net.Conn) (hello []byte, caller int32, err error) {
	if err := from.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return nil, 0, err
	}
	hello = make([]byte, helloHead)
	if _, err := io.ReadFull(from, hello); err != nil {
		return nil, 0, err
	}
	size := binary.BigEndian.Uint32(hello[5:])
	if size > 4<<10 {
		return nil, 0, errors.New("not a hello")
	}
	hello = append(hello, make([]byte, size)...)
	if _, err := io.ReadFull(from, hello[helloHead:]); err != nil {
		return nil, 0, err
	}
	var h struct {
		From string `json:"from"`
	}
	if err := json.Unmarshal(hello[helloHead:], &h); err != nil {
		return nil, 0, err
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(h.From, "node-"), 10, 32)
	if err != nil {
		return nil, 0, err
	}
	return hello, int32(n), from.SetReadDeadline(time.Time{})
}

func (l *links) carry(node int32, near net.Conn, behind string) {
	defer near.Close()
	hello, caller, err := readHello(near)
	if err != nil {
		return
	}
	p := &passage{links: l, from: caller, to: node, near: near, ended: make(chan struct{})}
	timer := time.AfterFunc(5*time.Second, func() { p.once.Do(func() { close(p.ended) }) })
	if !l.pass(way{caller, node}, p.ended) || !timer.Stop() {
		return
	}
	if p.far, err = net.DialTimeout("tcp", behind, time.Second); err != nil {
		return
	}
	defer p.far.Close()
	if _, err := p.far.Write(hello); err != nil {
		return
	}
	l.mu.Lock()
	l.open[p] = true
	l.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pump(p.far, near, way{caller, node}) })
	both.Go(func() { p.pump(near, p.far, way{node, caller}) })
	both.Wait()
	l.mu.Lock()
	delete(l.open, p)
	l.mu.Unlock()
}

func (p *passage) pump(dst io.Writer, src io.Reader, w way) {
	defer p.end()
	b := make([]byte, 64<<10)
	for {
		n, err := src.Read(b)
		if n > 0 {
			if !p.links.pass(w, p.ended) {
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

func (p *passage) end() {
	p.once.Do(func() {
		close(p.ended)
		p.near.Close()
		p.far.Close()
	})
}

// pass waits until a way is not cut; false when the connection has ended.
func (l *links) pass(w way, ended <-chan struct{}) bool {
	for {
		l.mu.Lock()
		held := l.cuts[w]
		l.mu.Unlock()
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

// cut cuts one way.
func (l *links) cut(w way) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cuts[w] == nil {
		l.cuts[w] = make(chan struct{})
	}
}

// mend mends one way. reset ends the connections that were held back.
func (l *links) mend(w way, reset bool) {
	l.mu.Lock()
	held := l.cuts[w]
	delete(l.cuts, w)
	var end []*passage
	for p := range l.open {
		if reset && held != nil && (way{p.from, p.to} == w || way{p.to, p.from} == w) {
			end = append(end, p)
		}
	}
	l.mu.Unlock()
	for _, p := range end {
		p.end()
	}
	if held != nil {
		close(held)
	}
}

// close ends every relay.
func (l *links) close() {
	for _, port := range l.ports {
		port.Close()
	}
	l.mu.Lock()
	var all []*passage
	for p := range l.open {
		all = append(all, p)
	}
	l.mu.Unlock()
	for _, p := range all {
		p.end()
	}
}
