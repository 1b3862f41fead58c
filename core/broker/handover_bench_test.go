package broker_test

import (
	"testing"

	"trialog/core/broker"
	"trialog/core/kafka"
)

// BenchmarkHandOver is what three brokers of 1,000 partitions have to do when one
// of them stops with care: the work of one shutdown, without disk and network.
func BenchmarkHandOver(b *testing.B) {
	for range b.N {
		b.StopTimer()
		worlds := cluster(b, 3)
		q := createTopic("many", 1000)
		q.Topics[0].ReplicationFactor = 3
		corr := worlds[0].queue(1, 7, q)
		settleAll(worlds)
		worlds[0].answer(corr)
		for range 4 {
			passAll(worlds, 600*kafka.Millisecond)
		}
		b.StartTimer()
		worlds[1].give(&broker.Shutdown{})
		for range 8 {
			passAll(worlds, 50*kafka.Millisecond)
		}
		if !worlds[1].halt.Set {
			b.Fatalf("phase %v", worlds[1].b.Phase())
		}
	}
}
