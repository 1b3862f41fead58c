package batch_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/batch"
	"trialog/core/kafka"
)

// pieces is a codec that compresses nothing and unpacks in pieces of odd sizes.
type pieces struct {
	batch.RunLength
	sizes []int
}

func (pieces) Compress(dst, src []byte) ([]byte, error) { return append(dst, src...), nil }

func (pieces) Decompress(dst, src []byte, limit int) ([]byte, error) {
	if len(src) > limit {
		return dst, batch.ErrTooLarge
	}
	return append(dst, src...), nil
}

func (p pieces) Each(src []byte, limit int, take func([]byte) bool) error {
	for i := 0; len(src) > 0; i++ {
		n := min(p.sizes[i%len(p.sizes)], len(src))
		if limit -= n; limit < 0 {
			return batch.ErrTooLarge
		}
		if !take(bytes.Clone(src[:n])) {
			return nil
		}
		src = src[n:]
	}
	return nil
}

func (pieces) Claims([]byte) int64 { return 0 }

// TestPiecesSayWhatTheWholeSays checks batches, intact ones and ones with bytes
// changed, cut short and added, whole and in pieces cut anywhere: the same is
// taken and the same is found, and what the whole is refused for some reason
// the pieces are refused for some reason.
func TestPiecesSayWhatTheWholeSays(t *testing.T) {
	taken, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		codec := pieces{sizes: rapid.SliceOfN(rapid.IntRange(1, 40), 1, 6).Draw(t, "sizes")}
		var b batch.Builder
		b.Reset()
		n := rapid.IntRange(1, 6).Draw(t, "records")
		for range n {
			var key []byte
			if rapid.Bool().Draw(t, "keyed") {
				key = rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "key")
			}
			value := make([]byte, rapid.IntRange(0, 90).Draw(t, "value"))
			b.Append(kafka.TimestampMs(rapid.Int64Range(-2, 1<<40).Draw(t, "time")), key, value)
		}
		v, err := b.BuildPacked(batch.Plain(), batch.Gzip, codec)
		if err != nil {
			t.Fatal(err)
		}
		body := bytes.Clone(v[batch.HeaderSize:])
		switch rapid.IntRange(0, 3).Draw(t, "damage") {
		case 1:
			body[rapid.IntRange(0, len(body)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		case 2:
			body = body[:rapid.IntRange(0, len(body)-1).Draw(t, "cut")]
		case 3:
			body = append(body, rapid.SliceOfN(rapid.Byte(), 1, 12).Draw(t, "more")...)
		}
		v = sealed(append(bytes.Clone(v[:batch.HeaderSize]), body...))
		limits := batch.Limits{MaxDecompressedBytes: int32(rapid.IntRange(1, 2*len(body)+1).Draw(t, "limit"))}
		codecs := &batch.Codecs{batch.Gzip: codec}
		whole := batch.Check(v, codecs, limits)
		between := 0
		checker := batch.Checker{Codecs: codecs, Limits: limits, Between: func() { between++ }}
		got := checker.Check(v)
		if len(body) > 0 && between == 0 && !got.Beyond {
			t.Fatal("not in pieces")
		}
		if whole.Err == kafka.None {
			taken++
			if got.Err != kafka.None || got.MinTimestamp != whole.MinTimestamp || got.MaxTimestamp != whole.MaxTimestamp ||
				got.KeylessCount != whole.KeylessCount || !bytes.Equal(got.Rewritten, whole.Rewritten) {
				t.Fatalf("whole %+v, in pieces %+v", whole, got)
			}
			return
		}
		refused++
		if got.Err == kafka.None || whole.Err != kafka.ErrMessageTooLarge && !got.Beyond && (got.Err != whole.Err || got.BadRecord != whole.BadRecord) {
			t.Fatalf("whole %+v, in pieces %+v", whole, got)
		}
	})
	if taken == 0 || refused == 0 {
		t.Errorf("%d taken, %d refused", taken, refused)
	}
}

// TestOneLargeRecordIsNotUnpacked: a record that says that it exceeds the bound
// is believed, and nothing of it is unpacked.
func TestOneLargeRecordIsNotUnpacked(t *testing.T) {
	var b batch.Builder
	b.Reset()
	b.Append(1, nil, make([]byte, 1<<20))
	codec := pieces{sizes: []int{100}}
	v, err := b.BuildPacked(batch.Plain(), batch.Gzip, codec)
	if err != nil {
		t.Fatal(err)
	}
	unpacked := 0
	checker := batch.Checker{
		Codecs: &batch.Codecs{batch.Gzip: codec}, Limits: batch.Limits{MaxDecompressedBytes: 1 << 19}, Between: func() { unpacked++ },
	}
	if got := checker.Check(v); got.Err != kafka.ErrMessageTooLarge || !got.Beyond || unpacked != 1 {
		t.Errorf("%+v after %d pieces", got, unpacked)
	}
}

// sealed sets a batch's length and checksum right.
func sealed(b []byte) []byte {
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}
