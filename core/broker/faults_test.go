package broker_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/core/protocol"
)

// rot flips a bit of a partition's first segment.
func (w *world) rot(topic string, pos int64) {
	w.t.Helper()
	var id kafka.LogID
	w.b.Partitions(func(v *broker.PartitionView) bool {
		if v.Name == topic && v.Partition == 0 {
			id = v.Log
		}
		return true
	})
	file, err := w.fs.Open(partition.SegmentPath(id, 0, 0))
	if err != nil {
		w.t.Fatal(err)
	}
	defer file.Close()
	one := make([]byte, 1)
	if _, err := file.ReadAt(one, pos); err != nil {
		w.t.Fatal(err)
	}
	one[0] ^= 4
	if _, err := file.WriteAt(one, pos); err != nil {
		w.t.Fatal(err)
	}
}

func TestDamagedBatchIsNotServedAndTheRestIs(t *testing.T) {
	w := served(t)
	w.mustCreate("whole", 1)
	w.mustProduce("orders", 0, "a", "b")
	w.mustProduce("orders", 0, strings.Repeat("-", 5000))
	w.mustProduce("orders", 0, "c") // an entry of the index leads here
	w.mustProduce("whole", 0, "c")
	w.rot("orders", batch.HeaderSize+3)
	read := func(from kafka.Offset) protocol.FetchPartitionResponse {
		return w.ask(fetchV, fetch("orders", 0, from)).(*protocol.FetchResponse).Partitions[0]
	}
	if a := read(0); a.Err != kafka.ErrKafkaStorageError || len(a.Records) != 0 {
		t.Fatalf("a damaged batch is answered with %v and %d bytes", a.Err, len(a.Records))
	}
	told := slices.ContainsFunc(w.notes, func(n broker.Note) bool {
		return n.Level == broker.Error && strings.Contains(n.Text, "damaged") && n.Topic == "orders" && n.Offset == 0
	})
	if !told || w.b.Counters().DamagedLogs != 1 {
		t.Fatalf("nobody is told: %+v", w.notes)
	}
	w.pass(kafka.Second)
	if a := read(0); a.Err != kafka.ErrCorruptMessage || len(a.Records) != 0 {
		t.Fatalf("a damaged batch that nobody else has is answered with %v and %d bytes", a.Err, len(a.Records))
	}
	dirs := w.ask(4, &kmsg.DescribeLogDirsRequest{}).(*kmsg.DescribeLogDirsResponse)
	said := ""
	dirs.Dirs[0].Topics[0].Partitions[0].UnknownTags.Each(func(_ uint32, value []byte) { said = string(value) })
	if dirs.Dirs[0].Topics[0].Topic != "orders" || !strings.Contains(said, "from offset 0 on") || !strings.Contains(said, "no other replica") {
		t.Fatalf("operators are told %q of %s", said, dirs.Dirs[0].Topics[0].Topic)
	}
	w.mustProduce("orders", 0, "d")
	if got := w.values("orders", 0, 3); !slices.Equal(got, []string{"c", "d"}) {
		t.Fatalf("read %v behind the damage", got)
	}
	w.mustProduce("whole", 0, "e")
	w.kill()
	w.start()
	if got := w.values("whole", 0, 0); !slices.Equal(got, []string{"c", "e"}) {
		t.Fatalf("read %v", got)
	}
}

func TestScrubbingFindsDamage(t *testing.T) {
	w := served(t)
	w.mustProduce("orders", 0, "a", "b")
	w.mustProduce("orders", 0, "c")
	w.pass(w.limits.ScrubPause)
	w.pass(w.limits.ScrubPause)
	if c := w.b.Counters(); c.ScrubRounds == 0 || c.ScrubbedBytes == 0 || c.ScrubFindings != 0 || c.DamagedLogs != 0 {
		t.Fatalf("a sound log was gone over: %+v", c)
	}
	w.rot("orders", batch.HeaderSize+3)
	w.pass(w.limits.ScrubPause)
	w.pass(w.limits.ScrubPause)
	if c := w.b.Counters(); c.ScrubFindings != 1 || c.DamagedLogs != 1 {
		t.Fatalf("a damaged one: %+v", c)
	}
}

func TestFailedJobEndsTheIncarnation(t *testing.T) {
	w := newWorld(t)
	w.boot()
	w.holdJobs = true
	w.give(&broker.Start{})
	w.settle()
	w.give(&broker.JobDone{Ref: w.jobs[0].Ref, Err: errDisk})
	w.settle()
	if !w.halt.Set || w.halt.Clean || !strings.Contains(w.halt.Reason, "recover") {
		t.Fatalf("halt %+v", w.halt)
	}
}

func TestOneReadThatFailsFencesNothing(t *testing.T) {
	w := served(t)
	w.mustProduce("orders", 0, "a")
	w.holdReads = true
	corr := w.send(1, fetchV, fetch("orders", 0, 0))
	w.give(&broker.ReadDone{Ref: w.reads[0].Ref, Err: errDisk})
	w.reads = nil
	w.settle()
	if a := w.answer(corr).(*protocol.FetchResponse).Partitions[0]; a.Err != kafka.ErrKafkaStorageError {
		t.Fatalf("failed read: %v", a.Err)
	}
	w.holdReads = false
	if got := w.values("orders", 0, 0); !slices.Equal(got, []string{"a"}) {
		t.Fatalf("read %v", got)
	}
}

func TestBusyConnectionIsMuted(t *testing.T) {
	w := newWorld(t)
	w.limits.ConnectionRequests = 4
	w.start()
	w.mustCreate("orders", 1)
	w.holdSyncs = true
	w.mutes = nil
	for range 4 {
		w.send(1, produceV, produce("orders", 0, -1, w.batch("a")))
	}
	if !slices.Equal(w.mutes, []broker.Mute{{Conn: 1, On: true}}) {
		t.Fatalf("mutes %v", w.mutes)
	}
	w.holdSyncs = false
	w.flush()
	w.settle()
	if !slices.Equal(w.mutes, []broker.Mute{{Conn: 1, On: true}, {Conn: 1}}) {
		t.Fatalf("mutes %v", w.mutes)
	}
}

func TestIdleProducersAreForgottenByTheMonotonicClock(t *testing.T) {
	w := newWorld(t)
	w.limits.Storage.ProducerExpiry = kafka.Hour
	w.limits.ProducerScan = kafka.Minute
	w.start()
	w.mustCreate("orders", 1)
	first := records(batch.Producer{ID: 5}, 1_000, "a") // created long ago, says its client
	send := func() kafka.Offset {
		a := w.ask(produceV, produce("orders", 0, -1, first)).(*protocol.ProduceResponse).Partitions[0]
		if a.Err != kafka.None {
			t.Fatal(a.Err)
		}
		return a.BaseOffset
	}
	send()
	w.now.Wall += 100 * 3_600_000 // the wall clock jumps
	w.pass(50 * kafka.Minute)
	if at := send(); at != 0 {
		t.Fatalf("forgotten too early: %d", at)
	}
	for range 120 {
		w.pass(kafka.Minute)
	}
	if at := send(); at != 1 {
		t.Fatalf("still known after two hours: %d", at)
	}
}

func TestReadCommittedEndsAtTheLastStableOffset(t *testing.T) {
	w := served(t)
	w.mustProduce("orders", 0, "a", "b")
	w.holdSyncs = true
	w.send(1, produceV, produce("orders", 0, -1, w.batch("c")))
	q := fetch("orders", 0, 0)
	q.ReadCommitted = true
	a := w.ask(fetchV, q).(*protocol.FetchResponse).Partitions[0]
	if a.LastStableOffset != 2 || a.HighWatermark != 2 || len(a.Aborted) != 0 || batch.View(a.Records).NextOffset() != 2 {
		t.Fatalf("read committed %+v", a)
	}
}

func TestOnlyTheInterBrokerListenerTakesBrokers(t *testing.T) {
	w := newWorld(t)
	w.config.Listeners = append(w.config.Listeners, broker.Listener{Name: "EXTERNAL", Host: "example.org", Port: 9093})
	w.start()
	w.mustCreate("orders", 1)
	w.conns[7] = true
	w.give(&broker.ConnectionOpened{Conn: 7, Listener: "EXTERNAL"})
	heartbeat := kmsg.NewPtrBrokerHeartbeatRequest()
	heartbeat.BrokerID = 1
	corr := w.send(7, 1, heartbeat)
	if a := w.answer(corr).(*kmsg.BrokerHeartbeatResponse); kafka.ErrorCode(a.ErrorCode) != kafka.ErrClusterAuthorizationFailed {
		t.Errorf("heartbeat: %d", a.ErrorCode)
	}
	corr = w.send(7, 0, kmsg.NewPtrEnvelopeRequest())
	if a := w.answer(corr).(*kmsg.EnvelopeResponse); kafka.ErrorCode(a.ErrorCode) != kafka.ErrClusterAuthorizationFailed {
		t.Errorf("envelope: %d", a.ErrorCode)
	}
	follower := fetch("orders", 0, 0)
	follower.ReplicaID = 1
	corr = w.send(7, fetchV, follower)
	if a := w.answer(corr).(*protocol.FetchResponse); a.Partitions[0].Err != kafka.ErrTopicAuthorizationFailed {
		t.Errorf("fetch as a broker: %v", a.Partitions[0].Err)
	}
	corr = w.send(7, 12, kmsg.NewPtrMetadataRequest())
	if a := w.answer(corr).(*kmsg.MetadataResponse); len(a.Brokers) != 1 || a.Brokers[0].Host != "example.org" || a.Brokers[0].Port != 9093 {
		t.Errorf("metadata on another listener: %+v", a.Brokers)
	}
}

func TestSettingsThatAClusterHasNot(t *testing.T) {
	w := newWorld(t)
	w.config.Settings = map[string]string{"num.partitions": "3", "delete.topic.enable": "false", "no.such.setting": "x"}
	w.start()
	q := createTopic("orders", -1)
	if a := w.ask(7, q).(*kmsg.CreateTopicsResponse).Topics[0]; a.ErrorCode != 0 || a.NumPartitions != 3 {
		t.Fatalf("created %+v", a)
	}
	if a := w.ask(6, deleteTopic("orders")).(*kmsg.DeleteTopicsResponse).Topics[0]; kafka.ErrorCode(a.ErrorCode) != kafka.ErrTopicDeletionDisabled {
		t.Errorf("delete: %d", a.ErrorCode)
	}
}
