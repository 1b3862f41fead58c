package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// Write writes a history in the file format.
func Write(w io.Writer, h *History) error {
	header := h.Header
	header.Version = Version
	first, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("history: header: %w", err)
	}
	e := encoder{h: h, partitions: make([]string, len(h.Partitions))}
	for i := range h.Partitions {
		e.partitions[i] = h.Partitions[i].String()
	}
	bw := bufio.NewWriterSize(w, 1<<20)
	if _, err := bw.Write(append(first, '\n')); err != nil {
		return err
	}
	for _, l := range lines(h) {
		e.b = bw.AvailableBuffer()
		switch l.what {
		case invocation:
			e.invocation(int64(l.index), &h.Ops[l.index])
		case completion:
			e.completion(int64(l.index), &h.Ops[l.index])
		default:
			e.event(&h.Events[l.index])
		}
		if _, err := bw.Write(append(e.b, '}', '\n')); err != nil {
			return err
		}
	}
	return bw.Flush()
}

type lineKind uint8

const (
	invocation lineKind = iota
	completion
	event
)

type lineAt struct {
	position int64
	index    int32
	what     lineKind
}

// lines lists what is to be written in the order of positions.
func lines(h *History) []lineAt {
	all := make([]lineAt, 0, 2*len(h.Ops)+len(h.Events))
	for i := range h.Ops {
		all = append(all, lineAt{h.Ops[i].InvokePos, int32(i), invocation})
		if h.Ops[i].Outcome != Open {
			all = append(all, lineAt{h.Ops[i].ReturnPos, int32(i), completion})
		}
	}
	for i := range h.Events {
		all = append(all, lineAt{h.Events[i].Pos, int32(i), event})
	}
	dense := make([]lineAt, len(all))
	for i := range dense {
		dense[i].position = -1
	}
	for _, l := range all {
		if l.position < 0 || l.position >= int64(len(dense)) || dense[l.position].position >= 0 {
			slices.SortStableFunc(all, func(a, b lineAt) int { return int(min(max(a.position-b.position, -1), 1)) })
			return all
		}
		dense[l.position] = l
	}
	return dense
}

// encoder appends lines to b.
type encoder struct {
	b          []byte
	h          *History
	partitions []string
}

func (e *encoder) begin(i string, position, time int64) {
	e.b = append(append(append(e.b, `{"i":"`...), i...), `","p":`...)
	e.b = strconv.AppendInt(e.b, position, 10)
	e.integer("t", time, 0)
}

func (e *encoder) invocation(id int64, o *Op) {
	e.begin("i", o.InvokePos, o.InvokeTime)
	e.integer("op", id, -2)
	e.text("f", o.Kind.String())
	e.integer("c", int64(o.Client), 0)
	e.integer("pr", int64(o.Process), 0)
	e.integer("in", int64(o.Incarnation), 0)
	e.partition(o.Partition)
	if o.Kind == Send {
		e.values(e.h.RecordsOf(o))
	}
	e.producer(o)
	e.integer("ak", int64(o.Acks), -1)
	e.flag("id", o.Has(Idempotent))
	e.flag("rc", o.Has(ReadCommitted))
	e.flag("fl", o.Has(MayReadFollower))
	e.flag("rt", o.Has(Reset))
	e.integer("at", o.At, Unset)
	e.text("gr", e.h.Name(o.Group))
	e.text("mb", e.h.Name(o.Member))
	e.text("ii", e.h.Name(o.Instance))
	e.integer("gn", int64(o.Generation), Unset)
}

func (e *encoder) completion(id int64, o *Op) {
	e.begin("c", o.ReturnPos, o.ReturnTime)
	e.integer("op", id, -2)
	e.text("r", o.Outcome.String())
	e.text("er", e.h.Name(o.Error))
	e.integer("o", o.Offset, Unset)
	if o.Kind != Send {
		e.records(e.h.RecordsOf(o))
	}
	e.integer("hw", o.HighWatermark, Unset)
	e.integer("ls", o.LastStableOffset, Unset)
	e.integer("st", o.LogStartOffset, Unset)
	e.integer("le", int64(o.LeaderEpoch), Unset)
	e.integer("b", int64(o.Broker), Unset)
	e.flag("ff", o.Has(FromFollower))
	e.flag("dp", o.Has(Deposed))
	e.integer("to", o.To, Unset)
	e.integer("n", int64(o.Attempts), 1)
	e.integer("cm", int64(o.Commit), int64(NoOp))
}

func (e *encoder) event(v *Event) {
	e.begin("e", v.Pos, v.Time)
	e.text("f", v.Kind.String())
	e.text("x", v.Fault.String())
	e.integer("nd", int64(v.Node), Unset)
	e.integer("pn", int64(v.Peer), Unset)
	e.partition(v.Partition)
	e.integer("le", int64(v.LeaderEpoch), Unset)
	e.integer("re", v.RequiredEndOffset, Unset)
	e.integer("we", v.AppendedEndOffset, Unset)
	e.integer("oe", v.FoundEndOffset, Unset)
	e.integer("hw", v.HighWatermark, Unset)
	e.integer("st", v.LogStartOffset, Unset)
	e.hash("ph", v.FoundHash)
	e.hash("wh", v.WantHash)
	e.flag("fe", v.Fenced)
	e.flag("cl", v.Clean)
	e.flag("ld", v.Leading)
	e.integer("u", v.Until, 0)
	e.integer("q", int64(v.Property), 0)
	e.integer("n", int64(v.Count), 0)
	e.text("m", v.Note)
}

func (e *encoder) producer(o *Op) {
	e.integer("pid", o.ProducerID, Unset)
	e.integer("pe", int64(o.ProducerEpoch), Unset)
	e.integer("sq", int64(o.Sequence), Unset)
}

func (e *encoder) key(k string) {
	e.b = append(append(append(e.b, ',', '"'), k...), '"', ':')
}

func (e *encoder) integer(k string, v, absent int64) {
	if v != absent {
		e.key(k)
		e.b = strconv.AppendInt(e.b, v, 10)
	}
}

func (e *encoder) flag(k string, v bool) {
	if v {
		e.key(k)
		e.b = append(e.b, "true"...)
	}
}

func (e *encoder) hash(k string, v uint64) {
	if v != 0 {
		e.key(k)
		e.b = append(strconv.AppendUint(append(e.b, '"'), v, 16), '"')
	}
}

func (e *encoder) text(k, s string) {
	if s == "" {
		return
	}
	e.key(k)
	for i := range len(s) {
		if c := s[i]; c == '"' || c == '\\' || c < ' ' || c >= 0x7f {
			quoted, err := json.Marshal(s)
			if err != nil {
				quoted = []byte(`""`)
			}
			e.b = append(e.b, quoted...)
			return
		}
	}
	e.b = append(append(append(e.b, '"'), s...), '"')
}

func (e *encoder) partition(p Partition) {
	if p >= 0 {
		e.text("k", e.partitions[p])
	}
}

func (e *encoder) values(records []Record) {
	e.key("v")
	e.b = append(e.b, '[')
	for i := range records {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		e.b = append(records[i].Value.Append(append(e.b, '"')), '"')
	}
	e.b = append(e.b, ']')
}

func (e *encoder) records(records []Record) {
	if len(records) == 0 {
		return
	}
	e.key("rs")
	e.b = append(e.b, '[')
	for i := range records {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		e.b = append(records[i].append(append(e.b, '"')), '"')
	}
	e.b = append(e.b, ']')
}

func (r Record) append(b []byte) []byte {
	b = strconv.AppendInt(b, r.Offset, 10)
	return r.Value.Append(append(b, ':'))
}
