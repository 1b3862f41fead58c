package protocol

import (
	"trialog/core/batch"
	"trialog/core/kafka"
)

// produceZstd is the first Produce version whose clients may send zstd (KIP-110).
const produceZstd = 7

// Prepare does what a connection's reader does before a Produce request enters
// the loop: it verifies every batch and fills Checked. A batch that had to be
// put right (batch.Checked.Rewritten) takes the place of the one received.
func Prepare(q *ProduceRequest, version int16, checker *batch.Checker) {
	for i := range q.Partitions {
		prepare(&q.Partitions[i], version, checker)
	}
}

// Beyond tells whether Prepare found batches whose records exceed the checker's
// bound when they are decompressed. A driver may let most requests do with a
// small bound and give PrepareBeyond what is left.
func Beyond(q *ProduceRequest) bool {
	for i := range q.Partitions {
		if q.Partitions[i].Checked.Beyond {
			return true
		}
	}
	return false
}

// PrepareBeyond verifies those batches again, with a checker of a larger bound,
// and tells whether one of them is refused.
func PrepareBeyond(q *ProduceRequest, version int16, checker *batch.Checker) (refused bool) {
	for i := range q.Partitions {
		if p := &q.Partitions[i]; p.Checked.Beyond {
			prepare(p, version, checker)
			refused = refused || p.Checked.Err != kafka.None
		}
	}
	return refused
}

func prepare(p *ProducePartition, version int16, checker *batch.Checker) {
	p.Checked = checker.Check(p.Records)
	switch {
	case p.Checked.Err != kafka.None:
	case p.Checked.Codec == batch.Zstd && version < produceZstd:
		p.Checked.Err = kafka.ErrUnsupportedCompressionType
	case p.Checked.Rewritten != nil:
		p.Records, p.Checked.Rewritten = p.Checked.Rewritten, nil
	}
}
