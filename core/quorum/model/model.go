package model

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/quorum"
)

// Choose draws a number below n for a site. 0 is always the dull value: no
// fault, least delay.
type Choose func(site uint16, n uint64) uint64

// Fold is the replicated state that snapshots are taken from (metadata.State).
type Fold interface {
	Apply(index uint64, e *quorum.Entry)
	Snapshot(dst []byte) []byte
}

// Limits are the times and the odds of the oddities. An odd of n means that one
// draw in n shows it; 0 means never. A zero Limits is a dull and instant quorum
// whose proposals are never given up.
type Limits struct {
	CommitMin, CommitSpread     kafka.Duration // from Propose to commit
	ApplyMin, ApplySpread       kafka.Duration // from commit to delivery, per node
	ElectionMin, ElectionSpread kafka.Duration // from loss of a leader to the next
	TellMin, TellSpread         kafka.Duration // from election to Leads and LeadsNot
	ProposeTimeout              kafka.Duration // after which a proposal is answered Unknown; 0: never
	LateSpread                  kafka.Duration // how much later an Unknown proposal may commit
	LongLag, LongAbsence        kafka.Duration // the long forms of lag and of elections
	SnapshotEvery               uint64         // entries between snapshots; 0: none

	OddDrop        uint64 // a proposal vanishes
	OddTwice       uint64 // an entry commits again later
	OddUnknown     uint64 // a proposal is answered Unknown and commits later, or just before
	OddReorder     uint64 // a proposal falls behind later ones
	OddGap         uint64 // an index is skipped
	OddLongLag     uint64 // a node hears of no commit for LongLag
	OddMove        uint64 // leadership moves without a fault, per commit
	OddIdleMove    uint64 // leadership moves without a fault, per IdleEvery
	OddLongAbsence uint64 // an election takes LongAbsence
	OddEarlyLeads  uint64 // Leads is told before older entries are applied
	OddLateTell    uint64 // Leads or LeadsNot is told LateSpread late
	OddFalseLeads  uint64 // a voter that does not lead is told Leads, per election
	OddOldSnapshot uint64 // a restart replays from an older snapshot than the newest
	IdleEvery      kafka.Duration
}

// The sites of the choice function.
const (
	siteCommit uint16 = iota
	siteApply
	siteElection
	siteTell
	siteLate
	siteCandidate
	siteDrop
	siteTwice
	siteUnknown
	siteReorder
	siteGap
	siteGapSize
	siteLongLag
	siteMove
	siteIdleMove
	siteLongAbsence
	siteEarlyLeads
	siteLateTell
	siteFalseLeads
	siteOldSnapshot
	siteReplay
	siteOrphan
	siteFalseWho
	siteUnknownToo
	siteStep
	siteStepDrop
	siteStepLate
	siteMembers

	// SiteCount is one past the last site that the model draws from.
	SiteCount
)

// Config says who is in the quorum.
type Config struct {
	Nodes  int // nodes 0 to Nodes-1
	Voters int // the first Voters nodes vote
	// Managed: the membership follows Reconfigure, and Members tells it. Otherwise
	// it stays, and a wiped node is taken back under the hand.
	Managed bool
	// FirstNode is the ID of node 0; the others follow.
	FirstNode kafka.BrokerID
	Limits    Limits
	Choose    Choose
	Fold      Fold // nil: no snapshots
	Watch     *must.Watch
}

// Delivery is one event for one node. Event is reused by the next call of Next.
type Delivery struct {
	Node  int
	Event quorum.Event
}

// never is later than every deadline.
const never = kafka.Instant(1<<63 - 1)

// Model is the automaton. All nodes start down, all links up.
type Model struct {
	cfg    Config
	clock  kafka.Instant
	nodes  []node
	cut    []bool // from*Nodes+to
	leader int    // -1: nobody
	last   int    // who led before, -1: nobody
	elect  kafka.Instant
	idle   kafka.Instant

	log       []slot // slot p of the log is log[p-base]
	base      int
	nextIndex uint64
	newest    kafka.ControllerEpoch // of the claims committed
	snapshots [2]snapshot           // the newer first
	folded    int                   // slots in Fold
	flights   []flight
	members   quorum.Members
	steps     []step
	flown     uint64 // proposals so far

	// events that Next returns pointers to
	committed quorum.Committed
	loaded    quorum.SnapshotLoaded
	told      quorum.Members
	unknown   quorum.Unknown
	leads     quorum.Leads
	leadsNot  quorum.LeadsNot
}

// node is one broker as the quorum sees it. Positions count slots of the log.
type node struct {
	up, frozen  bool
	replica     quorum.ReplicaID // 0: it has none
	membersAt   kafka.Instant    // when it is told the membership; never: it has been
	wiped       bool             // its disk is new: it does not vote yet
	incarnation uint64
	disk        int // what its disk holds
	persisted   int // what its disk knows to be committed
	heard       int // what this incarnation may be told
	applied     int // what it has been told
	hearAt      kafka.Instant
	start       int // index in snapshots that a restart begins with, -1: none
	tells       []tell
	told        bool // the last it was told is that it leads
	lastDue     kafka.Instant
}

// tell is a hint of leadership on its way.
type tell struct {
	at    kafka.Instant
	leads bool
	false bool // it never led
	after int  // not before so much is applied
}

// slot is one committed entry.
type slot struct {
	index       uint64
	entry       quorum.Entry
	ref         kafka.Ref
	node        int
	incarnation uint64
}

type snapshot struct {
	slots int // 0: none
	index uint64
	state []byte
}

// New returns a quorum in which nothing has been committed.
func New(cfg Config) *Model {
	must.True(cfg.Voters > 0 && cfg.Voters <= cfg.Nodes, "quorum model: some nodes vote")
	m := &Model{
		cfg: cfg, leader: -1, last: -1, elect: never, idle: never, nextIndex: 1,
		nodes: make([]node, cfg.Nodes), cut: make([]bool, cfg.Nodes*cfg.Nodes),
	}
	for i := range m.nodes {
		m.nodes[i] = node{hearAt: never, start: -1, membersAt: never}
	}
	m.found()
	if cfg.Limits.OddIdleMove > 0 && cfg.Limits.IdleEvery > 0 {
		m.idle = kafka.Instant(0).Add(cfg.Limits.IdleEvery)
	}
	return m
}

// Deadline says when Next next has something to do.
func (m *Model) Deadline() (kafka.Instant, bool) {
	if m.anything() {
		return m.clock, true
	}
	at := m.nextTimer()
	return at, at != never
}

// Next moves the automaton up to now and returns the next event that is due,
// false when there is none. Call it until it returns false.
func (m *Model) Next(now kafka.Instant) (Delivery, bool) {
	for {
		if d, ok := m.deliver(); ok {
			return d, true
		}
		at := m.nextTimer()
		if at > now {
			m.clock = max(m.clock, now)
			return Delivery{}, false
		}
		m.clock = max(m.clock, at)
		m.fire()
	}
}

// odd draws whether an oddity shows.
func (m *Model) odd(site uint16, odds uint64) bool {
	switch odds {
	case 0:
		return false
	case 1:
		return true
	}
	return m.cfg.Choose(site, odds) == 1
}

// below draws a number below n.
func (m *Model) below(site uint16, n int) int {
	if n <= 1 {
		return 0
	}
	return int(m.cfg.Choose(site, uint64(n)))
}

// spread draws a time from least to least+spread.
func (m *Model) spread(site uint16, least, spread kafka.Duration) kafka.Duration {
	if spread <= 0 {
		return least
	}
	return least + kafka.Duration(m.cfg.Choose(site, uint64(spread)+1))
}

func (m *Model) reached(p must.Probe) {
	if m.cfg.Watch != nil {
		m.cfg.Watch.Reached(p)
	}
}

// end is the number of committed slots.
func (m *Model) end() int { return m.base + len(m.log) }
