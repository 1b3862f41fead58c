package controller

import (
	"slices"
	"strconv"
	"testing"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/quorum"
)

// newLarge makes brokers and topics of 100 partitions, three replicas each, the
// quorum's part left out.
func newLarge(b testing.TB, brokers, topics int) *bench {
	bench := newBench(b)
	for id := range brokers {
		bench.up(kafka.BrokerID(id + 1))
	}
	for i := range topics {
		bench.must(&CreateTopics{Topics: []NewTopic{{Name: "t" + strconv.Itoa(i), Partitions: 100, ReplicationFactor: 3}}})
	}
	bench.m.dirty = false
	bench.m.now, bench.m.out = bench.now, &bench.out
	return bench
}

// BenchmarkBrokerDies takes every role from one of ten brokers: of 10,000
// partitions it leads 1,000 and has 3,000.
func BenchmarkBrokerDies(b *testing.B) {
	bench := newLarge(b, 10, 100)
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		d := bench.m.draft()
		bench.m.fence(d, d.image.Broker(2))
		records = len(d.records)
	}
	b.ReportMetric(float64(records), "records/op")
}

// BenchmarkBrokerDeathApplies is what every broker does with the batch of
// BenchmarkBrokerDies: decode, apply, delta.
func BenchmarkBrokerDeathApplies(b *testing.B) {
	bench := newLarge(b, 10, 100)
	d := bench.m.draft()
	bench.m.fence(d, d.image.Broker(2))
	a := bench.image().Applier()
	entry := quorum.Entry{Proposer: a.Holder, Nonce: a.Nonce, Epoch: a.Epoch, Seq: a.LastSeq + 1, Records: metadata.AppendBatch(nil, d.records)}
	snapshot := metadata.AppendSnapshot(nil, bench.image())
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := metadata.NewState()
		if _, err := s.Load(snapshot); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if delta, _ := s.Apply(bench.index+1, &entry); len(delta.Topics) != 100 {
			b.Fatalf("%d topics changed", len(delta.Topics))
		}
	}
	b.ReportMetric(float64(len(entry.Records)), "bytes/op")
}

// newWide makes three brokers and one topic.
func newWide(b testing.TB, partitions int32) *bench {
	bench := newLarge(b, 3, 0)
	bench.must(&CreateTopics{Topics: []NewTopic{{Name: "t1", Partitions: partitions, ReplicationFactor: 3}}})
	bench.m.now, bench.m.out = bench.now, &bench.out
	return bench
}

// BenchmarkOneISR lets one of 10,000 partitions have another ISR, in a topic of a
// hundred of them and in one of all.
func BenchmarkOneISR(b *testing.B) {
	for name, bench := range map[string]*bench{"topic=100": newLarge(b, 10, 100), "topic=10000": newWide(b, 10_000)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bench.shrinkOne(b)
			}
		})
	}
}

func (b *bench) shrinks(t *testing.B) {
	t.ReportAllocs()
	for t.Loop() {
		b.shrinkOne(t)
	}
}

// shrinkOne decides an ISR of one for one partition, and forgets it.
func (b *bench) shrinkOne(t testing.TB) {
	p := b.image().TopicByName("t1").Partitions.At(3)
	d := b.m.draft()
	code := b.m.alterISR(d, p.Leader, &NewISR{
		Partition: kafka.TopicPartition{Topic: p.Topic, Partition: p.Index}, LeaderEpoch: p.LeaderEpoch, PartitionEpoch: p.PartitionEpoch,
		ISR: []ISRMember{{p.Leader, kafka.NoBrokerEpoch}},
	})
	if code != kafka.None || len(d.records) != 1 {
		t.Fatalf("%v, %d records", code, len(d.records))
	}
}

// TestWorkIsInProportionToTheChange: what a decision allocates goes by what it
// changes, not by how much there is.
func TestWorkIsInProportionToTheChange(t *testing.T) {
	small, large := newLarge(t, 3, 2), newLarge(t, 3, 30)
	one := func(b *bench) float64 { return testing.AllocsPerRun(20, func() { b.shrinkOne(t) }) }
	if few, many := one(small), one(large); many > few+20 {
		t.Errorf("one ISR of 200 partitions: %v allocations; of 3,000: %v", few, many)
	}
	narrow, wide := testing.Benchmark(newWide(t, 100).shrinks), testing.Benchmark(newWide(t, 10_000).shrinks)
	if few, many := narrow.AllocedBytesPerOp(), wide.AllocedBytesPerOp(); many > few+8<<10 {
		t.Errorf("one ISR in a topic of 100 partitions: %d bytes allocated; of 10,000: %d", few, many)
	}
	death := func(b *bench) (allocs, records float64) {
		allocs = testing.AllocsPerRun(3, func() {
			d := b.m.draft()
			b.m.fence(d, d.image.Broker(2))
			records = float64(len(d.records))
		})
		return allocs, records
	}
	few, records := death(small)
	many, more := death(large)
	if perFew, perMany := few/records, many/more; perMany > 1.3*perFew {
		t.Errorf("a broker's death costs %.1f allocations a record of %v, %.1f of %v", perFew, records, perMany, more)
	}
}

// TestLooksAtWhatMayChange: whoever dies, comes back or is given other settings, the
// controller looks at the partitions that this is about and at no others.
func TestLooksAtWhatMayChange(t *testing.T) {
	b := newLarge(t, 10, 20)
	looks := func(do func(d *draft)) uint64 {
		before := b.m.looked
		do(b.m.draft())
		return b.m.looked - before
	}
	var held, all uint64
	b.image().EachTopic(func(topic *metadata.TopicImage) bool {
		for _, p := range topic.Partitions.All {
			all++
			if slices.Contains(p.Replicas, 2) {
				held++
			}
		}
		return true
	})
	if held == 0 || held*3 > all {
		t.Fatalf("broker 2 holds %d of %d partitions", held, all)
	}
	fenced := looks(func(d *draft) { b.m.fence(d, d.image.Broker(2)) })
	back := looks(func(d *draft) {
		old := d.image.Broker(2)
		r := &RegisterBroker{Broker: 2, Incarnation: kafka.IncarnationID{77}, Directory: old.Directory, Listeners: old.Listeners}
		if _, err := b.m.registerBroker(d, r); err != nil {
			t.Fatalf("%+v", err)
		}
	})
	one := looks(func(d *draft) { b.m.reshapeAfterConfigs(d, metadata.TopicResource("t3")) })
	if fenced != held || back != held || one != 100 {
		t.Errorf("of %d partitions, %d of them the broker's: %d looked at for its fencing, %d for its registration, %d for a setting of a topic of 100",
			all, held, fenced, back, one)
	}
}
