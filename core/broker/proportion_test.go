package broker_test

import (
	"runtime"
	"testing"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/quorum"
)

// TestChangeCostsWhatItChanges applies changes of one partition each, in a topic of
// ten partitions and in one of 10,000: as many replicas are looked at, and about as
// much memory is taken.
func TestChangeCostsWhatItChanges(t *testing.T) {
	few, many := newChanges(t, 10), newChanges(t, 10_000)
	mallocs, bytes := few.cost()
	more, larger := many.cost()
	t.Logf("of 10: %d objects, %d bytes; of 10,000: %d objects, %d bytes", mallocs, bytes, more, larger)
	if more > mallocs+10 {
		t.Errorf("a change in a topic of 10 partitions allocates %d objects, of 10,000 %d", mallocs, more)
	}
	if larger > bytes+12<<10 { // an eighth of what a copy of the topic's list would be
		t.Errorf("a change in a topic of 10 partitions allocates %d bytes, of 10,000 %d", bytes, larger)
	}
}

// BenchmarkOneChange applies a change of one partition of 10,000.
func BenchmarkOneChange(b *testing.B) {
	c := newChanges(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		c.one()
	}
}

// changes are committed entries that each give one partition another leader epoch.
type changes struct {
	w     *world
	topic kafka.TopicID
	n     int
}

func newChanges(t testing.TB, partitions int32) *changes {
	w := newWorld(t)
	w.limits.CheckEvery = 0
	w.start()
	w.mustCreate("wide", partitions)
	c := &changes{w: w, topic: w.b.Image().TopicByName("wide").ID}
	c.commit(quorum.Entry{Proposer: 9, Nonce: 9, Epoch: w.b.Image().Applier().Epoch + 1}) // another controller decides
	return c
}

func (c *changes) commit(e quorum.Entry) {
	c.w.fx.Reset()
	c.w.b.Step(c.w.now, &broker.Quorum{Event: &quorum.Committed{Index: c.w.b.Image().Index() + 1, Entry: e}}, &c.w.fx)
}

// one applies the next change, and tells how many replicas the broker looked at.
func (c *changes) one() (replicas int) {
	im := c.w.b.Image()
	a := im.Applier()
	p := im.Topic(c.topic).Partitions.At(c.n % im.Topic(c.topic).Partitions.Len())
	c.n += 7
	c.commit(quorum.Entry{
		Proposer: a.Holder, Nonce: a.Nonce, Epoch: a.Epoch, Seq: a.LastSeq + 1,
		Records: metadata.AppendBatch(nil, []metadata.Record{&metadata.PartitionChange{
			Topic: c.topic, Partition: p.Index, Fields: metadata.FieldRecovery,
			State: metadata.PartitionState{Recovery: metadata.Recovered},
		}}),
	})
	c.w.b.Changed(func(*broker.PartitionView) bool { replicas++; return true })
	return replicas
}

// cost is what one change allocates, on average.
func (c *changes) cost() (mallocs, bytes uint64) {
	const times = 200
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		if n := c.one(); n != 1 {
			c.w.t.Fatalf("%d replicas were looked at for a change of one", n)
		}
	}
	runtime.ReadMemStats(&after)
	return (after.Mallocs - before.Mallocs) / times, (after.TotalAlloc - before.TotalAlloc) / times
}
