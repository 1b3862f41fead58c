package replication

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/partition"
)

// fetches tells the leader of a follower's progress.
func (g *rig) fetched(broker kafka.BrokerID, epoch kafka.LeaderEpoch, brokerEpoch kafka.BrokerEpoch, end, durable kafka.Offset) {
	g.t.Helper()
	g.step(&FollowerFetched{
		Broker: broker, BrokerEpoch: brokerEpoch, Eligible: true, Epoch: epoch, FetchOffset: end,
		LastFetchedEpoch: g.r.Log.EpochAt(end - 1), DurableEndOffset: durable,
	})
}

func TestHighWatermarkIsTheSmallestOfTheISR(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.leads(0, self, 2, 3)
	g.produce(1, -1, g.batch(batch.Plain(), 4))
	g.produce(2, 1, g.batch(batch.Plain(), 4))
	g.synced(8)
	g.expect(ok(2, 4)) // acks=1 asks the leader alone
	g.fetched(2, 0, 1, 8, 8)
	g.fetched(3, 0, 1, 8, 3) // it has everything, but only three are durable there
	g.expect()
	if hw := g.r.HighWatermark(); hw != 3 {
		t.Fatalf("high watermark %d, want 3", hw)
	}
	g.fetched(3, 0, 1, 8, 8)
	g.expect(ok(1, 0))
}

func TestReplicatedModeCountsWhatFollowersHave(t *testing.T) {
	g := newRig(t, partition.Replicated)
	g.leads(0, self, 2)
	g.produce(1, -1, g.batch(batch.Plain(), 4))
	g.written(4)
	g.expect()
	g.fetched(2, 0, 1, 4, kafka.NoOffset)
	g.expect(ok(1, 0))
}

func TestStaleFollowerFetchesCountForNothing(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.leads(3, self, 2)
	g.produce(1, -1, g.batch(batch.Plain(), 4))
	g.synced(4)
	g.fetched(2, 2, 5, 4, 4) // under an older leader epoch
	g.expect()
	g.fetched(2, 3, 6, 0, 0)
	g.fetched(2, 3, 5, 4, 4) // by an older incarnation, delayed
	g.expect()
	g.fetched(2, 3, 6, 4, 4)
	g.expect(ok(1, 0))
}

func TestNewIncarnationOfAFollowerStartsAnew(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.leads(0, self, 2)
	g.fetched(2, 0, 1, 0, 0)
	g.produce(1, -1, g.batch(batch.Plain(), 4))
	g.synced(4)
	g.fetched(2, 0, 2, 4, kafka.NoOffset)
	g.expect() // what its predecessor had synced says nothing
	g.fetched(2, 0, 2, 4, 4)
	g.expect(ok(1, 0))
}

func TestMinISR(t *testing.T) {
	g := newRig(t, partition.Synced)
	settings := g.r.settings
	settings.MinInSyncReplicas = 2
	g.step(&Configure{Settings: settings})
	all := []kafka.BrokerID{self, 2, 3}
	g.step(&Lead{Epoch: 0, PartitionEpoch: 0, Replicas: all, ISR: all, Mode: kafka.ModeSynced})
	g.step(&EpochStarted{Epoch: 0})
	g.produce(1, -1, g.batch(batch.Plain(), 1))
	g.synced(1)
	g.expect()
	g.step(&Lead{Epoch: 0, PartitionEpoch: 1, Replicas: all, ISR: all[:1], Mode: kafka.ModeSynced})
	if hw := g.r.HighWatermark(); hw != 0 {
		t.Fatalf("high watermark %d below min ISR", hw)
	}
	g.produce(2, -1, g.batch(batch.Plain(), 1))
	g.expect(refused(2, kafka.ErrNotEnoughReplicas))
	g.produce(3, 1, g.batch(batch.Plain(), 1))
	g.synced(2)
	g.expect(ok(3, 1))
	g.step(&Lead{Epoch: 0, PartitionEpoch: 2, Replicas: all, ISR: all[:2], Mode: kafka.ModeSynced})
	g.fetched(2, 0, 1, 2, 2)
	g.expect(ok(1, 0))
}

func TestMinISRIsNeverMoreThanTheReplicas(t *testing.T) {
	g := newRig(t, partition.Synced)
	settings := g.r.settings
	settings.MinInSyncReplicas = 2
	g.step(&Configure{Settings: settings})
	g.leads(0, self)
	g.produce(1, -1, g.batch(batch.Plain(), 1))
	g.synced(1)
	g.expect(ok(1, 0))
}

// stamped is a batch as it stands in a leader's log.
func (g *rig) stamped(base kafka.Offset, epoch kafka.LeaderEpoch, n int) batch.View {
	v := g.batch(batch.Plain(), n)
	v.Stamp(base, epoch, kafka.NoTimestamp)
	return v
}

func TestFollowerTakesBatchesVerbatim(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.step(&Follow{Epoch: 2, PartitionEpoch: 1, Leader: 2})
	records := append(g.stamped(0, 1, 3), g.stamped(3, 2, 2)...)
	g.step(&Fetched{Epoch: 2, HighWatermark: 4, Records: records})
	if g.r.Log.LogEndOffset != 5 || g.r.HighWatermark() != 4 || g.r.Log.LatestEpoch() != 2 {
		t.Fatalf("end %d, high watermark %d, epoch %d", g.r.Log.LogEndOffset, g.r.HighWatermark(), g.r.Log.LatestEpoch())
	}
	// An answer that comes twice changes nothing, one of another epoch neither.
	g.step(&Fetched{Epoch: 2, HighWatermark: 4, Records: records})
	g.step(&Fetched{Epoch: 1, FetchOffset: 5, HighWatermark: 5, Records: g.stamped(5, 1, 1)})
	if g.r.Log.LogEndOffset != 5 || g.r.HighWatermark() != 4 {
		t.Fatalf("end %d, high watermark %d", g.r.Log.LogEndOffset, g.r.HighWatermark())
	}
	if n := len(g.appends); n != 2 {
		t.Fatalf("%d appends", n)
	}
}

func TestFollowerCutsWhereHistoriesPart(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.step(&Follow{Epoch: 1, PartitionEpoch: 1, Leader: 2})
	g.step(&Fetched{Epoch: 1, HighWatermark: 2, Records: append(g.stamped(0, 0, 2), g.stamped(2, 1, 2)...)})
	g.step(&Follow{Epoch: 3, PartitionEpoch: 2, Leader: 3})
	in := Fetched{Epoch: 3, FetchOffset: 4, HighWatermark: 9}
	in.Diverging.Set, in.Diverging.Epoch, in.Diverging.EndOffset = true, 0, 2
	g.step(&in)
	if g.r.Log.LogEndOffset != 2 || g.r.HighWatermark() != 2 {
		t.Fatalf("end %d, high watermark %d", g.r.Log.LogEndOffset, g.r.HighWatermark())
	}
}

// A follower that fetches and leaves out what has not changed is not behind when the
// log grows after a long quiet time; one that has been silent is.
func TestQuietFollowerStaysInTheISR(t *testing.T) {
	for _, c := range []struct {
		what  string
		stays *FollowerStayed // told before the log grows
		in    bool
	}{
		{"it has fetched", &FollowerStayed{Broker: 2, BrokerEpoch: 1, FetchOffset: 4}, true},
		{"it has been silent", nil, false},
		{"of another life", &FollowerStayed{Broker: 2, BrokerEpoch: 2, FetchOffset: 4}, false},
		{"of another epoch", &FollowerStayed{Broker: 2, BrokerEpoch: 1, Epoch: 1, FetchOffset: 4}, false},
		{"it stands elsewhere", &FollowerStayed{Broker: 2, BrokerEpoch: 1, FetchOffset: 3}, false},
	} {
		g := newRig(t, partition.Synced)
		g.leads(0, self, 2)
		g.produce(1, -1, g.batch(batch.Plain(), 4))
		g.synced(4)
		g.fetched(2, 0, 1, 4, 4)
		g.now.Mono = g.now.Mono.Add(10 * g.r.lagMax)
		if c.stays != nil {
			c.stays.At = g.now.Mono
			g.step(c.stays)
		}
		g.produce(2, -1, g.batch(batch.Plain(), 4))
		g.step(&CheckISR{})
		if _, asked := g.r.Proposal(); asked == c.in {
			t.Errorf("%s: asked out of the ISR: %v", c.what, asked)
		}
	}
}
