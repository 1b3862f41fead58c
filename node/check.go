package node

import (
	"runtime"
	"sync"
	"time"

	"trialog/core/batch"
	"trialog/core/protocol"
)

// lightBytes is up to which size records are decompressed for being checked
// beside others. A batch that turns out larger waits for its turn among those,
// of which one is checked at a time: neither memory nor processors are theirs.
const lightBytes = 4 << 20

// checkers verify the records of produce requests in the connections' readers,
// in parallel between connections. Only a few run at a time, since each may
// hold a whole decompressed batch.
type checkers struct {
	codecs *batch.Codecs
	turns  chan struct{}
	heavy  chan struct{}
	bound  int32     // of a batch, decompressed
	idle   sync.Pool // of *batch.Checker, with memory of up to lightBytes or so
	large  sync.Pool // of *batch.Checker for heavy; it is collected soon
}

func newCheckers(codecs *batch.Codecs, maxDecompressed int32) *checkers {
	c := &checkers{
		codecs: codecs, bound: maxDecompressed,
		turns: make(chan struct{}, 2*runtime.GOMAXPROCS(0)), heavy: make(chan struct{}, 1),
	}
	c.idle.New = func() any { return c.checker(min(lightBytes, maxDecompressed)) }
	c.large.New = func() any { return c.checker(maxDecompressed) }
	return c
}

func (c *checkers) checker(bound int32) *batch.Checker {
	return &batch.Checker{Codecs: c.codecs, Limits: batch.Limits{MaxDecompressedBytes: bound}}
}

// prepare verifies every batch of a request and returns the processor time that
// batches beyond the bound have wasted; 0: none was.
func (c *checkers) prepare(q *protocol.ProduceRequest, version int16) (wasted time.Duration) {
	began := time.Now()
	c.light(q, version)
	if c.bound > lightBytes && protocol.Beyond(q) {
		began = c.again(q, version)
	}
	if protocol.Beyond(q) {
		return max(1, time.Since(began))
	}
	return 0
}

func (c *checkers) light(q *protocol.ProduceRequest, version int16) {
	c.turns <- struct{}{}
	defer func() { <-c.turns }() // whatever a decompressor does
	checker, _ := c.idle.Get().(*batch.Checker)
	protocol.Prepare(q, version, checker)
	c.idle.Put(checker)
}

// again verifies what was too large for light. It returns when its turn began.
func (c *checkers) again(q *protocol.ProduceRequest, version int16) time.Time {
	c.heavy <- struct{}{}
	defer func() { <-c.heavy }()
	checker, _ := c.large.Get().(*batch.Checker)
	began := time.Now()
	protocol.PrepareBeyond(q, version, checker)
	c.large.Put(checker)
	return began
}
