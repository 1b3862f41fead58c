package oracle

import "testing"

// A cleaner may take records and batches away below where it has been, and
// nothing else; above that every batch must be the one that has counted.
func TestDiffersWhereACleanerHasBeen(t *testing.T) {
	counted := []entry{{0, 4, 1, 10}, {5, 9, 1, 11}, {10, 12, 2, 12}, {13, 13, 2, 13}}
	for _, c := range []struct {
		name string
		has  []entry
		want int64
	}{
		{"all", counted, -1},
		{"records taken out of a batch, and a batch", []entry{{0, 4, 1, 99}, {10, 12, 2, 12}, {13, 13, 2, 13}}, -1},
		{"a batch of another epoch", []entry{{5, 9, 2, 11}, {10, 12, 2, 12}, {13, 13, 2, 13}}, 5},
		{"a batch over two that have counted", []entry{{0, 9, 1, 10}, {10, 12, 2, 12}, {13, 13, 2, 13}}, 0},
		{"a batch less above it", []entry{{0, 4, 1, 10}, {13, 13, 2, 13}}, 10},
		{"other bytes above it", []entry{{10, 12, 2, 99}, {13, 13, 2, 13}}, 10},
	} {
		p := &part{batches: counted, end: 14, rewritten: 10}
		if got := p.differs(&replica{batches: c.has, end: 14}, 0, 14); got != c.want {
			t.Errorf("%s: differs at %d, want %d", c.name, got, c.want)
		}
	}
}
