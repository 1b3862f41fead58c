package group

import (
	"trialog/core/batch"
	"trialog/core/coordinator"
	"trialog/core/kafka"
	"trialog/core/must"
)

// Machine coordinates the groups of one partition of __consumer_offsets.
type Machine struct {
	config Config
	rand   kafka.Rand

	written   view
	committed view
	tail      coordinator.Tail[Record, outcome]
	asked     []proposal           // appends that have not been answered
	groups    map[string]*classic  // of the classic protocol, and those that only have offsets
	consumers map[string]*consumer // of the consumer protocol
	timers    timers
	sweep     sweep
	confirms  confirms

	builder    batch.Builder
	key, value []byte // of the record that is encoded
	now        kafka.Now
	out        *Effects
}

// Config is what bears on groups; it may change between Steps.
type Config = kafka.GroupConfig

// New makes a machine whose log is to be replayed.
func New(config *Config, seed uint64) *Machine {
	m := &Machine{
		config: *config, rand: kafka.NewRand(seed),
		written: newView(), committed: newView(), groups: make(map[string]*classic), consumers: make(map[string]*consumer),
	}
	m.written.came = &m.sweep.came
	return m
}

// Configure gives the settings when they have changed.
func (m *Machine) Configure(config *Config) { m.config = *config }

// Replay takes one record of the log, before Loaded. The error says that it is
// malformed; it is passed over.
func (m *Machine) Replay(r *coordinator.Record) error {
	record, err := decode(r.Key, r.Value)
	if err != nil {
		return err
	}
	m.written.apply(&record)
	m.committed.apply(&record)
	return nil
}

// outcome is what follows once records count: an answer, and what it means for
// the group.
type outcome struct {
	Answer
	silent     bool // nobody waits for an answer
	commits    bool // of a Commit, for which a batch that is too large has its own error
	assigned   *classic
	generation int32 // of assigned
	buried     *classic
	confirms   bool   // questions wait for it
	joins      string // a classic member that is to sync
	again      *Join  // to be taken once the group is a classic one
	seen       uint64 // the version of the topics that a heartbeat was decided on
	sees       bool   // seen is set
}

// proposal is an append that the broker has been asked for.
type proposal struct {
	records []Record
	outcome outcome
}

// draft begins an append.
func (m *Machine) draft() *proposal {
	if n := len(m.asked); n < cap(m.asked) {
		m.asked = m.asked[:n+1]
	} else {
		m.asked = append(m.asked, proposal{})
	}
	p := &m.asked[len(m.asked)-1]
	*p = proposal{records: p.records[:0]}
	return p
}

// propose asks for the append of what draft began.
func (m *Machine) propose(p *proposal) {
	m.builder.Reset()
	for i := range p.records {
		m.key = appendKey(m.key[:0], &p.records[i])
		value, has := appendValue(m.value[:0], &p.records[i])
		m.value = value
		if !has {
			value = nil
		}
		m.builder.Append(m.now.Wall, m.key, value)
	}
	built := m.builder.Build()
	m.out.Appends = append(m.out.Appends, Append{
		Batch:   append(batch.View(nil), built...),
		Checked: batch.Checked{Done: true, MinTimestamp: m.now.Wall, MaxTimestamp: m.now.Wall},
	})
}

// appended moves the oldest proposal into the written view.
func (m *Machine) appended(end kafka.Offset) {
	p := m.oldest()
	t := m.tail.Push(end, m.now.Mono.Add(m.config.CommitTimeout))
	for i := range p.records {
		m.written.apply(&p.records[i])
	}
	t.Records = append(t.Records, p.records...)
	if g := p.outcome.buried; g != nil {
		m.dismiss(g)
	}
	for i := range p.records {
		if r := &p.records[i]; r.Kind.consumers() {
			m.follow(r)
		}
	}
	if g := m.consumers[p.records[0].Group]; g != nil && p.outcome.sees {
		g.seen = p.outcome.seen
	}
	if o := &p.outcome; o.joins != "" {
		m.awaitSync(p.records[0].Group, o.joins)
	}
	t.Answers = append(t.Answers, p.outcome)
	again := p.outcome.again
	m.forget()
	if again != nil {
		m.joinGroup(again)
	}
}

// refused tells whoever waits for the oldest proposal that it has come to nothing.
func (m *Machine) refused(code kafka.ErrorCode) {
	p := m.oldest()
	o, name := p.outcome, p.records[0].Group
	m.forget()
	o.silent = o.silent && o.again == nil
	m.fail(&o, storageError(code, o.commits))
	if g := m.groups[name]; g != nil {
		m.dissolve(g)
	}
	m.watchAgain(name)
}

func (m *Machine) oldest() *proposal { return &m.asked[0] }

// forget drops the oldest proposal and keeps its memory.
func (m *Machine) forget() {
	p := m.asked[0]
	clear(p.records)
	n := len(m.asked) - 1
	copy(m.asked, m.asked[1:])
	m.asked[n] = proposal{records: p.records[:0]}
	m.asked = m.asked[:n]
}

// count moves what counts into the committed view and lets the answers go.
func (m *Machine) count(highWatermark kafka.Offset) {
	for p := m.tail.Counted(highWatermark); p != nil; p = m.tail.Counted(highWatermark) {
		for i := range p.Records {
			r := &p.Records[i]
			m.committed.apply(r)
			if g := m.groups[r.Group]; g != nil && !r.HasValue && r.Classic == nil {
				m.dissolve(g)
			}
		}
		for i := range p.Answers {
			m.conclude(&p.Answers[i])
		}
		m.tail.Pop()
	}
}

// conclude carries out what records mean that count now.
func (m *Machine) conclude(o *outcome) {
	if o.assigned != nil {
		m.assigned(o)
		return
	}
	if o.confirms {
		m.confirmed(kafka.None)
		return
	}
	if !o.silent {
		m.out.Answers = append(m.out.Answers, o.Answer)
	}
}

// fail answers what has come to nothing, or of which nobody knows what it will.
func (m *Machine) fail(o *outcome, code kafka.ErrorCode) {
	if o.assigned != nil {
		m.unassigned(o, code)
		return
	}
	if o.confirms {
		m.confirmed(code)
		return
	}
	if !o.silent {
		m.answer(Answer{Ticket: o.Ticket, Place: o.Place, Err: code, Joined: Joined{Member: o.Joined.Member, Generation: noGeneration}, Beaten: Beaten{Member: o.Beaten.Member, Epoch: o.Beaten.Epoch}})
	}
}

// giveUp answers those for whom a commit takes too long. What they asked for may
// still come to be.
func (m *Machine) giveUp() {
	for p := m.tail.Overdue(m.now.Mono); p != nil; p = m.tail.Overdue(m.now.Mono) {
		m.out.Watch.Reached(must.CoordinatorGaveUp)
		for i := range p.Answers {
			o := p.Answers[i]
			m.fail(&o, kafka.ErrCoordinatorNotAvailable)
		}
		m.tail.GiveUp()
	}
}

// storageError translates why an append was refused, as Kafka does.
func storageError(code kafka.ErrorCode, commits bool) kafka.ErrorCode {
	switch code {
	case kafka.ErrNotLeaderOrFollower, kafka.ErrKafkaStorageError:
		return kafka.ErrNotCoordinator
	case kafka.ErrMessageTooLarge, kafka.ErrRecordListTooLarge:
		if commits {
			return kafka.ErrInvalidCommitOffsetSize
		}
		return kafka.ErrUnknownServerError
	default:
		return kafka.ErrCoordinatorNotAvailable
	}
}

func (m *Machine) answer(a Answer) { m.out.Answers = append(m.out.Answers, a) }

// after answers once everything that has been written counts: what the answer
// says was decided on it.
func (m *Machine) after(a Answer) {
	p := m.tail.Last()
	switch {
	case p == nil:
	case p.Expired:
		a = Answer{Ticket: a.Ticket, Place: a.Place, Err: kafka.ErrCoordinatorNotAvailable, Joined: Joined{Member: a.Joined.Member, Generation: noGeneration}}
	default:
		p.Answers = append(p.Answers, outcome{Answer: a})
		return
	}
	m.answer(a)
}
