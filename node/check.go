package node

import (
	"runtime"
	"sync"
	"time"

	"trialog/core/batch"
	"trialog/core/protocol"
)

// lightBytes is up to which size records are decompressed for being checked
// beside others, and as a whole. A batch that is larger waits for its turn among
// those, of which one is checked at a time, in pieces of which nothing is kept,
// with a fifth of a processor: neither memory nor processors are theirs.
const (
	lightBytes = 4 << 20
	heavyBout  = 200 * time.Microsecond // of work
	heavyRest  = 4                      // for so many times as long
)

// checkers verify the records of produce requests in the connections' readers,
// in parallel between connections. Only a few run at a time, since each may
// hold a whole decompressed batch.
type checkers struct {
	codecs *batch.Codecs
	turns  chan struct{}
	heavy  chan struct{}
	bound  int32     // of a batch, decompressed
	idle   sync.Pool // of *batch.Checker, with memory of up to lightBytes or so
	worked bouts     // of whoever holds heavy
}

func newCheckers(codecs *batch.Codecs, maxDecompressed int32) *checkers {
	c := &checkers{
		codecs: codecs, bound: maxDecompressed,
		turns: make(chan struct{}, 2*runtime.GOMAXPROCS(0)), heavy: make(chan struct{}, 1),
	}
	c.idle.New = func() any {
		return &batch.Checker{Codecs: codecs, Limits: batch.Limits{MaxDecompressedBytes: min(lightBytes, maxDecompressed)}}
	}
	return c
}

// prepare verifies every batch of a request and returns the processor time that
// large batches which are refused have wasted; 0: none was.
func (c *checkers) prepare(q *protocol.ProduceRequest, version int16) (wasted time.Duration) {
	began := time.Now()
	c.light(q, version)
	wasted = time.Since(began)
	if !protocol.Beyond(q) {
		return 0
	}
	if c.bound > lightBytes {
		refused, worked := c.again(q, version)
		if !refused {
			return 0
		}
		wasted += worked
	}
	return max(1, wasted)
}

func (c *checkers) light(q *protocol.ProduceRequest, version int16) {
	c.turns <- struct{}{}
	defer func() { <-c.turns }() // whatever a decompressor does
	checker, _ := c.idle.Get().(*batch.Checker)
	protocol.Prepare(q, version, checker)
	c.idle.Put(checker)
}

// again verifies what was too large for light.
func (c *checkers) again(q *protocol.ProduceRequest, version int16) (refused bool, worked time.Duration) {
	c.heavy <- struct{}{}
	defer func() { <-c.heavy }()
	c.worked.begin()
	refused = protocol.PrepareBeyond(q, version, &batch.Checker{
		Codecs: c.codecs, Limits: batch.Limits{MaxDecompressedBytes: c.bound}, Between: c.worked.pause,
	})
	return refused, c.worked.end()
}

// bouts keeps work to a share of a processor: after a bout comes a rest in
// proportion, so that nobody waits for longer than a bout.
type bouts struct {
	since time.Time // the bout began
	whole time.Duration
}

func (b *bouts) begin() { b.since, b.whole = time.Now(), 0 }

// pause rests when a bout is over, and lets others go first when it is not.
func (b *bouts) pause() {
	now := time.Now()
	bout := now.Sub(b.since)
	if bout < heavyBout {
		runtime.Gosched()
		return
	}
	b.whole += bout
	time.Sleep(heavyRest * bout)
	b.since = time.Now()
}

// end returns how long the work took, rests not counted.
func (b *bouts) end() time.Duration { return b.whole + time.Since(b.since) }
