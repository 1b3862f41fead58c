package checker

import (
	"slices"

	"trialog/checker/history"
)

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

// joined tells whether the history knows members of groups.
func (t *trial) joined() bool {
	return slices.ContainsFunc(t.h.Ops, func(o history.Op) bool { return o.Generation != history.Unset })
}

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

// promised is what the header says of a group.
func (t *trial) promised(group history.Name) history.Group {
	for i := range t.h.Header.Groups {
		if g := &t.h.Header.Groups[i]; g.Name == t.h.Name(group) {
			return *g
		}
	}
	return history.Group{}
}

// classic tells whether the header says that a group is classic.
func (t *trial) classic(group history.Name) bool { return t.promised(group).Classic }

// reign is a stretch in which a broker coordinated a group.
type reign struct {
	from, until int64
	broker      int32
}

// reigns lists who coordinated a group and when, if the history tells.
func (t *trial) reigns(group history.Name) (list []reign, told bool) {
	name := t.promised(group).Coordinator
	for i := range t.h.Events {
		e := &t.h.Events[i]
		if name == "" || e.Kind != history.Leader || t.h.PartitionName(e.Partition) != name {
			continue
		}
		if n := len(list); n > 0 {
			list[n-1].until = e.Pos
		}
		list = append(list, reign{e.Pos, endOfTime, e.Node})
	}
	return list, name != ""
}

// loosen finds from when what a read tells may be: from its call on, unless
// the header lets a coordinator answer until it learns of its successor: it may
// then tell what was true when it was deposed, or, where the history does not say
// when, when it committed last.
func (t *trial) loosen(n int32, ops []int32) {
	group := t.seats[n].group
	if !t.promised(group).Loose {
		return
	}
	reigns, told := t.reigns(group)
	for k, i := range ops {
		o := &t.h.Ops[i]
		if o.Kind == history.CommitOffsets {
			continue
		}
		if !told {
			t.loose[i] = t.proof(ops[:k], o)
			continue
		}
		at := int64(always)
		for _, r := range reigns {
			if r.broker == o.Broker && r.from < o.ReturnPos {
				at = r.until
			}
		}
		if at < o.InvokePos {
			t.loose[i] = at
		}
	}
}

// proof is the call of the last commit that the broker of a read is known to
// have made before it.
func (t *trial) proof(before []int32, read *history.Op) int64 {
	for k := len(before) - 1; k >= 0; k-- {
		c := &t.h.Ops[before[k]]
		if c.Kind == history.CommitOffsets && c.Outcome == history.OK && c.Broker == read.Broker && c.ReturnPos < read.InvokePos {
			return c.InvokePos
		}
	}
	return always
}
