package jepsen

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"trialog/checker/history"
)

// line is an invocation or a completion, at its position.
type line struct {
	position int64
	op       history.OpID
	done     bool
}

// Write writes a history, a map a line. Operations that Jepsen's workload does
// not know, and events, are left out. A process of Jepsen's does one thing at a
// time, so each partition that a process reads is one, and each send that it has
// under way beside others.
func Write(w io.Writer, h *history.History) error {
	var lines []line
	for i := range h.Ops {
		o := &h.Ops[i]
		if o.Kind != history.Send && !o.Reads() && o.Kind != history.Assign {
			continue
		}
		lines = append(lines, line{o.InvokePos, history.OpID(i), false})
		if o.Outcome != history.Open {
			lines = append(lines, line{o.ReturnPos, history.OpID(i), true})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.position, b.position) })
	e := encoder{b: bufio.NewWriter(w), h: h, lanes: map[history.OpID]int32{}, free: map[laneKey][]int32{}}
	for _, l := range lines {
		e.line(l)
	}
	return e.b.Flush()
}

// laneKey is who may share processes of Jepsen's.
type laneKey struct {
	process   int32
	partition history.Partition // of readers; producers: NoPartition
}

func laneOf(o *history.Op) laneKey {
	if o.Kind == history.Send {
		return laneKey{o.Process, history.NoPartition}
	}
	return laneKey{o.Process, o.Partition}
}

type encoder struct {
	b     *bufio.Writer
	h     *history.History
	lanes map[history.OpID]int32 // of operations that are open
	free  map[laneKey][]int32    // lanes of a process that do nothing
	count int32
	index int
}

func (e *encoder) line(l line) {
	o := &e.h.Ops[l.op]
	if !l.done {
		e.lanes[l.op] = e.lane(laneOf(o))
		if o.Kind == history.Scan && o.At == 0 {
			assign := fmt.Sprintf("[%d], :seek-to-beginning? true", o.Partition)
			e.put("invoke", "assign", e.lanes[l.op], o.InvokeTime, assign)
			e.put("ok", "assign", e.lanes[l.op], o.InvokeTime, assign)
		}
	}
	lane, kind, now := e.lanes[l.op], "invoke", o.InvokeTime
	if l.done {
		kind, now = o.Outcome.String(), o.ReturnTime
		e.free[laneOf(o)] = append(e.free[laneOf(o)], lane)
		delete(e.lanes, l.op)
	}
	f, value, extra := e.value(o, l.done)
	e.put(kind, f, lane, now, value+extra)
}

func (e *encoder) put(kind, f string, lane int32, now int64, value string) {
	fmt.Fprintf(e.b, "{:index %d, :type :%s, :f :%s, :process %d, :time %d, :value %s}\n", e.index, kind, f, lane, now, value)
	e.index++
}

// lane is a process of Jepsen's for an operation of ours.
func (e *encoder) lane(key laneKey) int32 {
	if list := e.free[key]; len(list) > 0 {
		lane := list[len(list)-1]
		e.free[key] = list[:len(list)-1]
		return lane
	}
	e.count++
	return e.count - 1
}

func (e *encoder) value(o *history.Op, done bool) (f, value, extra string) {
	var b strings.Builder
	switch {
	case o.Kind == history.Assign && o.Partition < 0:
		return "assign", "[]", ""
	case o.Kind == history.Assign:
		if o.At == 0 {
			extra = ", :seek-to-beginning? true"
		}
		return "assign", fmt.Sprintf("[%d]", o.Partition), extra
	case o.Kind == history.Send:
		for i, r := range e.h.RecordsOf(o) {
			if i > 0 {
				b.WriteByte(' ')
			}
			if done && r.Offset != history.Unset {
				fmt.Fprintf(&b, "[:send %d [%d %d]]", o.Partition, r.Offset, uint64(r.Value)+firstOfOurs)
			} else {
				fmt.Fprintf(&b, "[:send %d %d]", o.Partition, uint64(r.Value)+firstOfOurs)
			}
		}
		return "send", "[" + b.String() + "]", ""
	case !done:
		return "poll", "[[:poll]]", ""
	}
	for i, r := range e.h.RecordsOf(o) {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "[%d %d]", r.Offset, uint64(r.Value)+firstOfOurs)
	}
	return "poll", fmt.Sprintf("[[:poll {%d [%s]}]]", o.Partition, b.String()), ""
}
