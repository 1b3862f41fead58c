package codec

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/snappy"
	"pgregory.net/rapid"

	"trialog/core/batch"
)

var ids = map[string]batch.CodecID{"gzip": batch.Gzip, "snappy": batch.Snappy, "lz4": batch.LZ4, "zstd": batch.Zstd}

func TestRoundTripAndLimits(t *testing.T) {
	all := All()
	rapid.Check(t, func(t *rapid.T) {
		codec := all[ids[rapid.SampledFrom([]string{"gzip", "snappy", "lz4", "zstd"}).Draw(t, "codec")]]
		piece := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "piece")
		src := bytes.Repeat(piece, rapid.IntRange(0, 400).Draw(t, "times"))
		packed, err := codec.Compress(nil, src)
		if err != nil {
			t.Fatal(err)
		}
		before := []byte("before")
		got, err := codec.Decompress(bytes.Clone(before), packed, len(src))
		if err != nil || !bytes.Equal(got, append(before, src...)) {
			t.Fatalf("%d bytes came back as %d, %v", len(src), len(got)-len(before), err)
		}
		if len(src) > 0 {
			got, err = codec.Decompress(bytes.Clone(before), packed, len(src)-1)
			if !errors.Is(err, batch.ErrTooLarge) || !bytes.Equal(got, before) {
				t.Fatalf("over the limit: %d bytes, %v", len(got), err)
			}
		}
	})
}

func TestGarbageIsRefusedNotBelieved(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, id := range ids {
		codec := All()[id]
		packed, err := codec.Compress(nil, bytes.Repeat([]byte("some records "), 500))
		if err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			b := bytes.Clone(packed)
			switch r.IntN(3) {
			case 0:
				b = b[:r.IntN(len(b))]
			case 1:
				b[r.IntN(len(b))] ^= byte(1 << r.IntN(8))
			default:
				b = b[:1+r.IntN(40)]
				for i := range b {
					b[i] = byte(r.Uint32())
				}
			}
			got, err := codec.Decompress(nil, b, 1<<20)
			if err != nil && !errors.Is(err, batch.ErrCodec) && !errors.Is(err, batch.ErrTooLarge) {
				t.Fatalf("%s: %v is not one of core's errors", name, err)
			}
			if len(got) > 1<<20 {
				t.Fatalf("%s: %d bytes over the limit", name, len(got))
			}
		}
		// A pooled decompressor that has met garbage still works.
		if got, err := codec.Decompress(nil, packed, 1<<20); err != nil || len(got) != 6500 {
			t.Errorf("%s after garbage: %d bytes, %v", name, len(got), err)
		}
	}
}

// TestSnappyForms reads a plain block, and the same block in Java's framing.
func TestSnappyForms(t *testing.T) {
	want := "hello hello hello"
	plain := snappy.Encode(nil, []byte(want))
	framed := "82534e4150505900" + "00000001" + "00000001"
	java, err := hex.DecodeString(framed)
	if err != nil {
		t.Fatal(err)
	}
	java = append(java, 0, 0, 0, byte(len(plain)))
	java = append(java, plain...)
	for form, b := range map[string][]byte{"plain": plain, "xerial": java} {
		if got, err := All()[batch.Snappy].Decompress(nil, b, 100); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", form, got, err)
		}
	}
	lie := append([]byte{0xff, 0xff, 0xff, 0x7f}, plain[1:]...)
	if _, err := All()[batch.Snappy].Decompress(nil, lie, 1<<30); !errors.Is(err, batch.ErrCodec) {
		t.Errorf("a block that claims 256 MiB: %v", err)
	}
}

func TestBombsStopAtTheLimit(t *testing.T) {
	zeros := make([]byte, 64<<20)
	for name, id := range ids {
		packed, err := All()[id].Compress(nil, zeros)
		if err != nil {
			t.Fatal(err)
		}
		allocated := testing.AllocsPerRun(1, func() {
			if _, err := All()[id].Decompress(nil, packed, 1<<20); !errors.Is(err, batch.ErrTooLarge) {
				t.Errorf("%s: %v", name, err)
			}
		})
		t.Logf("%s: %d bytes packed, %.0f allocations", name, len(packed), allocated)
	}
}

// TestPiecesAreTheWhole: what Each hands out is what Decompress returns, of whole
// and of damaged bytes, and what a codec claims is no more than that.
func TestPiecesAreTheWhole(t *testing.T) {
	all := All()
	rapid.Check(t, func(t *rapid.T) {
		codec := all[ids[rapid.SampledFrom([]string{"gzip", "snappy", "lz4", "zstd"}).Draw(t, "codec")]]
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		piece := make([]byte, rapid.IntRange(0, 90_000).Draw(t, "piece"))
		for i := range piece {
			piece[i] = byte(r.Uint32() & 0x3f)
		}
		src := bytes.Repeat(piece, rapid.IntRange(0, 5).Draw(t, "times"))
		packed, err := codec.Compress(nil, src)
		if codec == (snappyCodec{}) && rapid.Bool().Draw(t, "one block") {
			packed = snappy.Encode(nil, src)
		}
		if err != nil {
			t.Fatal(err)
		}
		if claimed := codec.Claims(packed); claimed > int64(len(src)) {
			t.Fatalf("%d bytes claim to be %d", len(src), claimed)
		}
		if rapid.IntRange(0, 2).Draw(t, "damage") == 0 && len(packed) > 0 {
			packed[rapid.IntRange(0, len(packed)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		limit := rapid.SampledFrom([]int{len(src), len(src) + 1, max(0, len(src)-1), 1 << 20}).Draw(t, "limit")
		whole, wholeErr := codec.Decompress(nil, packed, limit)
		var got []byte
		err = codec.Each(packed, limit, func(piece []byte) bool {
			got = append(got, piece...)
			return true
		})
		if (err == nil) != (wholeErr == nil) || err == nil && !bytes.Equal(got, whole) {
			t.Fatalf("whole: %d bytes, %v; in pieces: %d bytes, %v", len(whole), wholeErr, len(got), err)
		}
		if err != nil && !errors.Is(err, batch.ErrCodec) && !errors.Is(err, batch.ErrTooLarge) || len(got) > limit {
			t.Fatalf("%d bytes of %d: %v is not one of core's errors", len(got), limit, err)
		}
	})
}

// TestBombsSayWhatTheyAre: of the codecs whose headers or trailers hold it.
func TestBombsSayWhatTheyAre(t *testing.T) {
	for name, want := range map[string]int64{"gzip": 8 << 20, "snappy": 8 << 20, "lz4": 0, "zstd": 8 << 20} {
		packed, err := All()[ids[name]].Compress(nil, make([]byte, 8<<20))
		if err != nil {
			t.Fatal(err)
		}
		if got := All()[ids[name]].Claims(packed); got != want {
			t.Errorf("%s claims %d bytes, want %d", name, got, want)
		}
		taken := 0
		if err := All()[ids[name]].Each(packed, 8<<20, func([]byte) bool { taken++; return false }); err != nil || taken != 1 {
			t.Errorf("%s went on: %d pieces, %v", name, taken, err)
		}
	}
}
