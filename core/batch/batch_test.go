package batch_test

import (
	"bytes"
	"hash/crc32"
	"math"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"trialog/core/batch"
	"trialog/core/kafka"
)

// clone copies what a builder lends.
func clone(v batch.View) batch.View { return append(batch.View(nil), v...) }

func build(n int, timestamp kafka.TimestampMs, p batch.Producer) batch.View {
	var b batch.Builder
	b.Reset()
	for i := range n {
		b.Append(timestamp+kafka.TimestampMs(i), []byte{'k', byte(i)}, []byte("value"))
	}
	return clone(b.BuildFor(p))
}

// TestAgainstKmsg compares header and records with an independent codec.
func TestAgainstKmsg(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := batch.Producer{
			ID:            kafka.ProducerID(rapid.Int64Min(0).Draw(t, "id")),
			Epoch:         kafka.ProducerEpoch(rapid.Int16Min(0).Draw(t, "epoch")),
			BaseSequence:  kafka.Sequence(rapid.Int32Min(0).Draw(t, "sequence")),
			Transactional: rapid.Bool().Draw(t, "transactional"),
		}
		n := rapid.IntRange(1, 20).Draw(t, "n")
		base := rapid.Int64Range(-1, 1<<50).Draw(t, "timestamp")
		var b batch.Builder
		b.Reset()
		type record struct {
			timestamp          int64
			key, value, hk, hv []byte
		}
		var want []record
		for range n {
			r := record{
				timestamp: max(base+rapid.Int64Range(-5, 5).Draw(t, "delta"), -1),
				key:       rapid.SliceOf(rapid.Byte()).Draw(t, "key"),
				value:     rapid.SliceOf(rapid.Byte()).Draw(t, "value"),
				hk:        []byte(rapid.String().Draw(t, "header")),
			}
			if rapid.Bool().Draw(t, "null") {
				r.key, r.value, r.hv = nil, nil, nil
			}
			want = append(want, r)
			b.Append(kafka.TimestampMs(r.timestamp), r.key, r.value, batch.Header{Key: r.hk, Value: r.hv})
		}
		v := b.BuildFor(p)

		var k kmsg.RecordBatch
		if err := k.ReadFrom(v); err != nil {
			t.Fatal(err)
		}
		if k.Magic != 2 || k.ProducerID != int64(p.ID) || k.ProducerEpoch != int16(p.Epoch) || k.FirstSequence != int32(p.BaseSequence) ||
			k.NumRecords != int32(n) || k.LastOffsetDelta != int32(n-1) || int(k.Length) != len(v)-12 || k.PartitionLeaderEpoch != -1 {
			t.Fatalf("header differs: %+v", k)
		}
		if uint32(k.CRC) != crc32.Checksum(v[21:], crc32.MakeTable(crc32.Castagnoli)) || !v.Intact() {
			t.Fatal("CRC differs")
		}
		rest := k.Records
		it := batch.Iterate(v.Records(), v.Count())
		for i, w := range want {
			var kr kmsg.Record
			if err := kr.ReadFrom(rest); err != nil {
				t.Fatal(err)
			}
			rest = rest[int(kr.Length)+varintLen(kr.Length):]
			var r batch.Record
			if !it.Next(&r) {
				t.Fatalf("record %d: %v", i, it.Err())
			}
			if int64(v.BaseTimestamp())+r.TimestampDelta != w.timestamp || kr.TimestampDelta64 != r.TimestampDelta || int(r.OffsetDelta) != i ||
				!same(r.Key, w.key) || !same(r.Value, w.value) || !same(kr.Key, w.key) || !same(kr.Value, w.value) {
				t.Fatalf("record %d differs: %+v", i, r)
			}
			h, ok := r.Headers.Next()
			if !ok || string(h.Key) != string(w.hk) || !same(h.Value, w.hv) || r.Headers.Len() != 0 {
				t.Fatalf("header of record %d differs: %+v", i, h)
			}
		}
		if it.Next(&batch.Record{}) || it.Err() != nil {
			t.Fatalf("after the last record: %v", it.Err())
		}
		if c := batch.Check(v, nil, batch.Limits{}); c.Err != kafka.None || c.Rewritten != nil {
			t.Fatalf("a built batch does not pass: %+v", c)
		}
	})
}

func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

func varintLen(n int32) int {
	u := uint32(n<<1) ^ uint32(n>>31)
	size := 1
	for ; u >= 0x80; u >>= 7 {
		size++
	}
	return size
}

func TestCheckRefuses(t *testing.T) {
	p := batch.Producer{ID: 9, Epoch: 1, BaseSequence: 4}
	codecs := &batch.Codecs{batch.Gzip: batch.RunLength{}}
	edit := func(f func(kmsg.RecordBatch) kmsg.RecordBatch) []byte {
		var k kmsg.RecordBatch
		if err := k.ReadFrom(build(3, 100, p)); err != nil {
			t.Fatal(err)
		}
		k = f(k)
		k.Length = int32(49 + len(k.Records))
		b := k.AppendTo(nil)
		sum := crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli))
		k.CRC = int32(sum)
		return k.AppendTo(nil)
	}
	good := build(3, 100, p)
	two := append(clone(good), good...)
	rotten := clone(good)
	rotten[len(rotten)-1] ^= 1
	oldMagic := clone(good)
	oldMagic[16] = 1
	for _, c := range []struct {
		name string
		b    []byte
		want kafka.ErrorCode
	}{
		{"good", good, kafka.None},
		{"nothing", nil, kafka.ErrInvalidRecord},
		{"a cut header", good[:40], kafka.ErrCorruptMessage},
		{"a cut batch", good[:len(good)-1], kafka.ErrCorruptMessage},
		{"two batches", two, kafka.ErrInvalidRecord},
		{"bytes behind", append(clone(good), 0), kafka.ErrInvalidRecord},
		{"a flipped bit", rotten, kafka.ErrCorruptMessage},
		{"magic 1", oldMagic, kafka.ErrInvalidRecord},
		{"length below the header", []byte{16: 2, 60: 0}, kafka.ErrCorruptMessage},
		{"no records", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch {
			k.NumRecords, k.LastOffsetDelta, k.Records = 0, -1, nil
			return k
		}), kafka.ErrInvalidRecord},
		{"negative count", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch {
			k.NumRecords, k.LastOffsetDelta = -3, -4
			return k
		}), kafka.ErrInvalidRecord},
		{"offset delta that is not count-1", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.LastOffsetDelta = 3; return k }), kafka.ErrInvalidRecord},
		{"fewer records than counted", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.NumRecords, k.LastOffsetDelta = 4, 3; return k }), kafka.ErrInvalidRecord},
		{"more records than counted", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.NumRecords, k.LastOffsetDelta = 2, 1; return k }), kafka.ErrInvalidRecord},
		{"control", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.Attributes = 0x20; return k }), kafka.ErrInvalidRecord},
		{"broker's timestamp type", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.Attributes = 0x08; return k }), kafka.ErrInvalidTimestamp},
		{"negative sequence", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.FirstSequence = -1; return k }), kafka.ErrInvalidRecord},
		{"negative producer epoch", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.ProducerEpoch = -1; return k }), kafka.ErrInvalidRecord},
		{"transactional without producer", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.Attributes, k.ProducerID = 0x10, -1; return k }), kafka.ErrInvalidRecord},
		{"unknown codec", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.Attributes = 7; return k }), kafka.ErrUnsupportedCompressionType},
		{"codec that this node lacks", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.Attributes = 4; return k }), kafka.ErrUnsupportedCompressionType},
		{"rubbish under a codec", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.Attributes, k.Records = 1, []byte{0, 1}; return k }), kafka.ErrCorruptMessage},
		{"timestamps below zero", edit(func(k kmsg.RecordBatch) kmsg.RecordBatch { k.FirstTimestamp = -50; return k }), kafka.ErrInvalidTimestamp},
	} {
		if got := batch.Check(c.b, codecs, batch.Limits{}); got.Err != c.want || !got.Done {
			t.Errorf("%s: %v, want %v", c.name, got.Err, c.want)
		}
	}
	if got := batch.Check(good, nil, batch.Limits{MaxBatchBytes: int32(len(good) - 1)}); got.Err != kafka.ErrMessageTooLarge {
		t.Errorf("too large: %v", got.Err)
	}
}

func TestCheckGathers(t *testing.T) {
	var b batch.Builder
	b.Reset()
	b.Append(100, nil, []byte("a"))
	b.Append(300, []byte("k"), []byte("b"))
	b.Append(200, nil, nil)
	v := clone(b.Build())
	if c := batch.Check(v, nil, batch.Limits{}); c.Err != kafka.None || c.MinTimestamp != 100 || c.MaxTimestamp != 300 || c.KeylessCount != 2 {
		t.Fatalf("%+v", c)
	}
	// Records without a timestamp bound nothing.
	for _, timestamps := range [][]kafka.TimestampMs{{-1, 300, 100}, {100, -1, 300}, {300, 100, -1}} {
		b.Reset()
		for _, at := range timestamps {
			b.Append(at, nil, nil)
		}
		if c := batch.Check(b.Build(), nil, batch.Limits{}); c.Err != kafka.None || c.MinTimestamp != 100 || c.MaxTimestamp != 300 {
			t.Errorf("%v: %+v", timestamps, c)
		}
	}
	// A client that leaves the header's largest timestamp wrong is set right, as by Kafka's leader.
	var k kmsg.RecordBatch
	if err := k.ReadFrom(v); err != nil {
		t.Fatal(err)
	}
	k.MaxTimestamp = 100
	wrong := k.AppendTo(nil)
	k.CRC = int32(crc32.Checksum(wrong[21:], crc32.MakeTable(crc32.Castagnoli)))
	wrong = k.AppendTo(nil)
	c := batch.Check(wrong, nil, batch.Limits{})
	if c.Err != kafka.None || !bytes.Equal(c.Rewritten, v) {
		t.Fatalf("%+v", c)
	}
}

func TestPackedRoundTrip(t *testing.T) {
	codecs := &batch.Codecs{batch.LZ4: batch.RunLength{}}
	var b batch.Builder
	b.Reset()
	b.Append(5, nil, bytes.Repeat([]byte{'x'}, 1000))
	b.Append(9, nil, bytes.Repeat([]byte{'y'}, 1000))
	v, err := b.BuildPacked(batch.Plain(), batch.LZ4, batch.RunLength{})
	if err != nil {
		t.Fatal(err)
	}
	if len(v) > 200 {
		t.Fatalf("not compressed: %d bytes", len(v))
	}
	if c := batch.Check(v, codecs, batch.Limits{}); c.Err != kafka.None || c.Codec != batch.LZ4 || c.MaxTimestamp != 9 {
		t.Fatalf("%+v", c)
	}
	if c := batch.Check(v, codecs, batch.Limits{MaxDecompressedBytes: 1500}); c.Err != kafka.ErrMessageTooLarge {
		t.Fatalf("a bomb passes: %+v", c)
	}
	o, ts, ok, err := v.FindTimestamp(6, 0, codecs, 1<<20)
	if o != 1 || ts != 9 || !ok || err != nil {
		t.Fatalf("found %d %d %v %v", o, ts, ok, err)
	}
}

func TestStamp(t *testing.T) {
	v := build(3, 100, batch.Plain())
	v.Stamp(41, 7, kafka.NoTimestamp)
	if v.BaseOffset() != 41 || v.LastOffset() != 43 || v.LeaderEpoch() != 7 || !v.Intact() || v.LogAppendTime() {
		t.Fatalf("stamped wrong: %x", []byte(v))
	}
	v.Stamp(41, 7, 999)
	if v.MaxTimestamp() != 999 || !v.LogAppendTime() || !v.Intact() {
		t.Fatalf("stamped wrong: %x", []byte(v))
	}
	if o, ts, ok, _ := v.FindTimestamp(999, 42, nil, 0); o != 42 || ts != 999 || !ok {
		t.Fatal("log append time holds for every record")
	}
}

func TestSequencesWrap(t *testing.T) {
	v := build(3, 0, batch.Producer{ID: 1, BaseSequence: math.MaxInt32 - 1})
	if v.LastSequence() != 0 {
		t.Fatalf("last sequence %d", v.LastSequence())
	}
	if s := batch.NextSequence(math.MaxInt32, 1); s != 0 {
		t.Fatalf("next of the largest is %d", s)
	}
}

func TestMarker(t *testing.T) {
	for _, m := range []batch.Marker{{batch.Abort, 3}, {batch.Commit, 1 << 30}} {
		v := batch.View(batch.AppendMarker(nil, m, 77, 5, 1234))
		if !v.Whole() || !v.Intact() || !v.Control() || !v.Transactional() || v.ProducerID() != 77 || v.ProducerEpoch() != 5 || v.MaxTimestamp() != 1234 {
			t.Fatalf("header: %x", []byte(v))
		}
		if got, ok := v.Marker(); !ok || got != m {
			t.Fatalf("got %+v %v, want %+v", got, ok, m)
		}
	}
	if _, ok := build(1, 0, batch.Plain()).Marker(); ok {
		t.Fatal("a batch of an application is not a marker")
	}
}

// TestCutToWhole compares the cut of every range of a few batches with a linear search.
func TestCutToWhole(t *testing.T) {
	var seg []byte
	var starts []int
	next := kafka.Offset(10)
	for i, n := range []int{1, 4, 2, 3, 1} {
		v := build(n, 0, batch.Plain())
		v.Stamp(next, 1, kafka.NoTimestamp)
		next = v.NextOffset()
		if i == 2 {
			next += 5 // a gap, as a cleaner leaves it
		}
		starts = append(starts, len(seg))
		seg = append(seg, v...)
	}
	starts = append(starts, len(seg))
	for n := range len(seg) + 1 {
		for fetch := kafka.Offset(10); fetch < next; fetch++ {
			for end := fetch + 1; end <= next; end++ {
				for _, maxBytes := range []int32{0, 150, 1 << 20} {
					checkCut(t, seg[:n], starts, fetch, end, maxBytes)
				}
			}
		}
	}
}

func checkCut(t *testing.T, b []byte, starts []int, fetch, end kafka.Offset, maxBytes int32) {
	t.Helper()
	c := batch.CutToWhole(b, fetch, end, maxBytes)
	if c.Damaged {
		t.Fatal("good bytes called damaged")
	}
	from, to, whole := -1, -1, 0
	for i := 0; i+1 < len(starts) && starts[i+1] <= len(b); i++ {
		v := batch.View(b[starts[i]:starts[i+1]])
		whole = starts[i+1]
		if v.NextOffset() > end {
			break
		}
		if v.LastOffset() < fetch {
			continue
		}
		if from < 0 {
			from, to = starts[i], starts[i+1]
		} else if starts[i+1]-from <= int(maxBytes) {
			to = starts[i+1]
		} else {
			break
		}
	}
	if from < 0 {
		if len(c.Records) != 0 {
			t.Fatalf("records out of nothing: %+v", c)
		}
		if !c.End && c.Skipped != len(b) && (c.Need == 0 || c.Skipped+c.Need <= len(b)) {
			t.Fatalf("neither an end nor a need: %+v of %d, whole %d", c, len(b), whole)
		}
		return
	}
	if !bytes.Equal(c.Records, b[from:to]) || c.Skipped != from || c.Need != 0 {
		t.Fatalf("fetch %d end %d max %d of %d bytes: got %d+%d need %d, want [%d,%d)", fetch, end, maxBytes, len(b), c.Skipped, len(c.Records), c.Need, from, to)
	}
}

func TestCutSeesDamage(t *testing.T) {
	var seg []byte
	for i := range 3 {
		v := build(2, 0, batch.Plain())
		v.Stamp(kafka.Offset(2*i), 1, kafka.NoTimestamp)
		seg = append(seg, v...)
	}
	size := len(seg) / 3
	for i := range seg {
		bad := append([]byte(nil), seg...)
		bad[i] ^= 0x10
		c := batch.CutToWhole(bad, 2, 6, 1<<20)
		inEpoch := i%size >= 12 && i%size < 16 // the leader epoch is outside the CRC
		inBase := i%size < 8                   // and so is the base offset; partition.Lookup checks both
		if inEpoch || inBase {
			continue
		}
		if !c.Damaged && c.Need == 0 && len(c.Records) == 2*size {
			t.Fatalf("flip at %d was not seen: %+v", i, c)
		}
		if !bytes.HasPrefix(seg[size:], c.Records) {
			t.Fatalf("flip at %d: wrong bytes were served", i)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	checker := batch.Checker{Codecs: &batch.Codecs{batch.Gzip: batch.RunLength{}}}
	var b batch.Builder
	key, value := []byte("key"), bytes.Repeat([]byte("v"), 100)
	if n := testing.AllocsPerRun(100, func() {
		b.Reset()
		for range 10 {
			b.Append(1, key, value)
		}
		v, err := b.BuildPacked(batch.Plain(), batch.Gzip, batch.RunLength{})
		if err != nil || checker.Check(v).Err != kafka.None {
			t.Fatal(err)
		}
		v = b.Build()
		if checker.Check(v).Err != kafka.None || len(batch.CutToWhole(v, 0, 10, 100).Records) == 0 {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(build(3, 100, batch.Producer{ID: 1})))
	f.Add(batch.AppendMarker(nil, batch.Marker{Type: batch.Commit}, 1, 1, 1))
	var b batch.Builder
	b.Reset()
	b.Append(1, nil, make([]byte, 300), batch.Header{Key: []byte("h")})
	v, err := b.BuildPacked(batch.Plain(), batch.Gzip, batch.RunLength{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(v))
	codecs := &batch.Codecs{batch.Gzip: batch.RunLength{}}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= batch.HeaderSize && batch.View(b).Whole() && batch.View(b).Size() == len(b) {
			sum := crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)) // so that the fuzzer gets behind the CRC
			b[17], b[18], b[19], b[20] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
		}
		c := batch.Check(b, codecs, batch.Limits{MaxDecompressedBytes: 1 << 16})
		batch.CutToWhole(b, 0, 1<<40, 1<<20)
		if c.Err != kafka.None {
			return
		}
		v := batch.View(b)
		if c.Rewritten != nil {
			v = c.Rewritten
		}
		if again := batch.Check(v, codecs, batch.Limits{MaxDecompressedBytes: 1 << 16}); again.Err != kafka.None || again.Rewritten != nil {
			t.Fatalf("accepted once: %+v", again)
		}
		if got := batch.CutToWhole(v, v.BaseOffset(), v.NextOffset(), 1); v.NextOffset() > v.BaseOffset() && len(got.Records) != len(v) {
			t.Fatalf("an accepted batch is not served: %+v", got)
		}
	})
}
