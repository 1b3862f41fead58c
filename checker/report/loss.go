package report

import (
	"cmp"
	"fmt"
	"slices"

	"trialog/checker/history"
)

// Loss counts what was acknowledged and is not in the final scan, over all
// partitions that were scanned: at the beginning of a partition's acknowledged
// records, in the middle, or at their end.
type Loss struct {
	Acked   int64 `json:"acked"`
	Lost    int64 `json:"lost"`
	Prefix  int64 `json:"prefix"`
	Middle  int64 `json:"middle"`
	Postfix int64 `json:"postfix"`
	// Partitions is how many lost something, of how many that were scanned.
	Partitions int `json:"partitions"`
	Scanned    int `json:"scanned"`
}

// String says it in a line.
func (l Loss) String() string {
	if l.Acked == 0 {
		return "nothing was acknowledged"
	}
	return fmt.Sprintf("%d of %d acknowledged records lost (%.2g %%) in %d of %d partitions: %d at the beginning, %d in the middle, %d at the end",
		l.Lost, l.Acked, 100*float64(l.Lost)/float64(l.Acked), l.Partitions, l.Scanned, l.Prefix, l.Middle, l.Postfix)
}

// ackedRecord is one record that a producer was told is in the log.
type ackedRecord struct {
	partition history.Partition
	offset    int64
	value     history.Value
}

// Count counts the loss in a history.
func CountLoss(h *history.History) Loss {
	scanned, there := make(map[history.Partition]bool), make(map[history.Value]bool)
	var acked []ackedRecord
	for i := range h.Ops {
		o := &h.Ops[i]
		switch {
		case o.Kind == history.Scan && o.Outcome == history.OK:
			scanned[o.Partition] = true
			for _, r := range h.RecordsOf(o) {
				there[r.Value] = true
			}
		case o.Kind == history.Send && o.Outcome == history.OK && o.Acks != 0:
			for _, r := range h.RecordsOf(o) {
				acked = append(acked, ackedRecord{o.Partition, r.Offset, r.Value})
			}
		}
	}
	acked = slices.DeleteFunc(acked, func(r ackedRecord) bool { return !scanned[r.partition] })
	slices.SortStableFunc(acked, func(a, b ackedRecord) int {
		return cmp.Or(cmp.Compare(a.partition, b.partition), cmp.Compare(a.offset, b.offset))
	})
	l := Loss{Acked: int64(len(acked)), Scanned: len(scanned)}
	for len(acked) > 0 {
		n := 1
		for n < len(acked) && acked[n].partition == acked[0].partition {
			n++
		}
		l.add(acked[:n], there)
		acked = acked[n:]
	}
	return l
}

// add counts one partition, whose records come by offset.
func (l *Loss) add(records []ackedRecord, there map[history.Value]bool) {
	first, last := len(records), -1
	for i := range records {
		if there[records[i].value] {
			first, last = min(first, i), i
		}
	}
	before := l.Lost
	for i := range records {
		switch {
		case there[records[i].value]:
			continue
		case i < first && last >= 0:
			l.Prefix++
		case i > last:
			l.Postfix++
		default:
			l.Middle++
		}
		l.Lost++
	}
	if l.Lost > before {
		l.Partitions++
	}
}
