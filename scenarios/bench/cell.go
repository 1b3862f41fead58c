package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// The bytes that Kafka's record batch v2 adds to a value: the header of the
// batch once, and about this much a record.
const (
	batchOverhead  = 61
	recordOverhead = 9
)

// cell is one load: how large, from how many, to how many.
type cell struct {
	size       int // bytes of a record's value
	producers  int
	partitions int
	pipelined  bool // is measured with many records in flight too
	latency    bool // is measured at a fixed rate too; needs pipelined
}

func (c cell) String() string {
	return fmt.Sprintf("%s, %s, %s", sizeText(c.size), counted(c.producers, "producer"), counted(c.partitions, "partition"))
}

func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func sizeText(bytes int) string {
	switch {
	case bytes >= 1<<30 && bytes%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", bytes>>30)
	case bytes >= 1<<20 && bytes%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", bytes>>20)
	case bytes >= 1<<10 && bytes%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", bytes>>10)
	default:
		return fmt.Sprintf("%d B", bytes)
	}
}

// What all producers of a pipelined load have in flight together is bounded by
// both: enough for full batches, little enough that no queue builds up that
// takes longer to drain than the load lasts.
const (
	inFlightBytes   = 8 << 20
	inFlightRecords = 4096
)

// window is how many records each producer of a pipelined load has in flight,
// two at least.
func (c cell) window() int {
	return max(min(inFlightBytes/c.size, inFlightRecords)/c.producers, 2)
}

// value is what the records of a load hold: bytes that nothing compresses, the
// same in every run.
func (c cell) value() []byte {
	b := make([]byte, c.size)
	r := rand.New(rand.NewPCG(uint64(c.size), 1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// span is how long a load runs: first warm, then measured.
type span struct {
	warm, measured time.Duration
}

// limit bounds a case that measures for a span, connecting and draining included.
func (s span) limit() time.Duration { return s.warm + s.measured + time.Minute }
