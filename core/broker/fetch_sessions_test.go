package broker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// ask1 is one partition of a fetch of orders.
func ask1(p kafka.PartitionIndex, offset kafka.Offset) protocol.FetchPartition {
	return fetch("orders", p, offset).Partitions[0]
}

// inSession is a fetch of a session, 0 and 0 to open one.
func inSession(id, epoch int32, asked ...protocol.FetchPartition) *protocol.FetchRequest {
	q := fetch("orders", 0, 0)
	q.SessionID, q.SessionEpoch, q.Partitions = id, epoch, asked
	return q
}

func forgetting(q *protocol.FetchRequest, partitions ...kafka.PartitionIndex) *protocol.FetchRequest {
	for _, p := range partitions {
		q.Forgotten = append(q.Forgotten, protocol.ForgottenPartition{Topic: "orders", Partition: p})
	}
	return q
}

// told lists what a fetch response says: partitions in its order, with an error
// or the high watermark and the range of records.
func told(body protocol.Body) string {
	a := body.(*protocol.FetchResponse)
	if a.Err != kafka.None {
		return fmt.Sprintf("%v id=%d", a.Err, a.SessionID)
	}
	var list []string
	for i := range a.Partitions {
		p := &a.Partitions[i]
		s := fmt.Sprintf("%d:%v", p.Partition, p.Err)
		if p.Err == kafka.None {
			s = fmt.Sprintf("%d:hw=%d", p.Partition, p.HighWatermark)
		}
		for v := batch.View(p.Records); v.Whole(); v = v[v.Size():] {
			s += fmt.Sprintf("[%d..%d]", v.BaseOffset(), v.LastOffset())
		}
		list = append(list, s)
	}
	return strings.Join(list, " ")
}

// reading starts a broker with orders of so many partitions and opens a session
// that reads all of them from the beginning.
func reading(t testing.TB, partitions int32) (w *world, id int32) {
	w = newWorld(t)
	w.start()
	w.mustCreate("orders", partitions)
	return w, w.open(partitions)
}

func (w *world) open(partitions int32) int32 {
	w.t.Helper()
	q := inSession(0, 0)
	for p := range partitions {
		q.Partitions = append(q.Partitions, ask1(kafka.PartitionIndex(p), 0))
	}
	a := w.ask(fetchV, q).(*protocol.FetchResponse)
	if a.Err != kafka.None || a.SessionID <= 0 || len(a.Partitions) != int(partitions) {
		w.t.Fatalf("open: %+v", a)
	}
	return a.SessionID
}

func TestFetchSession(t *testing.T) {
	w, id := reading(t, 3)
	steps := []struct {
		what string
		do   func()
		q    func(epoch int32) *protocol.FetchRequest
		want string
	}{
		{"nothing has changed", nil, func(e int32) *protocol.FetchRequest { return inSession(id, e) }, ""},
		{"records for one", func() { w.mustProduce("orders", 1, "a", "b") },
			func(e int32) *protocol.FetchRequest { return inSession(id, e) }, "1:hw=2[0..1]"},
		{"asked for again they come again", nil, func(e int32) *protocol.FetchRequest { return inSession(id, e) }, "1:hw=2[0..1]"},
		{"the reader has got on", nil, func(e int32) *protocol.FetchRequest { return inSession(id, e, ask1(1, 2)) }, ""},
		{"it forgets one", func() { w.mustProduce("orders", 0, "c"); w.mustProduce("orders", 2, "d") },
			func(e int32) *protocol.FetchRequest { return forgetting(inSession(id, e), 0) }, "2:hw=1[0..0]"},
		{"and one that it has not", nil, func(e int32) *protocol.FetchRequest { return forgetting(inSession(id, e), 0, 9) }, "2:hw=1[0..0]"},
		{"asks for it again", nil, func(e int32) *protocol.FetchRequest { return inSession(id, e, ask1(0, 1), ask1(2, 1)) }, "0:hw=1"},
		{"asks and forgets at once", nil, func(e int32) *protocol.FetchRequest { return forgetting(inSession(id, e, ask1(0, 0)), 0) }, ""},
		{"asks for one that is not there", nil, func(e int32) *protocol.FetchRequest { return inSession(id, e, ask1(7, 0)) }, "7:UNKNOWN_TOPIC_OR_PARTITION"},
		{"errors are told every time", nil, func(e int32) *protocol.FetchRequest { return inSession(id, e) }, "7:UNKNOWN_TOPIC_OR_PARTITION"},
		{"until they are gone", func() {
			more := kmsg.NewPtrCreatePartitionsRequest()
			more.TimeoutMillis = 1000
			more.Topics = append(more.Topics, kmsg.CreatePartitionsRequestTopic{Topic: "orders", Count: 8})
			w.ask(3, more)
		}, func(e int32) *protocol.FetchRequest { return inSession(id, e) }, "7:hw=0"},
		{"which is told once", nil, func(e int32) *protocol.FetchRequest { return inSession(id, e) }, ""},
		{"a wrong position", nil, func(e int32) *protocol.FetchRequest { return inSession(id, e, ask1(2, 99)) }, "2:OFFSET_OUT_OF_RANGE"},
		{"and a right one", nil, func(e int32) *protocol.FetchRequest { return inSession(id, e, ask1(2, 1)) }, "2:hw=1"},
		{"the high watermark moves past what is asked for", func() { w.mustProduce("orders", 1, "e") },
			func(e int32) *protocol.FetchRequest { return inSession(id, e, ask1(1, 3)) }, "1:hw=3"},
	}
	for i, s := range steps {
		if s.do != nil {
			s.do()
		}
		a := w.ask(fetchV, s.q(int32(i+1))).(*protocol.FetchResponse)
		if got := told(a); got != s.want || a.SessionID != id {
			t.Fatalf("%s: session %d says %q, want %d and %q", s.what, a.SessionID, got, id, s.want)
		}
	}
	if c := w.b.Counters(); c.FetchSessions != 1 || c.FetchSessionPartitions != 3 {
		t.Errorf("%d sessions with %d partitions", c.FetchSessions, c.FetchSessionPartitions)
	}
}

// A long poll of a session waits for any of its partitions, named or not.
func TestFetchSessionWaits(t *testing.T) {
	w, id := reading(t, 4)
	q := inSession(id, 1)
	q.MaxWaitMs = 500
	corr := w.send(5, fetchV, q)
	w.unanswered(corr)
	w.mustProduce("orders", 3, "a")
	if got := told(w.answer(corr)); got != "3:hw=1[0..0]" {
		t.Errorf("woken: %q", got)
	}
	q = inSession(id, 2, ask1(3, 1))
	q.MaxWaitMs = 500
	corr = w.send(5, fetchV, q)
	w.pass(499 * kafka.Millisecond)
	w.unanswered(corr)
	w.pass(kafka.Millisecond)
	if a := w.answer(corr).(*protocol.FetchResponse); told(a) != "" || a.SessionID != id {
		t.Errorf("the wait is over: %+v", a)
	}
}

func TestFetchSessionRefusals(t *testing.T) {
	w, id := reading(t, 2)
	one := ask1(0, 0)
	cases := []struct {
		what    string
		version int16
		q       *protocol.FetchRequest
		want    string
	}{
		{"no such session", fetchV, inSession(id^1, 1), "FETCH_SESSION_ID_NOT_FOUND id=0"},
		{"no session at all", fetchV, inSession(0, 1), "FETCH_SESSION_ID_NOT_FOUND id=0"},
		{"an epoch to come", fetchV, inSession(id, 2), "INVALID_FETCH_SESSION_EPOCH id=0"},
		{"an epoch that is none", fetchV, inSession(id, -2), "INVALID_FETCH_SESSION_EPOCH id=0"},
		{"topic IDs in a session of names", 13, inSession(id, 1), "FETCH_SESSION_TOPIC_ID_ERROR id=0"},
		{"the epoch that is due", fetchV, inSession(id, 1), ""},
		{"the same again", fetchV, inSession(id, 1), "INVALID_FETCH_SESSION_EPOCH id=0"},
		{"a refusal has changed nothing", fetchV, inSession(id, 2), ""},
		{"closed, without a new one", fetchV, inSession(id, -1, one), "0:hw=0"},
		{"closed", fetchV, inSession(id, 3), "FETCH_SESSION_ID_NOT_FOUND id=0"},
		{"without a session", fetchV, inSession(0, -1, one), "0:hw=0"},
	}
	for _, c := range cases {
		if got := told(w.ask(c.version, c.q)); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	if c := w.b.Counters(); c.FetchSessions != 0 || c.FetchSessionPartitions != 0 {
		t.Errorf("%d sessions with %d partitions are left", c.FetchSessions, c.FetchSessionPartitions)
	}
}

// A session of topic IDs does not speak names, and outlives its topics.
func TestFetchSessionOfTopicIDs(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	q := inSession(0, 0, ask1(0, 0))
	old := w.b.Image().TopicByName("orders").ID
	q.Partitions[0].Topic, q.Partitions[0].TopicID = "", old
	id := w.ask(13, q).(*protocol.FetchResponse).SessionID
	if got := told(w.ask(fetchV, inSession(id, 1))); got != "FETCH_SESSION_TOPIC_ID_ERROR id=0" {
		t.Errorf("names: %q", got)
	}
	w.ask(3, func() *kmsg.DeleteTopicsRequest {
		q := kmsg.NewPtrDeleteTopicsRequest()
		q.TopicNames, q.TimeoutMillis = []string{"orders"}, 1000
		return q
	}())
	w.mustCreate("orders", 1)
	if got := told(w.ask(13, inSession(id, 1))); got != "0:UNKNOWN_TOPIC_ID" {
		t.Errorf("the topic is gone: %q", got)
	}
	// The new topic is another partition of the session.
	q = inSession(id, 2, ask1(0, 0))
	q.Partitions[0].TopicID = w.b.Image().TopicByName("orders").ID
	q.Forgotten = []protocol.ForgottenPartition{{TopicID: old, Partition: 0}}
	if got := told(w.ask(13, q)); got != "0:hw=0" {
		t.Errorf("the topic is back: %q", got)
	}
}

// A session ends when it has nothing left to read.
func TestEmptyFetchSessionEnds(t *testing.T) {
	w, id := reading(t, 1)
	a := w.ask(fetchV, forgetting(inSession(id, 1), 0)).(*protocol.FetchResponse)
	if a.Err != kafka.None || a.SessionID != 0 || len(a.Partitions) != 0 {
		t.Errorf("%+v", a)
	}
	if got := told(w.ask(fetchV, inSession(id, 2))); got != "FETCH_SESSION_ID_NOT_FOUND id=0" {
		t.Error(got)
	}
}

// A full fetch ends the session that it names and opens another.
func TestFullFetchReplacesSession(t *testing.T) {
	w, id := reading(t, 2)
	a := w.ask(fetchV, inSession(id, 0, ask1(0, 0))).(*protocol.FetchResponse)
	if a.SessionID == 0 || a.SessionID == id {
		t.Fatalf("%+v", a)
	}
	if c := w.b.Counters(); c.FetchSessions != 1 || c.FetchSessionPartitions != 1 {
		t.Errorf("%d sessions with %d partitions", c.FetchSessions, c.FetchSessionPartitions)
	}
}

// One session on two connections: whoever comes second with an epoch is
// refused, and so is who waited while the other got on.
func TestFetchSessionOnTwoConnections(t *testing.T) {
	w, id := reading(t, 2)
	q := inSession(id, 1)
	q.MaxWaitMs = 500
	first := w.send(5, fetchV, q)
	if got := told(w.ask(fetchV, inSession(id, 1))); got != "INVALID_FETCH_SESSION_EPOCH id=0" {
		t.Errorf("the same epoch: %q", got)
	}
	if got := told(w.ask(fetchV, inSession(id, 2))); got != "" {
		t.Errorf("the next epoch: %q", got)
	}
	w.mustProduce("orders", 0, "a")
	if got := told(w.answer(first)); got != "INVALID_FETCH_SESSION_EPOCH id=0" {
		t.Errorf("who waited: %q", got)
	}
	if got := told(w.ask(fetchV, inSession(id, 3))); got != "0:hw=1[0..0]" {
		t.Errorf("who got on: %q", got)
	}
}

// What a closed connection was to be told counts as not told.
func TestFetchSessionOutlivesItsConnection(t *testing.T) {
	w, id := reading(t, 2)
	w.mustProduce("orders", 0, "a")
	w.holdReads = true
	w.send(5, fetchV, inSession(id, 1))
	w.conns[5] = false
	w.give(&broker.ConnectionClosed{Conn: 5})
	w.holdReads = false
	w.flush()
	w.settle()
	if got := told(w.ask(fetchV, inSession(id, 2, ask1(0, 1)))); got != "0:hw=1" {
		t.Error(got)
	}
}

// A partition that has returned records goes behind the others, so that an
// answer with room for one comes to each in turn.
func TestFetchSessionTakesTurns(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 4)
	one := w.batch("0123456789")
	offsets := make([]kafka.Offset, 4)
	for p := range offsets {
		for range 8 {
			w.ask(produceV, produce("orders", kafka.PartitionIndex(p), -1, one))
		}
	}
	id := w.open(4)
	w.ask(fetchV, inSession(id, 1, ask1(0, 0), ask1(1, 0), ask1(2, 0), ask1(3, 0)))
	got := ""
	for i := range 12 {
		q := inSession(id, int32(2+i))
		q.MaxBytes = int32(len(one))
		for p, offset := range offsets {
			q.Partitions = append(q.Partitions, ask1(kafka.PartitionIndex(p), offset))
		}
		a := w.ask(fetchV, q).(*protocol.FetchResponse)
		if len(a.Partitions) != 1 {
			t.Fatalf("round %d: %s", i, told(a))
		}
		got += fmt.Sprint(a.Partitions[0].Partition)
		offsets[a.Partitions[0].Partition]++
	}
	if got != "012301230123" {
		t.Errorf("answered in turn: %s", got)
	}
}
