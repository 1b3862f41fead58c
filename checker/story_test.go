package checker

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trialog/checker/history"
)

// A story is a literal history, one line an operation or event, in order:
//
//	a send 1,2 idem -> ok 0        client a sends records 1 and 2, told offset 0
//	x=a send 3                     called, labelled x; open until
//	x -> info TIMEOUT              it returns
//	b poll at=0 -> ok 0:1,1:2 to=2 hw=2 le=…
//	b' poll …                      the same client as another process
//	z list -> ok 2
//	! crash 0 power                an event
//
// Records are those of writer 0 unless written as writer.count. Options go
// anywhere: g= m= inst= gen= a group and its member (group g if none is named),
// of=LABEL the commit that was read, p=1 another partition, acks=, pid=, n= (attempts), e= (leader epoch), rc, ff, reset.
func story(t testing.TB, header history.Header, text string) *history.History {
	s := storyteller{t: t, r: history.NewRecorder(header), labels: map[string]history.OpID{}}
	for n, line := range strings.Split(text, "\n") {
		if line, _, _ = strings.Cut(line, "//"); strings.TrimSpace(line) != "" {
			s.line, s.now = line, int64(n)*1_000_000
			s.tell(strings.TrimSpace(line))
		}
	}
	return s.r.History()
}

type storyteller struct {
	t      testing.TB
	r      *history.Recorder
	labels map[string]history.OpID
	line   string
	now    int64
}

func (s *storyteller) fail(why string) { s.t.Helper(); s.t.Fatalf("story: %s: %s", why, s.line) }

func (s *storyteller) tell(line string) {
	if rest, ok := strings.CutPrefix(line, "! "); ok {
		s.event(strings.Fields(rest))
		return
	}
	call, result, returned := strings.Cut(line, "->")
	call = strings.TrimSpace(call)
	id, known := s.labels[call]
	if !known {
		label, rest, labelled := strings.Cut(call, "=")
		if !labelled || strings.ContainsAny(label, " ") {
			label, rest = "", call
		}
		id = s.invoke(strings.Fields(rest))
		if label != "" {
			s.labels[label] = id
		}
	}
	if returned {
		s.complete(id, strings.Fields(result))
	}
}

var verbs = map[string]history.Kind{
	"send": history.Send, "poll": history.Poll, "scan": history.Scan, "list": history.ListOffsets,
	"assign": history.Assign, "seek": history.Seek, "subscribe": history.Subscribe, "delete": history.DeleteRecords,
	"commit": history.CommitOffsets, "fetch": history.FetchOffsets, "revoke": history.Revoke, "drop": history.DeleteOffsets,
}

func (s *storyteller) invoke(words []string) history.OpID {
	if len(words) < 2 {
		s.fail("want: client verb")
	}
	client := int32(words[0][0] - 'a')
	process := client + 100*int32(strings.Count(words[0], "'"))
	kind, ok := verbs[words[1]]
	if !ok {
		s.fail("no such verb")
	}
	op := history.NewOp(kind, client, process, s.r.Partition("t", 0))
	var values []history.Value
	for _, w := range words[2:] {
		key, v, _ := strings.Cut(w, "=")
		switch key {
		case "p":
			op.Partition = s.r.Partition("t", int32(s.number(v)))
		case "none":
			op.Partition = history.NoPartition
		case "at":
			op.At = s.number(v)
		case "g":
			op.Group = s.r.Name(v)
		case "m":
			op.Member = s.r.Name(v)
			if op.Group == 0 {
				op.Group = s.r.Name("g")
			}
		case "inst":
			op.Instance = s.r.Name(v)
		case "gen":
			op.Generation = int32(s.number(v))
		case "acks":
			op.Acks = int8(s.number(v))
		case "pid":
			op.ProducerID, op.Flags = s.number(v), op.Flags|history.Idempotent
		case "idem":
			op.ProducerID, op.Flags = 7, op.Flags|history.Idempotent
		case "rc":
			op.Flags |= history.ReadCommitted
		case "reset":
			op.Flags |= history.Reset
		default:
			for _, one := range strings.Split(w, ",") {
				values = append(values, s.value(one))
			}
		}
	}
	return s.r.Invoke(s.now, &op, values...)
}

func (s *storyteller) complete(id history.OpID, words []string) {
	res := history.NewResult(map[string]history.Outcome{"ok": history.OK, "fail": history.Fail, "info": history.Info}[words[0]])
	for _, w := range words[1:] {
		key, v, option := strings.Cut(w, "=")
		switch {
		case key == "e":
			res.LeaderEpoch = int32(s.number(v))
		case key == "by":
			res.Broker = int32(s.number(v))
		case key == "of":
			res.Commit = s.labels[v]
		case option:
			*map[string]*int64{"hw": &res.HighWatermark, "to": &res.To, "st": &res.LogStartOffset, "lso": &res.LastStableOffset}[key] = s.number(v)
		case w == "dp":
			res.Deposed = true
		case w == "ff":
			res.FromFollower = true
		case strings.Contains(w, ":"):
			for _, one := range strings.Split(w, ",") {
				o, v, _ := strings.Cut(one, ":")
				res.Records = append(res.Records, history.Record{Offset: s.number(o), Value: s.value(v)})
			}
		case w[0] >= 'A' && w[0] <= 'Z':
			res.Error = w
		default:
			res.Offset = s.number(w)
		}
	}
	s.r.Complete(s.now, id, &res)
}

func (s *storyteller) event(words []string) {
	kinds := map[string]history.EventKind{"crash": history.Crash, "fault": history.Fault, "start": history.Start,
		"recovered": history.Recovered, "leader": history.Leader, "replicated": history.Replicated, "void": history.Void,
		"log-start": history.LogStart, "risk": history.Risk, "mode": history.ModeChanged}
	kind, ok := kinds[words[0]]
	if !ok {
		s.fail("no such event")
	}
	e := history.NewEvent(kind, 0)
	for _, w := range words[1:] {
		key, v, option := strings.Cut(w, "=")
		switch fault, isFault := history.ParseFault(w); {
		case isFault:
			e.Fault = fault
		case w == "fenced":
			e.Fenced = true
		case kind == history.ModeChanged && (w == string(history.ModeSynced) || w == string(history.ModeReplicated)):
			e.Note = w
		case w == "clean":
			e.Clean = true
		case key == "p":
			e.Partition = s.r.Partition("t", int32(s.number(v)))
		case key == "e":
			e.LeaderEpoch = int32(s.number(v))
		case key == "q":
			e.Property = history.Property(s.number(v))
		case key == "n":
			e.Count = int32(s.number(v))
		case key == "hash":
			e.FoundHash, e.WantHash = uint64(s.number(v)), 1
		case option:
			*map[string]*int64{"re": &e.RequiredEndOffset, "we": &e.AppendedEndOffset, "oe": &e.FoundEndOffset, "st": &e.LogStartOffset}[key] = s.number(v)
		default:
			e.Node = int32(s.number(w))
		}
	}
	s.r.Event(s.now, &e)
}

func (s *storyteller) number(v string) int64 {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		s.fail(err.Error())
	}
	return n
}

func (s *storyteller) value(v string) history.Value {
	writer, count, ok := strings.Cut(v, ".")
	if !ok {
		writer, count = "0", v
	}
	return history.MakeValue(uint32(s.number(writer)), uint64(s.number(count)))
}

// summary writes what a report finds: anomalies by property, and properties
// that could not be decided. Everything else is taken to hold.
func summary(r *Report) string {
	var parts []string
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		var found []string
		for _, c := range v.Found {
			found = append(found, c.Name)
		}
		slices.Sort(found)
		switch {
		case len(found) > 0 && v.Status == Violated:
			parts = append(parts, fmt.Sprintf("%d %s", v.Property, strings.Join(found, "+")))
		case len(found) > 0:
			parts = append(parts, fmt.Sprintf("%d (%s %s)", v.Property, v.Status, strings.Join(found, "+")))
		case v.Status == Unknown:
			parts = append(parts, fmt.Sprintf("%d UNKNOWN", v.Property))
		}
	}
	return strings.Join(parts, ", ")
}

// synced is the topic most stories are about.
func synced() history.Header {
	return history.Header{Topics: []history.Topic{{Name: "t", Replicas: 1, MinISR: 1, Mode: history.ModeSynced}}}
}

func topic(change func(*history.Topic)) history.Header {
	h := synced()
	change(&h.Topics[0])
	return h
}
