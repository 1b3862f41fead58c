package checker

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"trialog/checker/history"
)

// Describe writes an operation on one line: who asked what, and what came back.
func Describe(h *history.History, id history.OpID) string {
	o := &h.Ops[id]
	var b strings.Builder
	fmt.Fprintf(&b, "#%d client %d", id, o.Client)
	if o.Process != o.Client {
		fmt.Fprintf(&b, "/%d", o.Process)
	}
	fmt.Fprintf(&b, " %s", o.Kind)
	if name := h.PartitionName(o.Partition); name != "" {
		b.WriteString(" " + name)
	}
	asked(&b, h, o)
	b.WriteString(" → ")
	told(&b, h, o)
	fmt.Fprintf(&b, "  [%d..%s] %v", o.InvokePos, position(o.ReturnPos), time.Duration(o.InvokeTime))
	return b.String()
}

func position(p int64) string {
	if p == history.Never {
		return "∞"
	}
	return strconv.FormatInt(p, 10)
}

func asked(b *strings.Builder, h *history.History, o *history.Op) {
	if o.Kind == history.Send {
		b.WriteString(" " + valueList(h.RecordsOf(o)))
		if o.Has(history.Idempotent) {
			fmt.Fprintf(b, " producer %d:%d", o.ProducerID, o.ProducerEpoch)
			number(b, "sequence", int64(o.Sequence))
		}
		if o.Acks != -1 {
			fmt.Fprintf(b, " acks=%d", o.Acks)
		}
		return
	}
	for _, n := range []struct {
		what string
		name history.Name
	}{{"group", o.Group}, {"member", o.Member}, {"instance", o.Instance}} {
		if n.name != 0 {
			b.WriteString(" " + n.what + " " + h.Name(n.name))
		}
	}
	number(b, "generation", int64(o.Generation))
	number(b, "at", o.At)
	if o.Has(history.Reset) {
		b.WriteString(" by reset")
	}
}

func told(b *strings.Builder, h *history.History, o *history.Op) {
	b.WriteString(o.Outcome.String())
	if o.Error != 0 {
		b.WriteString(" " + h.Name(o.Error))
	}
	number(b, "offset", o.Offset)
	if records := h.RecordsOf(o); o.Kind != history.Send && len(records) > 0 {
		first, last := records[0], records[len(records)-1]
		fmt.Fprintf(b, " %d=%v", first.Offset, first.Value)
		if len(records) > 1 {
			fmt.Fprintf(b, " … %d=%v (%d records)", last.Offset, last.Value, len(records))
		}
	}
	number(b, "of operation", int64(o.Commit))
	number(b, "to", o.To)
	number(b, "hw", o.HighWatermark)
	number(b, "start", o.LogStartOffset)
	number(b, "epoch", int64(o.LeaderEpoch))
	number(b, "from broker", int64(o.Broker))
	if o.Attempts > 1 {
		fmt.Fprintf(b, " after %d attempts", o.Attempts)
	}
}

func number(b *strings.Builder, name string, v int64) {
	if v != history.Unset {
		fmt.Fprintf(b, " %s %d", name, v)
	}
}

func valueList(records []history.Record) string {
	switch n := len(records); n {
	case 0:
		return "nothing"
	case 1:
		return records[0].Value.String()
	default:
		return fmt.Sprintf("%v … %v (%d records)", records[0].Value, records[n-1].Value, n)
	}
}

// DescribeEvent writes an event on one line.
func DescribeEvent(h *history.History, i int) string {
	e := &h.Events[i]
	var b strings.Builder
	b.WriteString(e.Kind.String())
	for _, s := range []string{e.Fault.String(), h.PartitionName(e.Partition)} {
		if s != "" {
			b.WriteString(" " + s)
		}
	}
	number(&b, "node", int64(e.Node))
	number(&b, "to node", int64(e.Peer))
	number(&b, "epoch", int64(e.LeaderEpoch))
	number(&b, "had to spare below", e.RequiredEndOffset)
	number(&b, "appended below", e.AppendedEndOffset)
	number(&b, "ends at", e.FoundEndOffset)
	number(&b, "high watermark", e.HighWatermark)
	number(&b, "starts at", e.LogStartOffset)
	if e.FoundHash != 0 || e.WantHash != 0 {
		fmt.Fprintf(&b, " hash %x, appended %x", e.FoundHash, e.WantHash)
	}
	for _, s := range []struct {
		on   bool
		name string
	}{{e.Fenced, "fenced"}, {e.Clean, "clean"}, {e.Leading, "leads"}} {
		if s.on {
			b.WriteString(" " + s.name)
		}
	}
	if e.Note != "" {
		b.WriteString(": " + e.Note)
	}
	fmt.Fprintf(&b, "  [%d] %v", e.Pos, time.Duration(e.Time))
	return b.String()
}
