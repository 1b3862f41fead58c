package protocol

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
)

func TestPrepareChecksEveryPartition(t *testing.T) {
	var codecs batch.Codecs
	codecs[batch.Zstd] = batch.RunLength{}
	checker := batch.Checker{Codecs: &codecs}
	var b batch.Builder
	build := func(id batch.CodecID) []byte {
		b.Reset()
		b.Append(1000, []byte("k"), []byte("v"))
		b.Append(3000, nil, []byte("w"))
		if id == batch.Uncompressed {
			return append([]byte{}, b.Build()...)
		}
		v, err := b.BuildPacked(batch.Plain(), id, codecs[id])
		if err != nil {
			t.Fatal(err)
		}
		return append([]byte{}, v...)
	}
	torn := build(batch.Uncompressed)
	torn[len(torn)-1] ^= 1
	q := &ProduceRequest{Partitions: []ProducePartition{
		{Records: build(batch.Uncompressed)}, {Records: torn}, {Records: build(batch.Zstd)}, {},
	}}
	for _, c := range []struct {
		version int16
		want    []kafka.ErrorCode
	}{
		{6, []kafka.ErrorCode{kafka.None, kafka.ErrCorruptMessage, kafka.ErrUnsupportedCompressionType, kafka.ErrInvalidRecord}},
		{7, []kafka.ErrorCode{kafka.None, kafka.ErrCorruptMessage, kafka.None, kafka.ErrInvalidRecord}},
	} {
		Prepare(q, c.version, &checker)
		for i, want := range c.want {
			if got := q.Partitions[i].Checked; got.Err != want || !got.Done {
				t.Errorf("v%d, partition %d: %+v, want %v", c.version, i, got, want)
			}
		}
	}
	if got := q.Partitions[0].Checked; got.MinTimestamp != 1000 || got.MaxTimestamp != 3000 || got.KeylessCount != 1 {
		t.Errorf("found %+v", got)
	}
}

// A batch that unpacks to more than a small bound is verified again with a
// larger one, and only that one.
func TestPrepareBeyondTheFirstBound(t *testing.T) {
	codecs := batch.Codecs{batch.Gzip: batch.RunLength{}}
	var b batch.Builder
	pack := func(size int) []byte {
		b.Reset()
		b.Append(1000, nil, make([]byte, size))
		v, err := b.BuildPacked(batch.Plain(), batch.Gzip, codecs[batch.Gzip])
		if err != nil {
			t.Fatal(err)
		}
		return append([]byte{}, v...)
	}
	q := &ProduceRequest{Partitions: []ProducePartition{{Records: pack(10)}, {Records: pack(2000)}, {Records: pack(9000)}, {}}}
	check := func(want ...kafka.ErrorCode) {
		t.Helper()
		for i, code := range want {
			if got := q.Partitions[i].Checked; got.Err != code || !got.Done {
				t.Errorf("partition %d: %+v, want %v", i, got, code)
			}
		}
	}
	Prepare(q, 9, &batch.Checker{Codecs: &codecs, Limits: batch.Limits{MaxDecompressedBytes: 1000}})
	check(kafka.None, kafka.ErrMessageTooLarge, kafka.ErrMessageTooLarge, kafka.ErrInvalidRecord)
	if !Beyond(q) {
		t.Error("nothing beyond the bound")
	}
	PrepareBeyond(q, 9, &batch.Checker{Codecs: &codecs, Limits: batch.Limits{MaxDecompressedBytes: 4000}})
	check(kafka.None, kafka.None, kafka.ErrMessageTooLarge, kafka.ErrInvalidRecord)
	if !Beyond(q) {
		t.Error("the largest is within the bound")
	}
	PrepareBeyond(q, 9, &batch.Checker{Codecs: &codecs})
	check(kafka.None, kafka.None, kafka.None, kafka.ErrInvalidRecord)
	if Beyond(q) {
		t.Error("something is still beyond the bound")
	}
}
