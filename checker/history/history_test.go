package history

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawHistory draws a history that uses every field of the format.
func drawHistory(t *rapid.T) *History {
	r := NewRecorder(Header{
		Scenario: rapid.StringMatching(`[a-z-]{0,9}`).Draw(t, "scenario"), Seed: rapid.Uint64().Draw(t, "seed"),
		Topics: []Topic{{Name: "t", Partitions: 2, Replicas: 1, MinISR: 1, Mode: ModeSynced}},
		Claims: []Claim{{Durability, false, "a control"}},
	})
	offset := rapid.Int64Range(-1, 1<<40)
	small := rapid.Int32Range(-1, 1<<20)
	text := rapid.OneOf(rapid.StringMatching(`[A-Z_]{0,6}`), rapid.SampledFrom([]string{`a"b`, "é\n", `\`, "<&>"}))
	var open []OpID
	now := int64(0)
	for range rapid.IntRange(0, 12).Draw(t, "steps") {
		now += rapid.Int64Range(0, 1<<50).Draw(t, "dt")
		p := r.Partition(rapid.SampledFrom([]string{"t", "a/b", "ü"}).Draw(t, "topic"), rapid.Int32Range(0, 3).Draw(t, "index"))
		switch rapid.IntRange(0, 2).Draw(t, "what") {
		case 0:
			op := NewOp(Kind(rapid.IntRange(1, int(kinds)-1).Draw(t, "kind")), rapid.Int32Range(0, 9).Draw(t, "client"), rapid.Int32Range(0, 9).Draw(t, "process"), p)
			op.At, op.ProducerID, op.ProducerEpoch = offset.Draw(t, "at"), offset.Draw(t, "pid"), int16(rapid.IntRange(-1, 99).Draw(t, "pe"))
			op.Group, op.Member, op.Instance = r.Name(text.Draw(t, "group")), r.Name(text.Draw(t, "member")), r.Name(text.Draw(t, "instance"))
			op.Generation = small.Draw(t, "generation")
			op.Sequence, op.Acks, op.Incarnation = small.Draw(t, "sq"), int8(rapid.IntRange(-1, 1).Draw(t, "acks")), 3
			op.Flags = Flags(rapid.IntRange(0, 31).Draw(t, "flags")) &^ (FromFollower | Deposed)
			var values []Value
			if op.Kind == Send {
				values = rapid.SliceOfN(rapid.Custom(drawValue), 0, 3).Draw(t, "values")
			}
			open = append(open, r.Invoke(now, &op, values...))
		case 1:
			if len(open) == 0 {
				continue
			}
			id := open[0]
			open = open[1:]
			res := NewResult(Outcome(rapid.IntRange(1, 3).Draw(t, "outcome")))
			res.Error, res.Offset, res.HighWatermark = text.Draw(t, "error"), offset.Draw(t, "o"), offset.Draw(t, "hw")
			res.LastStableOffset, res.LogStartOffset, res.To = offset.Draw(t, "ls"), offset.Draw(t, "st"), offset.Draw(t, "to")
			res.LeaderEpoch, res.Broker, res.Attempts = small.Draw(t, "le"), small.Draw(t, "b"), int16(rapid.IntRange(1, 9).Draw(t, "n"))
			res.Deposed = rapid.Bool().Draw(t, "dp")
			res.FromFollower = rapid.Bool().Draw(t, "ff")
			for c := range r.h.Ops {
				if r.h.Ops[c].Kind == CommitOffsets && r.h.Ops[id].Kind == FetchOffsets {
					res.Commit = OpID(c)
				}
			}
			if r.h.Ops[id].Reads() {
				for range rapid.IntRange(0, 3).Draw(t, "records") {
					res.Records = append(res.Records, Record{rapid.Int64Range(0, 1<<40).Draw(t, "ro"), drawValue(t)})
				}
			}
			r.Complete(now, id, &res)
		default:
			e := NewEvent(EventKind(rapid.IntRange(1, int(eventKinds)-1).Draw(t, "event")), small.Draw(t, "node"))
			e.Fault, e.Partition, e.LeaderEpoch = FaultKind(rapid.IntRange(0, int(faultKinds)-1).Draw(t, "fault")), p, small.Draw(t, "ele")
			e.RequiredEndOffset, e.AppendedEndOffset, e.FoundEndOffset = offset.Draw(t, "re"), offset.Draw(t, "we"), offset.Draw(t, "oe")
			e.FoundHash, e.WantHash, e.Count = rapid.Uint64().Draw(t, "ph"), rapid.Uint64().Draw(t, "wh"), rapid.Int32Range(0, 9).Draw(t, "count")
			e.Fenced, e.Clean, e.Note, e.Property = rapid.Bool().Draw(t, "fe"), rapid.Bool().Draw(t, "cl"), text.Draw(t, "note"), CrashConsistency
			e.HighWatermark, e.Until, e.Leading = offset.Draw(t, "ehw"), rapid.Int64Range(0, 1<<40).Draw(t, "until"), rapid.Bool().Draw(t, "ld")
			r.Event(now, &e)
		}
	}
	return r.History()
}

func drawValue(t *rapid.T) Value {
	return MakeValue(rapid.Uint32Range(0, MaxWriter).Draw(t, "writer"), rapid.Uint64Range(0, MaxSequence).Draw(t, "sequence"))
}

func TestWriteThenReadGivesTheSameHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		var b bytes.Buffer
		if err := Write(&b, h); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		got, err := Read(&b)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		// Indexes of partitions, names and records depend on the order in
		// which they came up; what they stand for must be the same.
		if want := resolve(h); resolve(got) != want {
			t.Fatalf("read\n%s\nwant\n%s\nfile\n%s", resolve(got), want, text)
		}
		var again bytes.Buffer
		if err := Write(&again, got); err != nil || again.String() != text {
			t.Fatalf("written again it differs: %v\n%s\n%s", err, again.String(), text)
		}
	})
}

// resolve writes a history with indexes replaced by what they stand for.
func resolve(h *History) string {
	var b strings.Builder
	print := func(v any) { fmt.Fprintf(&b, "%+v\n", v) }
	for i := range h.Ops {
		o := h.Ops[i]
		print(h.PartitionName(o.Partition) + h.Name(o.Error))
		print(h.RecordsOf(&o))
		o.Partition, o.Error, o.FirstRecord = 0, 0, 0
		print(o)
	}
	for i := range h.Events {
		e := h.Events[i]
		print(h.PartitionName(e.Partition))
		e.Partition = 0
		print(e)
	}
	return b.String()
}

func TestEveryLineThatIsWrittenIsDecodedFast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		var b bytes.Buffer
		if err := Write(&b, h); err != nil {
			t.Fatal(err)
		}
		for i, l := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
			if i == 0 || strings.Contains(l, `\`) || strings.ContainsFunc(l, func(r rune) bool { return r > 0x7e }) {
				continue
			}
			var fast line
			if !fast.decodeFast([]byte(l)) {
				t.Fatalf("needs encoding/json: %s", l)
			}
			sameAsSlow(t, []byte(l), &fast)
		}
	})
}

type fataler interface{ Fatalf(string, ...any) }

func sameAsSlow(t fataler, b []byte, fast *line) {
	var slow line
	if err := slow.decodeSlow(b); err != nil {
		t.Fatalf("fast accepts what encoding/json refuses: %v: %s", err, b)
	}
	norm := func(l *line) {
		for _, x := range []*text{&l.I, &l.F, &l.K, &l.R, &l.E, &l.X, &l.M, &l.FoundHash, &l.WantHash} {
			if len(*x) == 0 {
				*x = nil
			}
		}
		if len(l.Values) == 0 {
			l.Values = nil
		}
		if len(l.Records) == 0 {
			l.Records = nil
		}
	}
	norm(fast)
	norm(&slow)
	if !reflect.DeepEqual(*fast, slow) {
		t.Fatalf("fast and encoding/json differ on %s\n%+v\n%+v", b, *fast, slow)
	}
}

func TestFastDecoderAndTagsNameTheSameMembers(t *testing.T) {
	var l line
	typ := reflect.TypeOf(l)
	for i := range typ.NumField() {
		f := typ.Field(i)
		key := []byte(f.Tag.Get("json"))
		var at any
		switch f.Type.Kind() {
		case reflect.Int64:
			at = l.intMember(key)
		case reflect.Bool:
			at = l.boolMember(key)
		case reflect.Slice:
			if f.Type != reflect.TypeOf(text{}) {
				continue // arrays are named in arrayMember and covered by the round trip
			}
			at = l.textMember(key)
		default:
		}
		if want := reflect.ValueOf(&l).Elem().Field(i).Addr().Interface(); at != want {
			t.Errorf("member %q of field %s goes elsewhere", key, f.Name)
		}
	}
}

func TestReadTakesAnyJSONOfTheSameMeaning(t *testing.T) {
	_, err := Read(strings.NewReader(`{ "history": 1, "scenario": "by hand" }
{ "p": 0, "op": 0, "i": "i", "f": "send", "k": "t/0", "v": [ "3:7" ], "pid": null }
{"p":5,"op":0,"i":"c","r":"ok","o":1e1,"er":"` + "é" + `"}
{"i":"e","p":9,"f":"note","m":"say \"so\""}`))
	if err == nil {
		t.Fatal("1e1 is no integer to encoding/json either, yet it was read")
	}
	h, err := Read(strings.NewReader(`{ "history": 1, "scenario": "by hand" }
{ "p": 0, "op": 0, "i": "i", "f": "send", "k": "t/0", "v": [ "3:7" ], "pid": null }
{"p":5,"op":0,"i":"c","r":"ok","o":10,"er":"é"}
{"i":"e","p":9,"f":"note","m":"say \"so\""}`))
	if err != nil {
		t.Fatal(err)
	}
	o := &h.Ops[0]
	if o.Offset != 10 || h.Records[0] != (Record{10, MakeValue(3, 7)}) || h.Name(o.Error) != "é" || o.ProducerID != Unset ||
		h.Events[0].Note != `say "so"` || h.Positions != 10 || h.Header.Scenario != "by hand" {
		t.Errorf("read %+v", h)
	}
}

func TestReadRefuses(t *testing.T) {
	const send = `{"i":"i","p":1,"op":0,"f":"send","k":"t/0","v":["0:0"]}` + "\n"
	for _, c := range []struct{ name, lines, want string }{
		{"no header", `{}`, "format version 0"},
		{"an empty file", ``, "empty file"},
		{"a position twice", send + `{"i":"c","p":1,"op":0,"r":"ok"}`, "does not rise"},
		{"a completion of nothing", `{"i":"c","p":1,"op":0,"r":"ok"}`, "was not called"},
		{"two completions", send + `{"i":"c","p":2,"op":0,"r":"ok"}` + "\n" + `{"i":"c","p":3,"op":0,"r":"ok"}`, "completes twice"},
		{"a gap in the IDs", `{"i":"i","p":1,"op":4,"f":"poll"}`, "IDs are dense"},
		{"an unknown kind", `{"i":"i","p":1,"op":0,"f":"pray"}`, "no kind of operation"},
		{"an unknown member", `{"i":"e","p":1,"f":"note","zz":1}`, "unknown field"},
		{"an unknown outcome", send + `{"i":"c","p":2,"op":0,"r":"maybe"}`, "no outcome"},
		{"a fantastic offset", send + `{"i":"c","p":2,"op":0,"r":"ok","o":9000000000000000000}`, "out of range"},
		{"a negative offset read", `{"i":"i","p":1,"op":0,"f":"poll","k":"t/0"}` + "\n" + `{"i":"c","p":2,"op":0,"r":"ok","rs":["-4:0:0"]}`, "out of range"},
		{"a send to nowhere", `{"i":"i","p":1,"op":0,"f":"send","v":["0:0"]}`, "without a partition"},
		{"records in a send", send + `{"i":"c","p":2,"op":0,"r":"ok","rs":["4:0:0"]}`, "reads no partition"},
		{"a partition without number", `{"i":"i","p":1,"op":0,"f":"poll","k":"t"}`, "topic/number"},
		{"half a line", send[:20], "line 2"},
	} {
		file := "{\"history\":1}\n" + c.lines
		if c.name == "no header" || c.name == "an empty file" {
			file = c.lines
		}
		if _, err := Read(strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want …%s…", c.name, err, c.want)
		}
	}
}

func TestRecorderAllocatesNothingOnceGrown(t *testing.T) {
	r := NewRecorder(Header{})
	records := []Record{{1, 1}, {2, 2}}
	run := func() {
		r.Reset(Header{})
		p := r.Partition("t", 0)
		for i := range 1000 {
			op := NewOp(Send, 1, 1, p)
			id := r.Invoke(int64(i), &op, MakeValue(1, uint64(i)), MakeValue(2, uint64(i)))
			res := NewResult(Info)
			res.Error = "REQUEST_TIMED_OUT"
			r.Complete(int64(i), id, &res)
			poll := NewOp(Poll, 2, 2, p)
			id = r.Invoke(int64(i), &poll)
			got := NewResult(OK)
			got.Records = records
			r.Complete(int64(i), id, &got)
			e := NewEvent(Fault, 1)
			r.Event(int64(i), &e)
		}
	}
	run()
	if n := testing.AllocsPerRun(5, run); n > 0 {
		t.Errorf("%v allocations in 2,000 operations, want 0", n)
	}
}

func TestOperationsCompleteOnce(t *testing.T) {
	s := NewSharedRecorder(Header{})
	p := s.Partition("t", 0)
	op := NewOp(Send, 0, 0, p)
	id := s.Invoke(1, &op, MakeValue(0, 0))
	late := NewOp(Send, 0, 0, p)
	open := s.Invoke(1, &late, MakeValue(0, 1))
	ok, info := NewResult(OK), NewResult(Info)
	ok.Offset = 4
	if !s.Complete(2, id, &ok) || s.Complete(3, id, &info) {
		t.Error("the first completion counts, and only the first")
	}
	h := s.Finish()
	if s.Complete(4, open, &ok) {
		t.Error("a completion after the end was taken")
	}
	if h.Ops[id].Outcome != OK || h.Records[0].Offset != 4 || h.Ops[open].Outcome != Open || h.Ops[open].ReturnPos != Never {
		t.Errorf("recorded %+v", h.Ops)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"i":"i","p":1,"t":5,"op":0,"f":"send","c":1,"pr":2,"k":"t/0","v":["0:0","1:2"],"pid":4,"pe":0,"sq":9,"ak":1,"id":true}`))
	f.Add([]byte(`{"i":"c","p":2,"op":0,"r":"ok","o":4,"hw":-1,"rs":["4:0:1"]}`))
	f.Add([]byte(`{"i":"e","p":3,"f":"recovered","re":4,"ph":"ff","fe":true,"m":"x\"y"}`))
	f.Add([]byte(`{"P":1,"v":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var fast line
		if !bytes.ContainsRune(b, '\n') && fast.decodeFast(b) {
			sameAsSlow(t, b, &fast)
		}
		h, err := Read(bytes.NewReader(append([]byte("{\"history\":1}\n"), b...)))
		if err != nil {
			return
		}
		var first, second bytes.Buffer
		if err := Write(&first, h); err != nil {
			t.Fatal(err)
		}
		again, err := Read(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatalf("what was read and written is refused: %v\n%s", err, first.Bytes())
		}
		if err := Write(&second, again); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("not stable: %v\n%s\n%s", err, first.Bytes(), second.Bytes())
		}
	})
}

func TestValuesKeepTheirParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t)
		got, err := ParseValue(v.String())
		if err != nil || got != v || MakeValue(v.Writer(), v.Sequence()) != v {
			t.Fatalf("%v comes back as %v (%v)", v, got, err)
		}
	})
	if Foreign(1) == Foreign(2) || Foreign(1).Writer() != MaxWriter {
		t.Error("foreign values are told apart by hash, under the reserved writer")
	}
}

func TestNamesAreComplete(t *testing.T) {
	for i, names := range [][]string{kindNames[1:], outcomeNames[:], eventNames[1:], faultNames[1:]} {
		want := []int{int(kinds) - 1, int(outcomes), int(eventKinds) - 1, int(faultKinds) - 1}[i]
		if len(names) != want {
			t.Errorf("list %d has %d names, want %d", i, len(names), want)
		}
		for j, n := range names {
			if n == "" {
				t.Errorf("list %d: no name for %d", i, j)
			}
		}
	}
	for _, d := range Catalogue() {
		if p, ok := ParseProperty(d.Name); !ok || p != d.Property || d.Says == "" {
			t.Errorf("property %d is not found by its name", d.Property)
		}
	}
}
