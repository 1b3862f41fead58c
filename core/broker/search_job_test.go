package broker_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/kafka"
)

// watchedCodec tells when records are unpacked.
type watchedCodec struct {
	batch.RunLength
	unpacked *int
}

func (c watchedCodec) Decompress(dst, src []byte, limit int) ([]byte, error) {
	*c.unpacked++
	return c.RunLength.Decompress(dst, src, limit)
}

// TestNoStepUnpacks: while a batch that takes long to unpack is looked through,
// which is a job, the broker serves everybody else; and no more of them are
// looked through at a time than the limit says.
func TestNoStepUnpacks(t *testing.T) {
	unpacked := 0
	w := newWorld(t)
	w.config.Codecs = &batch.Codecs{batch.Gzip: watchedCodec{unpacked: &unpacked}}
	w.limits.SearchJobs = 2
	w.start()
	w.mustCreate("orders", 1)
	at := w.now.Wall
	timestamps := make([]kafka.TimestampMs, 20_000)
	for i := range timestamps {
		timestamps[i] = at + kafka.TimestampMs(i)/100
	}
	w.produced(7, "orders", timed(t, batch.Gzip, timestamps...))
	w.holdJobs, unpacked = true, 0
	var asked []int32
	for conn := kafka.ConnID(20); conn < 25; conn++ {
		asked = append(asked, w.send(conn, 7, listOffsets("orders", 0, int64(at)+150)))
	}
	if unpacked != 0 || len(w.jobs) != 2 {
		t.Fatalf("unpacked %d times, %d jobs", unpacked, len(w.jobs))
	}
	if a := w.produced(7, "orders", timed(t, batch.Uncompressed, at+1)); a.Err != kafka.None || a.BaseOffset != 20_000 {
		t.Fatalf("beside the searches: %+v", a)
	}
	w.give(&broker.ConnectionClosed{Conn: 24}) // nobody waits for the last one any more
	w.settle()
	for len(w.jobs) > 0 {
		if len(w.jobs) > 2 {
			t.Fatalf("%d jobs at a time", len(w.jobs))
		}
		before := unpacked
		w.run()
		after := unpacked
		w.settle()
		if after == before || unpacked != after {
			t.Fatalf("the jobs unpacked %d times, the steps %d", after-before, unpacked-after)
		}
	}
	if unpacked != 4 {
		t.Fatalf("unpacked %d times for four who still wait", unpacked)
	}
	for _, corr := range asked[:4] {
		p := w.answer(corr).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]
		if p.ErrorCode != 0 || p.Offset != 15_000 || p.Timestamp != int64(at)+150 {
			t.Errorf("%+v", p)
		}
	}
}

// TestSearchMeetsTheEndOfItsLog deletes the topic while a job looks through one
// of its batches.
func TestSearchMeetsTheEndOfItsLog(t *testing.T) {
	w := withCodecs(t)
	w.start()
	w.mustCreate("orders", 1)
	at := w.now.Wall
	w.produced(7, "orders", timed(t, batch.Gzip, at, at+5))
	w.holdJobs = true
	corr := w.send(20, 7, listOffsets("orders", 0, int64(at)+1))
	w.ask(6, deleteTopic("orders"))
	w.holdJobs = false
	w.flush()
	w.settle()
	if p := w.answer(corr).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]; kafka.ErrorCode(p.ErrorCode) != kafka.ErrNotLeaderOrFollower {
		t.Fatalf("%+v", p)
	}
}
