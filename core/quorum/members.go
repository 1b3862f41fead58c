package quorum

import "trialog/core/kafka"

// Who votes is decided by the controller, as records of core/metadata; the
// engine has a membership of its own, which follows by single steps:
//
//	controller ── Reconfigure ──▶ driver ──▶ engine
//	controller ◀── Members ────── driver ◀── engine
//
// A step may be lost, delayed or refused and is not answered: the controller
// looks at Members, and while it differs from what was decided, asks again.
// That is harmless, because a step names the version that it changes.
//
// # What a driver does
//
//   - It tells Members once a replica runs, and again after every change, to
//     every node that runs one; versions rise, those between may be left out. There
//     is no order between Members and Committed.
//   - It hands a Reconfigure to the engine as it is. The engine carries it out
//     only if its membership is still of the Version named; else nothing happens.
//   - A replica that a Members says is Over is that for good, for an ID is never
//     given again: its driver stops it, empties the quorum's directory, draws a new
//     Directory and joins. It may never have been a member: what it was given can be
//     taken back before the engine knows of it. Nobody tells one that is no member,
//     so its driver asks members for their Members now and then.
//   - A node whose quorum directory is empty, and which does not found a cluster,
//     sends Join to any member, follows Joined.Controller while the answer is
//     NOT_CONTROLLER, and asks again while there is none. With Joined.Replica it starts a
//     replica that begins with no members of its own; the engine's leader adds it.
//   - Members of another node's Join need no authority but that of the brokers'
//     own transport.

// ReplicaID names one life of a member's log in the engine: a disk that was
// emptied comes back under another. IDs are not given twice; 0 is nobody's.
type ReplicaID uint64

// Member is one replica in the engine's membership.
type Member struct {
	Replica ReplicaID
	Node    kafka.BrokerID
	Voter   bool // false: it is sent the log and does not count
}

// Step is one change of the membership.
type Step uint8

// The steps.
const (
	AddNonVoter Step = iota + 1 // Replica, on Node, which is no member
	Promote                     // a member that does not vote votes from now on
	Remove                      // a member is none from now on, nor ever again
)

// Reconfigure asks for one step from the membership of a version.
type Reconfigure struct {
	Version uint64
	Step    Step
	Replica ReplicaID
	Node    kafka.BrokerID
}

// Members tells a node the engine's membership.
type Members struct {
	Version uint64 // rises with every change; equal versions are equal memberships
	Members []Member
	// Highest is the largest replica ID that was ever a member's.
	Highest ReplicaID
}

func (*Members) quorumEvent() {}

// Join is what a node without a replica asks of a member.
type Join struct {
	Node kafka.BrokerID
	// Directory was drawn when the node's quorum directory was made, and is kept
	// in it: the same one asks for the same replica.
	Directory kafka.DirectoryID
}

// Joined answers a Join.
type Joined struct {
	Error      kafka.ErrorCode
	Message    string
	Replica    ReplicaID      // the node's own, when there is no error
	Controller kafka.BrokerID // whom to ask, NoBroker when that is not known
}

// Given tells whether the answer gives the node a replica.
func (j *Joined) Given() bool { return j.Error == kafka.None && j.Replica != 0 }

// Ask returns whom to ask next, false when the answer does not say.
func (j *Joined) Ask() (kafka.BrokerID, bool) { return j.Controller, j.Controller != kafka.NoBroker }

// Member returns a replica's entry, false when it is none.
func (m *Members) Member(id ReplicaID) (Member, bool) {
	for _, o := range m.Members {
		if o.Replica == id {
			return o, true
		}
	}
	return Member{}, false
}

// Over tells whether a replica is no member and never will be: one with a larger
// ID has been, and replicas become members in the order of their IDs.
func (m *Members) Over(id ReplicaID) bool {
	_, is := m.Member(id)
	return !is && id <= m.Highest
}

// Voters counts the members that vote.
func (m *Members) Voters() (n int) {
	for _, o := range m.Members {
		if o.Voter {
			n++
		}
	}
	return n
}

// Take carries a step out on a membership, and tells whether it may be. The
// result is of the version given.
func (m *Members) Take(r *Reconfigure, version uint64) (Members, bool) {
	at := -1
	for i, o := range m.Members {
		if o.Replica == r.Replica {
			at = i
		}
	}
	next := Members{Version: version, Members: append([]Member(nil), m.Members...), Highest: m.Highest}
	switch {
	case r.Version != m.Version:
		return *m, false
	case r.Step == AddNonVoter && at < 0 && r.Replica > m.Highest:
		next.Members = append(next.Members, Member{Replica: r.Replica, Node: r.Node})
		next.Highest = r.Replica
	case r.Step == Promote && at >= 0 && !m.Members[at].Voter:
		next.Members[at].Voter = true
	case r.Step == Remove && at >= 0 && (!m.Members[at].Voter || m.Voters() > 1):
		next.Members = append(next.Members[:at], next.Members[at+1:]...)
	default:
		return *m, false
	}
	return next, true
}
