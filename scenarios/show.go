package scenarios

import (
	"fmt"
	"strings"

	"trialog/checker"
	"trialog/checker/history"
)

// shownOps bounds the operations and events that a failure prints.
const shownOps = 3

// show puts the operations and events that show an anomaly into words, one a line.
func show(h *history.History, a *checker.Anomaly) []string {
	var lines []string
	for i, id := range a.Ops {
		if i == shownOps {
			break
		}
		lines = append(lines, showOp(h, id, a))
	}
	for i, e := range a.Events {
		if len(lines) >= shownOps && i > 0 {
			break
		}
		lines = append(lines, showEvent(h, &h.Events[e]))
	}
	return lines
}

func showOp(h *history.History, id history.OpID, a *checker.Anomaly) string {
	o := &h.Ops[id]
	var b strings.Builder
	fmt.Fprintf(&b, "op %d  client %d  %s", id, o.Client, o.Kind)
	if o.Partition != history.NoPartition {
		fmt.Fprintf(&b, " %s", h.PartitionName(o.Partition))
	}
	if o.At != history.Unset {
		fmt.Fprintf(&b, " at %d", o.At)
	}
	if records := h.RecordsOf(o); len(records) > 0 {
		fmt.Fprintf(&b, " %s", showRecords(records, a))
	}
	fmt.Fprintf(&b, " → %s", o.Outcome)
	if name := h.Name(o.Error); name != "" {
		fmt.Fprintf(&b, " %s", name)
	}
	if o.Offset != history.Unset {
		fmt.Fprintf(&b, " offset %d", o.Offset)
	}
	if o.HighWatermark != history.Unset {
		fmt.Fprintf(&b, " hw %d", o.HighWatermark)
	}
	if o.Attempts > 1 {
		fmt.Fprintf(&b, " attempts %d", o.Attempts)
	}
	fmt.Fprintf(&b, "  [%s, %s]", showTime(o.InvokeTime), showTime(o.ReturnTime))
	return b.String()
}

// showRecords names the first and last record and the one that the anomaly is about.
func showRecords(records []history.Record, a *checker.Anomaly) string {
	name := func(r history.Record) string {
		if r.Offset == history.Unset {
			return r.Value.String()
		}
		return fmt.Sprintf("%d=%s", r.Offset, r.Value)
	}
	text := name(records[0])
	for i := 1; i+1 < len(records); i++ {
		if a.HasValue && records[i].Value == a.Value || a.Offset != history.Unset && records[i].Offset == a.Offset {
			text += " … " + name(records[i])
			break
		}
	}
	if len(records) > 1 {
		text += " … " + name(records[len(records)-1])
	}
	return fmt.Sprintf("(%d: %s)", len(records), text)
}

func showEvent(h *history.History, e *history.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "event  %s", e.Kind)
	if e.Fault != history.FaultNone {
		fmt.Fprintf(&b, " %s", e.Fault)
	}
	if e.Node != history.Unset {
		fmt.Fprintf(&b, " node %d", e.Node)
	}
	if e.Partition != history.NoPartition {
		fmt.Fprintf(&b, " %s", h.PartitionName(e.Partition))
	}
	for _, f := range []struct {
		name string
		v    int64
	}{{"required", e.RequiredEndOffset}, {"appended", e.AppendedEndOffset}, {"found", e.FoundEndOffset}, {"log start", e.LogStartOffset}} {
		if f.v != history.Unset {
			fmt.Fprintf(&b, " %s %d", f.name, f.v)
		}
	}
	if e.FoundHash != e.WantHash {
		fmt.Fprintf(&b, " bytes %016x, appended %016x", e.FoundHash, e.WantHash)
	}
	if e.Note != "" {
		fmt.Fprintf(&b, " (%s)", e.Note)
	}
	fmt.Fprintf(&b, "  [%s]", showTime(e.Time))
	return b.String()
}

// showTime writes nanoseconds as milliseconds with three decimals.
func showTime(ns int64) string {
	if ns == history.Never {
		return "open"
	}
	return fmt.Sprintf("%d.%03d ms", ns/1_000_000, ns/1_000%1_000)
}
