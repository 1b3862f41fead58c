package client

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// fill appends batches of records straight to a partition.
func (c *cluster) fill(index int, batches ...[]string) {
	var b batch.Builder
	for _, values := range batches {
		b.Reset()
		for _, v := range values {
			b.Append(1000, nil, []byte(v))
		}
		if _, code := c.partitions[index].append(b.Build()); code != kafka.None {
			panic(code)
		}
	}
}

func reader(c ConsumerConfig) Config { return Config{Seed: 1, Limits: quick(), Consumer: c} }

// pollAll polls until nothing comes for a while, and returns all shares.
func (h *harness) pollAll(from OpID) (shares []Fetched) {
	h.t.Helper()
	empty := 0
	for op := from; empty < 3; op++ {
		h.step(&Poll{Op: op, Wait: 50 * kafka.Millisecond})
		h.run(kafka.Second, func() bool { _, ok := h.done[op]; return ok })
		empty++
		for _, f := range h.done[op].Fetched {
			shares = append(shares, f)
			if len(f.Records) > 0 || f.Err != kafka.None || f.Reset || f.Diverged != kafka.NoOffset {
				empty = 0
			}
		}
	}
	return shares
}

// joined concatenates values and checks that no position is skipped.
func joined(t *testing.T, shares []Fetched) string {
	t.Helper()
	s := ""
	next := kafka.NoOffset
	for _, f := range shares {
		if next != kafka.NoOffset && f.From != next {
			t.Fatalf("a share begins at %d, the one before ended at %d", f.From, next)
		}
		at := f.From
		for _, r := range f.Records {
			if r.Offset < at {
				t.Fatalf("offset %d after %d", r.Offset, at)
			}
			at = r.Offset + 1
			s += string(r.Value)
		}
		if !f.Reset && f.To < at {
			t.Fatalf("records to %d, position %d", at, f.To)
		}
		next = f.To
	}
	return s
}

func (h *harness) assign(op OpID, partition int, from Position) {
	h.step(&Assign{Op: op, Topic: "orders", Partition: kafka.PartitionIndex(partition), From: from})
	h.run(kafka.Second, func() bool { _, ok := h.done[op]; return ok })
}

func TestReadFromEverywhere(t *testing.T) {
	for _, c := range []struct {
		from Position
		at   kafka.Offset
		want string
	}{
		{Position{Kind: AtOffset, Offset: 0}, 0, "abcdef"},
		{Position{Kind: AtOffset, Offset: 4}, 4, "ef"}, // within a batch
		{Position{Kind: AtEarliest}, 0, "abcdef"},
		{Position{Kind: AtLatest}, 6, ""},
	} {
		cluster := newCluster(2, 1)
		cluster.fill(0, []string{"a", "b"}, []string{"c", "d", "e"}, []string{"f"})
		h := newHarness(t, cluster, reader(ConsumerConfig{}))
		h.assign(1, 0, c.from)
		h.expect(1, OK, c.at)
		shares := h.pollAll(2)
		if got := joined(t, shares); got != c.want {
			t.Errorf("from %+v: %q, want %q", c.from, got, c.want)
		}
		last := shares[len(shares)-1]
		if last.To != 6 || last.HighWatermark != 6 || !last.Fresh {
			t.Errorf("from %+v: ends with %+v", c.from, last)
		}
	}
}

// Small limits cut a partition into many polls; nothing is lost between them,
// and only the first share of a fetch speaks for its bounds.
func TestMaxRecordsLeavesTheRest(t *testing.T) {
	cluster := newCluster(1, 2)
	cluster.fill(0, []string{"a", "b", "c", "d", "e"}, []string{"f", "g"})
	h := newHarness(t, cluster, reader(ConsumerConfig{}))
	h.assign(1, 0, Position{Kind: AtEarliest})
	var shares []Fetched
	for op := OpID(2); op < 7; op++ {
		h.step(&Poll{Op: op, Wait: 50 * kafka.Millisecond, MaxRecords: 2})
		h.run(kafka.Second, h.settled)
		for _, f := range h.done[op].Fetched {
			if len(f.Records) > 2 {
				t.Errorf("%d records", len(f.Records))
			}
			shares = append(shares, f)
		}
	}
	if got := joined(t, shares); got != "abcdefg" {
		t.Errorf("%q", got)
	}
	for i, f := range shares {
		if fresh := i == 0 || shares[i-1].To == 7; f.Fresh != fresh {
			t.Errorf("share %d (%d to %d): fresh %v", i, f.From, f.To, f.Fresh)
		}
	}
}

func TestOutOfRange(t *testing.T) {
	for _, c := range []struct {
		policy ResetPolicy
		want   string
		to     kafka.Offset
	}{{ResetNone, "", 99}, {ResetEarliest, "bc", 1}, {ResetLatest, "", 3}} {
		cluster := newCluster(2, 1)
		cluster.fill(0, []string{"a"}, []string{"b", "c"})
		cluster.partitions[0].start = 1
		h := newHarness(t, cluster, reader(ConsumerConfig{Reset: c.policy}))
		h.assign(1, 0, Position{Kind: AtOffset, Offset: 99})
		shares := h.pollAll(2)
		first := shares[0]
		if first.Err != kafka.ErrOffsetOutOfRange || first.From != 99 || first.To != c.to || first.Reset != (c.policy != ResetNone) {
			t.Errorf("policy %d: %+v", c.policy, first)
		}
		if got := joined(t, shares); got != c.want {
			t.Errorf("policy %d: %q", c.policy, got)
		}
	}
}

// A position that is out of range is looked for until it is found: nobody tells
// the application of each attempt, and the partition is read on.
func TestResetGoesOn(t *testing.T) {
	cluster := newCluster(1, 1)
	cluster.fill(0, []string{"a"}, []string{"b", "c"})
	cluster.partitions[0].start = 1
	h := newHarness(t, cluster, reader(ConsumerConfig{Reset: ResetEarliest}))
	h.assign(1, 0, Position{Kind: AtOffset, Offset: 99})
	h.fate = func(_ *harness, s *Send, _ int) fate { return fate{cut: s.Key == protocol.KeyListOffsets} }
	h.step(&Poll{Op: 2, Wait: 10 * kafka.Second})
	h.pass(quick().AdminTimeout + 2*kafka.Second)
	h.fate = nil
	h.run(10*kafka.Second, h.settled)
	if f := h.done[2].Fetched; len(f) != 1 || f[0].Err != kafka.ErrOffsetOutOfRange || !f[0].Reset || f[0].To != 1 {
		t.Errorf("%+v", f)
	}
	if got := joined(t, h.pollAll(3)); got != "bc" {
		t.Errorf("%q", got)
	}
}

// A leader whose log parts from what was read says so; the records are gone.
func TestDivergence(t *testing.T) {
	for _, policy := range []ResetPolicy{ResetNone, ResetEarliest} {
		cluster := newCluster(1, 1)
		cluster.fill(0, []string{"a"}, []string{"b"}, []string{"c"})
		h := newHarness(t, cluster, reader(ConsumerConfig{Reset: policy}))
		h.assign(1, 0, Position{Kind: AtEarliest})
		if got := joined(t, h.pollAll(2)); got != "abc" {
			t.Fatalf("%q", got)
		}
		p := cluster.partitions[0]
		p.batches, p.end = p.batches[:1], 1
		c := cluster
		c.onFetch = func(q *protocol.FetchPartition, out *protocol.FetchPartitionResponse) {
			if q.FetchOffset > p.end {
				if q.LastFetchedEpoch != 0 {
					t.Errorf("last fetched epoch %d", q.LastFetchedEpoch)
				}
				out.Err, out.Records = kafka.None, nil
				out.Diverging = protocol.EpochEndOffset{Set: true, Epoch: 0, EndOffset: 1}
			}
		}
		cluster.fill(0, []string{"x"})
		shares := h.pollAll(20)
		if f := shares[0]; f.Diverged != 1 || f.From != 3 {
			t.Errorf("policy %d: %+v", policy, f)
		}
		want := ""
		if policy != ResetNone {
			want = "x"
		}
		if got := joined(t, shares); got != want {
			t.Errorf("policy %d: %q", policy, got)
		}
	}
}

func TestCorruptBatchIsReported(t *testing.T) {
	cluster := newCluster(1, 1)
	cluster.fill(0, []string{"a"}, []string{"b"})
	b := cluster.partitions[0].batches[1]
	b[len(b)-2] ^= 1
	h := newHarness(t, cluster, reader(ConsumerConfig{}))
	h.assign(1, 0, Position{Kind: AtEarliest})
	shares := h.pollAll(2)
	if f := shares[0]; string(f.Records[0].Value) != "a" || len(f.Records) != 1 || f.Reason != ReasonCorrupt || f.To != 1 {
		t.Errorf("%+v", f)
	}
}

// A read_committed reader passes over aborted transactions and markers.
func TestReadCommittedSkipsAborted(t *testing.T) {
	for _, committed := range []bool{true, false} {
		cluster := newCluster(1, 1)
		p := cluster.partitions[0]
		var b batch.Builder
		add := func(value string, id kafka.ProducerID, sequence kafka.Sequence) {
			b.Reset()
			b.Append(1, nil, []byte(value))
			p.append(b.BuildFor(batch.Producer{ID: id, BaseSequence: sequence, Transactional: true}))
		}
		marker := func(id kafka.ProducerID, kind batch.MarkerType) {
			m := batch.AppendMarker(nil, batch.Marker{Type: kind}, id, 0, 1)
			batch.View(m).Stamp(p.end, 0, kafka.NoTimestamp)
			p.batches = append(p.batches, m)
			p.end++
		}
		add("a", 5, 0)          // 0: aborted
		add("b", 6, 0)          // 1: committed
		marker(5, batch.Abort)  // 2
		add("c", 5, 1)          // 3: the next transaction, committed
		marker(6, batch.Commit) // 4
		marker(5, batch.Commit) // 5
		cluster.fill(0, []string{"d"})
		cluster.onFetch = func(q *protocol.FetchPartition, out *protocol.FetchPartitionResponse) {
			out.Aborted = []protocol.AbortedTransaction{{ProducerID: 5, FirstOffset: 0}}
		}
		h := newHarness(t, cluster, reader(ConsumerConfig{ReadCommitted: committed}))
		h.assign(1, 0, Position{Kind: AtEarliest})
		want := "abcd"
		if committed {
			want = "bcd"
		}
		shares := h.pollAll(2)
		if got := joined(t, shares); got != want || shares[len(shares)-1].To != 7 {
			t.Errorf("committed %v: %q to %d", committed, got, shares[len(shares)-1].To)
		}
	}
}

// What a fetch brings for an assignment that has ended meanwhile is dropped.
func TestAssignDuringFetch(t *testing.T) {
	cluster := newCluster(1, 1)
	cluster.fill(0, []string{"a"}, []string{"b"}, []string{"c"})
	h := newHarness(t, cluster, reader(ConsumerConfig{}))
	h.assign(1, 0, Position{Kind: AtEarliest})
	h.fate = func(*harness, *Send, int) fate { return fate{answer: 30 * kafka.Millisecond} }
	h.step(&Poll{Op: 2, Wait: kafka.Second})
	h.pass(20 * kafka.Millisecond)
	h.assign(3, 0, Position{Kind: AtOffset, Offset: 2})
	h.run(kafka.Second, h.settled)
	if f := h.done[2].Fetched; len(f) != 1 || f[0].From != 2 || string(f[0].Records[0].Value) != "c" {
		t.Errorf("%+v", f)
	}
	h.step(&Unassign{Op: 4, Topic: "orders"})
	h.step(&Poll{Op: 5, Wait: 20 * kafka.Millisecond})
	h.run(kafka.Second, h.settled)
	if f := h.done[5].Fetched; len(f) != 0 {
		t.Errorf("%+v", f)
	}
}

// The topic is deleted and created again: positions of the old one mean nothing.
func TestTopicReborn(t *testing.T) {
	cluster := newCluster(1, 1)
	cluster.fill(0, []string{"a"}, []string{"b"})
	config := reader(ConsumerConfig{Reset: ResetEarliest})
	config.Producer = ProducerConfig{Acks: -1, Idempotent: true, Retries: 100}
	h := newHarness(t, cluster, config)
	h.assign(1, 0, Position{Kind: AtEarliest})
	if got := joined(t, h.pollAll(2)); got != "ab" {
		t.Fatalf("%q", got)
	}
	h.produce(90, 0, "c")
	h.run(kafka.Second, h.settled)
	cluster.topicID = kafka.TopicID{77}
	cluster.partitions[0] = newCluster(1, 1).partitions[0]
	h.fate = func(_ *harness, s *Send, _ int) fate { return fate{lose: isProduce(s)} }
	h.produce(91, 0, "d") // meant for the old one
	h.pass(500 * kafka.Millisecond)
	h.fate = nil
	shares := h.pollAll(20)
	if f := shares[0]; f.Err != kafka.ErrUnknownTopicID {
		t.Errorf("%+v", f)
	}
	h.expect(91, Info, kafka.NoOffset)
	h.produce(92, 0, "e")
	h.run(kafka.Second, h.settled)
	h.expect(92, OK, 0)
	h.wantLog(0, "0:e ")
}

func TestAdministration(t *testing.T) {
	cluster := newCluster(2, 3)
	cluster.fill(1, []string{"a", "b"})
	h := newHarness(t, cluster, reader(ConsumerConfig{}))
	h.step(&CreateTopic{Op: 1, Topic: "new", Partitions: 4, Replicas: 1, Settings: []TopicSetting{{"flush.messages", "1"}}})
	h.step(&CreateTopic{Op: 2, Topic: "orders", Partitions: 4, Replicas: 1})
	h.step(&DescribeTopic{Op: 3, Topic: "orders"})
	h.step(&DescribeTopic{Op: 4, Topic: "absent"})
	h.step(&ListOffsets{Op: 5, Topic: "orders", Partition: 1, Timestamp: timestampLatest})
	h.step(&ListOffsets{Op: 6, Topic: "orders", Partition: 9, Timestamp: timestampLatest})
	h.run(5*kafka.Second, h.settled)
	if d := h.done[1]; d.Outcome != OK || d.PartitionCount != 4 {
		t.Errorf("%+v", d)
	}
	if d := h.done[2]; d.Outcome != Fail || d.Err != kafka.ErrTopicAlreadyExists {
		t.Errorf("%+v", d)
	}
	if d := h.done[3]; d.Outcome != OK || d.PartitionCount != 3 || d.TopicID != cluster.topicID {
		t.Errorf("%+v", d)
	}
	if d := h.done[4]; d.Outcome != Fail || d.Err != kafka.ErrUnknownTopicOrPartition {
		t.Errorf("%+v", d)
	}
	h.expect(5, OK, 2)
	if d := h.done[6]; d.Outcome != Fail || d.Reason != ReasonTimeout {
		t.Errorf("%+v", d)
	}
}

// A creation whose answer is lost may have happened, whatever comes later.
func TestLostCreationIsUnclear(t *testing.T) {
	h := newHarness(t, newCluster(1, 1), reader(ConsumerConfig{}))
	h.fate = func(_ *harness, s *Send, _ int) fate { return fate{loseAnswer: s.Key == protocol.KeyCreateTopics} }
	h.step(&CreateTopic{Op: 1, Topic: "orders", Partitions: 1, Replicas: 1})
	h.pass(500 * kafka.Millisecond)
	h.fate = nil
	h.run(5*kafka.Second, h.settled)
	if d := h.done[1]; d.Outcome != Info || d.Err != kafka.ErrTopicAlreadyExists || d.Attempts < 2 {
		t.Errorf("%+v", d)
	}
}

// Old and new clients work against old and new brokers, in bytes.
func TestEveryVersionWorks(t *testing.T) {
	caps := func(n int16) (out []VersionCap) {
		for a := range protocol.APIs {
			out = append(out, VersionCap{a.Key, min(a.Max, a.Min+n)})
		}
		return out
	}
	for n := int16(0); n <= 15; n++ {
		for _, old := range []string{"client", "broker"} {
			cluster := newCluster(2, 2)
			config := idempotent()
			if old == "client" {
				config.Versions = caps(n)
			} else {
				for _, v := range caps(n) {
					cluster.maxVersion[v.Key] = v.Max
				}
			}
			config.Seed = uint64(n)
			h := newHarness(t, cluster, config)
			h.wire = true
			h.produce(1, 0, "a", "b")
			h.produce(2, 1, "c")
			h.run(2*kafka.Second, h.settled)
			h.expect(1, OK, 0)
			h.expect(2, OK, 0)
			h.assign(3, 0, Position{Kind: AtEarliest})
			h.assign(4, 1, Position{Kind: AtLatest})
			if got := joined(t, onlyPartition(h.pollAll(10), 0)); got != "ab" {
				t.Errorf("old %s, n=%d: %q", old, n, got)
			}
		}
	}
}

func onlyPartition(shares []Fetched, index kafka.PartitionIndex) (out []Fetched) {
	for _, f := range shares {
		if f.Partition == index {
			out = append(out, f)
		}
	}
	return out
}
