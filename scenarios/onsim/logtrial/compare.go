package logtrial

import (
	"strconv"

	"trialog/checker/history"
	"trialog/core/partition"
	"trialog/scenarios"
)

// compare judges what recovery returned: each log must be in a state that it
// may be in, given what was written and what was durable when the process
// ended. Each comparison stands in the history, for the judge of crash
// consistency.
func (t *trial) compare(r *partition.RecoverResult) {
	if t.draining && !r.Clean {
		t.fail(scenarios.ClassCrash, "after a clean shutdown recovery says that it was not clean")
	}
	for _, log := range r.Logs {
		if t.known(uint64(log.Log)) == nil {
			t.fail(scenarios.ClassCrash, "recovery returns log %d, which was never made or was deleted for good", log.Log)
		}
	}
	kept := t.logs[:0]
	for _, s := range t.logs {
		s.log = nil
		for _, log := range r.Logs {
			if uint64(log.Log) == s.model.id {
				s.log = log
			}
		}
		if t.judge(s) {
			kept = append(kept, s)
		}
	}
	t.logs = kept
	t.draining = false
	for _, s := range t.logs {
		if err := s.log.Invariants(); err != nil {
			t.fail(scenarios.ClassCrash, "after recovery: %v", err)
		}
		t.forgetProducers(s)
		t.examine(s)
		s.epoch = max(s.epoch, int32(s.log.LatestEpoch()))
		t.lead(s, 1)
	}
}

func (t *trial) known(id uint64) *subject {
	for _, s := range t.logs {
		if s.model.id == id {
			return s
		}
	}
	return nil
}

// judge compares one log; false: it is gone, as it may be.
func (t *trial) judge(s *subject) bool {
	found, ok := t.found(s)
	if !ok {
		t.fail(scenarios.ClassCrash, "reading log %d after recovery failed", s.model.id)
	}
	allowed, least, most := s.allowed(&found)
	e := history.NewEvent(history.Recovered, 1)
	e.Partition, e.FoundEndOffset, e.LogStartOffset = s.partition, found.end, found.start
	e.RequiredEndOffset, e.AppendedEndOffset = least.end, max(least.end, most.end)
	if allowed {
		// After a truncation what is durable may reach further than what is written.
		e.RequiredEndOffset, e.AppendedEndOffset = min(least.end, found.end), max(most.end, found.end)
	}
	if !found.exists {
		e.Note = "the log is not there"
	}
	e.FoundHash, e.WantHash = found.digest(), found.digest()
	if !allowed {
		e.WantHash = least.digest()
		if e.WantHash == e.FoundHash {
			e.WantHash++ // the batches are right; epochs, start or existence are not
		}
		e.Note = s.mode() + ", required " + digits(s.required) + "; found " + found.tell() + "; durable was " + least.tell() + "; written " + most.tell()
	}
	t.config.Record.Event(int64(t.now.Mono), &e)
	t.say("recovered", int64(s.model.id), found.end)
	if !allowed {
		t.fail(scenarios.ClassCrash, "log %d: recovery %s", s.model.id, e.Note)
	}
	s.model.settle(found)
	return found.exists
}

// found is the state that recovery brought back.
func (t *trial) found(s *subject) (state, bool) {
	if s.log == nil {
		return state{}, true
	}
	if s.log.Fenced != "" {
		t.fail(scenarios.ClassCrash, "log %d is fenced without damage: %s", s.model.id, s.log.Fenced)
	}
	f := state{exists: true, start: int64(s.log.LogStartOffset), end: int64(s.log.LogEndOffset)}
	for _, e := range s.log.Epochs() {
		f.epochs = append(f.epochs, epochStart{int32(e.Epoch), int64(e.Start)})
	}
	var ok bool
	if f.batches, ok = t.all(s); !ok {
		return f, false
	}
	s.fill(&f)
	return f, true
}

// fill adds what a read does not tell to the batches found.
func (s *subject) fill(f *state) {
	known := make(map[uint64]*record)
	note := func(b *record) { known[b.hash^uint64(b.base)<<40] = b }
	for i := range s.model.base.batches {
		note(&s.model.base.batches[i])
	}
	for i := range s.model.changes {
		if c := &s.model.changes[i]; c.kind == changeAppend {
			note(&c.batch)
		}
	}
	for i := range f.batches {
		if b := known[f.batches[i].hash^uint64(f.batches[i].base)<<40]; b != nil {
			f.batches[i] = *b
		}
	}
}

// allowed tells whether the log may be in a state, and returns the states of
// least and most progress.
func (s *subject) allowed(f *state) (ok bool, least, most state) {
	m := s.model
	first := m.durable
	if !m.synced {
		first = m.cut
	}
	least, most = m.after(m.durable), m.after(m.written)
	at := m.after(first)
	for k := first; ; k++ {
		if m.synced && at.same(f) || !m.synced && s.mayHold(&at, f) {
			return true, least, most
		}
		if k == m.written {
			return false, least, most
		}
		at = at.apply(&m.changes[k])
	}
}

// mayHold tells whether a log that does not journal its appends may be found
// with f when it had got as far as at: with a part of it, but for what a
// checkpoint covers or, without a power cut, what was written.
func (s *subject) mayHold(at, f *state) bool {
	if !f.exists || !at.exists {
		return f.exists == at.exists
	}
	return f.end >= s.required && f.prefixOf(at)
}

func (s *subject) mode() string {
	if s.model.synced {
		return "synced"
	}
	return "replicated"
}

// tell writes a state in a few words.
func (s *state) tell() string {
	if !s.exists {
		return "no log"
	}
	text := "offsets " + digits(s.start) + " to " + digits(s.end) + " in " + digits(int64(len(s.batches))) + " batches, epochs"
	for _, e := range s.epochs[max(len(s.epochs)-4, 0):] {
		text += " " + digits(int64(e.epoch)) + "@" + digits(e.start)
	}
	return text
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }
