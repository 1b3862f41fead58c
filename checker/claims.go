package checker

import (
	"cmp"
	"math"
	"slices"

	"trialog/checker/history"
)

// claims derives from topic settings and from the faults of a run where each
// guarantee is claimed. With m the effective min ISR, acks=all and no unclean
// election:
//
//	synced      any number of crashes and power cuts, and m-1 lost disks until
//	            the partition is replicated again
//	replicated  any number of process kills, and m-1 power cuts or lost disks
//	            until the partition is replicated again
//	acks=0, acks=1 with more than one replica: no durability
//
// A fault beyond that voids the claim for whatever had been acknowledged or
// seen before; what comes after it is claimed anew, unless the fault lasts.
type claims struct {
	partitions []partitionClaims
	header     []history.Claim
	voids      bool // some partition has one
}

type partitionClaims struct {
	topic   history.Topic
	voids   []void
	damaged []int32 // nodes whose copy cannot be relied upon
	leaders []int32 // nodes that led, while there is one replica
	// elections are the leader epochs, by position.
	elections []election
	// exposed is the position of the last event that could take acknowledged
	// records away; -1: none.
	exposed int64
	// voided is the largest end of a void; -1: none.
	voided int64
	// over: the topic was deleted, and another has its name.
	over bool
	// unsynced is the position from which on acknowledgements may rest on memory;
	// -1: the beginning. It means something in replicated mode.
	unsynced int64
}

type election struct {
	pos   int64
	epoch int32
}

// current tells whether an answer was given in the leader epoch that was the newest
// when it came: by nobody who had been deposed.
func (pc *partitionClaims) current(o *history.Op) bool {
	if o.LeaderEpoch == history.Unset {
		return false
	}
	n, _ := slices.BinarySearchFunc(pc.elections, o.ReturnPos, func(e election, pos int64) int { return cmp.Compare(e.pos, pos) })
	return n > 0 && pc.elections[n-1].epoch == o.LeaderEpoch
}

// void is a stretch of positions at whose end the claim begins anew.
type void struct {
	from     int64 // -1: the beginning
	until    int64 // math.MaxInt64: it lasts
	property history.Property
	total    bool // the copies are gone, so that not even a prefix is claimed
	reason   string
}

func (c *claims) derive(h *history.History) {
	c.header, c.voids = h.Header.Claims, false
	c.partitions = zeroed(c.partitions, len(h.Partitions))
	for p := range c.partitions {
		pc := &c.partitions[p]
		pc.exposed, pc.voided, pc.unsynced = -1, -1, -1
		topic, known := h.Topic(history.Partition(p))
		if !known {
			topic = history.Topic{Mode: history.ModeSynced}
		}
		topic.Replicas = max(topic.Replicas, 1)
		topic.MinISR = min(max(topic.MinISR, 1), topic.Replicas)
		pc.topic = topic
		pc.over = over(h, history.Partition(p))
		if topic.UncleanElection {
			pc.voids = append(pc.voids, void{from: -1, until: math.MaxInt64, reason: "who lacks acknowledged records may be elected"})
		}
	}
	for i := range h.Events {
		e := &h.Events[i]
		if e.Partition != history.NoPartition {
			c.partitions[e.Partition].apply(e, h.Events[:i])
			if e.Kind == history.ModeChanged {
				c.partitions[e.Partition].change(e, h)
			}
			continue
		}
		for p := range c.partitions {
			c.partitions[p].apply(e, h.Events[:i])
		}
	}
	for p := range c.partitions {
		for i := range c.partitions[p].voids {
			c.partitions[p].voided = max(c.partitions[p].voided, c.partitions[p].voids[i].until)
			c.voids = true
		}
	}
}

// apply enters one event; before holds those that came earlier.
func (pc *partitionClaims) apply(e *history.Event, before []history.Event) {
	switch e.Kind {
	case history.Leader:
		if pc.topic.Replicas > 1 && len(pc.leaders) > 0 {
			pc.exposed = e.Pos // what its predecessor acknowledged is now its to have
		}
		pc.leaders = append(pc.leaders, e.Node)
		pc.elections = append(pc.elections, election{e.Pos, e.LeaderEpoch})
	case history.Void:
		pc.voids = append(pc.voids, void{from: -1, until: math.MaxInt64, property: e.Property, total: true, reason: e.Note})
	case history.Replicated:
		pc.damaged = pc.damaged[:0]
		for i := range pc.voids {
			pc.voids[i].until = min(pc.voids[i].until, e.Pos)
		}
	case history.Crash:
		if !pc.holds(e.Node) || e.Clean {
			return
		}
		pc.exposed = e.Pos
		if e.Fault == history.FaultPower && pc.topic.Mode == history.ModeReplicated {
			pc.damage(e, false, false, "power cut with unsynced acknowledgements")
		}
	case history.Fault:
		if pc.holds(e.Node) && onDisk(e.Fault) {
			pc.exposed = e.Pos
			switch e.Fault {
			case history.FaultDiskWiped:
				pc.damage(e, false, true, "a data directory was lost")
			case history.FaultDiskDead:
				pc.damage(e, true, true, "a disk died")
			default: // single calls fail, or loss must show: nothing is taken for granted
			}
		}
	case history.Recovered:
		if e.Fenced && diskFault(before, e.Node) {
			pc.damage(e, true, false, "the log is fenced after a disk fault")
		}
	default: // says nothing about copies
	}
}

// change notes that the partition goes on in another durability mode. What was
// under way then may have been answered in either.
func (pc *partitionClaims) change(e *history.Event, h *history.History) {
	mode := history.Mode(e.Note)
	if mode == pc.topic.Mode || pc.topic.Replicas > 1 {
		return
	}
	pc.topic.Mode, pc.unsynced = mode, e.Pos
	for i := range h.Ops {
		o := &h.Ops[i]
		switch {
		case o.Partition != e.Partition:
		case o.Reads() && o.Outcome == history.OK && o.HighWatermark == history.Unset:
			pc.unsynced = -1 // what it handed out may have been fetched at any time
		case o.InvokePos < e.Pos && o.ReturnPos > e.Pos && o.ReturnPos != history.Never:
			pc.unsynced = min(pc.unsynced, o.InvokePos)
		}
	}
}

// holds tells whether the node may hold a copy. With one replica only a node
// that led can.
func (pc *partitionClaims) holds(node int32) bool {
	return pc.topic.Replicas > 1 || len(pc.leaders) == 0 || slices.Contains(pc.leaders, node)
}

// damage notes that the copy of e's node cannot be relied upon, and voids the
// claim once more than m-1 copies are so.
func (pc *partitionClaims) damage(e *history.Event, lasts, total bool, reason string) {
	if !slices.Contains(pc.damaged, e.Node) {
		pc.damaged = append(pc.damaged, e.Node)
	}
	if len(pc.damaged) < pc.topic.MinISR {
		return
	}
	v := void{from: -1, until: e.Pos, total: total, reason: reason}
	if e.Fault == history.FaultPower {
		v.from = pc.unsynced
	}
	if lasts || pc.topic.Replicas > 1 {
		v.until = math.MaxInt64
	} else {
		pc.damaged = pc.damaged[:0]
	}
	pc.voids = append(pc.voids, v)
}

func onDisk(f history.FaultKind) bool {
	return f >= history.FaultDiskError && f <= history.FaultDiskWiped
}

// diskFault tells whether durable bytes of the node were taken away before, so
// that it may refuse to serve what is left. A write or an fsync that failed
// takes nothing that had counted.
func diskFault(events []history.Event, node int32) bool {
	return slices.ContainsFunc(events, func(e history.Event) bool {
		return e.Kind == history.Fault && e.Node == node && e.Fault.LosesDisk()
	})
}

// override returns what the header says of a property.
func (c *claims) override(property history.Property) (claimed bool, reason string, said bool) {
	for i := range c.header {
		if c.header[i].Property == property {
			return c.header[i].Claimed, c.header[i].Reason, true
		}
	}
	return false, "", false
}

// claimed tells whether a property is claimed, in a partition, of what was
// acknowledged or seen at a position.
func (c *claims) claimed(property history.Property, p history.Partition, position int64) (bool, string) {
	if claimed, reason, said := c.override(property); said {
		return claimed, reason
	}
	if p == history.NoPartition || position > c.partitions[p].voided {
		return true, ""
	}
	for i := range c.partitions[p].voids {
		v := &c.partitions[p].voids[i]
		if v.until < position || position < v.from || v.property != history.AnyProperty && v.property != property {
			continue
		}
		switch property {
		case history.NoPhantom:
			continue // nothing makes up for a record from nowhere
		case history.CrashConsistency:
			if !v.total {
				continue // judged by what the crash had to spare
			}
		default:
		}
		return false, v.reason
	}
	return true, ""
}

// durable tells whether an acknowledgement of this send promises durability.
func (c *claims) durable(o *history.Op) (bool, string) {
	switch replicas := c.partitions[o.Partition].topic.Replicas; {
	case o.Acks == 0:
		return false, "acks=0"
	case o.Acks == 1 && replicas > 1:
		return false, "acks=1"
	default:
		return true, ""
	}
}
