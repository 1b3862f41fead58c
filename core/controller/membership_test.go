package controller

import (
	"slices"
	"testing"

	"trialog/core/kafka"
	"trialog/core/quorum"
)

// engine is a quorum's engine that carries out a step as soon as it is asked.
type engine struct {
	b       *bench
	members quorum.Members
	steps   []quorum.Reconfigure
	deaf    bool // it loses what it is asked
}

// newEngine begins with three voters on nodes 1 to 3, replicas 2 to 4.
func newEngine(b *bench) *engine {
	e := &engine{b: b, members: quorum.Members{Version: 5, Highest: 4}}
	for n := range 3 {
		e.members.Members = append(e.members.Members, quorum.Member{Replica: quorum.ReplicaID(n + 2), Node: kafka.BrokerID(n + 1), Voter: true})
	}
	e.tell()
	return e
}

func (e *engine) tell() {
	e.b.t.Helper()
	e.b.step(&Members{Members: &e.members})
}

// carryOut does what is asked until nothing is, and returns the last steps.
func (e *engine) carryOut() []quorum.Reconfigure {
	e.b.t.Helper()
	e.steps = e.steps[:0]
	for len(e.b.out.Reconfigures) > 0 {
		r := e.b.out.Reconfigures[0]
		e.b.out.Reconfigures = e.b.out.Reconfigures[1:]
		if e.deaf {
			continue
		}
		next, done := e.members.Take(&r, e.members.Version+3)
		if !done && r.Version < e.members.Version {
			continue // asked for again before it was told of
		}
		if !done {
			e.b.t.Fatalf("C8: the engine cannot do %+v on %+v", r, e.members)
		}
		e.members = next
		e.steps = append(e.steps, r)
		e.tell()
	}
	return e.steps
}

func (e *engine) wantSteps(what string, want ...quorum.Step) {
	e.b.t.Helper()
	var got []quorum.Step
	for _, r := range e.carryOut() {
		got = append(got, r.Step)
	}
	if !slices.Equal(got, want) {
		e.b.t.Fatalf("%s: steps %v, want %v", what, got, want)
	}
}

func TestMembershipIsTakenOver(t *testing.T) {
	b := newBench(t)
	if len(b.image().Replicas()) != 0 {
		t.Fatal("a membership out of nothing")
	}
	e := newEngine(b)
	if got := b.image().Replicas(); len(got) != 3 || got[0].Replica != 2 || !got[0].Voter || got[2].Node != 3 || b.image().LastReplica() != 4 {
		t.Fatalf("taken over: %+v", got)
	}
	e.wantSteps("what is there stays")
}

// A node that joins before the engine has told its members would be given a
// founder's replica ID, and the founders would be out.
func TestNobodyJoinsBeforeTheFoundersAreKnown(t *testing.T) {
	b := newBench(t)
	r, _ := b.ask(&JoinQuorum{Node: 4, Directory: dir(40)})
	wantCode(t, "too early", r.Error, kafka.ErrNotController, r.Message)
	newEngine(b)
	if got := b.must(&JoinQuorum{Node: 4, Directory: dir(40)}).(*JoinQuorumResult).Replica; got != 5 {
		t.Errorf("replica %d", got)
	}
}

func TestNodeJoinsAndVotes(t *testing.T) {
	b := newBench(t)
	e := newEngine(b)
	b.up(1, 2, 3)
	join := func(node kafka.BrokerID, directory int) quorum.ReplicaID {
		t.Helper()
		return b.must(&JoinQuorum{Node: node, Directory: dir(directory)}).(*JoinQuorumResult).Replica
	}
	if got := join(4, 40); got != 5 {
		t.Fatalf("replica %d", got)
	}
	if got := join(4, 40); got != 5 {
		t.Fatalf("a repeated Join got replica %d", got)
	}
	e.wantSteps("a node joins", quorum.AddNonVoter)

	b.must(&AddVoter{Node: 4, Directory: dir(40)})
	e.wantSteps("it has not caught up")
	b.up(4)
	b.beat(4)
	b.now.Mono = b.now.Mono.Add(kafka.Second)
	b.step(&Tick{})
	e.wantSteps("it has caught up", quorum.Promote)
	if m, _ := e.members.Member(5); !m.Voter {
		t.Fatalf("members %+v", e.members)
	}

	r, _ := b.ask(&AddVoter{Node: 4, Directory: dir(40)})
	wantCode(t, "a voter is added again", r.Error, kafka.ErrDuplicateVoter, r.Message)
	r, _ = b.ask(&AddVoter{Node: 4, Directory: dir(41)})
	wantCode(t, "on another directory", r.Error, kafka.ErrInvalidVoterKey, r.Message)
	r, _ = b.ask(&AddVoter{ClusterID: "another", Node: 4})
	wantCode(t, "of another cluster", r.Error, kafka.ErrInconsistentClusterID, r.Message)
	r, _ = b.ask(&RemoveVoter{Node: 9})
	wantCode(t, "remove a stranger", r.Error, kafka.ErrVoterNotFound, r.Message)

	b.must(&RemoveVoter{Node: 2})
	e.wantSteps("a voter is removed", quorum.Remove)
	if e.members.Voters() != 3 {
		t.Fatalf("members %+v", e.members)
	}
	if got := join(2, 20); got != 6 {
		t.Fatalf("the removed node joins as replica %d", got)
	}
	e.wantSteps("it joins again", quorum.AddNonVoter)
}

// A node whose disk was lost joins under a new ID, and votes as it did.
func TestLostDiskJoinsAnew(t *testing.T) {
	b := newBench(t)
	e := newEngine(b)
	b.up(1, 2, 3)
	r, _ := b.ask(&JoinQuorum{Node: 3, Directory: dir(33)})
	wantCode(t, "while the node is alive", r.Error, kafka.ErrDuplicateBrokerRegistration, r.Message)
	b.silence(1, 2)
	if got := b.must(&JoinQuorum{Node: 3, Directory: dir(33)}).(*JoinQuorumResult).Replica; got != 5 {
		t.Fatalf("replica %d", got)
	}
	e.wantSteps("the old one goes first", quorum.Remove, quorum.AddNonVoter)
	b.register(3, 203, 33, kafka.NoBrokerEpoch)
	b.beat(3)
	b.beat(3)
	b.now.Mono = b.now.Mono.Add(500 * kafka.Millisecond)
	b.step(&Tick{})
	e.wantSteps("it votes again", quorum.Promote)
	if e.members.Voters() != 3 {
		t.Fatalf("members %+v", e.members)
	}
}

func TestRemovalKeepsAMajority(t *testing.T) {
	b := newBench(t)
	e := newEngine(b)
	b.up(1, 2, 3)
	b.silence(1, 2) // 3 is dead: without 2, only one of two would be alive
	b.must(&RemoveVoter{Node: 2})
	e.wantSteps("the rest would have no majority")
	b.must(&RemoveVoter{Node: 3})
	e.wantSteps("the dead one goes, then the other", quorum.Remove, quorum.Remove)
	r, _ := b.ask(&RemoveVoter{Node: 1})
	wantCode(t, "the last voter", r.Error, kafka.ErrInvalidRequest, r.Message)
}

func TestLostStepIsAskedAgain(t *testing.T) {
	b := newBench(t)
	e := newEngine(b)
	b.up(1)
	e.deaf = true
	b.must(&JoinQuorum{Node: 7, Directory: dir(70)})
	e.wantSteps("it is lost")
	b.step(&Tick{})
	if len(b.out.Reconfigures) != 0 {
		t.Fatal("asked again at once")
	}
	e.deaf = false
	b.now.Mono = b.now.Mono.Add(2 * kafka.Second)
	b.step(&Tick{})
	e.wantSteps("asked again", quorum.AddNonVoter)
	b.now.Mono = b.now.Mono.Add(2 * kafka.Second)
	b.step(&Tick{})
	e.wantSteps("done is done")
}

func TestDescribeQuorum(t *testing.T) {
	b := newBench(t)
	newEngine(b)
	b.up(1, 2)
	b.now.Wall = 77
	b.beat(2)
	r := b.must(&DescribeQuorum{}).(*DescribeQuorumResult)
	if r.Leader != 1 || r.Epoch != b.m.Epoch() || len(r.Replicas) != 3 {
		t.Fatalf("%+v", r)
	}
	if got := r.Replicas[1]; got.Node != 2 || !got.Voter || got.HeardAt != 77 || got.Applied == 0 {
		t.Fatalf("%+v", got)
	}
	if got := r.Replicas[2]; got.HeardAt != kafka.NoTimestamp {
		t.Fatalf("%+v", got)
	}
}
