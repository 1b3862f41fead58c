package node

import (
	"runtime"
	"sync"

	"trialog/core/batch"
	"trialog/core/protocol"
)

// checkers verify the records of produce requests in the connections' readers,
// in parallel between connections. Only a few run at a time, since each may
// hold a whole decompressed batch.
type checkers struct {
	turns chan struct{}
	idle  sync.Pool // of *batch.Checker; what a large batch has left there is collected
}

func newCheckers(codecs *batch.Codecs, maxDecompressed int32) *checkers {
	c := &checkers{turns: make(chan struct{}, 2*runtime.GOMAXPROCS(0))}
	c.idle.New = func() any {
		return &batch.Checker{Codecs: codecs, Limits: batch.Limits{MaxDecompressedBytes: maxDecompressed}}
	}
	return c
}

// prepare verifies every batch of a request.
func (c *checkers) prepare(q *protocol.ProduceRequest, version int16) {
	c.turns <- struct{}{}
	checker, _ := c.idle.Get().(*batch.Checker)
	protocol.Prepare(q, version, checker)
	c.idle.Put(checker)
	<-c.turns
}
