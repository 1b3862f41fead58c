package group

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"trialog/core/kafka"
	"trialog/core/must"
)

// gauge drives a machine whose log counts at once, and puts down how much time of
// a processor each Step takes.
type gauge struct {
	m      *Machine
	out    Effects
	watch  must.Watch
	now    kafka.Now
	end    kafka.Offset
	next   Ticket
	told   map[Ticket]Answer
	took   []int64 // nanoseconds
	metric Protocol
}

func newGauge() *gauge {
	c := testConfig()
	c.MaxSize, c.InitialRebalanceDelay = 1<<20, 0
	g := &gauge{
		m: New(&c, 1), now: kafka.Now{Mono: 1, Wall: 1_700_000_000_000}, told: make(map[Ticket]Answer),
		metric: Protocol{Name: "range", Metadata: []byte{0, 1, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 0}},
	}
	g.out.Watch = &g.watch
	g.step(&Loaded{})
	return g
}

// spent is the processor time of this thread.
func spent() int64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) != nil {
		return 0
	}
	return ts.Nano()
}

func (g *gauge) one(in Input) {
	began := spent()
	g.m.Step(g.now, in, &g.out)
	g.took = append(g.took, spent()-began)
}

// step gives the machine an input and carries out what follows.
func (g *gauge) step(in Input) {
	g.now.Mono += kafka.Instant(kafka.Millisecond)
	g.one(in)
	for n := 0; n < len(g.out.Appends); n++ {
		g.end++
		g.one(&Appended{End: g.end})
	}
	if len(g.out.Appends) > 0 {
		g.one(&Committed{HighWatermark: g.end})
	}
	for _, a := range g.out.Answers {
		g.told[a.Ticket] = a
	}
	g.out.Reset()
}

func (g *gauge) ticket() Ticket { g.next++; return g.next }

func (g *gauge) join(group, id string) Ticket {
	in := &Join{
		Ticket: g.ticket(), Member: Member{Group: group, ID: id}, Client: Client{"c", "/h"}, SessionTimeoutMs: 60_000, RebalanceTimeoutMs: 60_000,
		ProtocolType: "consumer", Protocols: []Protocol{g.metric}, MaySkip: true,
	}
	g.step(in)
	return in.Ticket
}

// sync has everybody of a group send Sync, the leader last.
func (g *gauge) sync(group string, ids []string, leader string, generation int32) {
	in := &Sync{Member: Member{Group: group}, Generation: generation}
	for _, id := range ids {
		if id != leader {
			in.Ticket, in.ID = g.ticket(), id
			g.step(in)
		}
	}
	in.Ticket, in.ID = g.ticket(), leader
	for _, id := range ids {
		in.Assignments = append(in.Assignments, Assignment{Member: id, Bytes: []byte("some partitions of a topic or two")})
	}
	g.step(in)
}

// assemble makes a group of so many members.
func (g *gauge) assemble(tb testing.TB, group string, n int) (ids []string) {
	var tickets []Ticket
	for range n {
		tickets = append(tickets, g.join(group, ""))
	}
	g.step(&Tick{})
	for _, t := range tickets {
		if a, told := g.told[t]; told {
			ids = append(ids, a.Joined.Member)
		}
	}
	if len(ids) != n {
		tb.Fatalf("%d members of %d", len(ids), n)
	}
	last := g.told[tickets[0]].Joined
	g.sync(group, ids, last.Leader, last.Generation)
	return ids
}

// newcomer joins a group, everybody joins again and syncs, and it leaves again in
// the same way. It returns the generation.
func (g *gauge) newcomer(tb testing.TB, group string, ids []string) int32 {
	clear(g.told)
	t := g.join(group, "")
	for _, id := range ids {
		g.join(group, id)
	}
	a := g.told[t]
	if a.Err != kafka.None || a.Joined.Member == "" {
		tb.Fatalf("the newcomer is told %+v", a)
	}
	g.sync(group, append(slices.Clone(ids), a.Joined.Member), a.Joined.Leader, a.Joined.Generation)
	g.step(&Leave{Ticket: g.ticket(), Group: group, Members: []Leaver{{ID: a.Joined.Member}}})
	for _, id := range ids {
		t = g.join(group, id)
	}
	last := g.told[t].Joined
	g.sync(group, ids, last.Leader, last.Generation)
	return last.Generation
}

// generation asks for the one that a member is in.
func (g *gauge) generation(group, id string) int32 {
	for n := int32(1); ; n++ {
		in := &Heartbeat{Ticket: g.ticket(), Member: Member{Group: group, ID: id}, Generation: n}
		if g.step(in); g.told[in.Ticket].Err == kafka.None {
			return n
		}
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// BenchmarkManyMembers has one group of a thousand, and a thousand groups of one.
// Each round, somebody joins a group and leaves it again, so that it rebalances
// twice; then everybody sends a heartbeat and commits an offset. It tells the
// processor time of one rebalance, of one heartbeat and of the worst Steps, and
// the memory that a member takes.
func BenchmarkManyMembers(b *testing.B) {
	for _, shape := range []struct{ groups, members int }{{1, 1000}, {1000, 1}} {
		b.Run(fmt.Sprintf("%dx%d", shape.groups, shape.members), func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			before := heap()
			g := newGauge()
			names, all := make([]string, shape.groups), make([][]string, shape.groups)
			for i := range names {
				names[i] = "group-" + strconv.Itoa(i)
				all[i] = g.assemble(b, names[i], shape.members)
			}
			g.told, g.took = make(map[Ticket]Answer), nil
			memory := float64(heap()-before) / 1000
			generations := make([]int32, shape.groups)
			for i, ids := range all {
				generations[i] = g.generation(names[i], ids[0])
			}
			var rebalance, beats int64
			round := 0
			for b.Loop() {
				at := round % shape.groups
				round++
				began := len(g.took)
				generations[at] = g.newcomer(b, names[at], all[at])
				rebalance += sum(g.took[began:]) / 2
				began = len(g.took)
				for i, ids := range all {
					for _, id := range ids {
						g.step(&Heartbeat{Ticket: g.ticket(), Member: Member{Group: names[i], ID: id}, Generation: generations[i]})
					}
				}
				beats += sum(g.took[began:])
				for i, ids := range all {
					for _, id := range ids {
						g.step(&Commit{
							Ticket: g.ticket(), Member: Member{Group: names[i], ID: id}, Generation: generations[i], Version: 9,
							Offsets: []Committing{{Topic: "t", Offset: Offset{Offset: 1, ExpiresAt: kafka.NoTimestamp}}},
						})
					}
				}
				clear(g.told)
			}
			slices.Sort(g.took)
			b.ReportMetric(float64(rebalance)/float64(round)/1e6, "ms/rebalance")
			b.ReportMetric(float64(beats)/float64(round)/1000, "ns/heartbeat")
			b.ReportMetric(float64(g.took[len(g.took)-1-len(g.took)/10_000])/1e6, "p99.99-ms/Step")
			b.ReportMetric(float64(g.took[len(g.took)-1])/1e6, "max-ms/Step")
			b.ReportMetric(memory, "B/member")
		})
	}
}

func sum(list []int64) (n int64) {
	for _, v := range list {
		n += v
	}
	return n
}
