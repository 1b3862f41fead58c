package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Read reads a history in the file format. It refuses what breaks the rules of
// the format (positions that do not rise, completions without an invocation,
// offsets out of range), naming the line: a judge must not guess.
func Read(r io.Reader) (*History, error) {
	br := bufio.NewReaderSize(r, 1<<20)
	d := reader{h: &History{Names: []string{""}, Positions: 0}, last: -1,
		partitions: make(map[string]Partition), names: make(map[string]Name)}
	var long []byte
	for n := 1; ; n++ {
		b, err := readLine(br, &long)
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("history: line %d: %w", n, err)
		}
		atEnd := err == io.EOF
		if atEnd && len(b) == 0 {
			if n == 1 {
				return nil, errors.New("history: empty file")
			}
			return d.h, nil
		}
		if n == 1 {
			err = d.header(b)
		} else {
			err = d.line(b)
		}
		if err != nil {
			return nil, fmt.Errorf("history: line %d: %w", n, err)
		}
		if atEnd {
			return d.h, nil
		}
	}
}

// readLine returns the next line without its newline, valid until the next call.
func readLine(br *bufio.Reader, long *[]byte) ([]byte, error) {
	b, err := br.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		*long = (*long)[:0]
		for err == bufio.ErrBufferFull {
			*long = append(*long, b...)
			b, err = br.ReadSlice('\n')
		}
		*long = append(*long, b...)
		b = *long
	}
	if len(b) > 0 && b[len(b)-1] == '\n' {
		b = b[:len(b)-1]
	}
	return b, err
}

type reader struct {
	h          *History
	l          line
	last       int64 // position of the last line
	partitions map[string]Partition
	names      map[string]Name
}

func (d *reader) header(b []byte) error {
	if err := json.Unmarshal(b, &d.h.Header); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	if v := d.h.Header.Version; v != Version {
		return fmt.Errorf("header: format version %d, want %d", v, Version)
	}
	return nil
}

// maxOffset bounds offsets, so that a judge may add to them.
const maxOffset = math.MaxInt64 / 4

func (d *reader) line(b []byte) error {
	if err := d.l.decode(b); err != nil {
		return err
	}
	l := &d.l
	if l.P <= d.last || l.P > maxOffset {
		return fmt.Errorf("position %d does not rise (last %d)", l.P, d.last)
	}
	d.last = l.P
	d.h.Positions = l.P + 1
	for _, v := range [...]int64{l.At, l.O, l.HW, l.LS, l.ST, l.To, l.RE, l.WE, l.OE} {
		if v < -8 || v > maxOffset {
			return fmt.Errorf("offset %d out of range", v)
		}
	}
	for _, v := range [...]int64{l.C, l.Proc, l.In, l.SQ, l.LE, l.B, l.N, l.ND, l.PN, l.GN, l.CM} {
		if v < Unset || v > math.MaxInt32 {
			return fmt.Errorf("number %d out of range", v)
		}
	}
	switch string(l.I) {
	case "i":
		return d.invocation()
	case "c":
		return d.completion()
	case "e":
		return d.event()
	}
	return fmt.Errorf("%q is no kind of line", l.I)
}

func (d *reader) invocation() error {
	l := &d.l
	kind := find(kindNames[:], l.F)
	if kind <= 0 {
		return fmt.Errorf("%q is no kind of operation", l.F)
	}
	if l.Op != int64(len(d.h.Ops)) || l.Op >= math.MaxInt32 {
		return fmt.Errorf("operation %d, want %d: IDs are dense", l.Op, len(d.h.Ops))
	}
	p, err := d.partition(l.K)
	if err != nil {
		return err
	}
	if Kind(kind) == Send && p == NoPartition {
		return errors.New("a send without a partition")
	}
	if l.PE < Unset || l.PE > math.MaxInt16 || l.AK < -1 || l.AK > 1 {
		return errors.New("producer epoch or acks out of range")
	}
	o := NewOp(Kind(kind), int32(l.C), int32(l.Proc), p)
	o.InvokePos, o.InvokeTime, o.Incarnation, o.At = l.P, l.T, int32(l.In), l.At
	o.ProducerID, o.ProducerEpoch, o.Sequence, o.Acks = l.PID, int16(l.PE), int32(l.SQ), int8(l.AK)
	o.set(Idempotent, l.ID)
	o.set(ReadCommitted, l.RC)
	o.set(MayReadFollower, l.FL)
	o.set(Reset, l.RT)
	o.Group, o.Member, o.Instance, o.Generation = d.name(l.Group), d.name(l.Member), d.name(l.Instance), int32(l.GN)
	if Kind(kind) != Send && len(l.Values) > 0 {
		return errors.New("values in what is no send")
	}
	if err := d.room(len(l.Values)); err != nil {
		return err
	}
	o.FirstRecord, o.RecordCount = int32(len(d.h.Records)), int32(len(l.Values))
	for _, v := range l.Values {
		d.h.Records = append(d.h.Records, Record{Unset, v})
	}
	d.h.Ops = append(d.h.Ops, o)
	return nil
}

func (o *Op) set(f Flags, on bool) {
	if on {
		o.Flags |= f
	}
}

func (d *reader) completion() error {
	l := &d.l
	if l.Op < 0 || l.Op >= int64(len(d.h.Ops)) {
		return fmt.Errorf("operation %d was not called", l.Op)
	}
	o := &d.h.Ops[l.Op]
	if o.Outcome != Open {
		return fmt.Errorf("operation %d completes twice", l.Op)
	}
	outcome := Outcome(max(find(outcomeNames[:], l.R), 0))
	if outcome == Open {
		return fmt.Errorf("%q is no outcome", l.R)
	}
	if l.N > math.MaxInt16 || l.PE < Unset || l.PE > math.MaxInt16 {
		return errors.New("attempts or producer epoch out of range")
	}
	o.ReturnPos, o.ReturnTime, o.Outcome, o.Error = l.P, l.T, outcome, d.name(l.E)
	o.Offset, o.HighWatermark, o.LastStableOffset, o.LogStartOffset, o.To = l.O, l.HW, l.LS, l.ST, l.To
	o.LeaderEpoch, o.Broker = int32(l.LE), int32(l.B)
	if l.N > 0 {
		o.Attempts = int16(l.N)
	}
	if l.PID != Unset {
		o.ProducerID, o.ProducerEpoch = l.PID, int16(l.PE)
	}
	if l.SQ != Unset {
		o.Sequence = int32(l.SQ)
	}
	o.set(FromFollower, l.FF)
	o.set(Deposed, l.DP)
	if l.CM >= int64(len(d.h.Ops)) || l.CM >= 0 && d.h.Ops[l.CM].Kind != CommitOffsets {
		return fmt.Errorf("operation %d committed nothing", l.CM)
	}
	o.Commit = OpID(l.CM)
	if o.Kind == Send && len(l.Records) == 0 {
		stampOffsets(d.h.RecordsOf(o), o.Offset)
		return nil
	}
	return d.records(o)
}

func (d *reader) records(o *Op) error {
	l := &d.l
	for i := range l.Records {
		if r := &l.Records[i]; r.Offset < 0 || r.Offset > maxOffset {
			return fmt.Errorf("offset %d out of range", r.Offset)
		}
	}
	if len(l.Records) > 0 && (!o.Reads() || o.Partition == NoPartition) {
		return errors.New("records in what reads no partition")
	}
	if err := d.room(len(l.Records)); err != nil {
		return err
	}
	o.FirstRecord, o.RecordCount = int32(len(d.h.Records)), int32(len(l.Records))
	d.h.Records = append(d.h.Records, l.Records...)
	return nil
}

func (d *reader) room(n int) error {
	if len(d.h.Records)+n > math.MaxInt32 {
		return errors.New("more than 2^31 records")
	}
	return nil
}

func (d *reader) event() error {
	l := &d.l
	kind, fault := find(eventNames[:], l.F), find(faultNames[:], l.X)
	if kind <= 0 || fault < 0 {
		return fmt.Errorf("%q %q is no kind of event", l.F, l.X)
	}
	p, err := d.partition(l.K)
	if err != nil {
		return err
	}
	if l.Q < 0 || l.Q > math.MaxUint8 {
		return fmt.Errorf("property %d out of range", l.Q)
	}
	e := NewEvent(EventKind(kind), int32(l.ND))
	e.Pos, e.Time, e.Fault, e.Peer, e.Partition, e.LeaderEpoch = l.P, l.T, FaultKind(fault), int32(l.PN), p, int32(l.LE)
	e.RequiredEndOffset, e.AppendedEndOffset, e.FoundEndOffset, e.LogStartOffset = l.RE, l.WE, l.OE, l.ST
	e.HighWatermark, e.Until, e.Leading = l.HW, l.U, l.LD
	e.Fenced, e.Clean, e.Property, e.Count, e.Note = l.FE, l.CL, Property(l.Q), int32(l.N), string(l.M)
	if e.FoundHash, err = hash(l.FoundHash); err != nil {
		return err
	}
	if e.WantHash, err = hash(l.WantHash); err != nil {
		return err
	}
	d.h.Events = append(d.h.Events, e)
	return nil
}

func hash(t text) (uint64, error) {
	if len(t) == 0 {
		return 0, nil
	}
	return strconv.ParseUint(string(t), 16, 64)
}

func (d *reader) name(t text) Name {
	if len(t) == 0 {
		return 0
	}
	n, ok := d.names[string(t)]
	if !ok {
		n = Name(len(d.h.Names))
		d.names[string(t)] = n
		d.h.Names = append(d.h.Names, string(t))
	}
	return n
}

func (d *reader) partition(t text) (Partition, error) {
	if len(t) == 0 {
		return NoPartition, nil
	}
	if p, ok := d.partitions[string(t)]; ok {
		return p, nil
	}
	s := string(t)
	slash := strings.LastIndexByte(s, '/')
	if slash <= 0 {
		return 0, fmt.Errorf("partition %q: want topic/number", s)
	}
	index, err := strconv.ParseUint(s[slash+1:], 10, 31)
	if err != nil {
		return 0, fmt.Errorf("partition %q: %w", s, err)
	}
	tp := TopicPartition{s[:slash], int32(index)}
	if tp.String() != s {
		return 0, fmt.Errorf("partition %q: want %q", s, tp)
	}
	p := Partition(len(d.h.Partitions))
	d.partitions[s] = p
	d.h.Partitions = append(d.h.Partitions, tp)
	return p, nil
}
