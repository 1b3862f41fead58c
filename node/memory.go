package node

import "sync"

// memory is what all connections may hold together, in bytes: one for requests,
// from before their frames are read until their replies are written, and one
// for replies, from before their records are read until they are sent.
type memory struct {
	mu      sync.Mutex
	back    sync.Cond
	free    int64
	size    int64
	waiting int
	closed  bool
	alarm   chan<- struct{} // gets a token when memory becomes short
}

// reservedFor is the part of the memory, one reservedFor-th, that large takes
// leave to those of up to smallTake bytes: what clients send and ask for as
// their defaults are, with something to spare.
const (
	smallTake   = 2 << 20
	reservedFor = 4
)

func newMemory(size int64, alarm chan<- struct{}) *memory {
	m := &memory{free: size, size: size, alarm: alarm}
	m.back.L = &m.mu
	return m
}

// fits tells whether n bytes are there. More than there ever is counts as all
// there is.
func (m *memory) fits(n int64) bool {
	if n > smallTake {
		n += m.size / reservedFor
	}
	return m.free >= min(n, m.size)
}

// take waits for n bytes; false once closed.
func (m *memory) take(n int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for !m.fits(n) && !m.closed {
		m.waiting++
		m.call()
		m.back.Wait()
		m.waiting--
	}
	m.free -= n
	return !m.closed
}

// tryTake takes n bytes if they are there.
func (m *memory) tryTake(n int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.fits(n) {
		return false
	}
	m.free -= n
	return true
}

// hold takes n bytes at once, even if there are not so many.
func (m *memory) hold(n int64) {
	m.mu.Lock()
	m.free -= n
	if m.free < 0 {
		m.call()
	}
	m.mu.Unlock()
}

// call tells that memory is short (Node.relieve).
func (m *memory) call() {
	select {
	case m.alarm <- struct{}{}:
	default:
	}
}

// release gives n bytes back.
func (m *memory) release(n int64) {
	if n == 0 {
		return
	}
	m.mu.Lock()
	m.free += n
	wake := m.waiting > 0
	m.mu.Unlock()
	if wake {
		m.back.Broadcast()
	}
}

// held is how many bytes are taken.
func (m *memory) held() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.size - m.free
}

// short tells whether anybody waits, or more is taken than there is.
func (m *memory) short() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.waiting > 0 || m.free < 0
}

// close lets everybody go who waits.
func (m *memory) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.back.Broadcast()
}
