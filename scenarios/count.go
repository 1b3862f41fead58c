package scenarios

import "trialog/checker/history"

// Count fills the counts that a history tells.
func (o *Outcome) Count(h *history.History) {
	for i := range h.Ops {
		op := &h.Ops[i]
		if op.Outcome != history.OK {
			continue
		}
		o.Operations++
		switch op.Kind {
		case history.Send:
			o.Acked++
			o.AckedValues += int64(op.RecordCount)
			if _, life := h.Partitions[op.Partition].Life(); life > 1 {
				o.LaterSends++
			}
		case history.Poll:
			o.Read += int64(op.RecordCount)
		case history.CommitOffsets:
			if op.Member != 0 {
				o.Commits++
			}
		default:
			// The others carry no records; they count as operations.
		}
	}
	for i := range h.Events {
		if h.Events[i].Kind == history.LogStart {
			o.LogStarts++
		}
	}
}

// Weigh finds out which needs of the scenario the seed did not meet.
func (o *Outcome) Weigh(s *Scenario) {
	for _, n := range s.Needs {
		if o.counted(n.Of) < int64(n.AtLeast) {
			o.Lacking = append(o.Lacking, n.Name)
		}
	}
}

func (o *Outcome) counted(c Counted) int64 {
	switch c {
	case AckedRecords:
		return o.AckedValues
	case ReadRecords:
		return o.Read
	case FaultsFired:
		return o.FaultsFired
	case Commits:
		return o.Commits
	case Restarts:
		return o.Restarts
	case LaterSends:
		return o.LaterSends
	case LogStarts:
		return o.LogStarts
	case Cleanings:
		return o.reached("cleaner-removed-records")
	case Findings:
		return o.reached("damage-found-by-scrub") + o.reached("damage-found-by-read") + o.reached("damage-fenced") + o.reached("checkpoint-scrubbed")
	default:
		return 0
	}
}

// reached is how often a probe was.
func (o *Outcome) reached(probe string) int64 {
	for i := range o.Probes {
		if o.Probes[i].Name == probe {
			return o.Probes[i].N
		}
	}
	return 0
}
