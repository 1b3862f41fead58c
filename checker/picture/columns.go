package picture

import (
	"encoding/base64"

	"trialog/checker/history"
)

// column is a row of numbers as the page reads it: the differences between
// neighbours, zigzag-coded as variable-length integers, in base64. The page's
// numbers are exact up to 2^53; what is larger never occurs but as Never, which
// is written as -1.
type column string

// columnOf encodes n numbers.
func columnOf(n int, at func(i int) int64) column {
	b := make([]byte, 0, 2*n)
	last := int64(0)
	for i := range n {
		v := at(i)
		b = appendVarint(b, v-last)
		last = v
	}
	return column(base64.StdEncoding.EncodeToString(b))
}

func appendVarint(b []byte, v int64) []byte {
	u := uint64(v)<<1 ^ uint64(v>>63)
	for u >= 0x80 {
		b = append(b, byte(u)|0x80)
		u >>= 7
	}
	return append(b, byte(u))
}

// never turns the return of an operation that did not return into -1.
func never(v int64) int64 {
	if v == history.Never {
		return history.Unset
	}
	return v
}

// opColumns writes what the page knows of operations.
func opColumns(h *history.History) map[string]column {
	of := func(get func(*history.Op) int64) column {
		return columnOf(len(h.Ops), func(i int) int64 { return get(&h.Ops[i]) })
	}
	record := func(get func(records []history.Record) int64) column {
		return of(func(o *history.Op) int64 {
			if records := h.RecordsOf(o); len(records) > 0 {
				return get(records)
			}
			return history.Unset
		})
	}
	return map[string]column{
		"call":      of(func(o *history.Op) int64 { return o.InvokeTime }),
		"ret":       of(func(o *history.Op) int64 { return never(o.ReturnTime) }),
		"callPos":   of(func(o *history.Op) int64 { return o.InvokePos }),
		"retPos":    of(func(o *history.Op) int64 { return never(o.ReturnPos) }),
		"kind":      of(func(o *history.Op) int64 { return int64(o.Kind) }),
		"outcome":   of(func(o *history.Op) int64 { return int64(o.Outcome) }),
		"client":    of(func(o *history.Op) int64 { return int64(o.Client) }),
		"process":   of(func(o *history.Op) int64 { return int64(o.Process) }),
		"partition": of(func(o *history.Op) int64 { return int64(o.Partition) }),
		"offset":    of(func(o *history.Op) int64 { return o.Offset }),
		"hw":        of(func(o *history.Op) int64 { return o.HighWatermark }),
		"at":        of(func(o *history.Op) int64 { return o.At }),
		"to":        of(func(o *history.Op) int64 { return o.To }),
		"epoch":     of(func(o *history.Op) int64 { return int64(o.LeaderEpoch) }),
		"broker":    of(func(o *history.Op) int64 { return int64(o.Broker) }),
		"acks":      of(func(o *history.Op) int64 { return int64(o.Acks) }),
		"flags":     of(func(o *history.Op) int64 { return int64(o.Flags) }),
		"attempts":  of(func(o *history.Op) int64 { return int64(o.Attempts) }),
		"error":     of(func(o *history.Op) int64 { return int64(o.Error) }),
		"records":   of(func(o *history.Op) int64 { return int64(o.RecordCount) }),
		"writer":    record(func(r []history.Record) int64 { return int64(r[0].Value.Writer()) }),
		"seq":       record(func(r []history.Record) int64 { return int64(r[0].Value.Sequence()) }),
		"first":     record(func(r []history.Record) int64 { return r[0].Offset }),
		"last":      record(func(r []history.Record) int64 { return r[len(r)-1].Offset }),
	}
}

// eventColumns writes what the page knows of events.
func eventColumns(h *history.History, notes *table) map[string]column {
	of := func(get func(*history.Event) int64) column {
		return columnOf(len(h.Events), func(i int) int64 { return get(&h.Events[i]) })
	}
	return map[string]column{
		"time":      of(func(e *history.Event) int64 { return e.Time }),
		"pos":       of(func(e *history.Event) int64 { return e.Pos }),
		"kind":      of(func(e *history.Event) int64 { return int64(e.Kind) }),
		"fault":     of(func(e *history.Event) int64 { return int64(e.Fault) }),
		"node":      of(func(e *history.Event) int64 { return int64(e.Node) }),
		"peer":      of(func(e *history.Event) int64 { return int64(e.Peer) }),
		"partition": of(func(e *history.Event) int64 { return int64(e.Partition) }),
		"epoch":     of(func(e *history.Event) int64 { return int64(e.LeaderEpoch) }),
		"count":     of(func(e *history.Event) int64 { return int64(e.Count) }),
		"end":       of(func(e *history.Event) int64 { return e.FoundEndOffset }),
		"start":     of(func(e *history.Event) int64 { return e.LogStartOffset }),
		"required":  of(func(e *history.Event) int64 { return e.RequiredEndOffset }),
		"appended":  of(func(e *history.Event) int64 { return e.AppendedEndOffset }),
		"hw":        of(func(e *history.Event) int64 { return e.HighWatermark }),
		"until":     of(func(e *history.Event) int64 { return e.Until }),
		"flags":     of(eventFlags),
		"note":      of(func(e *history.Event) int64 { return notes.index(e.Note) }),
	}
}

// eventFlags packs the booleans of an event: 1 fenced, 2 clean, 4 leading.
func eventFlags(e *history.Event) int64 {
	flags := int64(0)
	for i, on := range []bool{e.Fenced, e.Clean, e.Leading} {
		if on {
			flags |= 1 << i
		}
	}
	return flags
}

// table gives strings numbers, 0 to the empty one.
type table struct {
	texts []string
	known map[string]int64
}

func newTable() *table { return &table{texts: []string{""}, known: map[string]int64{"": 0}} }

func (t *table) index(s string) int64 {
	i, ok := t.known[s]
	if !ok {
		i = int64(len(t.texts))
		t.known[s] = i
		t.texts = append(t.texts, s)
	}
	return i
}
