package checker

import (
	"fmt"

	"trialog/checker/history"
)

// judgeTailDurability: the final scan, which reads a healed log to its end,
// goes as far as what was acknowledged or read. Jepsen's "unseen" cannot tell
// lost from slow; this can, because the scan knows the end of the log.
func judgeTailDurability(t *trial, f *finding) {
	t.missing(func(p history.Partition, l loss) {
		s, v := &t.scans[p], &t.values.sent[l.sent]
		claimed, reason := f.claimsLoss(p, l)
		if s.why != "" {
			if claimed {
				f.unknown(t.shortScan(p))
			}
			return
		}
		last := s.ops[len(s.ops)-1]
		if v.first < s.end || t.h.Ops[last].InvokePos < l.told {
			return
		}
		if a := f.foundAs("unseen", p, claimed, reason); a != nil {
			a.Offset, a.Value, a.HasValue = v.first, t.valueOf(l.sent), true
			a.Ops = opIDs(l.witness, v.op, last)
			a.Text = fmt.Sprintf("offset %d was acknowledged or read, and the log ends at %d", v.first, s.end)
		}
	})
	t.weighDurability(f)
}
