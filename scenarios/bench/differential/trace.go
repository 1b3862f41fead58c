package differential

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// What a step asks for.
const (
	doJoin = iota
	doSync
	doHeartbeat
	doLeave
	doCommit
	doFetch
	doDeleteOffsets
	doDeleteGroup
	doDescribe
	doList
	doConsumer
	doConsumerDescribe
	doSilence
	kinds
)

var kindNames = [kinds]string{
	"JoinGroup", "SyncGroup", "Heartbeat", "LeaveGroup", "OffsetCommit", "OffsetFetch", "OffsetDelete", "DeleteGroups",
	"DescribeGroups", "ListGroups", "ConsumerGroupHeartbeat", "ConsumerGroupDescribe", "silence",
}

// slots is how many members a trace has at most.
const slots = 4

// step is one request, without what only a server can tell.
type step struct {
	kind  int
	slot  int
	group int // 0 or 1
	// stranger: it names a member ID that nobody has. Nobody: it names none.
	stranger, nobody bool
	off              int32 // added to the generation or epoch that the slot knows
	variant          int   // of what the kind has several
	topic            string
	partition        int32
	offset           int64
	more             []place // what an OffsetCommit or OffsetDelete names beside that
}

// place is a partition by its topic's name.
type place struct {
	topic     string
	partition int32
}

func (s *step) String() string {
	if s.kind == doSilence {
		return "silence for longer than all sessions"
	}
	who := fmt.Sprintf("member %d", s.slot)
	switch {
	case s.stranger:
		who = "a stranger"
	case s.nobody:
		who = "nobody"
	}
	text := fmt.Sprintf("%s by %s to group %d", kindNames[s.kind], who, s.group)
	if s.off != 0 {
		text += fmt.Sprintf(", generation %+d", s.off)
	}
	switch s.kind {
	case doCommit, doFetch, doDeleteOffsets:
		text += fmt.Sprintf(", %s-%d at %d", s.topic, s.partition, s.offset)
		for _, p := range s.more {
			text += fmt.Sprintf(", %s-%d", p.topic, p.partition)
		}
	case doJoin, doConsumer, doLeave:
		text += fmt.Sprintf(", variant %d", s.variant)
	}
	return text
}

// trace is a sequence of steps.
type trace struct {
	seed   uint64
	old    bool   // clients speak versions of before KIP-345
	static bool   // members have instance IDs
	short  bool   // sessions are short enough to run out
	regex  string // members of the consumer protocol subscribe by it; empty: by names
	steps  []step
}

// places are all that a step about offsets names.
func (s *step) places() []place { return append([]place{{s.topic, s.partition}}, s.more...) }

// expressions are those by which members subscribe.
var expressions = []string{"t|u", "[a-t]", "u.*"}

// weights are how often each kind comes. A silence takes the place of another step.
var weights = [kinds]int{22, 14, 12, 4, 10, 6, 3, 3, 5, 3, 14, 4, 0}

// newTrace draws a trace. What a step asks for makes sense more often than not.
func newTrace(seed uint64, n int) *trace {
	draw, wide := rand.New(rand.NewPCG(seed, 11)), rand.New(rand.NewPCG(seed, 12))
	t := &trace{seed: seed, old: draw.IntN(5) == 0, static: draw.IntN(4) == 0}
	t.static = t.static && !t.old
	flavour := draw.IntN(3) // 0: classic members; 1: of the consumer protocol; 2: both
	t.short = wide.IntN(4) == 0
	if flavour > 0 && wide.IntN(4) == 0 {
		t.regex = expressions[wide.IntN(len(expressions))]
	}
	total := 0
	for _, w := range weights {
		total += w
	}
	for len(t.steps) < n {
		at, kind := draw.IntN(total), 0
		for at >= weights[kind] {
			at -= weights[kind]
			kind++
		}
		s := step{
			kind: kind, slot: draw.IntN(slots), stranger: draw.IntN(25) == 0, nobody: draw.IntN(12) == 0,
			variant: draw.IntN(8), topic: [...]string{"t", "t", "u", "missing"}[draw.IntN(4)], partition: draw.Int32N(5), offset: draw.Int64N(100),
		}
		if draw.IntN(8) == 0 {
			s.group = 1
		}
		if draw.IntN(6) == 0 {
			s.off = [...]int32{-1, 1, 7}[draw.IntN(3)]
		}
		if flavour == 0 && kind == doConsumer || flavour == 1 && (kind == doJoin || kind == doSync) {
			continue
		}
		t.widen(&s, wide)
		t.steps = append(t.steps, s)
	}
	return t
}

// widen lets a step name several partitions, and makes some of them silences.
func (t *trace) widen(s *step, draw *rand.Rand) {
	for draw.IntN(3) == 0 && len(s.more) < 3 {
		p := place{[...]string{"t", "u", "missing"}[draw.IntN(3)], draw.Int32N(5)}
		if !slices.Contains(s.places(), p) {
			s.more = append(s.more, p)
		}
	}
	if t.short && draw.IntN(14) == 0 {
		s.kind = doSilence
	}
}

// dull leaves out what only whole servers do.
func (t *trace) dull() {
	t.short, t.regex = false, ""
	t.steps = slices.DeleteFunc(t.steps, func(s step) bool { return s.kind == doSilence })
}
