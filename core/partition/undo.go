package partition

import (
	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// cuts are the truncations in the journal, by log and in their order.
type cuts map[kafka.LogID][]cut

type cut struct {
	lsn kafka.LSN
	to  kafka.Offset
	low kafka.Offset // the lowest of to from here on, of those that count
}

// settle says that the journal ends before next.
func (c cuts) settle(next kafka.LSN) {
	for _, list := range c { //order: each on its own
		low := noCut
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].lsn < next {
				low = min(low, list[i].to)
			}
			list[i].low = low
		}
	}
}

// after is the lowest offset to which a log was cut after an entry, noCut if it
// was not.
func (c cuts) after(log kafka.LogID, lsn kafka.LSN) kafka.Offset {
	list := c[log]
	i := search(len(list), func(i int) bool { return list[i].lsn <= lsn })
	if i == len(list) {
		return noCut
	}
	return list[i].low
}

// undone tells whether a later truncation took a batch away: that it is redone
// could harm what stands in its place by now.
func (s *survey) undone(a *disk.Append) bool {
	to := s.cuts.after(a.Log, a.LSN)
	return to < noCut && len(a.Bytes) >= batch.HeaderSize && batch.View(a.Bytes).LastOffset() >= to
}
