package broker_test

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/protocol"
	"trialog/core/quorum"
)

func TestEpochFencing(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	w.mustProduce("orders", 0, "a")
	w.kill()
	w.start()
	var epoch kafka.LeaderEpoch
	w.b.Partitions(func(v *broker.PartitionView) bool { epoch = v.LeaderEpoch; return true })
	if epoch == 0 {
		t.Fatal("the epoch was not bumped by the new incarnation")
	}
	for _, c := range []struct {
		current kafka.LeaderEpoch
		want    kafka.ErrorCode
	}{{epoch, kafka.None}, {epoch - 1, kafka.ErrFencedLeaderEpoch}, {epoch + 1, kafka.ErrUnknownLeaderEpoch}} {
		q := fetch("orders", 0, 0)
		q.Partitions[0].CurrentLeaderEpoch = c.current
		if p := w.ask(fetchV, q).(*protocol.FetchResponse).Partitions[0]; p.Err != c.want {
			t.Errorf("fetch with epoch %d: %v, want %v", c.current, p.Err, c.want)
		}
	}
	q := fetch("orders", 0, 0)
	q.Partitions[0].CurrentLeaderEpoch = epoch - 1
	q.Partitions[0].TopicID = w.b.Image().TopicByName("orders").ID
	a := w.ask(17, q).(*protocol.FetchResponse)
	if p := a.Partitions[0]; p.Err != kafka.ErrFencedLeaderEpoch || p.CurrentLeader.Leader != 1 || p.CurrentLeader.Epoch != epoch {
		t.Fatalf("fenced fetch: %+v", p)
	}
	if len(a.Nodes) != 1 || a.Nodes[0].Port != 9092 {
		t.Fatalf("no address of the leader: %+v", a.Nodes)
	}
}

func TestIdempotentProducerAcrossKills(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	id := func() batch.Producer {
		q := kmsg.NewPtrInitProducerIDRequest()
		a := w.ask(4, q).(*kmsg.InitProducerIDResponse)
		if a.ErrorCode != 0 || a.ProducerEpoch != 0 {
			t.Fatalf("init producer ID: %+v", a)
		}
		return batch.Producer{ID: kafka.ProducerID(a.ProducerID)}
	}
	first := id()
	second := id()
	if first.ID == second.ID {
		t.Fatal("one ID for two")
	}
	send := func(seq kafka.Sequence, value string) (kafka.ErrorCode, kafka.Offset) {
		p := first
		p.BaseSequence = seq
		a := w.ask(produceV, produce("orders", 0, -1, records(p, w.now.Wall, value))).(*protocol.ProduceResponse).Partitions[0]
		return a.Err, a.BaseOffset
	}
	for i, v := range []string{"a", "b", "c"} {
		if code, offset := send(kafka.Sequence(i), v); code != kafka.None || offset != kafka.Offset(i) {
			t.Fatalf("%s: %v at %d", v, code, offset)
		}
	}
	w.kill()
	w.start()
	if code, offset := send(1, "b"); code != kafka.None || offset != 1 {
		t.Fatalf("duplicate after a kill: %v at %d", code, offset)
	}
	if code, _ := send(9, "x"); code != kafka.ErrOutOfOrderSequenceNumber {
		t.Fatalf("gap: %v", code)
	}
	if code, offset := send(3, "d"); code != kafka.None || offset != 3 {
		t.Fatalf("next: %v at %d", code, offset)
	}
	if third := id(); third.ID <= second.ID {
		t.Fatalf("ID %d after %d", third.ID, second.ID)
	}
}

func TestRequestsWaitUntilTheBrokerServes(t *testing.T) {
	w := newWorld(t)
	w.boot()
	w.holdJobs = true
	w.give(&broker.Start{})
	w.settle()
	versions := w.send(1, 3, apiVersions("kgo", "1.0"))
	w.answer(versions)
	metadata := w.send(1, 12, kmsg.NewPtrMetadataRequest())
	w.unanswered(metadata)
	w.holdJobs = false
	w.flush()
	w.settle()
	w.unanswered(metadata)
	w.give(&broker.Quorum{Event: leads})
	w.settle()
	if a := w.answer(metadata).(*kmsg.MetadataResponse); len(a.Brokers) != 1 || a.ControllerID != 1 {
		t.Fatalf("metadata %+v", a)
	}
	if !w.b.Ready() {
		t.Fatalf("phase %v", w.b.Phase())
	}
}

func TestOtherIncarnationTakesOver(t *testing.T) {
	w := newWorld(t)
	w.start()
	old := w.b
	entries := len(w.quorum.log)
	w.boot() // on a copy of the metadata log, as another process would
	w.give(&broker.Start{})
	w.give(&broker.Quorum{Event: leads})
	w.settle()
	for i := entries; i < len(w.quorum.log); i++ {
		old.Step(w.now, &broker.Quorum{Event: committed(uint64(i+1), w.quorum.log[i])}, &w.fx)
	}
	if !w.fx.Halt.Set || w.fx.Halt.Clean {
		t.Fatalf("the old incarnation goes on: %+v", w.fx.Halt)
	}
}

// A broker that comes up from a snapshot of the metadata and the entries behind
// it stands where one stands that has replayed everything.
func TestSnapshotAndTailAreTheLog(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 2)
	w.mustCreate("gone", 1)
	w.mustProduce("orders", 0, "a")
	snapshot, at := metadata.AppendSnapshot(nil, w.b.Image()), w.b.Image().Index()
	w.ask(6, deleteTopic("gone"))
	w.mustCreate("late", 1)
	w.mustProduce("late", 0, "b")
	w.kill()

	w.boot()
	w.inbox = nil
	w.give(&broker.Quorum{Event: &quorum.SnapshotLoaded{Index: at, State: snapshot}})
	for i := at; i < uint64(len(w.quorum.log)); i++ {
		w.give(&broker.Quorum{Event: committed(i+1, w.quorum.log[i])})
	}
	w.give(&broker.Start{})
	w.give(&broker.Quorum{Event: leads})
	w.settle()
	if got := w.values("orders", 0, 0); !slices.Equal(got, []string{"a"}) {
		t.Errorf("orders: %v", got)
	}
	if got := w.values("late", 0, 0); !slices.Equal(got, []string{"b"}) {
		t.Errorf("late: %v", got)
	}
	if n := w.b.Counters().Logs; n != 3 {
		t.Errorf("%d logs", n)
	}
	// A snapshot that comes while serving changes nothing that is the same in it.
	w.give(&broker.Quorum{Event: &quorum.SnapshotLoaded{Index: w.b.Image().Index() + 5, State: metadata.AppendSnapshot(nil, w.b.Image())}})
	w.settle()
	if got := w.values("late", 0, 0); !slices.Equal(got, []string{"b"}) {
		t.Errorf("late: %v", got)
	}
}

// A driver that ticks at every deadline, and at no other time, keeps the broker
// going; a tick before its time does nothing.
func TestDeadlinesAreAllThereIs(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	corr := w.send(1, fetchV, poll("orders", 0, 0, 3_000))
	end := w.now.Mono.Add(3 * kafka.Second)
	for n := 0; w.now.Mono < end; n++ {
		at, any := w.b.Deadline()
		if !any || n > 1000 {
			t.Fatalf("deadline %d, %v after %d ticks", at, any, n)
		}
		w.unanswered(corr)
		if at > w.now.Mono {
			w.b.Step(w.now, &broker.Tick{}, &w.fx)
			if !w.fx.Empty() {
				t.Fatalf("an early tick does something: %+v", w.fx)
			}
			w.now.Mono = at
		}
		w.give(&broker.Tick{})
		w.settle()
	}
	if w.now.Mono != end {
		t.Fatalf("the poll ended at %d, not at %d", w.now.Mono, end)
	}
	w.answer(corr)
	for range 100 { // a session's worth of heartbeats
		at, _ := w.b.Deadline()
		w.now.Mono = max(w.now.Mono, at)
		w.give(&broker.Tick{})
		w.settle()
	}
	if w.b.Image().Broker(1).Fenced {
		t.Fatal("the broker has let its session end")
	}
}
