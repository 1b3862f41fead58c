package node

import "sync"

// memory is what the requests of all connections may hold together, in bytes.
// A request takes its share before its frame is read and gives it back when
// its reply is written.
type memory struct {
	mu     sync.Mutex
	back   sync.Cond
	free   int64
	size   int64
	closed bool
}

func newMemory(size int64) *memory {
	m := &memory{free: size, size: size}
	m.back.L = &m.mu
	return m
}

// take waits for n bytes; false once closed. More than there ever is counts
// as all there is.
func (m *memory) take(n int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.free < min(n, m.size) && !m.closed {
		m.back.Wait()
	}
	m.free -= n
	return !m.closed
}

// release gives n bytes back.
func (m *memory) release(n int64) {
	if n == 0 {
		return
	}
	m.mu.Lock()
	m.free += n
	m.mu.Unlock()
	m.back.Broadcast()
}

// close lets everybody go who waits.
func (m *memory) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.back.Broadcast()
}
