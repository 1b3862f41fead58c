package partition

import (
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// EpochEntry says at which offset a leader epoch starts (KIP-101).
type EpochEntry struct {
	Epoch kafka.LeaderEpoch
	Start kafka.Offset
}

// LatestEpoch is the largest leader epoch that the log knows, NoLeaderEpoch
// when none. A replica refuses any role under a smaller one.
func (l *Log) LatestEpoch() kafka.LeaderEpoch {
	if len(l.epochs) == 0 {
		return kafka.NoLeaderEpoch
	}
	return l.epochs[len(l.epochs)-1].Epoch
}

// Epochs are the entries in order; the slice is the log's.
func (l *Log) Epochs() []EpochEntry { return l.epochs }

// BecomeLeader records that epoch starts at the log's end, before anything is
// appended in it (KAFKA-7415), and fills in the entry to emit. It returns false
// and emits nothing when the epoch is already known. The log serves (Serving).
func (l *Log) BecomeLeader(epoch kafka.LeaderEpoch, out *disk.Append) bool {
	must.True(l.Serving(), "P8: a log that does not serve takes no role")
	must.True(epoch >= l.LatestEpoch(), "P4: leadership under an older epoch than the log's")
	if epoch == l.LatestEpoch() {
		return false
	}
	l.startEpoch(epoch, l.LogEndOffset)
	l.entry(disk.EntryEpochStart, out)
	out.LeaderEpoch = epoch
	return true
}

// startEpoch adds an entry if epoch is new. An epoch in which nothing was
// written gives way to the next one that starts at the same offset.
func (l *Log) startEpoch(epoch kafka.LeaderEpoch, start kafka.Offset) {
	if epoch <= l.LatestEpoch() {
		return
	}
	for n := len(l.epochs); n > 0 && l.epochs[n-1].Start >= start; n-- {
		l.epochs = l.epochs[:n-1]
	}
	l.epochs = append(l.epochs, EpochEntry{Epoch: epoch, Start: start})
}

// EndOffsetForEpoch answers OffsetForLeaderEpoch and the divergence check of
// Fetch: the largest known epoch that is not larger than the one asked, and one
// past its last offset. Unknown: NoLeaderEpoch and NoOffset. An epoch below all
// known ones is answered with itself and the start of the oldest, as Kafka does.
func (l *Log) EndOffsetForEpoch(epoch kafka.LeaderEpoch) (kafka.LeaderEpoch, kafka.Offset) {
	n := len(l.epochs)
	if epoch < 0 || n == 0 || epoch > l.epochs[n-1].Epoch {
		return kafka.NoLeaderEpoch, kafka.NoOffset
	}
	if epoch == l.epochs[n-1].Epoch {
		return epoch, l.LogEndOffset
	}
	i := n - 1 // the first entry with a larger epoch
	for i > 0 && l.epochs[i-1].Epoch > epoch {
		i--
	}
	if i == 0 {
		return epoch, l.epochs[0].Start
	}
	return l.epochs[i-1].Epoch, l.epochs[i].Start
}

// EpochAt is the leader epoch of the record at offset, NoLeaderEpoch when the
// log does not know.
func (l *Log) EpochAt(offset kafka.Offset) kafka.LeaderEpoch { return epochIn(l.epochs, offset) }

func epochIn(epochs []EpochEntry, offset kafka.Offset) kafka.LeaderEpoch {
	n := search(len(epochs), func(i int) bool { return epochs[i].Start <= offset })
	if n == 0 {
		return kafka.NoLeaderEpoch
	}
	return epochs[n-1].Epoch
}

// truncateEpochs forgets epochs that start at or above offset. A truncation
// does so at its cut even where no record goes: what the leader has there may
// be of an older epoch than the one in which this replica led last.
func (l *Log) truncateEpochs(offset kafka.Offset) {
	n := len(l.epochs)
	for n > 0 && l.epochs[n-1].Start >= offset {
		n--
	}
	l.epochs = l.epochs[:n]
}
