package checker

import (
	"fmt"

	"trialog/checker/history"
)

// loss is a record that was acknowledged or read and is not in the final scan.
type loss struct {
	sent    int32
	witness int32 // the operation that was told: the send, or a read
	// The answer was given between called and told: it may have been under
	// way when a fault struck.
	called, told int64
	acked        bool
}

// missing lists, for one partition after the other, what the final scan lacks.
func (t *trial) missing(f func(p history.Partition, l loss)) {
	for n := range t.values.sent {
		s := &t.values.sent[n]
		o := &t.h.Ops[s.op]
		acked := s.bits&sentAcked != 0
		if s.bits&sentScanned != 0 || !acked && (s.bits&sentRead == 0 || o.Outcome == history.Fail) {
			continue
		}
		if t.claims.partitions[o.Partition].over {
			continue // judgeTopicLives looks at what was read while it lasted
		}
		if t.claims.partitions[o.Partition].topic.Compacted || s.first < t.scans[o.Partition].readable {
			continue
		}
		witness := s.seenBy
		if acked {
			witness = s.op
		}
		w := &t.h.Ops[witness]
		f(o.Partition, loss{int32(n), witness, t.since(witness), w.ReturnPos, acked})
	}
}

// judgeDurability: what was acknowledged, or read by anyone, is in the final
// scan, as far as the scan goes. Offsets below what DeleteRecords or retention
// removed, and compacted topics, are left out. The verdict is HOLDS only if the
// scan of every partition concerned reached the known end.
func judgeDurability(t *trial, f *finding) {
	t.missing(func(p history.Partition, l loss) {
		s, v := &t.scans[p], &t.values.sent[l.sent]
		claimed, reason := f.claimsLoss(p, l)
		if v.first >= s.end || len(s.ops) == 0 || v.first < s.start && !s.whole {
			if claimed && !t.afterScan(p, l) {
				f.unknown(t.shortScan(p))
			}
			return
		}
		c := s.covering(t, v.first)
		if c < 0 || t.h.Ops[c].InvokePos < l.told {
			return // told after that part of the scan: another scan would be needed
		}
		name, text := "lost-write", "acknowledged at offset %d, absent from the final scan, which goes on to %d"
		if !l.acked {
			name, text = "vanished", "read at offset %d, absent from the final scan, which goes on to %d"
		}
		if v.first < s.start {
			text += "; nothing moved the log start"
		}
		if a := f.foundAs(name, p, claimed, reason); a != nil {
			a.Offset, a.Value, a.HasValue = v.first, t.valueOf(l.sent), true
			a.Ops = opIDs(l.witness, v.op, c)
			a.Text = fmt.Sprintf(text, v.first, s.end)
		}
	})
	t.weighDurability(f)
}

// afterScan tells whether a record was first read after a complete final scan had
// asked for the last time. Its send was given up before, so the scan need not have
// waited for it: a leader below min ISR keeps it above the high watermark until
// another replica has come back.
func (t *trial) afterScan(p history.Partition, l loss) bool {
	s := &t.scans[p]
	return !l.acked && s.why == "" && len(s.ops) > 0 && t.h.Ops[s.ops[len(s.ops)-1]].InvokePos < l.told
}

// weighDurability counts what a fault could have taken, and looks whether the
// scans are complete.
func (t *trial) weighDurability(f *finding) {
	last := history.NoPartition
	for n := range t.values.sent {
		s := &t.values.sent[n]
		o := &t.h.Ops[s.op]
		if s.bits&sentAcked == 0 || t.claims.partitions[o.Partition].over {
			continue
		}
		claimed, reason := f.claimsLoss(o.Partition, loss{called: o.InvokePos, sent: int32(n), acked: true})
		f.note(claimed, reason)
		if !claimed {
			f.context("acknowledged, not claimed", 1)
			continue
		}
		if last != o.Partition && t.scans[o.Partition].why != "" {
			f.unknown(t.shortScan(o.Partition))
		}
		last = o.Partition
		f.context("acknowledged", 1)
		if t.claims.partitions[o.Partition].exposed > o.ReturnPos {
			f.risk("acknowledged before a crash or a disk fault", 1)
		}
	}
	f.marked()
}

// claimsLoss tells whether the loss of a record breaks a claim.
func (f *finding) claimsLoss(p history.Partition, l loss) (bool, string) {
	if claimed, reason := f.t.claims.claimed(f.v.Property, p, l.called); !claimed {
		return false, reason
	}
	if l.acked {
		return f.t.claims.durable(&f.t.h.Ops[f.t.values.sent[l.sent].op])
	}
	return true, ""
}

func (t *trial) shortScan(p history.Partition) string {
	s := &t.scans[p]
	why := s.why
	if why == "" {
		why = fmt.Sprintf("the final scan ended at %d, below what was acknowledged", s.end)
	}
	return t.h.PartitionName(p) + ": " + why
}

// valueOf returns the value of a record sent.
func (t *trial) valueOf(n int32) history.Value {
	op := t.values.sent[n].op
	return t.h.Records[t.h.Ops[op].FirstRecord+n-t.firstOf[op]].Value
}
