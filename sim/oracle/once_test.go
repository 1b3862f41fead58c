package oracle

import (
	"encoding/binary"
	"strings"
	"testing"

	"trialog/core/batch"
)

// keyed is a segment: a batch from each offset, of a record for each letter of its
// keys, of which "-" is none. Every second batch is compressed.
func keyed(t *testing.T, codecs *batch.Codecs, batches ...keys) (segment []byte) {
	t.Helper()
	for i, k := range batches {
		var b batch.Builder
		b.Reset()
		for _, letter := range k.letters {
			key := []byte(string(letter))
			if letter == '-' {
				key = nil
			}
			b.Append(1000, key, []byte("value"))
		}
		v := b.Build()
		if i%2 == 1 {
			packed, err := b.BuildPacked(batch.Plain(), batch.Gzip, codecs[batch.Gzip])
			if err != nil {
				t.Fatal(err)
			}
			v = packed
		}
		binary.BigEndian.PutUint64(v, uint64(k.base))
		segment = append(segment, v...)
	}
	return segment
}

type keys struct {
	base    int64
	letters string
}

// TestOnceIsOnce: a key that stands twice below where the cleaner has been is told,
// within a batch and across segments, and nothing else is.
func TestOnceIsOnce(t *testing.T) {
	codecs := batch.Codecs{batch.Gzip: batch.RunLength{}}
	for _, c := range []struct {
		name        string
		from, below int64
		segments    [][]keys
		want        string
	}{
		{"once", 0, 100, [][]keys{{{0, "ab"}, {4, "cd"}}, {{9, "e"}}}, ""},
		{"twice in a batch", 0, 100, [][]keys{{{0, "aba"}}}, `"a" at 0 and at 2`},
		{"twice, in a compressed batch", 0, 100, [][]keys{{{0, "xa"}, {4, "cda"}}}, `"a" at 1 and at 6`},
		{"twice, across segments", 0, 100, [][]keys{{{0, "ab"}}, {{9, "b"}}}, `"b" at 1 and at 9`},
		{"records without a key", 0, 100, [][]keys{{{0, "--"}, {4, "-"}}}, ""},
		{"the first below the log start", 1, 100, [][]keys{{{0, "ab"}, {4, "ca"}}}, ""},
		{"the second above where the cleaner has been", 0, 5, [][]keys{{{0, "ab"}, {4, "ca"}}}, ""},
		{"the last below where it has been", 0, 6, [][]keys{{{0, "ab"}, {4, "ca"}}}, `"a" at 0 and at 5`},
	} {
		o := once{from: c.from, below: c.below, codecs: &codecs, met: make(map[string]int64)}
		broken := ""
		for _, s := range c.segments {
			broken += o.segment(keyed(t, &codecs, s...))
		}
		if !strings.Contains(broken, c.want) || c.want == "" && broken != "" {
			t.Errorf("%s: %q, want %q", c.name, broken, c.want)
		}
	}
}
