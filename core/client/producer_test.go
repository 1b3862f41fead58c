package client

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

func isProduce(s *Send) bool { return s.Key == protocol.KeyProduce }

// nth returns a fate for the n-th produce request only.
func nth(n int, f fate) func(*harness, *Send, int) fate {
	count := 0
	return func(_ *harness, s *Send, _ int) fate {
		if isProduce(s) {
			if count++; count == n {
				return f
			}
		}
		return fate{}
	}
}

func TestProduceSharesBatches(t *testing.T) {
	h := newHarness(t, newCluster(3, 4), idempotent())
	h.produce(1, 0, "a", "b")
	h.produce(2, 0, "c")
	h.produce(3, 1, "d")
	h.run(kafka.Second, h.settled)
	h.expect(1, OK, 0)
	d := h.expect(2, OK, 2)
	h.expect(3, OK, 0)
	h.wantLog(0, "0:a 1:b 2:c ")
	if len(h.cluster.partitions[0].batches) != 1 || d.Sequence != 2 || d.Attempts != 1 {
		t.Errorf("%d batches, sequence %d, %d attempts", len(h.cluster.partitions[0].batches), d.Sequence, d.Attempts)
	}
}

// Up to five requests are on their way at once, and an answer to each.
func TestProducePipelines(t *testing.T) {
	config := idempotent()
	config.Limits.Linger = 0
	h := newHarness(t, newCluster(1, 1), config)
	h.produce(1, 0, "warm")
	h.run(kafka.Second, h.settled)
	most := 0
	h.fate = func(h *harness, s *Send, _ int) fate {
		underway := 0
		for _, n := range h.client.conns {
			if n.role == roleProduce {
				underway = len(n.underway)
			}
		}
		most = max(most, underway)
		return fate{delay: 5 * kafka.Millisecond}
	}
	for op := OpID(2); op < 12; op++ {
		h.produce(op, 0, string(rune('a'+op)))
	}
	h.run(kafka.Second, h.settled)
	if most != 5 {
		t.Errorf("%d requests under way at most", most)
	}
	h.wantLog(0, "0:warm 1:c 2:d 3:e 4:f 5:g 6:h 7:i 8:j 9:k 10:l ")
}

// The broker appended, the answer is lost: the retry keeps its sequence and is
// answered with the original offset.
func TestLostAnswerIsRetriedWithTheSameSequence(t *testing.T) {
	for _, f := range []fate{{cut: true}, {loseAnswer: true}, {cutEarly: true}, {lose: true}} {
		h := newHarness(t, newCluster(2, 1), idempotent())
		h.fate = nth(1, f)
		h.produce(1, 0, "a")
		h.pass(5 * kafka.Millisecond)
		h.produce(2, 0, "b")
		h.run(3*kafka.Second, h.settled)
		if d := h.expect(1, OK, 0); d.Attempts < 2 || d.Sequence != 0 || d.ProducerEpoch != 0 {
			t.Errorf("%+v: %+v", f, d)
		}
		h.expect(2, OK, 1)
		h.wantLog(0, "0:a 1:b ")
	}
}

// With five batches on their way, the first is refused and the rest arrives
// out of order: all are sent again, in order.
func TestRefusedBatchKeepsTheOrderOfTheOthers(t *testing.T) {
	config := idempotent()
	config.Limits.Linger = 0
	h := newHarness(t, newCluster(1, 1), config)
	h.produce(1, 0, "a")
	h.run(kafka.Second, h.settled)
	refusals := 3
	h.cluster.onProduce = func(_ *fakePartition, v batch.View, try func() (kafka.Offset, kafka.ErrorCode)) (kafka.Offset, kafka.ErrorCode) {
		if v.BaseSequence() == 1 && refusals > 0 {
			refusals--
			return kafka.NoOffset, kafka.ErrNotEnoughReplicas
		}
		return try()
	}
	for op := OpID(2); op < 7; op++ {
		h.produce(op, 0, string(rune('a'+op)))
	}
	h.run(3*kafka.Second, h.settled)
	for op := OpID(2); op < 7; op++ {
		h.expect(op, OK, kafka.Offset(op-1))
	}
	h.wantLog(0, "0:a 1:c 2:d 3:e 4:f 5:g ")
	if h.client.producer.epoch != 0 {
		t.Error("the epoch was raised without need")
	}
}

// A batch whose answers never come ends as unclear, and its sequence is not
// used again: if it was appended, the next would be taken for its duplicate.
func TestUnclearBatchLeadsToANewEpoch(t *testing.T) {
	for _, f := range []fate{{loseAnswer: true}, {lose: true}} {
		h := newHarness(t, newCluster(1, 1), idempotent())
		h.produce(1, 0, "a")
		h.run(kafka.Second, h.settled)
		h.fate = func(_ *harness, s *Send, _ int) fate {
			if isProduce(s) {
				return f
			}
			return fate{}
		}
		h.produce(2, 0, "b")
		h.run(5*kafka.Second, h.settled)
		h.expect(2, Info, kafka.NoOffset)
		h.fate = nil
		h.produce(3, 0, "c")
		h.run(3*kafka.Second, h.settled)
		d := h.done[3]
		if d.Outcome != OK || d.ProducerEpoch != 1 || d.Sequence != 0 {
			t.Errorf("after an unclear batch: %+v", d)
		}
		if f.lose {
			h.wantLog(0, "0:a 1:c ")
		} else {
			h.wantLog(0, "0:a 1:b 2:c ")
		}
	}
}

// A batch that was never sent is known not to be in the log.
func TestNeverSentIsDefinite(t *testing.T) {
	h := newHarness(t, newCluster(1, 1), idempotent())
	h.refuse = func(Address) bool { return true }
	h.produce(1, 0, "a")
	h.run(5*kafka.Second, h.settled)
	if d := h.expect(1, Fail, kafka.NoOffset); d.Reason != ReasonTimeout || d.Attempts != 0 {
		t.Errorf("%+v", d)
	}
	h.step(&Produce{Op: 2, Topic: "absent", Records: []Record{{Value: []byte("x")}}})
	h.refuse = nil
	h.run(5*kafka.Second, h.settled)
	if d := h.expect(2, Fail, kafka.NoOffset); d.Err != kafka.ErrUnknownTopicOrPartition {
		t.Errorf("%+v", d)
	}
}

// What each error makes of an operation that is not sent again.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		code kafka.ErrorCode
		want Outcome
		dead bool
	}{
		{kafka.ErrNotLeaderOrFollower, Info, false},
		{kafka.ErrRequestTimedOut, Info, false},
		{kafka.ErrNotEnoughReplicasAfterAppend, Info, false},
		{kafka.ErrUnknownServerError, Info, false},
		{kafka.ErrKafkaStorageError, Info, false},
		{kafka.ErrorCode(999), Info, false},
		{kafka.ErrNotEnoughReplicas, Fail, false},
		{kafka.ErrMessageTooLarge, Fail, false},
		{kafka.ErrInvalidRecord, Fail, false},
		{kafka.ErrUnknownTopicOrPartition, Fail, false},
		{kafka.ErrTopicAuthorizationFailed, Fail, false},
		{kafka.ErrOutOfOrderSequenceNumber, Fail, false},
		{kafka.ErrInvalidProducerEpoch, Fail, true},
		{kafka.ErrProducerFenced, Fail, true},
		{kafka.ErrDuplicateSequenceNumber, OK, false},
	} {
		h := newHarness(t, newCluster(1, 1), plain(0))
		h.cluster.onProduce = func(*fakePartition, batch.View, func() (kafka.Offset, kafka.ErrorCode)) (kafka.Offset, kafka.ErrorCode) {
			return kafka.NoOffset, c.code
		}
		h.produce(1, 0, "a")
		h.run(5*kafka.Second, h.settled)
		if d := h.done[1]; d.Outcome != c.want || d.Dead != c.dead || d.Outcome != OK && d.Err != c.code {
			t.Errorf("%v: %v, dead %v, err %v", c.code, d.Outcome, d.Dead, d.Err)
		}
	}
}

// One attempt that may have been appended outweighs every later refusal.
func TestAmbiguityOutlivesRefusals(t *testing.T) {
	h := newHarness(t, newCluster(1, 1), idempotent())
	answers := []kafka.ErrorCode{kafka.ErrNotLeaderOrFollower, kafka.ErrMessageTooLarge}
	h.cluster.onProduce = func(_ *fakePartition, _ batch.View, try func() (kafka.Offset, kafka.ErrorCode)) (kafka.Offset, kafka.ErrorCode) {
		code := answers[0]
		answers = answers[1:]
		if len(answers) == 1 {
			try() // appended, and yet NOT_LEADER (KAFKA-13574)
		}
		return kafka.NoOffset, code
	}
	h.produce(1, 0, "a")
	h.run(5*kafka.Second, h.settled)
	h.expect(1, Info, kafka.NoOffset)
	h.wantLog(0, "0:a ")
}

// The broker has forgotten acknowledged batches: what cannot be in the log goes
// on under a new epoch, what may be in it ends as unclear.
func TestGapAtTheFirstBatch(t *testing.T) {
	h := newHarness(t, newCluster(1, 1), idempotent())
	h.produce(1, 0, "a")
	h.run(kafka.Second, h.settled)
	h.produce(2, 0, "b")
	h.run(kafka.Second, h.settled)
	p := h.cluster.partitions[0]
	p.states[1].last = 0 // as if b had not been there
	p.states[1].known = p.states[1].known[:1]
	h.produce(3, 0, "c")
	h.run(3*kafka.Second, h.settled)
	d := h.expect(3, OK, 2)
	if d.ProducerEpoch != 1 || d.Sequence != 0 {
		t.Errorf("%+v", d)
	}
	// The same once more, with an attempt that may have been appended before.
	p.states[1].last = 77
	p.states[1].known = nil
	h.fate = nth(1, fate{cutEarly: true})
	h.produce(4, 0, "d")
	h.run(5*kafka.Second, h.settled)
	h.expect(4, Info, kafka.NoOffset)
	h.produce(5, 0, "e")
	h.run(3*kafka.Second, h.settled)
	if d := h.done[5]; d.Outcome != OK || d.ProducerEpoch != 2 {
		t.Errorf("%+v", d)
	}
}

// When an ID has no epoch left, the producer gets another.
func TestEpochsRunOut(t *testing.T) {
	c := newCluster(1, 1)
	c.epochMax = 1<<15 - 1
	h := newHarness(t, c, idempotent())
	h.produce(1, 0, "a")
	h.run(kafka.Second, h.settled)
	c.epochMax = 0
	h.fate = func(_ *harness, s *Send, _ int) fate { return fate{lose: isProduce(s)} }
	h.produce(2, 0, "b")
	h.run(5*kafka.Second, h.settled)
	h.fate = nil
	h.produce(3, 0, "c")
	h.run(3*kafka.Second, h.settled)
	d := h.expect(3, OK, 1)
	if d.ProducerID != 2 || d.ProducerEpoch != 0 || d.Sequence != 0 {
		t.Errorf("%+v", d)
	}
}

func TestSequencesWrap(t *testing.T) {
	h := newHarness(t, newCluster(1, 1), idempotent())
	h.produce(1, 0, "a")
	h.run(kafka.Second, h.settled)
	p := h.client.producer.partitions[0]
	p.next, p.acked = 1<<31-2, 1<<31-2
	h.cluster.partitions[0].states[1].last = 1<<31 - 3
	h.produce(2, 0, "b", "c", "d")
	h.run(kafka.Second, h.settled)
	h.produce(3, 0, "e")
	h.run(kafka.Second, h.settled)
	h.expect(2, OK, 1)
	if d := h.expect(3, OK, 4); d.Sequence != 1 || d.ProducerEpoch != 0 {
		t.Errorf("%+v", d)
	}
}

func TestAcksZeroIsSentAndForgotten(t *testing.T) {
	config := plain(0)
	config.Producer.Acks = 0
	h := newHarness(t, newCluster(1, 1), config)
	for op := OpID(1); op < 20; op++ {
		h.produce(op, 0, "x")
		h.pass(3 * kafka.Millisecond)
	}
	h.run(kafka.Second, h.settled)
	h.pass(kafka.Second) // no answer comes, and nobody misses it
	h.expect(19, OK, kafka.NoOffset)
	if n := len(h.cluster.partitions[0].values(0)); n != 19 {
		t.Errorf("%d records", n)
	}
}

func TestPlainProducerDuplicatesOnRetry(t *testing.T) {
	h := newHarness(t, newCluster(1, 1), plain(5))
	h.fate = nth(1, fate{cut: true})
	h.produce(1, 0, "a")
	h.run(3*kafka.Second, h.settled)
	h.expect(1, OK, 1)
	h.wantLog(0, "0:a 1:a ")
}

func TestFlush(t *testing.T) {
	config := idempotent()
	config.Limits.Linger = kafka.Second
	h := newHarness(t, newCluster(1, 2), config)
	h.produce(1, 0, "a")
	h.produce(2, 1, "b")
	h.step(&Flush{Op: 3})
	h.produce(4, 0, "c")
	h.run(500*kafka.Millisecond, func() bool { return h.done[3].Outcome == OK })
	h.expect(1, OK, 0)
	h.expect(2, OK, 0)
	h.run(2*kafka.Second, h.settled)
}

// The leader moves: the client learns of it and goes on there, in order.
func TestLeaderMoves(t *testing.T) {
	config := idempotent()
	config.Limits.Linger = 0
	h := newHarness(t, newCluster(3, 1), config)
	op := OpID(0)
	for round := range 6 {
		p := h.cluster.partitions[0]
		p.leader, p.epoch = round%3, p.epoch+1
		for range 10 {
			op++
			h.produce(op, 0, string(rune('a'+op%26)))
			h.pass(kafka.Millisecond / 2)
		}
	}
	h.run(3*kafka.Second, h.settled)
	for i := OpID(1); i <= op; i++ {
		h.expect(i, OK, kafka.Offset(i-1))
	}
}

func TestStopTellsWhatIsKnown(t *testing.T) {
	h := newHarness(t, newCluster(1, 2), idempotent())
	h.produce(1, 0, "a")
	h.run(kafka.Second, h.settled)
	h.fate = func(_ *harness, s *Send, _ int) fate { return fate{lose: isProduce(s)} }
	h.produce(2, 0, "sent")
	h.pass(10 * kafka.Millisecond)
	h.produce(3, 0, "not sent")
	h.step(&Poll{Op: 4, Wait: kafka.Second})
	h.step(&Stop{})
	h.produce(5, 0, "late")
	h.expect(2, Info, kafka.NoOffset)
	h.expect(3, Fail, kafka.NoOffset)
	h.expect(4, Fail, kafka.NoOffset)
	h.expect(5, Fail, kafka.NoOffset)
	if _, ok := h.client.Deadline(); ok || !h.client.Idle() {
		t.Error("a stopped client wants something")
	}
}
