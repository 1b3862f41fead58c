package partition

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// TestAgainstModel runs random appends, truncations, changes of epoch, log
// start and mode, creations, deletions, clean and unclean restarts, with a crash
// or power cut at a random call of the file system, inside recovery too. After
// each recovery every log must be what some prefix of its events makes it, and
// the prefix must hold everything that was durable.
func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{t: t, logs: map[kafka.LogID]*modelLog{}, coin: kafka.NewRand(rapid.Uint64().Draw(t, "seed"))}
		limits := smallLimits()
		limits.LargeBatchBytes = rapid.SampledFrom([]int64{150, 0, 1, 250}).Draw(t, "large")
		m.node = startNode(t, newCrashFS(), limits)
		m.node.eager = rapid.Bool().Draw(t, "eager")
		m.node.back = rapid.Bool().Draw(t, "back")
		m.node.alive()
		m.create()
		t.Repeat(map[string]func(*rapid.T){
			"append":   m.step(m.append),
			"append2":  m.step(m.append),
			"append3":  m.step(m.append),
			"write":    m.step(func() { m.node.write() }),
			"sync":     m.step(m.sync),
			"sync2":    m.step(m.sync),
			"upkeep":   m.step(func() { m.node.upkeep() }),
			"lead":     m.step(m.lead),
			"truncate": m.step(m.truncate),
			"logStart": m.step(m.logStart),
			"mode":     m.step(m.mode),
			"create":   m.step(m.create),
			"delete":   m.step(m.delete),
			"crash":    m.step(m.crash),
			"arm":      m.step(m.arm),
			"clean":    m.step(m.clean),
		})
		m.node.fs.stop = 0
		m.crash()
	})
}

type eventKind uint8

const (
	evAppend eventKind = iota
	evTruncate
	evEpoch
	evStart
	evMode
	evDelete
)

// event is something that happened to a log.
type event struct {
	kind     eventKind
	id       uint64 // of the batch
	offset   kafka.Offset
	last     kafka.Offset
	epoch    kafka.LeaderEpoch
	producer batch.Producer
	mode     Mode
	ref      kafka.Ref
}

// modelLog is what a log has been through.
type modelLog struct {
	mode    Mode // after all events
	events  []event
	durable int // events that must survive a power cut
	written int // events that must survive a crash of the process
	created bool
	loose   bool // was replicated once: entries that are journaled may outlive batches that are not
}

type machine struct {
	t     *rapid.T
	node  *testNode
	logs  map[kafka.LogID]*modelLog
	coin  kafka.Rand
	batch uint64

	recoveries int // that the last restart took
}

// step runs an action unless the node is dead, which is then restarted.
func (m *machine) step(action func()) func(*rapid.T) {
	return func(t *rapid.T) {
		m.t = t
		m.node.t = t
		if m.node.dead == nil {
			action()
		}
		if m.node.dead != nil {
			m.crash()
		}
		for _, l := range m.node.logs {
			if err := l.Invariants(); err != nil {
				t.Fatalf("log %d: %v", l.Log, err)
			}
		}
		if err := m.node.journal.Invariants(); err != nil {
			t.Fatalf("%v", err)
		}
	}
}

// pick chooses a log that takes changes, nil if there is none.
func (m *machine) pick() *Log {
	var logs []*Log
	for _, l := range m.node.logs {
		if l.Appendable() {
			logs = append(logs, l)
		}
	}
	if len(logs) == 0 {
		return nil
	}
	return logs[rapid.IntRange(0, len(logs)-1).Draw(m.t, "log")]
}

func (m *machine) note(l *Log, a disk.Append, e event) {
	m.node.emit(a, l)
	e.ref = m.node.journal.LastRef()
	k := m.logs[l.Log]
	k.events = append(k.events, e)
}

func (m *machine) create() {
	if len(m.node.logs) >= 3 {
		return
	}
	mode := Synced
	if rapid.Bool().Draw(m.t, "replicated") {
		mode = Replicated
	}
	l := m.node.create(mode, len(m.logs))
	m.logs[l.Log] = &modelLog{mode: mode, loose: mode == Replicated}
	m.leadLog(l, 0)
}

func (m *machine) append() {
	l := m.pick()
	if l == nil || m.node.journal.Full() {
		return
	}
	m.batch++
	p := batch.Plain()
	if id := rapid.IntRange(0, 2).Draw(m.t, "producer"); id > 0 {
		p = batch.Producer{ID: kafka.ProducerID(id), Epoch: 1, BaseSequence: sequenceOf(l, kafka.ProducerID(id))}
	}
	v := testBatch(m.batch, rapid.IntRange(1, 3).Draw(m.t, "records"), rapid.IntRange(8, 200).Draw(m.t, "size"), p)
	var a disk.Append
	if rapid.Bool().Draw(m.t, "verbatim") {
		c := append(batch.View(nil), v...)
		c.Stamp(l.LogEndOffset, l.LatestEpoch(), kafka.NoTimestamp)
		l.AppendVerbatim(m.node.now, c, &m.node.cfg, &a)
	} else {
		l.AppendAsLeader(m.node.now, l.LatestEpoch(), v, &m.node.cfg, &a)
	}
	m.note(l, a, event{kind: evAppend, id: m.batch, offset: a.BaseOffset, last: l.LogEndOffset - 1, epoch: l.LatestEpoch(), producer: p})
}

func (m *machine) lead() {
	if l := m.pick(); l != nil {
		m.leadLog(l, l.LatestEpoch()+kafka.LeaderEpoch(rapid.IntRange(1, 2).Draw(m.t, "by")))
	}
}

func (m *machine) leadLog(l *Log, epoch kafka.LeaderEpoch) {
	var a disk.Append
	if l.BecomeLeader(epoch, &a) {
		m.note(l, a, event{kind: evEpoch, epoch: epoch, offset: l.LogEndOffset})
	}
}

// truncate cuts at a batch's end.
func (m *machine) truncate() {
	l := m.pick()
	if l == nil {
		return
	}
	ends := []kafka.Offset{l.LogEndOffset}
	for _, e := range m.logs[l.Log].state(len(m.logs[l.Log].events)).batches {
		if e.offset >= l.LogStartOffset {
			ends = append(ends, e.offset)
		}
	}
	slices.Sort(ends)
	back := rapid.IntRange(0, min(5, len(ends)-1)).Draw(m.t, "back")
	if rapid.IntRange(0, 9).Draw(m.t, "far") == 0 {
		back = rapid.IntRange(0, len(ends)-1).Draw(m.t, "backFar")
	}
	to := ends[len(ends)-1-back]
	var a disk.Append
	l.TruncateTo(to, &a)
	m.note(l, a, event{kind: evTruncate, offset: to})
	if rapid.Bool().Draw(m.t, "finish") {
		m.sync()
		if m.node.dead == nil {
			m.leadIfBare(l)
		}
	}
}

// leadIfBare gives a log that lost all epochs one, so that it can be appended to.
func (m *machine) leadIfBare(l *Log) {
	if l.LatestEpoch() < 0 {
		m.leadLog(l, 1)
	}
}

func (m *machine) logStart() {
	l := m.pick()
	if l == nil || l.DurableEndOffset < l.HighWatermark {
		return
	}
	l.HighWatermark = l.DurableEndOffset
	to := kafka.Offset(rapid.Int64Range(int64(l.LogStartOffset), int64(l.HighWatermark)).Draw(m.t, "start"))
	var a disk.Append
	l.SetLogStart(to, &a)
	l.LogStarted(to)
	m.note(l, a, event{kind: evStart, offset: to})
}

func (m *machine) mode() {
	l := m.pick()
	if l == nil || rapid.IntRange(0, 2).Draw(m.t, "rarely") > 0 {
		return
	}
	mode := Synced
	if l.Mode == Synced {
		mode = Replicated
	}
	m.sync() // a replica syncs its whole log first
	if m.node.dead != nil || !l.Appendable() {
		return
	}
	var a disk.Append
	l.SetMode(mode, &a)
	m.note(l, a, event{kind: evMode, mode: mode})
	m.logs[l.Log].mode, m.logs[l.Log].loose = mode, true
}

func (m *machine) delete() {
	l := m.pick()
	if l == nil || rapid.IntRange(0, 3).Draw(m.t, "rarely") > 0 {
		return
	}
	var a disk.Append
	l.Delete(&a)
	m.note(l, a, event{kind: evDelete})
	m.node.logs = slices.DeleteFunc(m.node.logs, func(x *Log) bool { return x == l })
}

// sync makes everything durable and notes what that promises.
func (m *machine) sync() {
	m.node.write()
	if m.node.dead != nil {
		return
	}
	for _, k := range m.logs { //order: each on its own
		k.written = len(k.events)
	}
	for _, l := range m.node.logs { // a truncation that is not journaled holds once its job is done
		if k := m.logs[l.Log]; l.Truncating() && l.Mode == Replicated {
			for k.written > 0 && k.events[k.written-1].kind != evTruncate {
				k.written--
			}
			k.written--
		}
	}
	if m.node.dead = m.node.writer.Sync(); m.node.dead != nil {
		return
	}
	for _, k := range m.logs { //order: each on its own
		k.created = true
		if k.mode == Synced && !slices.ContainsFunc(k.events, func(e event) bool { return e.kind == evMode }) {
			k.durable = len(k.events)
		}
	}
	m.node.sync()
	if m.node.dead == nil {
		for _, l := range m.node.logs {
			m.promise(l)
			if l.Appendable() {
				m.leadIfBare(l)
			}
		}
	}
}

// promise raises what must survive to the log's durable end.
func (m *machine) promise(l *Log) {
	k := m.logs[l.Log]
	for i := len(k.events); i > k.durable; i-- {
		if s := k.state(i); i == len(k.events) && l.DurableEndOffset == l.LogEndOffset && s.end == l.LogEndOffset && l.Appendable() {
			k.durable = i
			return
		}
	}
}

// arm lets the node crash a few calls from now.
func (m *machine) arm() {
	if m.node.fs.stop == 0 {
		m.node.fs.stop = m.node.fs.calls + rapid.IntRange(1, 40).Draw(m.t, "calls")
	}
}

// clean shuts down in order. Everything must be there afterwards.
func (m *machine) clean() {
	m.node.fs.stop = 0
	m.sync()
	if m.node.dead != nil {
		return
	}
	m.sync()
	m.node.write()
	m.node.journal.Drain(m.node.logs, 77)
	m.sync()
	if m.node.dead != nil || !m.node.journal.Drained() {
		m.t.Fatalf("not drained: %v", m.node.dead)
	}
	for _, k := range m.logs { //order: each on its own
		k.durable = len(k.events)
		k.written = len(k.events)
	}
	m.restart(true)
	if m.recoveries == 1 && (!m.node.result.Clean || m.node.result.Previous != 77) {
		m.t.Fatalf("not clean: %+v", m.node.result)
	}
}

// crash restarts the node after a crash of the process or a power cut.
func (m *machine) crash() {
	m.restart(rapid.Bool().Draw(m.t, "processOnly"))
}

func (m *machine) restart(processOnly bool) {
	again := 0
	for {
		if processOnly {
			m.node.fs = m.node.fs.afterKill()
		} else {
			m.node.fs = m.node.fs.powerCut(m.keep())
		}
		if again < 3 && rapid.IntRange(0, 2).Draw(m.t, "crashInRecovery") == 0 {
			m.node.fs.stop = rapid.IntRange(1, 120).Draw(m.t, "recoveryCalls")
		}
		m.node.start()
		if m.node.dead == nil {
			break
		}
		again++
		processOnly = rapid.Bool().Draw(m.t, "processOnlyAgain")
		if !processOnly {
			for _, k := range m.logs { //order: each on its own
				k.written = k.durable
			}
		}
	}
	m.node.fs.stop = 0
	m.recoveries = again + 1
	m.check(processOnly && again == 0)
}

// keep returns what decides which unsynced things survive: none, or some at random.
func (m *machine) keep() func() bool {
	share := []uint64{0, 20, 50, 90}[rapid.IntRange(0, 3).Draw(m.t, "kept")]
	if share == 0 {
		return nil
	}
	return func() bool { return m.coin.Uint64()%100 < share }
}

// check compares every log with the prefixes of its events.
func (m *machine) check(processOnly bool) {
	found := map[kafka.LogID]bool{}
	for _, l := range m.node.logs {
		if l.Fenced != "" {
			m.t.Fatalf("log %d is fenced without damage: %s", l.Log, l.Fenced)
		}
		k := m.logs[l.Log]
		if k == nil {
			m.t.Fatalf("log %d is nobody's", l.Log)
		}
		found[l.Log] = true
		m.node.checkFiles(l)
		m.checkLog(l, k, processOnly)
	}
	for id, k := range m.logs { //order: each on its own
		if found[id] {
			continue
		}
		deleted := slices.IndexFunc(k.events, func(e event) bool { return e.kind == evDelete })
		if k.created && deleted < 0 {
			m.t.Fatalf("log %d is lost", id)
		}
		delete(m.logs, id)
	}
}

func (m *machine) checkLog(l *Log, k *modelLog, processOnly bool) {
	must := k.durable
	if processOnly && l.Mode == Replicated {
		must = k.written
	}
	batches := m.node.fetch(l, l.LogStartOffset, 1000)
	var why string
	if last := len(k.events) - 1; l.Mode == Replicated && last >= must && k.events[last].kind == evTruncate && k.events[last].offset < l.LogEndOffset {
		// Without the journal a truncation may have come to pass in part.
		partly := *k
		partly.events = append(slices.Clone(k.events[:last]), event{kind: evTruncate, offset: l.LogEndOffset})
		if partly.differs(last+1, l, batches, m.node.now) == "" {
			k.events = partly.events
		}
	}
	for n := len(k.events); n >= must; n-- {
		if n > 0 && k.events[n-1].kind == evDelete {
			if n == must {
				m.t.Fatalf("log %d was deleted and is back", l.Log)
			}
			continue
		}
		if why = k.differs(n, l, batches, m.node.now); why == "" {
			k.events = k.events[:n]
			k.durable, k.written, k.mode = min(k.durable, n), n, l.Mode
			if l.Mode == Synced || l.DurableEndOffset == l.LogEndOffset {
				k.durable = n
			}
			return
		}
	}
	m.t.Fatalf("log %d (%v) is like no state from event %d of %d on: %s\nevents: %+v\nbatches: %v, end %d, epochs %v", l.Log, l.Mode, must, len(k.events), why, k.events, batchIDs(batches), l.LogEndOffset, l.epochs)
}

// modelState is what events make of a log.
type modelState struct {
	batches []event
	epochs  []EpochEntry
	fewest  []EpochEntry // when those that end below the log start are dropped at once
	start   kafka.Offset
	end     kafka.Offset
	mode    Mode
}

func (k *modelLog) state(n int) modelState {
	var s modelState
	for _, e := range k.events[:n] {
		switch e.kind {
		case evAppend:
			s.batches = append(s.batches, e)
			s.end = e.last + 1
		case evTruncate:
			s.batches = slices.DeleteFunc(slices.Clone(s.batches), func(b event) bool { return b.last >= e.offset })
			s.end = min(s.end, e.offset)
			s.epochs, s.fewest = epochsBelow(s.epochs, e.offset), epochsBelow(s.fewest, e.offset)
		case evEpoch:
			s.epochs = append(epochsBelow(s.epochs, e.offset), EpochEntry{e.epoch, e.offset})
			s.fewest = append(epochsBelow(s.fewest, e.offset), EpochEntry{e.epoch, e.offset})
		case evStart:
			s.start = e.offset
		case evMode:
			s.mode = e.mode
		default:
			// A deletion ends the log: no state is compared behind it.
		}
		s.fewest = epochsFrom(s.fewest, s.start)
	}
	return s
}

// differs tells how a recovered log differs from the model after n events.
func (k *modelLog) differs(n int, l *Log, batches []batch.View, now kafka.Now) string {
	s := k.state(n)
	if s.end != l.LogEndOffset {
		return fmt.Sprintf("after %d events the end is %d", n, s.end)
	}
	p := newProducers()
	var want []uint64
	for _, b := range s.batches {
		if b.last >= l.LogStartOffset {
			want = append(want, b.id)
		}
		v := testBatch(b.id, int(b.last-b.offset)+1, 8, b.producer)
		p.apply(now, v, b.offset, b.last, 0)
	}
	if got := batchIDs(batches); !slices.Equal(got, want) {
		return fmt.Sprintf("after %d events the batches are %v", n, want)
	}
	if !k.loose && (s.start != l.LogStartOffset || !within(s.fewest, l.epochs) || !within(epochsFrom(l.epochs, s.start), s.epochs)) {
		return fmt.Sprintf("after %d events start is %d, epochs are %v", n, s.start, s.epochs)
	}
	for _, b := range s.batches {
		if b.last >= l.LogStartOffset && l.EpochAt(b.offset) != b.epoch {
			return fmt.Sprintf("after %d events the epoch at %d is %d", n, b.offset, b.epoch)
		}
	}
	if a, b := producersString(&l.producers), producersString(&p); a != b && !sameFrom(max(l.LogStartOffset, l.segments[0].base), &l.producers, &p) {
		return fmt.Sprintf("after %d events the producers are %s, not %s", n, b, a)
	}
	return ""
}

// within tells whether all of some epochs are among others.
func within(some, others []EpochEntry) bool {
	return !slices.ContainsFunc(some, func(x EpochEntry) bool { return !slices.Contains(others, x) })
}

// epochsBelow are those that begin below an offset.
func epochsBelow(epochs []EpochEntry, offset kafka.Offset) []EpochEntry {
	return slices.DeleteFunc(slices.Clone(epochs), func(x EpochEntry) bool { return x.Start >= offset })
}

// epochsFrom leaves out the epochs that ended below a log start: a log drops
// them when it takes the start over, or when it is recovered.
func epochsFrom(epochs []EpochEntry, start kafka.Offset) []EpochEntry {
	for len(epochs) > 1 && epochs[1].Start <= start {
		epochs = epochs[1:]
	}
	return epochs
}
