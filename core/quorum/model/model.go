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
// draw in n shows it; 0 means never.
type Limits struct {
	CommitMin, CommitSpread     kafka.Duration // from Propose to commit
	ApplyMin, ApplySpread       kafka.Duration // from commit to delivery, per node
	ElectionMin, ElectionSpread kafka.Duration // from loss of a leader to the next
	TellMin, TellSpread         kafka.Duration // from election to Leads and LeadsNot
	ProposeTimeout              kafka.Duration // after which a proposal is answered Unknown
	LateSpread                  kafka.Duration // how much later an Unknown proposal may commit
	LongLag, LongAbsence        kafka.Duration // the long forms of lag and of elections
	SnapshotEvery               uint64         // entries between snapshots; 0: none

	OddDrop        uint64 // a proposal vanishes
	OddTwice       uint64 // an entry commits again later
	OddUnknown     uint64 // a proposal is answered Unknown and commits later
	OddReorder     uint64 // a proposal overtakes or falls behind
	OddGap         uint64 // an index is skipped
	OddLongLag     uint64 // a node stops hearing of commits
	OddMove        uint64 // leadership moves without a fault, per commit
	OddIdleMove    uint64 // leadership moves without a fault, per IdleEvery
	OddLongAbsence uint64 // an election takes LongAbsence
	OddEarlyLeads  uint64 // Leads is told before older entries are applied
	OddLateTell    uint64 // Leads or LeadsNot is told late
	OddFalseLeads  uint64 // a voter that does not lead is told Leads
	OddOldSnapshot uint64 // a restart replays from an older snapshot than the newest
	IdleEvery      kafka.Duration
}

// Config says who is in the quorum.
type Config struct {
	Nodes  int // brokers are nodes 0 to Nodes-1
	Voters int // the first Voters nodes vote
	Limits Limits
	Choose Choose
	Fold   Fold // nil: no snapshots
	Watch  *must.Watch
}

// Delivery is one event for one node. Event is reused by the next call of Next.
type Delivery struct {
	Node  int
	Event quorum.Event
}

// Model is the automaton. All nodes start down, all links up.
type Model struct{}

// New returns a quorum in which nothing has been committed.
func New(cfg Config) *Model { return &Model{} }

// Up starts a new incarnation of a node on the disk it left behind. Its events
// begin with SnapshotLoaded or with the first entry.
func (m *Model) Up(now kafka.Instant, node int) {}

// Down ends a node's incarnation, by a crash, a kill or a power cut: what a
// majority holds is synced, so none of them loses a committed entry.
func (m *Model) Down(now kafka.Instant, node int) {}

// Freeze stops a node without ending it (SIGSTOP), or lets it go on.
func (m *Model) Freeze(now kafka.Instant, node int, frozen bool) {}

// Wipe destroys a down node's disk. It comes back as a new replica, and votes
// again once a leader has brought it up to date.
func (m *Model) Wipe(now kafka.Instant, node int) {}

// Link cuts or mends the way from one node to another.
func (m *Model) Link(now kafka.Instant, from, to int, up bool) {}

// Propose takes a proposal from a live node. Entry.Records is kept.
func (m *Model) Propose(now kafka.Instant, node int, p *quorum.Propose) {}

// Deadline says when Next next has something to do.
func (m *Model) Deadline() (kafka.Instant, bool) { return 0, false }

// Next moves the automaton up to now and returns the next event that is due,
// false when there is none. Call it until it returns false.
func (m *Model) Next(now kafka.Instant) (Delivery, bool) { return Delivery{}, false }
