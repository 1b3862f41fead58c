package sim

import (
	"trialog/core/quorum/model"
	simdisk "trialog/sim/disk"
)

// Memory is what runs leave to the next one, so that a soak allocates little.
// It changes nothing in them. It serves one run at a time; the zero value is
// ready.
type Memory struct {
	pages  simdisk.Pages
	events []event
	quorum []model.TraceEvent // of the run, see quorum_trace.go
	arena  []byte
}

// bytes returns n bytes that nobody else has or will have.
func (m *Memory) bytes(n int) []byte {
	const chunk = 256 << 10
	if n > chunk/4 {
		return make([]byte, n)
	}
	if len(m.arena) < n {
		m.arena = make([]byte, chunk)
	}
	b := m.arena[:n:n]
	m.arena = m.arena[n:]
	return b
}
