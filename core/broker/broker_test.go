package broker_test

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

func TestKilledAnywhereNothingAcknowledgedIsMissing(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 2)
	var want []string
	for i := range 20 {
		v := string(rune('a' + i))
		w.mustProduce("orders", 0, v)
		want = append(want, v)
		if i%5 == 4 {
			w.kill()
			w.start()
		}
	}
	if got := w.values("orders", 0, 0); !slices.Equal(got, want) {
		t.Fatalf("read %v, want %v", got, want)
	}
	w.b.Partitions(func(v *broker.PartitionView) bool {
		if v.LeaderEpoch < 4 {
			t.Errorf("partition %d is in epoch %d after four restarts", v.Partition, v.LeaderEpoch)
		}
		return true
	})
}

func TestCleanShutdownLeavesItsMark(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	w.mustProduce("orders", 0, "a")
	w.give(&broker.Shutdown{})
	w.settle()
	w.pass(kafka.Second)
	w.pass(kafka.Second)
	if !w.halt.Set || !w.halt.Clean {
		t.Fatalf("halt %+v in phase %v", w.halt, w.b.Phase())
	}
	w.notes = nil
	w.start()
	clean := slices.ContainsFunc(w.notes, func(n broker.Note) bool { return n.Text == "recovered after a clean shutdown" })
	if !clean {
		t.Fatalf("notes %+v", w.notes)
	}
	if got := w.values("orders", 0, 0); !slices.Equal(got, []string{"a"}) {
		t.Fatalf("read %v", got)
	}
}

func TestShutdownRefusesNewProduce(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	w.holdSyncs = true
	waiting := w.send(1, produceV, produce("orders", 0, -1, w.batch("a")))
	w.give(&broker.Shutdown{})
	w.settle()
	late := w.send(2, produceV, produce("orders", 0, -1, w.batch("b")))
	w.unanswered(late) // there is nobody else to turn to yet
	w.unanswered(waiting)
	w.holdSyncs = false
	w.flush()
	w.settle()
	if code := w.answer(waiting).(*protocol.ProduceResponse).Partitions[0].Err; code != kafka.None {
		t.Fatalf("waiting produce: %v", code)
	}
	w.pass(kafka.Millisecond)
	if code := w.answer(late).(*protocol.ProduceResponse).Partitions[0].Err; code != kafka.ErrNotLeaderOrFollower {
		t.Fatalf("late produce: %v", code)
	}
}

func TestFailedWriteEndsTheIncarnation(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	w.holdWrites = true
	corr := w.send(1, produceV, produce("orders", 0, -1, w.batch("a")))
	w.give(&broker.Failed{Err: errDisk})
	w.settle()
	if !w.halt.Set || w.halt.Clean || w.halt.Reason == "" {
		t.Fatalf("halt %+v", w.halt)
	}
	w.unanswered(corr)
	w.give(&broker.Synced{Ref: 1 << 40})
	w.settle()
	w.unanswered(corr)
	if _, any := w.b.Deadline(); any || w.b.Healthy() {
		t.Fatal("a halted broker wants something")
	}
}

func TestDiskReserve(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	w.mustProduce("orders", 0, "a")
	w.give(&broker.DiskSpace{Free: 1})
	w.settle()
	a := w.ask(produceV, produce("orders", 0, -1, w.batch("b"))).(*protocol.ProduceResponse)
	if a.Partitions[0].Err != kafka.ErrKafkaStorageError {
		t.Fatalf("produce on a full disk: %v", a.Partitions[0].Err)
	}
	if got := w.values("orders", 0, 0); !slices.Equal(got, []string{"a"}) {
		t.Fatalf("read %v", got)
	}
	w.give(&broker.DiskSpace{Free: w.limits.DiskReserve * 2})
	w.settle()
	w.mustProduce("orders", 0, "c")
}

func TestProduceWaitsForRoomInTheJournal(t *testing.T) {
	w := newWorld(t)
	w.limits.Storage.JournalBytes = 2000
	w.limits.Storage.GenerationBytes = 500
	w.start()
	w.mustCreate("orders", 1)
	w.holdJobs = true
	var last int32
	for range 40 {
		last = w.send(1, produceV, produce("orders", 0, -1, w.batch("0123456789")))
	}
	w.unanswered(last)
	w.holdJobs = false
	w.flush()
	w.settle()
	if code := w.answer(last).(*protocol.ProduceResponse).Partitions[0].Err; code != kafka.None {
		t.Fatalf("produce after a release: %v", code)
	}
	if got := w.values("orders", 0, 0); len(got) != 40 {
		t.Fatalf("%d records", len(got))
	}
}

func TestProduceWaitsForTheWriter(t *testing.T) {
	w := newWorld(t)
	w.limits.UnwrittenBytes = 200
	w.start()
	w.mustCreate("orders", 1)
	w.holdWrites = true
	var last int32
	for range 10 {
		last = w.send(1, produceV, produce("orders", 0, -1, w.batch("0123456789")))
	}
	if n := len(w.appends); n != 3 {
		t.Fatalf("%d batches wait for the writer", n)
	}
	w.holdWrites = false
	w.flush()
	w.settle()
	w.answer(last)
}

func TestFetchOfNothingIsAnsweredAtOnce(t *testing.T) {
	w := newWorld(t)
	w.start()
	q := poll("orders", 0, 0, 60_000)
	q.Partitions = nil
	if a := w.ask(fetchV, q).(*protocol.FetchResponse); len(a.Partitions) != 0 || a.Err != kafka.None {
		t.Fatalf("answer %+v", a)
	}
}

func TestNothingIsToldOfAnEpochThatHasNotBegun(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.holdSyncs = true
	w.mustCreate("orders", 1)
	q := poll("orders", 0, 0, 60_000)
	other := q.Partitions[0]
	other.Partition = 7
	q.Partitions = append(q.Partitions, other)
	a := w.ask(fetchV, q).(*protocol.FetchResponse)
	if p := a.Partitions[0]; p.Err != kafka.ErrNotLeaderOrFollower || p.HighWatermark != kafka.NoOffset {
		t.Fatalf("beside an error: %+v", p)
	}
	waiting := w.send(2, fetchV, poll("orders", 0, 0, 100))
	w.pass(100 * kafka.Millisecond)
	if p := w.answer(waiting).(*protocol.FetchResponse).Partitions[0]; p.Err != kafka.ErrNotLeaderOrFollower {
		t.Fatalf("after the wait: %+v", p)
	}
	if o := w.ask(7, listOffsets("orders", 0, -1)).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]; kafka.ErrorCode(o.ErrorCode) != kafka.ErrOffsetNotAvailable {
		t.Fatalf("latest: %d", o.ErrorCode)
	}
}

func TestProduceTimesOut(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	w.holdSyncs = true
	q := produce("orders", 0, -1, w.batch("a"))
	q.TimeoutMs = 100
	corr := w.send(1, produceV, q)
	w.pass(99 * kafka.Millisecond)
	w.unanswered(corr)
	w.pass(kafka.Millisecond)
	if code := w.answer(corr).(*protocol.ProduceResponse).Partitions[0].Err; code != kafka.ErrRequestTimedOut {
		t.Fatalf("code %v", code)
	}
	w.holdSyncs = false
	w.flush()
	w.settle()
	if got := w.values("orders", 0, 0); !slices.Equal(got, []string{"a"}) {
		t.Fatalf("read %v", got)
	}
}

func TestClosedConnectionIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	w.mustProduce("orders", 0, "a")
	w.holdSyncs, w.holdReads = true, true
	w.queue(1, produceV, produce("orders", 0, -1, w.batch("b")))
	w.queue(1, fetchV, poll("orders", 0, 1, 60_000))
	w.queue(1, produceV, produce("orders", 0, -1, w.batch("never begun")))
	w.queue(2, fetchV, fetch("orders", 0, 0))
	w.settle()
	w.give(&broker.ConnectionClosed{Conn: 1})
	w.give(&broker.ConnectionClosed{Conn: 2})
	w.give(&broker.Request{Conn: 1, Key: 3, Version: 12, Body: kmsg.NewPtrMetadataRequest()})
	w.settle()
	w.holdSyncs, w.holdReads = false, false
	w.flush()
	w.settle()
	if len(w.replies) != 0 {
		t.Fatalf("replies to closed connections: %+v", w.replies)
	}
	if got := w.values("orders", 0, 0); !slices.Equal(got, []string{"a", "b"}) {
		t.Fatalf("read %v", got)
	}
	c := w.b.Counters()
	if c.WaitingFetches != 0 || c.WaitingProduces != 0 {
		t.Fatalf("counters %+v", c)
	}
}

func TestAcksZero(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	w.send(1, produceV, produce("orders", 0, 0, w.batch("a")))
	w.send(1, produceV, produce("nowhere", 0, 0, w.batch("b")))
	if len(w.replies) != 2 {
		t.Fatalf("%d replies", len(w.replies))
	}
	if r := w.replies[0]; r.body != nil || r.close {
		t.Fatalf("acks=0 is answered with %+v", r)
	}
	if r := w.replies[1]; r.body != nil || !r.close {
		t.Fatalf("a failed acks=0 is answered with %+v", r)
	}
}

func TestMinBytesAndMaxBytes(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 2)
	one := len(w.batch("0123456789"))
	q := poll("orders", 0, 0, 60_000)
	q.MinBytes = int32(3 * one)
	corr := w.send(1, fetchV, q)
	for range 2 {
		w.mustProduce("orders", 0, "0123456789")
		w.unanswered(corr)
	}
	w.mustProduce("orders", 0, "0123456789")
	if got := len(w.answer(corr).(*protocol.FetchResponse).Partitions[0].Records); got != 3*one {
		t.Fatalf("%d bytes, want %d", got, 3*one)
	}
	w.mustProduce("orders", 1, "0123456789")
	both := func(max, partition int32) (a, b int) {
		t.Helper()
		q := fetch("orders", 0, 0)
		second := q.Partitions[0]
		second.Partition = 1
		q.Partitions = append(q.Partitions, second)
		q.MaxBytes = max
		for i := range q.Partitions {
			q.Partitions[i].PartitionMaxBytes = partition
		}
		r := w.ask(fetchV, q).(*protocol.FetchResponse)
		return len(r.Partitions[0].Records), len(r.Partitions[1].Records)
	}
	for _, c := range []struct {
		max, partition int
		a, b           int // batches
	}{
		{1000, 1000, 3, 1}, {1000, 2*one + 1, 2, 1}, {3 * one, 1000, 3, 0},
		{1, 1000, 1, 0}, {1000, 1, 1, 0}, {0, 0, 1, 0}, {3*one + 1, 2 * one, 2, 1},
	} {
		if a, b := both(int32(c.max), int32(c.partition)); a != c.a*one || b != c.b*one {
			t.Errorf("max %d, partition max %d: %d and %d bytes, want %d and %d batches of %d", c.max, c.partition, a, b, c.a, c.b, one)
		}
	}
}
