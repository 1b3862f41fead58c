package broker_test

import (
	"strconv"
	"testing"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// engine drives a broker's hot paths without a disk: what was appended is said
// to be written and durable, reads are answered from memory.
type engine struct {
	w        *world
	request  broker.Request
	written  broker.Written
	synced   broker.Synced
	readDone broker.ReadDone
	segment  []byte // what reads read
	replies  int
}

func newEngine(t testing.TB, configs ...string) *engine {
	w := newWorld(t)
	w.limits.CheckEvery = 0
	w.limits.Storage.JournalBytes = 1 << 50
	w.limits.Storage.CheckpointBytes = 1 << 50
	w.limits.Storage.GenerationBytes = 1 << 50
	w.start()
	w.mustCreate("orders", 8, configs...)
	e := &engine{w: w}
	w.send(1, 3, apiVersions("kgo", "1"))
	return e
}

// step gives one input and answers what the disk would.
func (e *engine) step(in broker.Input) {
	w := e.w
	w.now.Mono++
	w.b.Step(w.now, in, &w.fx)
	for len(w.fx.Appends) > 0 || len(w.fx.Reads) > 0 {
		last := kafka.Ref(0)
		if n := len(w.fx.Appends); n > 0 {
			last = w.fx.Appends[n-1].Ref
		}
		read := kafka.Ref(0)
		if len(w.fx.Reads) > 0 {
			r := &w.fx.Reads[0]
			read = r.Ref
			from := min(int(r.Pos), len(e.segment))
			e.readDone.Bytes = e.segment[from:min(from+int(r.Len), len(e.segment))]
		}
		e.replies += len(w.fx.Replies)
		w.fx.Reset()
		if last != 0 {
			e.written.Ref, e.synced.Ref = last, last
			w.b.Step(w.now, &e.written, &w.fx)
			w.b.Step(w.now, &e.synced, &w.fx)
		}
		if read != 0 {
			e.readDone.Ref = read
			w.b.Step(w.now, &e.readDone, &w.fx)
		}
	}
	e.replies += len(w.fx.Replies)
	w.fx.Reset()
}

func (e *engine) produce(q *protocol.ProduceRequest) {
	e.request = broker.Request{Conn: 1, Key: protocol.KeyProduce, Version: produceV, Body: q}
	e.step(&e.request)
}

func (e *engine) fetch(q *protocol.FetchRequest) {
	e.request = broker.Request{Conn: 1, Key: protocol.KeyFetch, Version: fetchV, Body: q}
	e.step(&e.request)
}

// checked is a produce request of one batch for each partition.
func checked(batchBytes []byte, partitions int) *protocol.ProduceRequest {
	q := &protocol.ProduceRequest{Acks: -1, TimeoutMs: 30_000}
	for i := range partitions {
		q.Partitions = append(q.Partitions, protocol.ProducePartition{Topic: "orders", Partition: kafka.PartitionIndex(i), Records: batchBytes})
	}
	protocol.Prepare(q, produceV, &batch.Checker{})
	return q
}

func TestProduceAllocatesNothing(t *testing.T) {
	for _, partitions := range []int{1, 8} {
		e := newEngine(t)
		q := checked(e.w.batch("0123456789"), partitions)
		for range 2000 {
			e.produce(q)
		}
		e.replies = 0
		// The index of the active segment grows now and then, which is no part of a step.
		if n := testing.AllocsPerRun(2000, func() { e.produce(q) }); n != 0 {
			t.Errorf("%d partitions: %v allocations a produce", partitions, n)
		}
		if e.replies < 2000 {
			t.Errorf("%d replies", e.replies)
		}
	}
}

func TestFetchAllocatesNothing(t *testing.T) {
	e := newEngine(t)
	one := e.w.batch("0123456789")
	e.produce(checked(one, 1))
	e.segment = stamped(nil, 0, one)
	q := fetch("orders", 0, 0)
	for range 100 {
		e.fetch(q)
	}
	e.replies = 0
	before := e.w.b.Counters().FetchBytes
	if n := testing.AllocsPerRun(1000, func() { e.fetch(q) }); n != 0 {
		t.Errorf("%v allocations a fetch", n)
	}
	if got := e.w.b.Counters().FetchBytes - before; e.replies < 1000 || got < uint64(1000*len(one)) {
		t.Errorf("%d replies with %d bytes", e.replies, got)
	}
}

// A consumer at the end of the log waits, is woken by a produce, and reads.
func TestLongPollAllocatesNothing(t *testing.T) {
	e := newEngine(t)
	one := e.w.batch("0123456789")
	e.w.send(2, 3, apiVersions("kgo", "1"))
	q := checked(one, 1)
	f := poll("orders", 0, 0, 30_000)
	next := kafka.Offset(0)
	e.segment = make([]byte, 0, 1<<20)
	round := func() {
		f.Partitions[0].FetchOffset = next
		e.segment = stamped(e.segment, next, one)
		next++
		e.request = broker.Request{Conn: 2, Key: protocol.KeyFetch, Version: fetchV, Body: f}
		e.step(&e.request)
		e.produce(q)
	}
	for range 2000 {
		round()
	}
	before := e.w.b.Counters().FetchBytes
	if n := testing.AllocsPerRun(2000, round); n != 0 {
		t.Errorf("%v allocations a long poll", n)
	}
	if got := e.w.b.Counters().FetchBytes - before; got < uint64(2000*len(one)) {
		t.Errorf("only %d bytes came", got)
	}
}

// An incremental fetch that finds nothing new, and one that is woken by a
// produce, take no memory.
func TestIncrementalFetchAllocatesNothing(t *testing.T) {
	e := newEngine(t)
	one := e.w.batch("0123456789")
	e.w.send(2, 3, apiVersions("kgo", "1"))
	id := e.w.open(8)
	q, wait, moved, empty := checked(one, 1), inSession(id, 0, ask1(0, 0)), inSession(id, 0, ask1(0, 0)), inSession(id, 0)
	wait.MaxWaitMs = 30_000
	e.segment = make([]byte, 0, 1<<20)
	next, epoch := kafka.Offset(0), int32(0)
	send := func(q *protocol.FetchRequest) {
		epoch++
		q.SessionEpoch = epoch
		e.request = broker.Request{Conn: 2, Key: protocol.KeyFetch, Version: fetchV, Body: q}
		e.step(&e.request)
	}
	round := func() {
		wait.Partitions[0].FetchOffset = next
		e.segment = stamped(e.segment, next, one)
		next++
		send(wait)
		e.produce(q)
		moved.Partitions[0].FetchOffset = next
		send(moved)
		send(empty)
	}
	for range 1000 {
		round()
	}
	before, replies := e.w.b.Counters(), e.replies
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%v allocations a round", n)
	}
	after := e.w.b.Counters()
	if after.FetchBytes-before.FetchBytes != uint64(1001*len(one)) || e.replies-replies < 4000 || after.Errors != before.Errors {
		t.Errorf("%d replies, %d bytes, %d errors", e.replies-replies, after.FetchBytes-before.FetchBytes, after.Errors-before.Errors)
	}
	if after.FetchSessions != 1 {
		t.Errorf("%d sessions", after.FetchSessions)
	}
}

// stamped appends a batch as the writer leaves it on disk in the first epoch.
func stamped(segment []byte, base kafka.Offset, b []byte) []byte {
	at := len(segment)
	segment = append(segment, b...)
	batch.View(segment[at:]).Stamp(base, 0, kafka.NoTimestamp)
	return segment
}

func BenchmarkStepProduce(b *testing.B) {
	for _, partitions := range []int{1, 8} {
		b.Run("partitions="+strconv.Itoa(partitions), func(b *testing.B) {
			e := newEngine(b)
			q := checked(e.w.batch("0123456789"), partitions)
			b.ReportAllocs()
			for b.Loop() {
				e.produce(q)
			}
		})
	}
}

func BenchmarkStepFetch(b *testing.B) {
	e := newEngine(b)
	one := e.w.batch("0123456789")
	e.produce(checked(one, 1))
	e.segment = stamped(nil, 0, one)
	q := fetch("orders", 0, 0)
	b.ReportAllocs()
	for b.Loop() {
		e.fetch(q)
	}
}
