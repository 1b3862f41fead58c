package partition

import (
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// openTransaction is a transaction without a marker.
type openTransaction struct {
	producer kafka.ProducerID
	first    kafka.Offset
}

// AbortedRange is a transaction that ended in an abort marker.
type AbortedRange struct {
	Producer kafka.ProducerID
	First    kafka.Offset
	Last     kafka.Offset // of the marker
}

// LastStableOffset is where read_committed readers stop: the first offset of an
// open transaction, and never beyond the high watermark hw.
func (l *Log) LastStableOffset(hw kafka.Offset) kafka.Offset {
	if len(l.open) > 0 && l.open[0].first < hw {
		return l.open[0].first
	}
	return hw
}

// AppendAborted appends the aborted transactions that touch offsets from from
// up to end, by first offset, for a fetch response.
func (l *Log) AppendAborted(dst []protocol.AbortedTransaction, from, end kafka.Offset) []protocol.AbortedTransaction {
	for i := range l.aborted {
		if a := &l.aborted[i]; a.Last >= from && a.First < end {
			dst = append(dst, protocol.AbortedTransaction{ProducerID: a.Producer, FirstOffset: a.First})
		}
	}
	return dst
}
