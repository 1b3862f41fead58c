package replication

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/partition"
)

// TestFollowerEndsWithinItsLeadersBatch has a follower whose log is cut down to a
// log start within a batch: it cannot take that batch, and says where to begin.
func TestFollowerEndsWithinItsLeadersBatch(t *testing.T) {
	g := newRig(t, partition.Replicated)
	g.step(&Follow{Epoch: 1, PartitionEpoch: 1, Leader: 2, Mode: kafka.ModeReplicated})
	v := g.batch(batch.Plain(), 5)
	v.Stamp(0, 1, kafka.NoTimestamp)
	g.step(&Fetched{Epoch: 1, HighWatermark: 5, LogStartOffset: 3, Records: v})
	g.step(&LogStarted{Start: 3})
	first := &Fetched{Epoch: 1, FetchOffset: 3, Records: v}
	if _, anew := g.r.BeginsAnew(first); anew || g.r.Log.LogEndOffset != 5 {
		t.Fatal("a log that holds the batch begins anew")
	}
	g.r.Log = emptied(g, 3)
	if base, anew := g.r.BeginsAnew(first); !anew || base != 0 {
		t.Fatalf("begins anew: %v, at %d", anew, base)
	}
	for name, in := range map[string]*Fetched{
		"of another epoch":   {Epoch: 2, FetchOffset: 3, Records: v},
		"to another request": {Epoch: 1, FetchOffset: 2, Records: v},
		"damaged":            {Epoch: 1, FetchOffset: 3, Records: append(append([]byte(nil), v[:len(v)-1]...), v[len(v)-1]^1)},
		"half":               {Epoch: 1, FetchOffset: 3, Records: v[:len(v)-1]},
		"empty":              {Epoch: 1, FetchOffset: 3},
	} {
		if _, anew := g.r.BeginsAnew(in); anew {
			t.Errorf("an answer %s makes the log begin anew", name)
		}
	}
}

// emptied is a log that begins and ends at an offset.
func emptied(g *rig, start kafka.Offset) *partition.Log {
	var a Append
	return partition.New(g.now, g.r.Log.Identity, start, &g.limits, &a.Append)
}
