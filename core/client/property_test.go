package client

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// schedule is what a property run draws: what happens to each message in turn,
// and what each produce meets on the broker. When it is used up, all goes well.
type schedule struct {
	fates  []fate
	errors []brokerFault
}

type brokerFault struct {
	code   kafka.ErrorCode
	before bool // instead of the append; else after it
}

func drawFate(t *rapid.T) fate {
	ms := func(name string, most int) kafka.Duration {
		return kafka.Duration(rapid.IntRange(0, most).Draw(t, name)) * kafka.Millisecond
	}
	switch rapid.IntRange(0, 9).Draw(t, "fate") {
	case 0:
		return fate{lose: true}
	case 1:
		return fate{cut: true, delay: ms("delay", 20)}
	case 2:
		return fate{cutEarly: true, delay: ms("zombie", 4000)}
	case 3:
		return fate{loseAnswer: true}
	case 4:
		return fate{delay: ms("delay", 600), answer: ms("answer", 200)}
	}
	return fate{}
}

func drawBrokerFault(t *rapid.T) brokerFault {
	return rapid.SampledFrom([]brokerFault{
		{}, {}, {},
		{kafka.ErrNotEnoughReplicas, true},
		{kafka.ErrNotLeaderOrFollower, true},
		{kafka.ErrNotLeaderOrFollower, false},
		{kafka.ErrRequestTimedOut, false},
		{kafka.ErrNotEnoughReplicasAfterAppend, false},
		{kafka.ErrMessageTooLarge, true},
		{kafka.ErrUnknownServerError, false},
		{kafka.ErrUnknownServerError, true},
	}).Draw(t, "broker fault")
}

// apply makes the schedule govern a harness.
func (s *schedule) apply(h *harness) {
	h.fate = func(_ *harness, q *Send, _ int) fate {
		if q.Key == protocol.KeyApiVersions || len(s.fates) == 0 {
			return fate{}
		}
		f := s.fates[0]
		s.fates = s.fates[1:]
		return f
	}
	h.cluster.onProduce = func(_ *fakePartition, _ batch.View, try func() (kafka.Offset, kafka.ErrorCode)) (kafka.Offset, kafka.ErrorCode) {
		if len(s.errors) == 0 {
			return try()
		}
		f := s.errors[0]
		s.errors = s.errors[1:]
		if f.code == kafka.None {
			return try()
		}
		if !f.before {
			if _, code := try(); code != kafka.None {
				return kafka.NoOffset, code
			}
		}
		return kafka.NoOffset, f.code
	}
}

func drawConfig(t *rapid.T) Config {
	config := idempotent()
	if rapid.IntRange(0, 3).Draw(t, "plain") == 0 {
		config = plain(int32(rapid.IntRange(0, 5).Draw(t, "retries")))
	}
	l := &config.Limits
	l.Linger = kafka.Duration(rapid.SampledFrom([]int{0, 1, 5, 50}).Draw(t, "linger")) * kafka.Millisecond
	l.InFlight = int32(rapid.IntRange(1, 5).Draw(t, "in flight"))
	l.BatchRecords = int32(rapid.SampledFrom([]int{1, 3, 100}).Draw(t, "batch"))
	l.DeliveryTimeout = kafka.Duration(rapid.SampledFrom([]int{300, 1000, 3000}).Draw(t, "delivery")) * kafka.Millisecond
	config.Seed = rapid.Uint64().Draw(t, "seed")
	config.Consumer.Reset = ResetEarliest
	config.Consumer.Sessionless = rapid.IntRange(0, 3).Draw(t, "sessionless") == 3
	config.Consumer.Resume = rapid.Bool().Draw(t, "resume")
	return config
}

// Whatever the network and the brokers do, what the client says of its
// operations is true, an idempotent producer's records are in the log at most
// once and in order, and a consumer reads what is there.
func TestAccountIsTrue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cluster := newCluster(rapid.IntRange(1, 3).Draw(rt, "brokers"), rapid.IntRange(1, 2).Draw(rt, "partitions"))
		config := drawConfig(rt)
		s := schedule{
			fates:  rapid.SliceOfN(rapid.Custom(drawFate), 0, 60).Draw(rt, "fates"),
			errors: rapid.SliceOfN(rapid.Custom(drawBrokerFault), 0, 20).Draw(rt, "errors"),
		}
		h := newHarness(rt, cluster, config)
		h.wire = rapid.Bool().Draw(rt, "wire")
		s.apply(h)
		// A reader follows partition 0 through the same faults.
		cluster.sessions.room = rapid.SampledFrom([]int{10, 2, 1, 0}).Draw(rt, "sessions")
		h.step(&Assign{Op: 1_000_000, Topic: "orders", From: Position{Kind: AtOffset}})
		if len(cluster.partitions) > 1 { // company in its sessions
			h.step(&Assign{Op: 1_000_001, Topic: "orders", Partition: 1, From: Position{Kind: AtOffset}})
		}
		polls := OpID(2_000_000)
		ops := 0
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			switch rapid.IntRange(-1, 9).Draw(rt, "step") {
			case -1:
				cluster.sessions.all = nil // as of a broker that has restarted
			case 0:
				p := cluster.partitions[rapid.IntRange(0, len(cluster.partitions)-1).Draw(rt, "moved")]
				p.leader, p.epoch = rapid.IntRange(0, len(cluster.brokers)-1).Draw(rt, "to"), p.epoch+1
			case 1, 2, 3:
				h.pass(kafka.Duration(rapid.IntRange(1, 400).Draw(rt, "ms")) * kafka.Millisecond)
			case 4:
				polls++
				h.step(&Poll{Op: polls, Wait: 30 * kafka.Millisecond, MaxRecords: 3})
			default:
				ops++
				h.produce(OpID(ops), ops%len(cluster.partitions), strconv.Itoa(ops), strconv.Itoa(ops)+"'")
			}
		}
		h.run(30*kafka.Second, h.settled)
		h.pass(5 * kafka.Second) // zombies come out
		for partition := range cluster.partitions {
			checkAccount(rt, h, partition, ops, config.Producer.Idempotent)
		}
		for range 3 {
			h.pass(kafka.Second) // a lost request is sent again; what others are told ends a poll at once
			for range 60 {
				polls++
				h.step(&Poll{Op: polls, Wait: 30 * kafka.Millisecond})
				h.run(5*kafka.Second, h.settled)
			}
		}
		checkReader(rt, h, polls)
	})
}

func checkAccount(t *rapid.T, h *harness, partition, ops int, idempotent bool) {
	at := map[string][]kafka.Offset{}
	last := 0
	for _, r := range h.cluster.partitions[partition].values(0) {
		v := string(r.Value)
		at[v] = append(at[v], r.Offset)
		if v[len(v)-1] == '\'' {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		if idempotent && n <= last {
			t.Fatalf("partition %d: operation %d lies behind %d: %s", partition, n, last, h.logged(partition))
		}
		last = n
	}
	for n := 1; n <= ops; n++ {
		if n%len(h.cluster.partitions) != partition {
			continue
		}
		d, v := h.done[OpID(n)], strconv.Itoa(n)
		found := at[v]
		switch {
		case len(found) != len(at[v+"'"]):
			t.Fatalf("operation %d is torn: %s", n, h.logged(partition))
		case idempotent && len(found) > 1:
			t.Fatalf("operation %d lies at %v: %s", n, found, h.logged(partition))
		case d.Outcome == Fail && len(found) > 0:
			t.Fatalf("operation %d failed (%v %v, %d attempts), and lies at %v", n, d.Err, d.Reason, d.Attempts, found)
		case d.Outcome == OK && !slices.Contains(found, d.Offset):
			t.Fatalf("operation %d was acknowledged at %d, and lies at %v", n, d.Offset, found)
		}
	}
}

func checkReader(t *rapid.T, h *harness, polls OpID) {
	want := h.cluster.partitions[0].values(0)
	next := kafka.Offset(0)
	read := 0
	for op := OpID(2_000_001); op <= polls; op++ {
		for _, f := range onlyPartition(h.done[op].Fetched, 0) {
			if f.From != next || f.Err != kafka.None || f.Reason != ReasonNone {
				t.Fatalf("expected a share from %d: %+v", next, f)
			}
			for _, r := range f.Records {
				if read >= len(want) || want[read].Offset != r.Offset || string(want[read].Value) != string(r.Value) {
					t.Fatalf("record %d read as %d:%s", read, r.Offset, r.Value)
				}
				read++
			}
			next = f.To
		}
	}
	if read != len(want) {
		t.Fatalf("%d records read of %d; position %d: %s", read, len(want), next, fmt.Sprint(h.client.consumer.assigned[0]))
	}
}
