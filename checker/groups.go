package checker

import "trialog/checker/history"

// seat is one group's place in one partition.
type seat struct {
	group     history.Name
	partition history.Partition
}

// seats finds the group's place that each operation is about, if any. Most
// histories know no group; then there is nothing to do.
func (t *trial) findSeats() {
	t.seats, t.seatOf = t.seats[:0], t.seatOf[:0]
	for i := range t.h.Ops {
		if t.h.Ops[i].Group != 0 {
			t.seatOf = zeroed(t.seatOf, len(t.h.Ops))
			break
		}
	}
	if len(t.seatOf) == 0 {
		return
	}
	if t.seatIndex == nil {
		t.seatIndex = make(map[seat]int32)
	}
	clear(t.seatIndex)
	for i := range t.h.Ops {
		o := &t.h.Ops[i]
		t.seatOf[i] = -1
		if o.Group == 0 || o.Partition == history.NoPartition {
			continue
		}
		key := seat{o.Group, o.Partition}
		n, known := t.seatIndex[key]
		if !known {
			n = int32(len(t.seats))
			t.seatIndex[key] = n
			t.seats = append(t.seats, key)
		}
		t.seatOf[i] = n
	}
}

// grouped tells whether the history knows groups.
func (t *trial) grouped() bool { return len(t.seatOf) > 0 }

// endedAt is where a topic's, or a seat's, committed offsets may begin to go:
// the first call that deletes the topic or them; endOfTime if none does.
func (t *trial) deletions() []int64 {
	ends := make([]int64, len(t.seats))
	for n := range ends {
		ends[n] = endOfTime
	}
	for i := range t.h.Ops {
		o := &t.h.Ops[i]
		switch o.Kind {
		case history.DeleteTopic:
			for n := range t.seats {
				if t.h.Partitions[t.seats[n].partition].Topic == t.h.Partitions[o.Partition].Topic {
					ends[n] = min(ends[n], o.InvokePos)
				}
			}
		case history.DeleteOffsets:
			if n := t.seatOf[i]; n >= 0 {
				ends[n] = min(ends[n], o.InvokePos)
			}
		default: // takes no offset away
		}
	}
	return ends
}

// byMember tells whether a commit is a member's, and not somebody's from outside.
func byMember(o *history.Op) bool {
	return o.Kind == history.CommitOffsets && o.Generation != history.Unset
}

// classic tells whether the header says that a group is classic.
func (t *trial) classic(group history.Name) bool {
	for i := range t.h.Header.Groups {
		if g := &t.h.Header.Groups[i]; g.Name == t.h.Name(group) {
			return g.Classic
		}
	}
	return false
}
