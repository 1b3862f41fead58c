package broker_test

import (
	"testing"

	"pgregory.net/rapid"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// reader is a consumer of orders by fetch sessions, as KIP-227 has it.
type reader struct {
	id, epoch int32
	at        map[kafka.PartitionIndex]kafka.Offset // what is wanted
	asked     map[kafka.PartitionIndex]kafka.Offset // what the session has of it
	known     map[kafka.PartitionIndex]kafka.Offset // high watermarks as told
}

// fetch builds a request, and says what the session has once it is answered.
func (r *reader) fetch(partitions kafka.PartitionIndex) (*protocol.FetchRequest, map[kafka.PartitionIndex]kafka.Offset) {
	q := inSession(r.id, r.epoch)
	next := map[kafka.PartitionIndex]kafka.Offset{}
	for p := range partitions {
		offset, wanted := r.at[p]
		was, asked := r.asked[p]
		if asked = asked && r.epoch > 0; asked && !wanted {
			forgetting(q, p)
		}
		if wanted {
			next[p] = offset
			if !asked || was != offset {
				q.Partitions = append(q.Partitions, ask1(p, offset))
			}
		}
	}
	return q, next
}

// take learns from an answer and reads on.
func (r *reader) take(t *rapid.T, a *protocol.FetchResponse, asked map[kafka.PartitionIndex]kafka.Offset) {
	switch {
	case a.Err == kafka.ErrFetchSessionIDNotFound:
		r.id, r.epoch = 0, 0
		return
	case a.Err != kafka.None:
		r.epoch = 0
		return
	}
	if r.epoch == 0 {
		r.known = map[kafka.PartitionIndex]kafka.Offset{}
	}
	if r.id, r.epoch = a.SessionID, r.epoch+1; r.id == 0 {
		r.epoch = 0
	}
	r.asked = asked
	for i := range a.Partitions {
		p := &a.Partitions[i]
		offset, wanted := asked[p.Partition]
		if !wanted || p.Err != kafka.None {
			t.Fatalf("partition %d: wanted %v, %v", p.Partition, wanted, p.Err)
		}
		r.known[p.Partition] = p.HighWatermark
		for v := batch.View(p.Records); v.Whole(); v = v[v.Size():] {
			if v.BaseOffset() > offset {
				t.Fatalf("partition %d: asked for %d, got %d", p.Partition, offset, v.BaseOffset())
			}
			offset = v.NextOffset()
		}
		r.at[p.Partition] = offset
	}
}

// Whatever readers want and lose, and whatever is evicted: after an answer a
// reader knows every high watermark as it is, and with a few more it has read
// everything that it wants.
func TestSessionReadersMissNothing(t *testing.T) {
	const partitions = 5
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		w.limits.FetchSessions = rapid.IntRange(0, 3).Draw(rt, "sessions")
		w.limits.FetchSessionPartitions = rapid.SampledFrom([]int{0, 4, 100}).Draw(rt, "partitions")
		w.limits.FetchSessionAge = kafka.Duration(rapid.SampledFrom([]int{0, 1, 10}).Draw(rt, "age")) * kafka.Second
		w.start()
		w.mustCreate("orders", partitions)
		ends := make([]kafka.Offset, partitions)
		var readers [3]reader
		for i := range readers {
			readers[i].at = map[kafka.PartitionIndex]kafka.Offset{}
		}
		round := func(r *reader) {
			q, asked := r.fetch(partitions)
			a := w.ask(fetchV, q).(*protocol.FetchResponse)
			r.take(rt, a, asked)
			for p := range asked {
				if known, told := r.known[p]; a.Err == kafka.None && (!told || known != ends[p]) {
					rt.Fatalf("partition %d ends at %d, its reader was told %d", p, ends[p], known)
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			r := &readers[rapid.IntRange(0, len(readers)-1).Draw(rt, "reader")]
			p := kafka.PartitionIndex(rapid.IntRange(0, partitions-1).Draw(rt, "partition"))
			switch rapid.IntRange(0, 8).Draw(rt, "step") {
			case 0, 1:
				w.mustProduce("orders", p, "a")
				ends[p]++
			case 2:
				delete(r.at, p)
			case 3:
				r.at[p] = kafka.Offset(rapid.IntRange(0, int(ends[p])).Draw(rt, "offset"))
			case 4: // the answer is lost, and the reader begins anew, or goes on as if nothing had been
				q, _ := r.fetch(partitions)
				w.ask(fetchV, q)
				if rapid.Bool().Draw(rt, "anew") {
					r.epoch = 0
				}
			case 5:
				w.pass(kafka.Duration(rapid.IntRange(1, 20).Draw(rt, "seconds")) * kafka.Second)
			default:
				round(r)
			}
		}
		for i := range readers {
			r := &readers[i]
			for range 3 {
				round(r)
			}
			for p, offset := range r.at {
				if offset != ends[p] {
					rt.Fatalf("reader %d stands at %d of partition %d, which ends at %d", i, offset, p, ends[p])
				}
			}
		}
	})
}
