package client

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// lane drives a client whose connections are up against answers made in place,
// so that a benchmark measures the client alone.
type lane struct {
	client *Client
	out    Effects
	now    kafka.Now
	answer Response
	put    protocol.ProduceResponse
	got    protocol.FetchResponse
	steps  int
}

func newLane(t testing.TB) *lane {
	config := idempotent()
	config.Limits.Linger = 0
	h := newHarness(t, newCluster(3, 6), config)
	for i := range 6 {
		h.produce(OpID(i), i, "warm")
		h.assign(OpID(100+i), i, Position{Kind: AtOffset})
	}
	h.step(&Poll{Op: 200, Wait: kafka.Second})
	h.run(kafka.Second, h.settled)
	h.pollAll(300)
	h.pass(100 * kafka.Millisecond) // the last fetch is answered
	return &lane{client: h.client, now: kafka.Now{Mono: h.now, Wall: 1}}
}

func (l *lane) step(in Input) {
	l.out.Reset()
	l.client.Step(l.now, in, &l.out)
	l.steps++
}

// answerProduce answers the only send.
func (l *lane) answerProduce(t testing.TB) {
	if len(l.out.Sends) != 1 {
		t.Fatalf("%d sends", len(l.out.Sends))
	}
	s := &l.out.Sends[0]
	q := s.Body.(*protocol.ProduceRequest)
	l.put.Partitions = l.put.Partitions[:0]
	for i := range q.Partitions {
		l.put.Partitions = append(l.put.Partitions, protocol.ProducePartitionResponse{TopicID: q.Partitions[i].TopicID, Partition: q.Partitions[i].Partition})
	}
	l.answer = Response{Conn: s.Conn, CorrelationID: s.CorrelationID, Body: &l.put}
	l.step(&l.answer)
	if len(l.out.Dones) != 1 || l.out.Dones[0].Outcome != OK {
		t.Fatalf("%+v", l.out.Dones)
	}
}

// The steady state allocates nothing but batch memory, a slab at a time.
func TestProduceAllocatesNothing(t *testing.T) {
	l := newLane(t)
	in := Produce{Topic: "orders", Records: []Record{{Timestamp: kafka.NoTimestamp, Value: make([]byte, 32)}}}
	round := func() {
		in.Op++
		l.step(&in)
		l.answerProduce(t)
		l.now.Mono += kafka.Instant(100 * kafka.Microsecond)
	}
	for range 100 {
		round()
	}
	if n := testing.AllocsPerRun(2000, round); n >= 1 {
		t.Errorf("%v allocations an operation", n)
	}
}

func BenchmarkProduce(b *testing.B) {
	l := newLane(b)
	records := make([]Record, 8)
	for i := range records {
		records[i] = Record{Timestamp: kafka.NoTimestamp, Value: make([]byte, 32)}
	}
	in := Produce{Topic: "orders", Records: records}
	b.ReportAllocs()
	for b.Loop() {
		in.Op++
		in.Partition = kafka.PartitionIndex(in.Op % 6)
		l.step(&in)
		l.answerProduce(b)
		l.now.Mono += kafka.Instant(100 * kafka.Microsecond)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(l.steps), "ns/step")
}

func BenchmarkPoll(b *testing.B) {
	l := newLane(b)
	var build batch.Builder
	build.Reset()
	for range 8 {
		build.Append(1, nil, make([]byte, 32))
	}
	v := build.Build()
	in := Poll{Wait: kafka.Second}
	b.ReportAllocs()
	for b.Loop() {
		in.Op++
		l.step(&in)
		for _, s := range append([]Send(nil), l.out.Sends...) {
			q := s.Body.(*protocol.FetchRequest)
			l.got.Partitions, l.got.SessionID = l.got.Partitions[:0], q.SessionID
			for _, p := range l.client.sessionWith(l.client.conn(s.Conn).broker).asked {
				v.Stamp(p.FetchOffset, 0, kafka.NoTimestamp)
				l.got.Partitions = append(l.got.Partitions, protocol.FetchPartitionResponse{TopicID: p.TopicID, Partition: p.Partition, Records: v})
			}
			l.answer = Response{Conn: s.Conn, CorrelationID: s.CorrelationID, Body: &l.got}
			l.step(&l.answer)
		}
		l.now.Mono += kafka.Instant(100 * kafka.Microsecond)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(l.steps), "ns/step")
}
