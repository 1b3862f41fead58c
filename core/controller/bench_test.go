package controller

import (
	"testing"
)

// BenchmarkFence fences and unfences a broker with a replica of each of 10,000
// partitions of 100 topics, three brokers in all, the quorum's part left out.
func BenchmarkFence(b *testing.B) {
	bench := newBench(b)
	bench.up(1, 2, 3)
	for i := range 100 {
		bench.must(&CreateTopics{Topics: []NewTopic{{Name: "t" + string(rune('a'+i%26)) + string(rune('a'+i/26)), Partitions: 100, ReplicationFactor: 3}}})
	}
	epoch := bench.image().Broker(2).Epoch
	bench.m.dirty = false
	b.ReportAllocs()
	for b.Loop() {
		d := bench.m.draft()
		bench.m.now, bench.m.out = bench.now, &bench.out
		bench.m.fence(d, d.image.Broker(2))
		if len(d.records) < 5000 || d.image.Broker(2).Epoch != epoch || !d.image.Broker(2).Fenced {
			b.Fatalf("%d records", len(d.records))
		}
	}
}
