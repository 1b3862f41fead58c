package replication

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/partition"
)

func TestFollowerShowsWhatCounts(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.step(&Follow{Epoch: 3, PartitionEpoch: 3, Leader: 2, Mode: kafka.ModeSynced})
	records := g.batch(batch.Plain(), 4)
	records.Stamp(0, 3, kafka.NoTimestamp)
	g.step(&Wait{Ticket: Ticket{Request: 9}})
	g.step(&Fetched{Epoch: 3, FetchOffset: 0, HighWatermark: 2, Records: records})
	read := func(offset kafka.Offset, epoch, last kafka.LeaderEpoch) Readable {
		return g.r.Read(&Reader{Replica: kafka.NoBroker, CurrentLeaderEpoch: epoch, Offset: offset, LastFetchedEpoch: last, MayFollow: true})
	}
	if v := read(0, 3, kafka.NoLeaderEpoch); v.Err != kafka.None || v.EndOffset != 0 {
		t.Errorf("not written yet: %+v", v)
	}
	g.wakes = nil
	g.step(&Wait{Ticket: Ticket{Request: 9}})
	g.written(4)
	if len(g.wakes) != 1 {
		t.Errorf("what can be read wakes %d readers", len(g.wakes))
	}
	for _, c := range []struct {
		what        string
		offset      kafka.Offset
		epoch, last kafka.LeaderEpoch
		err         kafka.ErrorCode
		end         kafka.Offset
	}{
		{"what counts", 0, 3, kafka.NoLeaderEpoch, kafka.None, 2},
		{"what does not count yet, and may be of another history", 4, 3, 2, kafka.None, 2},
		{"more than the follower has", 5, 3, 3, kafka.ErrOffsetOutOfRange, 0},
		{"more than the follower has, by somebody who took it for the leader", 5, kafka.NoLeaderEpoch, kafka.NoLeaderEpoch, kafka.ErrNotLeaderOrFollower, 0},
		{"an old epoch", 0, 2, kafka.NoLeaderEpoch, kafka.ErrFencedLeaderEpoch, 0},
		{"an epoch to come", 0, 4, kafka.NoLeaderEpoch, kafka.ErrUnknownLeaderEpoch, 0},
	} {
		if v := read(c.offset, c.epoch, c.last); v.Err != c.err || v.EndOffset != c.end || v.Diverging.Set {
			t.Errorf("%s: %+v", c.what, v)
		}
	}
	if v := g.r.Read(&Reader{Replica: kafka.NoBroker, CurrentLeaderEpoch: 3, LastFetchedEpoch: kafka.NoLeaderEpoch}); v.Err != kafka.ErrNotLeaderOrFollower {
		t.Errorf("a reader that names no rack: %+v", v)
	}
}
