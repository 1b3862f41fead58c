package broker_test

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
)

// The special timestamps, in every version of ListOffsets.
func TestSpecialTimestampsByVersion(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	at := w.now.Wall
	w.produced(7, "orders", timed(t, batch.Uncompressed, at, at+5, at+5, at+2))
	since := map[kafka.TimestampMs]int16{-1: 1, -2: 1, -3: 7, -4: 8, -5: 9, -6: 11, -7: 99, -1 << 63: 99}
	offset := map[kafka.TimestampMs]int64{-1: 4, -2: 0, -3: 1, -4: 0, -5: -1, -6: -1}
	for special, first := range since {
		for version := int16(1); version <= 11; version++ {
			p := w.listed(version, "orders", special)
			want := kafka.None
			if version < first {
				want = kafka.ErrUnsupportedVersion
			}
			if kafka.ErrorCode(p.ErrorCode) != want {
				t.Errorf("%d v%d: %v, want %v", special, version, kafka.ErrorCode(p.ErrorCode), want)
				continue
			}
			if want != kafka.None {
				if p.Offset != -1 || p.Timestamp != -1 {
					t.Errorf("%d v%d: %+v", special, version, p)
				}
				continue
			}
			timestamp := int64(-1)
			if special == -3 {
				timestamp = int64(at) + 5
			}
			if p.Offset != offset[special] || p.Timestamp != timestamp {
				t.Errorf("%d v%d: %+v, want %d", special, version, p, offset[special])
			}
			if epoch := p.LeaderEpoch >= 0; version >= 4 && epoch != (offset[special] >= 0) {
				t.Errorf("%d v%d: epoch %d", special, version, p.LeaderEpoch)
			}
		}
	}
}

// The largest timestamp is that of the first record that has it, wherever it
// stands; records without a timestamp have none (KIP-734).
func TestLargestTimestamp(t *testing.T) {
	both(t, func(t *testing.T, codec batch.CodecID) {
		w := withCodecs(t)
		w.limits.Storage.ReadAheadBytes = 64
		w.start()
		w.mustCreate("orders", 1)
		at := w.now.Wall
		for i, step := range []struct {
			timestamps []kafka.TimestampMs
			offset     int64
			found      kafka.TimestampMs
		}{
			{[]kafka.TimestampMs{none, none}, -1, none},
			{[]kafka.TimestampMs{0}, 2, 0},
			{[]kafka.TimestampMs{none, at + 7, at + 7, at}, 4, at + 7},
			{[]kafka.TimestampMs{at + 6, at + 7}, 4, at + 7},
			{[]kafka.TimestampMs{at + 9, at + 8}, 9, at + 9},
			{[]kafka.TimestampMs{at - 9, none}, 9, at + 9},
		} {
			if a := w.produced(7, "orders", timed(t, codec, step.timestamps...)); a.Err != kafka.None {
				t.Fatalf("step %d: %v", i, a.Err)
			}
			for _, again := range []bool{false, true} {
				if again {
					w.kill()
					w.start()
				}
				if p := w.listed(7, "orders", -3); p.ErrorCode != 0 || p.Offset != step.offset || p.Timestamp != int64(step.found) {
					t.Errorf("step %d, recovered %v: %+v, want %d at %d", i, again, p, step.offset, step.found)
				}
			}
		}
	})
}

// What is not committed is not found, neither by time nor as the largest.
func TestTimeSearchesStopAtTheHighWatermark(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	at := w.now.Wall
	w.produced(7, "orders", timed(t, batch.Uncompressed, at))
	w.holdSyncs = true
	corr := w.send(1, produceV, produce("orders", 0, -1, timed(t, batch.Uncompressed, at+5)))
	if p := w.listed(7, "orders", at+1); p.ErrorCode != 0 || p.Offset != -1 {
		t.Errorf("found at %+v", p)
	}
	if p := w.listed(7, "orders", -3); p.ErrorCode != 0 || p.Offset != -1 && p.Offset != 0 {
		t.Errorf("the largest is %+v", p)
	}
	w.holdSyncs = false
	w.flush()
	w.settle()
	w.answer(corr)
	for _, timestamp := range []kafka.TimestampMs{at + 1, -3} {
		if p := w.listed(7, "orders", timestamp); p.Offset != 1 || p.Timestamp != int64(at)+5 {
			t.Errorf("%d: %+v", timestamp, p)
		}
	}
}
