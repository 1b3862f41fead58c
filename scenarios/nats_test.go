package scenarios

import "testing"

// TestJepsensCasesOfNATS: what Jepsen found in NATS 2.12.1 (8 December 2025),
// case by case, has a scenario here that does the same to us, or worse.
// docs/TESTING.md has the same table in words. Controls must lose, as NATS did.
func TestJepsensCasesOfNATS(t *testing.T) {
	for _, c := range []struct {
		found, scenario string
		faults          []Kind
		loses           bool
	}{
		{"single-bit errors in data files of a minority lose writes", "replicated-rot", []Kind{SegmentRot, JournalRot, ProcessKill}, false},
		{"a coordinated power failure loses what was acknowledged before fsync", "replicated-unsynced-power", []Kind{PowerCutAll}, true},
		{"the same with fsync before the acknowledgement", "replicated-power", []Kind{PowerCutAll, PowerCut}, false},
		{"one node that loses its unsynced writes, beside pauses and partitions, loses writes and splits the cluster", "replicated-mixed", []Kind{PowerCut, Pause, Isolate}, false},
		{"the same without fsync, within what is claimed", "replicated-shrunk", []Kind{PowerCut}, false},
		{"kills of processes lose a whole stream (2.10.22)", "replicated-crash", []Kind{ProcessKill, CrashInCall}, false},
		{"streams taken for orphaned are deleted", "replicated-recreated", []Kind{ProcessKill, Pause}, false},
	} {
		list, err := Named(c.scenario)
		if err != nil || len(list) != 1 {
			t.Errorf("%s: %v", c.found, err)
			continue
		}
		s := &list[0]
		for _, k := range c.faults {
			if !s.Has(k) {
				t.Errorf("%s: %s has no %s", c.found, s.Name, k)
			}
		}
		if s.Expect.Control() != c.loses {
			t.Errorf("%s: %s expects %s", c.found, s.Name, s.Expect.String())
		}
	}
}
