package replication

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/partition"
)

func TestSyncedModeAnswersAtTheSync(t *testing.T) {
	for _, acks := range []int16{-1, 1} {
		g := newRig(t, partition.Synced)
		g.leads(0, self)
		g.produce(1, acks, g.batch(batch.Plain(), 3))
		g.written(3)
		g.expect()
		if hw := g.r.HighWatermark(); hw != 0 {
			t.Fatalf("high watermark %d before the sync", hw)
		}
		g.synced(3)
		g.expect(ok(1, 0))
		if hw := g.r.HighWatermark(); hw != 3 {
			t.Fatalf("high watermark %d after the sync", hw)
		}
	}
}

func TestReplicatedModeAnswersAtTheWrite(t *testing.T) {
	g := newRig(t, partition.Replicated)
	g.leads(0, self)
	g.produce(1, -1, g.batch(batch.Plain(), 1))
	g.expect()
	g.written(1)
	g.expect(ok(1, 0))
}

func TestAcksZeroIsAnsweredAtOnce(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.leads(0, self)
	g.produce(1, 0, g.batch(batch.Plain(), 1))
	g.expect(ok(1, 0))
}

func TestDuplicateWaitsLikeTheOriginal(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.leads(0, self)
	first := g.batch(idempotent(0), 2)
	g.produce(1, -1, first)
	g.produce(2, -1, g.batch(idempotent(2), 1))
	g.produce(3, -1, first)
	g.expect()
	if end := g.r.Log.LogEndOffset; end != 3 {
		t.Fatalf("the log ends at %d", end)
	}
	g.synced(2)
	g.expect(ok(1, 0), duplicate(3, 0))
	g.synced(3)
	g.expect(ok(2, 2))
	g.produce(4, -1, first)
	g.expect(duplicate(4, 0))
}

func TestRefusedBatchLeavesNoTrace(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.leads(0, self)
	g.produce(1, -1, g.batch(idempotent(0), 1))
	g.produce(2, -1, g.batch(idempotent(5), 1))
	g.expect(refused(2, kafka.ErrOutOfOrderSequenceNumber))
	g.produce(3, -1, g.batch(idempotent(1), 1))
	g.synced(2)
	g.expect(ok(1, 0), ok(3, 1))
}

func TestNobodyIsAnsweredBeforeTheEpochHasBegun(t *testing.T) {
	g := newRig(t, partition.Replicated)
	g.lead(0, self)
	g.produce(1, 1, g.batch(batch.Plain(), 1))
	g.written(1)
	g.expect()
	if v := g.r.Read(&Reader{Replica: kafka.NoBroker, CurrentLeaderEpoch: 0, LastFetchedEpoch: kafka.NoLeaderEpoch}); !v.Wait {
		t.Fatal("a fetch is answered before the epoch's start is durable")
	}
	if o := g.r.ListOffset(&Reader{Replica: kafka.NoBroker, CurrentLeaderEpoch: 0}, TimestampLatest); o.Err != kafka.ErrOffsetNotAvailable {
		t.Fatalf("latest is answered with %d", o.Err)
	}
	g.step(&EpochStarted{Epoch: 0})
	g.expect(ok(1, 0))
}

func TestLostRoleAnswersWhatWaits(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.leads(0, self)
	g.produce(1, -1, g.batch(batch.Plain(), 1))
	g.step(&Wait{Ticket: Ticket{Request: 9}})
	g.step(&Follow{Epoch: 1, PartitionEpoch: 1, Leader: 2})
	g.expect(refused2(1, 0, kafka.ErrNotLeaderOrFollower))
	if len(g.wakes) != 1 || g.wakes[0].Request != 9 {
		t.Fatalf("wakes %v", g.wakes)
	}
	g.produce(2, -1, g.batch(batch.Plain(), 1))
	g.expect(refused(2, kafka.ErrNotLeaderOrFollower))
}

// refused2 is a refusal of a batch that was appended.
func refused2(request uint64, base kafka.Offset, code kafka.ErrorCode) Answer {
	return Answer{Ticket: Ticket{Request: request}, Err: code, BaseOffset: base}
}

func TestEpochRules(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.leads(4, self)
	for _, c := range []struct {
		current kafka.LeaderEpoch
		want    kafka.ErrorCode
	}{
		{kafka.NoLeaderEpoch, kafka.None}, {4, kafka.None},
		{3, kafka.ErrFencedLeaderEpoch}, {5, kafka.ErrUnknownLeaderEpoch},
	} {
		reader := Reader{Replica: kafka.NoBroker, CurrentLeaderEpoch: c.current, LastFetchedEpoch: kafka.NoLeaderEpoch}
		if v := g.r.Read(&reader); v.Err != c.want {
			t.Errorf("read with epoch %d: %d, want %d", c.current, v.Err, c.want)
		}
		if o := g.r.ListOffset(&reader, TimestampEarliest); o.Err != c.want {
			t.Errorf("list with epoch %d: %d, want %d", c.current, o.Err, c.want)
		}
		if _, _, code := g.r.EpochEnd(c.current, 4); code != c.want {
			t.Errorf("epoch end with epoch %d: %d, want %d", c.current, code, c.want)
		}
	}
	// Old news takes nothing away.
	g.lead(3, self)
	if g.r.Epoch() != 4 {
		t.Fatalf("epoch fell to %d", g.r.Epoch())
	}
}

func TestReadBounds(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.leads(0, self)
	g.produce(1, -1, g.batch(batch.Plain(), 4))
	g.produce(2, -1, g.batch(batch.Plain(), 4))
	g.synced(4)
	for _, c := range []struct {
		offset kafka.Offset
		err    kafka.ErrorCode
		end    kafka.Offset
	}{
		{0, kafka.None, 4}, {4, kafka.None, 4}, {8, kafka.None, 4}, // never out of range for what is not counted yet
		{9, kafka.ErrOffsetOutOfRange, 0}, {-1, kafka.ErrOffsetOutOfRange, 0},
	} {
		v := g.r.Read(&Reader{Replica: kafka.NoBroker, CurrentLeaderEpoch: kafka.NoLeaderEpoch, Offset: c.offset, LastFetchedEpoch: kafka.NoLeaderEpoch})
		if v.Err != c.err || v.EndOffset != c.end {
			t.Errorf("offset %d: code %d end %d, want %d and %d", c.offset, v.Err, v.EndOffset, c.err, c.end)
		}
	}
}

func TestDivergingEpoch(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.leads(1, self)
	g.produce(1, -1, g.batch(batch.Plain(), 3))
	g.synced(3)
	g.leads(5, self)
	g.produce(2, -1, g.batch(batch.Plain(), 2))
	g.synced(5)
	for _, c := range []struct {
		last   kafka.LeaderEpoch
		offset kafka.Offset
		epoch  kafka.LeaderEpoch
		end    kafka.Offset // NoOffset: no divergence
	}{
		{5, 5, 0, kafka.NoOffset}, {1, 3, 0, kafka.NoOffset}, {1, 2, 0, kafka.NoOffset},
		{1, 4, 1, 3}, {3, 3, 1, 3},
	} {
		v := g.r.Read(&Reader{Replica: kafka.NoBroker, CurrentLeaderEpoch: 5, Offset: c.offset, LastFetchedEpoch: c.last})
		if v.Err != kafka.None || v.Diverging.Set != (c.end != kafka.NoOffset) {
			t.Errorf("epoch %d offset %d: %+v", c.last, c.offset, v)
		} else if v.Diverging.Set && (v.Diverging.Epoch != c.epoch || v.Diverging.EndOffset != c.end) {
			t.Errorf("epoch %d offset %d: diverging %+v, want %d at %d", c.last, c.offset, v.Diverging, c.epoch, c.end)
		}
	}
}

func TestListOffset(t *testing.T) {
	g := newRig(t, partition.Synced)
	g.leads(2, self)
	g.produce(1, -1, g.batch(batch.Plain(), 3))
	g.produce(2, -1, g.batch(batch.Plain(), 3))
	g.synced(3)
	reader := Reader{Replica: kafka.NoBroker, CurrentLeaderEpoch: kafka.NoLeaderEpoch}
	for _, c := range []struct {
		timestamp kafka.TimestampMs
		offset    kafka.Offset
		search    bool
	}{
		{TimestampLatest, 3, false}, {TimestampEarliest, 0, false}, {TimestampEarliestLocal, 0, false},
		{TimestampLatestTiered, kafka.NoOffset, false}, {TimestampEarliestPendingUpload, kafka.NoOffset, false},
		{TimestampMax, kafka.NoOffset, true}, {5, kafka.NoOffset, true},
	} {
		o := g.r.ListOffset(&reader, c.timestamp)
		if o.Err != kafka.None || o.Offset != c.offset || o.Search != c.search {
			t.Errorf("timestamp %d: %+v", c.timestamp, o)
		}
		if o.Search && o.EndOffset != 3 {
			t.Errorf("timestamp %d is searched up to %d", c.timestamp, o.EndOffset)
		}
	}
}
