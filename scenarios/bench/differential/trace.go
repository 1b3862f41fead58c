package differential

import (
	"fmt"
	"math/rand/v2"
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
	kinds
)

var kindNames = [kinds]string{
	"JoinGroup", "SyncGroup", "Heartbeat", "LeaveGroup", "OffsetCommit", "OffsetFetch", "OffsetDelete", "DeleteGroups",
	"DescribeGroups", "ListGroups", "ConsumerGroupHeartbeat", "ConsumerGroupDescribe",
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
}

func (s *step) String() string {
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
	case doJoin, doConsumer, doLeave:
		text += fmt.Sprintf(", variant %d", s.variant)
	}
	return text
}

// trace is a sequence of steps.
type trace struct {
	seed   uint64
	old    bool // clients speak versions of before KIP-345
	static bool // members have instance IDs
	steps  []step
}

// weights are how often each kind comes.
var weights = [kinds]int{22, 14, 12, 4, 10, 6, 3, 3, 5, 3, 14, 4}

// newTrace draws a trace. What a step asks for makes sense more often than not.
func newTrace(seed uint64, n int) *trace {
	draw := rand.New(rand.NewPCG(seed, 11))
	t := &trace{seed: seed, old: draw.IntN(5) == 0, static: draw.IntN(4) == 0}
	t.static = t.static && !t.old
	flavour := draw.IntN(3) // 0: classic members; 1: of the consumer protocol; 2: both
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
		t.steps = append(t.steps, s)
	}
	return t
}
