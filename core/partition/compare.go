package partition

import (
	"fmt"
	"slices"

	"trialog/core/kafka"
)

// Unlike tells where a log that recovery has rebuilt is another than the one
// that a broker kept in memory until then, "" for nowhere: what it knows of
// epochs and producers is a function of checkpoint, journal and segments. Exempt
// are producers that one of the two may have forgotten, and epochs in which the
// log holds nothing. All of the log has reached the disk.
func (l *Log) Unlike(rebuilt *Log, now kafka.Now) string {
	switch {
	case rebuilt.Fenced != "":
		return "it is fenced: " + rebuilt.Fenced
	case rebuilt.Partition != l.Partition || rebuilt.Mode != l.Mode:
		return fmt.Sprintf("it is of %v, %v, not of %v, %v", rebuilt.Partition, rebuilt.Mode, l.Partition, l.Mode)
	case rebuilt.LogStartOffset != l.LogStartOffset || rebuilt.LogEndOffset != l.LogEndOffset:
		return fmt.Sprintf("it holds [%d, %d), not [%d, %d)", rebuilt.LogStartOffset, rebuilt.LogEndOffset, l.LogStartOffset, l.LogEndOffset)
	}
	for _, pair := range [2][2]*Log{{l, rebuilt}, {rebuilt, l}} {
		for i, e := range pair[0].epochs {
			end := pair[0].LogEndOffset
			if i+1 < len(pair[0].epochs) {
				end = pair[0].epochs[i+1].Start
			}
			if start := max(e.Start, l.LogStartOffset); start < end && (pair[1].EpochAt(start) != e.Epoch || pair[1].EpochAt(end-1) != e.Epoch) {
				return fmt.Sprintf("its epochs are %v, not %v", rebuilt.epochs, l.epochs)
			}
		}
		for _, slot := range pair[0].producers.sorted() {
			e := &pair[0].producers.slots[slot]
			o := pair[1].producers.find(e.id)
			switch {
			case o == nil:
				if !pair[1].mayHaveForgotten(e.id) && !e.expired(now, l.limits.ProducerExpiry) {
					return fmt.Sprintf("one of them does not know producer %d", e.id)
				}
			case o.epoch != e.epoch || !slices.Equal(o.cached[:o.n], e.cached[:e.n]):
				return fmt.Sprintf("producer %d stands at epoch %d, %v, and at epoch %d, %v", e.id, o.epoch, o.cached[:o.n], e.epoch, e.cached[:e.n])
			}
		}
	}
	return ""
}
