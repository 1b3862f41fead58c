package partition

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

func from(id kafka.ProducerID, sequence kafka.Sequence) batch.Producer {
	return batch.Producer{ID: id, BaseSequence: sequence}
}

// takes tells whether the log takes a first batch of an unknown producer at a sequence.
func takes(t *testing.T, l *Log, id kafka.ProducerID, sequence kafka.Sequence) bool {
	t.Helper()
	d := l.CheckProducer(testBatch(1, 1, 8, from(id, sequence)))
	if d.Verdict == Refused && d.Err != kafka.ErrOutOfOrderSequenceNumber {
		t.Fatalf("refused with %v", d.Err)
	}
	return d.Verdict == Fresh
}

// TestUnknownProducerBeginsAtZero: a second batch that overtakes a refused first
// one is refused too, unless the log may have forgotten its producer.
func TestUnknownProducerBeginsAtZero(t *testing.T) {
	l := bare(t)
	now := kafka.Now{Mono: 1}
	produce(l, now, from(8, 0), 1)
	if takes(t, l, 9, 1) || takes(t, l, 3, 1) || !takes(t, l, 9, 0) || !takes(t, l, 8, 1) {
		t.Fatal("nobody was forgotten: only sequence 0 is the beginning")
	}
	now.Mono = now.Mono.Add(25 * kafka.Hour)
	produce(l, now, from(20, 0), 1)
	if n := l.ExpireProducers(now); n != 1 {
		t.Fatalf("%d forgotten", n)
	}
	if !takes(t, l, 8, 1) || takes(t, l, 9, 1) || takes(t, l, 21, 1) || takes(t, l, 20, 2) {
		t.Fatal("producer 8 was forgotten, and may go on; no newer one was")
	}
	l.HighWatermark = 1
	var a disk.Append
	l.SetLogStart(1, &a)
	l.LogStarted(1)
	if !takes(t, l, 21, 1) || takes(t, l, 20, 2) {
		t.Fatal("of a log that has lost its beginning nobody knows who wrote it")
	}
}

// TestLogThatBeginsLater: a replica made from what a leader still has never met
// those who wrote the rest.
func TestLogThatBeginsLater(t *testing.T) {
	limits := DefaultLimits()
	var a disk.Append
	l := New(kafka.Now{}, Identity{Log: 1, Mode: Synced}, 7, &limits, &a)
	if !takes(t, l, 8, 5) {
		t.Fatal("the producer may have written below offset 7")
	}
}

// TestFollowerTakesWhatItsLeaderTook: what is in the leader's log is not judged again.
func TestFollowerTakesWhatItsLeaderTook(t *testing.T) {
	l := bare(t)
	v := testBatch(1, 2, 8, from(8, 5))
	v.Stamp(0, 0, kafka.NoTimestamp)
	cfg := DefaultConfig()
	var a disk.Append
	l.AppendVerbatim(kafka.Now{}, v, &cfg, &a)
	if l.LogEndOffset != 2 || !takes(t, l, 8, 7) || takes(t, l, 9, 7) {
		t.Fatal("producer 8 goes on at 7; of others nothing was forgotten here")
	}
}

// TestForgottenIsKept through a checkpoint; one that does not say it is of a time
// when anyone may have been forgotten.
func TestForgottenIsKept(t *testing.T) {
	l := bare(t)
	produce(l, kafka.Now{}, from(8, 0), 1)
	again := func(b []byte) *Log {
		c, err := decodeCheckpoint(b, kafka.Now{}, l.limits)
		if err != nil {
			t.Fatal(err)
		}
		return c.log
	}
	if r := again(encodeCheckpoint(kafka.Now{}, l, 1, 1)); takes(t, r, 7, 1) || !takes(t, r, 8, 1) {
		t.Fatal("nobody had been forgotten")
	}
	later := kafka.Now{Mono: kafka.Instant(25 * kafka.Hour)}
	l.ExpireProducers(later)
	b := encodeCheckpoint(later, l, 1, 1)
	if r := again(b); !takes(t, r, 8, 1) || takes(t, r, 9, 1) {
		t.Fatal("producer 8 had been forgotten")
	}
	old := append([]byte(nil), b[:len(b)-4-len(l.extension())]...)
	old = binary.BigEndian.AppendUint32(old, 0) // no extension
	body := old[checkpointHeaderSize:]
	binary.BigEndian.PutUint32(old[8:], uint32(len(body)))
	binary.BigEndian.PutUint32(old[12:], crc32.Checksum(body, castagnoli))
	if r := again(old); !takes(t, r, 1<<50, 1) {
		t.Fatal("an old checkpoint does not know who was forgotten")
	}
}
