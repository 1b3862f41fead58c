package checker

import "trialog/checker/history"

// since returns a position before which what an operation saw cannot have been
// true: that of its call, as a rule. A read that does not tell the high
// watermark may hand out what was fetched ahead, in the worst case ever since
// its consumer was assigned or was told one last.
func (t *trial) since(op int32) int64 {
	if at, ok := t.stale[op]; ok {
		return at
	}
	return t.h.Ops[op].InvokePos
}

// findStale finds the reads of which the call says nothing. It matters only
// where a claim was void and began anew.
func (t *trial) findStale() {
	clear(t.stale)
	if !t.claims.voids {
		return
	}
	if t.stale == nil {
		t.stale = make(map[int32]int64)
	}
	begun := make(map[readerAt]int64)
	for i := range t.h.Ops {
		o := &t.h.Ops[i]
		key := readerAt{o.Process, o.Partition}
		switch {
		case o.Kind == history.Assign || o.Kind == history.Seek:
			begun[key] = o.InvokePos
		case !o.Reads():
		case o.HighWatermark != history.Unset:
			begun[key] = o.InvokePos
		default:
			t.stale[int32(i)] = begun[key]
		}
	}
}
