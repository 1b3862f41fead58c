package checker

import (
	"math/rand/v2"
	"strings"
	"testing"

	"trialog/checker/history"
)

// groupInventor makes up the history of a flawless group: members that are given
// two partitions in turn, begin at what was committed, read on, commit, and try
// once more when their generation is over; somebody from outside who reads what
// was committed; commits of which nobody knows whether they were taken.
type groupInventor struct {
	r         *rand.Rand
	rec       *history.Recorder
	logs      [2][]history.Value
	next      [2]int64        // where the owner reads on
	committed [2]history.OpID // what counts; NoOp: nothing
	owner     [2]int32        // the member that had it last
}

const groupLog = 60 // records of each partition

func inventGroup(seed uint64) *history.History {
	v := groupInventor{r: rand.New(rand.NewPCG(seed, 3)), rec: history.NewRecorder(ofGroup())}
	v.committed = [2]history.OpID{history.NoOp, history.NoOp}
	for p := range v.logs {
		v.rec.Partition("t", int32(p))
		for n := range groupLog {
			value := history.MakeValue(uint32(p), uint64(n))
			v.logs[p] = append(v.logs[p], value)
			op := history.NewOp(history.Send, 0, 0, history.Partition(p))
			res := history.NewResult(history.OK)
			res.Offset = int64(n)
			v.rec.Complete(v.now(), v.rec.Invoke(v.now(), &op, value), &res)
		}
	}
	for generation := range int32(8) {
		v.generation(generation + 1)
	}
	for p := range v.logs {
		op := history.NewOp(history.Scan, 9, 9, history.Partition(p))
		op.At = 0
		res := history.NewResult(history.OK)
		res.Records, res.To, res.HighWatermark, res.LogStartOffset = v.records(p, 0, groupLog), groupLog, groupLog, 0
		v.rec.Complete(v.now(), v.rec.Invoke(v.now(), &op), &res)
	}
	return v.rec.History()
}

func (v *groupInventor) now() int64 { return v.rec.History().Positions * 1000 }

func (v *groupInventor) records(p int, from, to int64) (list []history.Record) {
	for at := from; at < to; at++ {
		list = append(list, history.Record{Offset: at, Value: v.logs[p][at]})
	}
	return list
}

func (v *groupInventor) op(kind history.Kind, member, generation int32, p int) history.Op {
	op := history.NewOp(kind, member, member, history.Partition(p))
	op.Group, op.Member, op.Generation = v.rec.Name("g"), v.rec.Name(string(rune('A'+member))), generation
	return op
}

func (v *groupInventor) do(op *history.Op, res history.Result) history.OpID {
	id := v.rec.Invoke(v.now(), op)
	v.rec.Complete(v.now(), id, &res)
	return id
}

// generation lets members have the partitions for a while.
func (v *groupInventor) generation(g int32) {
	var owner [2]int32
	for p := range owner {
		owner[p] = 1 + v.r.Int32N(3)
		assign := v.op(history.Assign, owner[p], g, p)
		v.do(&assign, history.NewResult(history.OK))
	}
	for p := range owner {
		if g > 1 && v.r.IntN(2) == 0 {
			zombie := v.op(history.CommitOffsets, v.owner[p], g-1, p)
			zombie.At = v.next[p]
			v.do(&zombie, history.NewResult(history.Fail))
		}
		v.begin(owner[p], g, p)
	}
	for range 2 + v.r.IntN(4) {
		p := v.r.IntN(2)
		v.poll(owner[p], g, p)
		if v.r.IntN(3) > 0 {
			v.commit(owner[p], g, p)
		}
		if v.r.IntN(3) == 0 {
			v.audit(v.r.IntN(2))
		}
	}
	for p := range owner {
		revoke := v.op(history.Revoke, owner[p], g, p)
		v.do(&revoke, history.NewResult(history.OK))
	}
	v.owner = owner
}

// begin reads what is committed and starts there.
func (v *groupInventor) begin(member, g int32, p int) {
	fetch := v.op(history.FetchOffsets, member, g, p)
	seek := v.op(history.Seek, member, g, p)
	seek.At = v.fetch(&fetch, p)
	if seek.At == history.Unset {
		seek.At, seek.Flags = 0, history.Reset
	}
	v.next[p] = seek.At
	v.do(&seek, history.NewResult(history.OK))
}

// fetch completes a read with what counts.
func (v *groupInventor) fetch(op *history.Op, p int) int64 {
	res := history.NewResult(history.OK)
	if id := v.committed[p]; id != history.NoOp {
		res.Offset, res.Commit = v.rec.History().Ops[id].At, id
	}
	v.do(op, res)
	return res.Offset
}

func (v *groupInventor) audit(p int) {
	op := history.NewOp(history.FetchOffsets, 8, 8, history.Partition(p))
	op.Group = v.rec.Name("g")
	v.fetch(&op, p)
}

func (v *groupInventor) poll(member, g int32, p int) {
	op := v.op(history.Poll, member, g, p)
	op.At = v.next[p]
	res := history.NewResult(history.OK)
	v.next[p] = min(v.next[p]+1+v.r.Int64N(4), groupLog)
	res.Records, res.To = v.records(p, op.At, v.next[p]), v.next[p]
	v.do(&op, res)
}

// commit writes where the owner stands; of some nobody knows what became of them.
func (v *groupInventor) commit(member, g int32, p int) {
	op := v.op(history.CommitOffsets, member, g, p)
	op.At = v.next[p]
	taken, told := true, history.OK
	if v.r.IntN(6) == 0 {
		taken, told = v.r.IntN(2) == 0, history.Info
	}
	id := v.do(&op, history.NewResult(told))
	if taken {
		v.committed[p] = id
	}
}

// wasRead tells whether a read saw a commit.
func (s *spoiler) wasRead(commit int) bool {
	for i := range s.h.Ops {
		if o := &s.h.Ops[i]; o.Kind == history.FetchOffsets && o.Commit == history.OpID(commit) {
			return true
		}
	}
	return false
}

// follower is the first operation of some kinds behind another in its partition.
func (s *spoiler) follower(i int, fits func(o *history.Op) bool) *history.Op {
	for j := i + 1; j < len(s.h.Ops); j++ {
		if o := &s.h.Ops[j]; o.Partition == s.h.Ops[i].Partition && fits(o) {
			return o
		}
	}
	return nil
}

func taken(o *history.Op) bool { return o.Kind == history.CommitOffsets && o.Outcome == history.OK }

func sawCommit(o *history.Op) bool {
	return o.Kind == history.FetchOffsets && o.Outcome == history.OK && o.Commit != history.NoOp
}

var groupMutators = []mutator{
	{"an acknowledged commit becomes unclear", "", func(s *spoiler) bool {
		s.pick(func(_ int, o *history.Op) bool { return taken(o) }).Outcome = history.Info
		return true
	}},
	{"a member begins beyond what was committed", "9", func(s *spoiler) bool {
		most := int64(-1)
		o := s.pick(func(i int, o *history.Op) bool {
			most = -1
			for j := range s.h.Ops[:i] {
				if c := &s.h.Ops[j]; c.Kind == history.CommitOffsets && c.Partition == o.Partition {
					most = max(most, c.At)
				}
			}
			return o.Kind == history.Seek && !o.Has(history.Reset) && most < groupLog-1
		})
		if o == nil {
			return false
		}
		o.At = most + 1
		return true
	}},
	{"a member begins before what was committed", "", func(s *spoiler) bool {
		o := s.pick(func(i int, o *history.Op) bool {
			next := s.follower(i, func(o *history.Op) bool { return o.Kind == history.Poll || o.Kind == history.Revoke })
			return o.Kind == history.Seek && o.At > 0 && next.Kind == history.Revoke
		})
		if o == nil {
			return false
		}
		o.At--
		return true
	}},
	{"a poll leaves a record out that is committed then", "9 10", func(s *spoiler) bool {
		o := s.pick(func(i int, o *history.Op) bool {
			if o.Kind != history.Poll || o.RecordCount < 3 {
				return false
			}
			next := s.follower(i, func(o *history.Op) bool { return o.Kind == history.Poll || taken(o) || o.Kind == history.Revoke })
			return taken(next) && s.readOnce(o.Partition, s.h.RecordsOf(o)[1].Offset)
		})
		if o == nil {
			return false
		}
		records := s.h.RecordsOf(o)
		s.replace(o, []history.Record{records[0], records[2]})
		if len(records) > 3 {
			s.replace(o, append([]history.Record{records[0]}, records[2:]...))
		}
		return true
	}},
	{"a commit is further than what was read", "10", func(s *spoiler) bool {
		o := s.pick(func(i int, o *history.Op) bool {
			return taken(o) && !s.wasRead(i) && o.At < groupLog && s.readOnce(o.Partition, o.At) && !s.readBefore(i, o.Partition, o.At)
		})
		if o == nil {
			return false
		}
		o.At++
		return true
	}},
	{"a partition is given to two in one generation", "11", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool {
			return o.Kind == history.Assign && o.Generation > 1 && s.ownerIn(o.Partition, o.Generation-1) != o.Member
		})
		if o == nil {
			return false
		}
		o.Generation--
		return true
	}},
	{"a commit that comes too late is acknowledged and not seen", "11 12", func(s *spoiler) bool {
		o := s.pick(func(i int, o *history.Op) bool {
			if o.Kind != history.CommitOffsets || o.Outcome != history.Fail {
				return false
			}
			next := s.follower(i, func(o *history.Op) bool { return o.Kind == history.FetchOffsets })
			return next != nil && sawCommit(next) && int(next.Commit) < i && taken(&s.h.Ops[next.Commit])
		})
		if o == nil {
			return false
		}
		o.Outcome = history.OK
		return true
	}},
	{"a commit comes in a generation that is over", "11", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return taken(o) && o.Generation > 1 })
		if o == nil {
			return false
		}
		o.Generation--
		return true
	}},
	{"a read tells of the commit before the last", "12", func(s *spoiler) bool {
		var before history.OpID
		o := s.pick(func(_ int, o *history.Op) bool {
			before = history.NoOp
			if !sawCommit(o) || !taken(&s.h.Ops[o.Commit]) {
				return false
			}
			for j := range s.h.Ops[:o.Commit] {
				if c := &s.h.Ops[j]; taken(c) && c.Partition == o.Partition {
					before = history.OpID(j)
				}
			}
			return before != history.NoOp
		})
		if o == nil {
			return false
		}
		o.Commit, o.Offset = before, s.h.Ops[before].At
		return true
	}},
	{"a read finds nothing where something was committed", "12", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return sawCommit(o) && taken(&s.h.Ops[o.Commit]) })
		o.Commit, o.Offset = history.NoOp, history.Unset
		return true
	}},
	{"a read tells another offset than was committed", "12", func(s *spoiler) bool {
		s.pick(func(_ int, o *history.Op) bool { return sawCommit(o) }).Offset++
		return true
	}},
	{"a commit that was read had been refused", "12", func(s *spoiler) bool {
		s.pick(func(i int, o *history.Op) bool { return taken(o) && s.wasRead(i) }).Outcome = history.Fail
		return true
	}},
	{"a coordinator that knew that it is none answers", "12", func(s *spoiler) bool {
		s.pick(func(_ int, o *history.Op) bool { return sawCommit(o) }).Flags |= history.Deposed
		return true
	}},
}

// readOnce tells whether one poll alone returned a record.
func (s *spoiler) readOnce(p history.Partition, offset int64) bool {
	n := 0
	for i := range s.h.Ops {
		if s.polled(i, p, offset) {
			n++
		}
	}
	return n == 1
}

func (s *spoiler) readBefore(i int, p history.Partition, offset int64) bool {
	for j := range i {
		if s.polled(j, p, offset) {
			return true
		}
	}
	return false
}

func (s *spoiler) polled(i int, p history.Partition, offset int64) bool {
	o := &s.h.Ops[i]
	return o.Kind == history.Poll && o.Partition == p && o.At <= offset && offset < o.To
}

// ownerIn is who was given a partition in a generation.
func (s *spoiler) ownerIn(p history.Partition, generation int32) history.Name {
	for i := range s.h.Ops {
		if o := &s.h.Ops[i]; o.Kind == history.Assign && o.Partition == p && o.Generation == generation {
			return o.Member
		}
	}
	return 0
}

func TestEveryMutationOfAGroupTurnsExactlyItsProperties(t *testing.T) {
	const seeds = 60
	c := New(Options{})
	for _, m := range append([]mutator{{"nothing", "", func(*spoiler) bool { return true }}}, groupMutators...) {
		applied := 0
		for seed := range uint64(seeds) {
			h := inventGroup(seed)
			if !m.spoil(&spoiler{h, rand.New(rand.NewPCG(seed, 2))}) {
				continue
			}
			applied++
			if r := c.Check(h); turned(r) != m.turns {
				var b strings.Builder
				r.Text(&b)
				t.Fatalf("%s: seed %d turns %q, want %q\n%s", m.name, seed, turned(r), m.turns, b.String())
			}
		}
		if applied < seeds/6 {
			t.Errorf("%s: only %d of %d histories had a place for it", m.name, applied, seeds)
		}
		t.Logf("%-64s turns %-8s in %d histories", m.name, m.turns, applied)
	}
}
