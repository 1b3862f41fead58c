package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"runtime"
	"testing"

	"github.com/klauspost/compress/snappy"

	"trialog/core/batch"
	"trialog/core/kafka"
)

// fuzzLimit is the bound that fuzzed bytes are decompressed with, and
// fuzzMemory what that may take in all: output that grows, and the windows and
// tables of a decompressor that is made for it.
const (
	fuzzLimit  = 64 << 10
	fuzzMemory = 8*fuzzLimit + zstdMaxWindow + 16<<20
)

// bombs are a few bytes that become four times the bound, of each codec.
func bombs(tb testing.TB) map[batch.CodecID][]byte {
	plain := make([]byte, 4*fuzzLimit)
	all := All()
	out := map[batch.CodecID][]byte{}
	for _, id := range ids {
		packed, err := all[id].Compress(nil, plain)
		if err != nil {
			tb.Fatal(err)
		}
		out[id] = packed
	}
	return out
}

// FuzzDecompress: no bytes make a decompressor exceed its limit, in what it
// returns or in what it takes, and none make it touch what was there before.
func FuzzDecompress(f *testing.F) {
	all := All()
	for id, bomb := range bombs(f) {
		f.Add(byte(id), bomb)
		small, err := all[id].Compress(nil, []byte("some records, some records, some records"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(id), small)
		f.Add(byte(id), small[:len(small)/2])
	}
	f.Add(byte(batch.Snappy), snappy.Encode(nil, bytes.Repeat([]byte("x"), 1000)))
	f.Fuzz(func(t *testing.T, which byte, b []byte) {
		id := batch.CodecID(1 + which%4)
		before := []byte("before")
		var out []byte
		var err error
		took := allocated(func() { out, err = all[id].Decompress(bytes.Clone(before), b, fuzzLimit) })
		if !bytes.HasPrefix(out, before) || len(out)-len(before) > fuzzLimit || err != nil && len(out) != len(before) {
			t.Fatalf("codec %d: %d bytes, %v", id, len(out), err)
		}
		if took > fuzzMemory {
			t.Fatalf("codec %d: %d bytes of memory for %d", id, took, len(b))
		}
		if err != nil && !errors.Is(err, batch.ErrCodec) && !errors.Is(err, batch.ErrTooLarge) {
			t.Fatalf("codec %d: an error that nobody knows: %v", id, err)
		}
	})
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// FuzzBatch: a producer's batch with real codecs. What is accepted is accepted
// again, and can be served and searched by time.
func FuzzBatch(f *testing.F) {
	all := All()
	var b batch.Builder
	for _, id := range []batch.CodecID{batch.Uncompressed, batch.Gzip, batch.Snappy, batch.LZ4, batch.Zstd} {
		b.Reset()
		for i := range 5 {
			b.Append(1_700_000_000_000+kafka.TimestampMs(i), []byte("key"), bytes.Repeat([]byte("value"), 20), batch.Header{Key: []byte("h"), Value: []byte("v")})
		}
		if id == batch.Uncompressed {
			f.Add([]byte(bytes.Clone(b.Build())))
			continue
		}
		v, err := b.BuildPacked(batch.Producer{ID: 7, Epoch: 1, BaseSequence: 3}, id, all[id])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.Clone(v))
		f.Add(append(bytes.Clone(v[:batch.HeaderSize]), bombs(f)[id]...))
	}
	limits := batch.Limits{MaxDecompressedBytes: fuzzLimit}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= batch.HeaderSize { // let the fuzzer get behind length and CRC
			binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
			binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
		}
		var c batch.Checked
		if took := allocated(func() { c = batch.Check(b, &all, limits) }); took > fuzzMemory {
			t.Fatalf("%d bytes of memory for %d", took, len(b))
		}
		if c.Err != kafka.None {
			return
		}
		v := batch.View(b)
		if c.Rewritten != nil {
			v = c.Rewritten
		}
		if again := batch.Check(v, &all, limits); again.Err != kafka.None || again.Rewritten != nil {
			t.Fatalf("accepted once: %+v", again)
		}
		if c.MaxTimestamp == kafka.NoTimestamp {
			return
		}
		_, at, ok, err := v.FindTimestamp(c.MaxTimestamp, 0, &all, fuzzLimit)
		if err != nil || !ok || at != c.MaxTimestamp {
			t.Fatalf("its largest timestamp %d is not found: %d %v %v", c.MaxTimestamp, at, ok, err)
		}
	})
}
