package quorum

import "trialog/core/kafka"

// Propose asks the quorum to commit one entry. Ref comes back in Committed or
// Unknown on the proposing broker only.
type Propose struct {
	Ref   kafka.Ref
	Entry Entry
}

// Entry is what the quorum orders. A claim has no records and asks for a new
// controller epoch; a batch carries records of core/metadata.
type Entry struct {
	// Proposer is the broker that proposed it.
	Proposer kafka.BrokerID
	// Nonce tells apart the proposals of one broker over its incarnations.
	Nonce uint64
	// Epoch is, for a claim, the epoch claimed (the last applied plus one);
	// for a batch, the epoch under which it was decided.
	Epoch kafka.ControllerEpoch
	// Seq is zero for a claim and dense from 1 within an epoch for batches.
	Seq uint64
	// Records is one batch of the metadata log, encoded by core/metadata. Nobody
	// changes it after the proposal.
	Records []byte
}

// IsClaim tells a claim from a batch.
func (e *Entry) IsClaim() bool { return e.Seq == 0 }

// Event is what a driver tells of the quorum. The sum is closed: Leads,
// LeadsNot, Committed, SnapshotLoaded, Unknown, Members.
//
//sumtype:decl
type Event interface{ quorumEvent() }

// Leads hints that this broker's voter leads the engine. It may be late or
// wrong, and two brokers may be told at once.
type Leads struct{}

// LeadsNot hints that this broker's voter does not lead, or no longer.
type LeadsNot struct{}

// Committed delivers an entry in index order, exactly once per incarnation
// above the last SnapshotLoaded.
type Committed struct {
	Index uint64
	Ref   kafka.Ref // of this incarnation's Propose; zero when not ours
	Entry Entry
}

// SnapshotLoaded replaces everything applied so far by the state at Index,
// encoded by core/metadata.
type SnapshotLoaded struct {
	Index uint64
	State []byte
}

// Unknown tells, at most once per proposal, that nobody knows what became of it:
// it may commit later, or never, or have been told as Committed just before.
type Unknown struct{ Ref kafka.Ref }

func (*Leads) quorumEvent()          {}
func (*LeadsNot) quorumEvent()       {}
func (*Committed) quorumEvent()      {}
func (*SnapshotLoaded) quorumEvent() {}
func (*Unknown) quorumEvent()        {}
