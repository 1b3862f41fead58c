package client

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

func memberOf(assignors ...string) Config {
	c := reader(ConsumerConfig{Reset: ResetEarliest})
	c.Consumer.Group = GroupConfig{
		ID: "g", Assignors: assignors, SessionTimeout: kafka.Second, RebalanceTimeout: kafka.Second, HeartbeatInterval: 50 * kafka.Millisecond,
	}
	return c
}

// told writes a poll's events as "assigned 0@1".
func (d *Done) told() (s string) {
	for i := range d.Rebalances {
		r := &d.Rebalances[i]
		if r.Kind == Placed {
			s += fmt.Sprintf("placed %d=%d ", r.Partition, r.Offset)
		} else {
			s += fmt.Sprintf("%s %d@%d ", r.Kind, r.Partition, r.Generation)
		}
	}
	return s
}

// polls polls until an event or a record comes, and returns both as text.
func (h *harness) polls(op *OpID) (events, records string) {
	h.t.Helper()
	for range 60 {
		*op++
		h.step(&Poll{Op: *op, Wait: 100 * kafka.Millisecond})
		h.run(5*kafka.Second, func() bool { _, ok := h.done[*op]; return ok })
		d := h.done[*op]
		for i := range d.Fetched {
			for _, r := range d.Fetched[i].Records {
				records += string(r.Value)
			}
		}
		if events = d.told(); events != "" || records != "" {
			return events, records
		}
	}
	return "", ""
}

func (h *harness) wantPolls(op *OpID, wants ...string) {
	h.t.Helper()
	for _, want := range wants {
		for got := ""; got != want; {
			events, records := h.polls(op)
			got += events + records
			if events+records == "" || !strings.HasPrefix(want, got) {
				h.t.Fatalf("polls returned %q, want %q; calls %v", got, want, h.cluster.group.log)
			}
		}
	}
}

func newMember(t tester, config Config) (*harness, *fakeGroup) {
	c := newCluster(2, 2)
	c.group = newFakeGroup()
	c.fill(0, []string{"a", "b"}, []string{"c"})
	h := newHarness(t, c, config)
	h.step(&Subscribe{Op: 1, Topics: []string{"orders"}})
	return h, c.group
}

func (h *harness) commit(op OpID, partition int, offset kafka.Offset, tag uint64) Done {
	h.t.Helper()
	h.step(&Commit{Op: op, Member: h.client.member.id, Generation: h.client.member.generation, Offsets: []GroupOffset{{Topic: "orders", Partition: kafka.PartitionIndex(partition), Offset: offset, LeaderEpoch: 0, Tag: tag}}})
	h.run(10*kafka.Second, func() bool { _, ok := h.done[op]; return ok })
	return h.done[op]
}

func TestMemberJoinsReadsAndCommits(t *testing.T) {
	for _, top := range []int16{-1, 0, 5} {
		config := memberOf(AssignRange)
		if top >= 0 {
			for _, key := range Spoken() {
				if a, _ := protocol.LookupAPI(key); OfGroups(key) {
					config.Versions = append(config.Versions, VersionCap{key, max(a.Min, min(top, a.Max))})
				}
			}
		}
		h, g := newMember(t, config)
		op := OpID(10)
		h.wire = true
		h.wantPolls(&op, "assigned 0@1 assigned 1@1 ", "placed 0=0 placed 1=0 ", "abc")
		if d := h.commit(5, 0, 3, 77); d.Outcome != OK || d.Offsets[0].Outcome != OK {
			t.Fatalf("a member's commit: %+v", d)
		}
		if k := g.kept[0]; k.offset != 3 || k.metadata != "77" || g.commit.Generation != 1 || g.commit.MemberID != "me" {
			t.Fatalf("committed %+v by %+v", k, g.commit)
		}
		h.step(&FetchCommitted{Op: 6, Group: "g", Offsets: []GroupOffset{{Topic: "orders", Partition: 0}, {Topic: "orders", Partition: 1}}})
		h.run(kafka.Second, func() bool { _, ok := h.done[6]; return ok })
		if got := h.done[6].Offsets; got[0].Offset != 3 || got[0].Tag != 77 || got[1].Offset != kafka.NoOffset {
			t.Fatalf("read %+v", got)
		}
	}
}

// A member begins where the group has committed.
func TestMemberBeginsAtTheCommittedOffset(t *testing.T) {
	h, g := newMember(t, memberOf(AssignRange))
	g.kept[0] = fakeCommitted{2, 0, "9"}
	op := OpID(10)
	h.wantPolls(&op, "assigned 0@1 assigned 1@1 ")
	h.wantPolls(&op, "placed 0=2 ")
	if r := h.done[op].Rebalances[0]; !r.Committed || r.Tag != 9 {
		t.Fatalf("placed %+v", r)
	}
}

// An eager member gives everything up before it joins again, and may still
// commit in the generation that ends.
func TestEagerRebalance(t *testing.T) {
	h, g := newMember(t, memberOf(AssignRange))
	op := OpID(10)
	h.wantPolls(&op, "assigned 0@1 assigned 1@1 ", "placed 0=0 placed 1=0 ", "abc")
	g.refuse[protocol.KeyHeartbeat] = []kafka.ErrorCode{kafka.ErrRebalanceInProgress}
	h.wantPolls(&op, "revoked 0@1 revoked 1@1 ")
	joins := count(g.log, "JoinGroup")
	h.pass(300 * kafka.Millisecond)
	if count(g.log, "JoinGroup") != joins {
		t.Fatal("the member joined before the application had seen the revocation")
	}
	if d := h.commit(5, 0, 3, 1); d.Outcome != OK || g.commit.Generation != 1 {
		t.Fatalf("a commit while it yields: %+v", d)
	}
	g.given = &kmsg.ConsumerMemberAssignment{Topics: []kmsg.ConsumerMemberAssignmentTopic{{Topic: "orders", Partitions: []int32{0}}}}
	h.wantPolls(&op, "assigned 0@2 ", "placed 0=3 ")
}

// A cooperative member goes on with what it keeps, and joins again once it has
// given up the rest.
func TestCooperativeRebalance(t *testing.T) {
	h, g := newMember(t, memberOf(AssignCooperativeSticky))
	op := OpID(10)
	h.wantPolls(&op, "assigned 0@1 assigned 1@1 ", "placed 0=0 placed 1=0 ", "abc")
	g.leader = "other"
	g.given = &kmsg.ConsumerMemberAssignment{Topics: []kmsg.ConsumerMemberAssignmentTopic{{Topic: "orders", Partitions: []int32{0}}}}
	g.refuse[protocol.KeyHeartbeat] = []kafka.ErrorCode{kafka.ErrRebalanceInProgress}
	h.wantPolls(&op, "revoked 1@2 ")
	var m kmsg.ConsumerMemberMetadata
	if m.ReadFrom(g.join.Protocols[0].Metadata) != nil || m.Generation != 1 || len(m.OwnedPartitions) != 1 || len(m.OwnedPartitions[0].Partitions) != 2 {
		t.Fatalf("it joined with %+v", m)
	}
	h.cluster.fill(0, []string{"d"})
	h.wantPolls(&op, "d")
	if m.ReadFrom(g.join.Protocols[0].Metadata) != nil || m.Generation != 2 || len(m.OwnedPartitions[0].Partitions) != 1 {
		t.Fatalf("it joined again with %+v", m)
	}
}

func count(list []string, name string) (n int) {
	for _, s := range list {
		if s == name {
			n++
		}
	}
	return n
}

// What a coordinator says of a member decides what the member does next.
func TestMemberIsToldOff(t *testing.T) {
	for _, c := range []struct {
		code  kafka.ErrorCode
		joins bool
		as    string // the member ID that it joins with
	}{
		{kafka.ErrUnknownMemberID, true, ""},
		{kafka.ErrIllegalGeneration, true, "me"},
		{kafka.ErrFencedInstanceID, false, ""},
	} {
		h, g := newMember(t, memberOf(AssignRange))
		op := OpID(10)
		h.wantPolls(&op, "assigned 0@1 assigned 1@1 ", "placed 0=0 placed 1=0 ")
		g.refuse[protocol.KeyHeartbeat] = []kafka.ErrorCode{c.code}
		var first *kmsg.JoinGroupRequest
		g.join = nil
		h.fate = func(_ *harness, s *Send, _ int) fate {
			if q, ok := s.Body.(*kmsg.JoinGroupRequest); ok && first == nil {
				first = q
			}
			return fate{}
		}
		events, _ := h.polls(&op)
		for events == "" {
			events, _ = h.polls(&op)
		}
		if events != "lost 0@1 lost 1@1 " {
			t.Fatalf("%v: told %q", c.code, events)
		}
		h.pass(2 * kafka.Second)
		if (first != nil) != c.joins || first != nil && first.MemberID != c.as {
			t.Errorf("%v: joined again with %+v", c.code, first)
		}
	}
}

// What is known of a commit.
func TestCommitOutcomes(t *testing.T) {
	for _, c := range []struct {
		code kafka.ErrorCode
		fate fate
		want Outcome
	}{
		{kafka.ErrIllegalGeneration, fate{}, Fail},
		{kafka.ErrRebalanceInProgress, fate{}, Fail},
		{kafka.ErrCoordinatorLoadInProgress, fate{}, Fail},
		{kafka.ErrNotCoordinator, fate{}, Info},
		{kafka.ErrCoordinatorNotAvailable, fate{}, Info},
		{kafka.None, fate{cut: true}, Info},
		{kafka.None, fate{loseAnswer: true}, Info},
	} {
		h, g := newMember(t, memberOf(AssignRange))
		op := OpID(10)
		h.wantPolls(&op, "assigned 0@1 assigned 1@1 ", "placed 0=0 placed 1=0 ")
		if c.code != kafka.None {
			g.refuse[protocol.KeyOffsetCommit] = []kafka.ErrorCode{c.code}
		}
		h.fate = func(_ *harness, s *Send, _ int) fate {
			if s.Key == protocol.KeyOffsetCommit {
				return c.fate
			}
			return fate{}
		}
		if d := h.commit(5, 0, 1, 1); d.Outcome != c.want || d.Offsets[0].Outcome != c.want {
			t.Errorf("%v %+v: %v, want %v", c.code, c.fate, d.Outcome, c.want)
		}
		if count(g.log, "OffsetCommit") > 1 {
			t.Errorf("%v %+v: a commit was sent twice", c.code, c.fate)
		}
	}
}

// The coordinator moves, and the member follows without losing its place.
func TestCoordinatorMoves(t *testing.T) {
	h, g := newMember(t, memberOf(AssignRange))
	op := OpID(10)
	h.wantPolls(&op, "assigned 0@1 assigned 1@1 ", "placed 0=0 placed 1=0 ", "abc")
	g.broker = 1
	h.pass(500 * kafka.Millisecond)
	if d := h.commit(5, 0, 3, 1); d.Outcome != OK {
		t.Fatalf("%+v", d)
	}
	if count(g.log, "JoinGroup") != 2 {
		t.Errorf("calls %v: a new coordinator is no reason to join again", g.log)
	}
}

func TestLeave(t *testing.T) {
	h, g := newMember(t, memberOf(AssignRange))
	op := OpID(10)
	h.wantPolls(&op, "assigned 0@1 assigned 1@1 ")
	h.step(&Leave{Op: 3})
	h.run(kafka.Second, func() bool { _, ok := h.done[3]; return ok })
	if h.done[3].Outcome != OK || count(g.log, "LeaveGroup") != 1 {
		t.Fatalf("%+v, calls %v", h.done[3], g.log)
	}
	h.step(&Subscribe{Op: 4, Topics: []string{"orders"}})
	h.wantPolls(&op, "assigned 0@2 assigned 1@2 ")
}

// A member that its application forgets leaves, and joins again with the next poll.
func TestOverslept(t *testing.T) {
	config := memberOf(AssignRange)
	config.Consumer.Group.MaxPollInterval = 400 * kafka.Millisecond
	h, g := newMember(t, config)
	op := OpID(10)
	h.wantPolls(&op, "assigned 0@1 assigned 1@1 ")
	h.pass(2 * kafka.Second)
	if count(g.log, "LeaveGroup") == 0 {
		t.Fatalf("calls %v: it did not leave", g.log)
	}
	h.wantPolls(&op, "lost 0@1 lost 1@1 ", "assigned 0@2 assigned 1@2 ")
}

// The leader divides again when a topic has more partitions.
func TestLeaderSeesNewPartitions(t *testing.T) {
	config := memberOf(AssignCooperativeSticky)
	config.Limits.MetadataMaxAge = 200 * kafka.Millisecond
	h, _ := newMember(t, config)
	op := OpID(10)
	h.wantPolls(&op, "assigned 0@1 assigned 1@1 ", "placed 0=0 placed 1=0 ", "abc")
	h.cluster.partitions = append(h.cluster.partitions, &fakePartition{index: 2, states: map[kafka.ProducerID]*producerState{}})
	h.wantPolls(&op, "assigned 2@2 ", "placed 2=0 ")
}

// The leader divides again when a topic is no more: nobody is left to wait for a
// position that no answer will ever tell.
func TestLeaderSeesADeletedTopic(t *testing.T) {
	config := memberOf(AssignCooperativeSticky)
	config.Limits.MetadataMaxAge = 200 * kafka.Millisecond
	h, _ := newMember(t, config)
	op := OpID(10)
	h.wantPolls(&op, "assigned 0@1 assigned 1@1 ", "placed 0=0 placed 1=0 ", "abc")
	h.cluster.deleted = true
	h.wantPolls(&op, "revoked 0@2 revoked 1@2 ")
}

func drawPeers(t *rapid.T) ([]peer, []topicCount) {
	counts := []topicCount{{"a", rapid.Int32Range(0, 7).Draw(t, "a")}, {"b", rapid.Int32Range(0, 5).Draw(t, "b")}}
	var peers []peer
	for i := range rapid.IntRange(1, 6).Draw(t, "peers") {
		p := peer{id: string(rune('A' + i)), generation: 3}
		p.order = p.id
		for _, k := range counts {
			if rapid.IntRange(0, 3).Draw(t, "wants") > 0 {
				p.topics = append(p.topics, k.topic)
			}
		}
		peers = append(peers, p)
	}
	return peers, counts
}

// check tells what is wrong with a division, gaps allowed or not.
func checkDivision(t *rapid.T, peers []peer, counts []topicCount, whole bool) {
	owners := map[ownedPartition]string{}
	for i := range peers {
		for _, o := range peers[i].given {
			if other, twice := owners[o]; twice {
				t.Fatalf("%v is given to %s and %s", o, other, peers[i].id)
			}
			if !slices.Contains(peers[i].topics, o.topic) {
				t.Fatalf("%v is given to %s, which does not want it", o, peers[i].id)
			}
			owners[o] = peers[i].id
		}
	}
	for _, k := range counts {
		wanted := slices.ContainsFunc(peers, func(p peer) bool { return slices.Contains(p.topics, k.topic) })
		for i := range k.count {
			if _, ok := owners[ownedPartition{k.topic, kafka.PartitionIndex(i)}]; !ok && wanted && whole {
				t.Fatalf("%s/%d is given to nobody", k.topic, i)
			}
		}
	}
}

func TestRangeDivides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		peers, counts := drawPeers(t)
		assignRange(peers, counts)
		checkDivision(t, peers, counts, true)
	})
}

// From any claims, a few rounds of the sticky assignor give every partition to
// one member, those of equal members evenly, and then nothing moves any more.
func TestStickySettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		peers, counts := drawPeers(t)
		for i := range peers {
			peers[i].generation = rapid.Int32Range(1, 3).Draw(t, "generation")
			for _, k := range counts {
				for p := range k.count {
					if rapid.IntRange(0, 2).Draw(t, "owns") == 0 {
						peers[i].owned = append(peers[i].owned, ownedPartition{k.topic, kafka.PartitionIndex(p)})
					}
				}
			}
		}
		var last [][]ownedPartition
		for round := range 6 {
			assignSticky(peers, counts)
			checkDivision(t, peers, counts, round == 5)
			last = nil
			for i := range peers {
				last = append(last, peers[i].given)
				peers[i].owned, peers[i].generation = peers[i].given, int32(10+round)
			}
		}
		for i := range peers {
			for j := range peers {
				if a, b := peers[i], peers[j]; slices.Equal(a.topics, b.topics) && len(last[i]) > len(last[j])+1 {
					t.Fatalf("%s has %v, %s has %v", a.id, last[i], b.id, last[j])
				}
			}
		}
		assignSticky(peers, counts)
		for i := range peers {
			if !slices.Equal(peers[i].given, last[i]) {
				t.Fatalf("%s had %v and gets %v", peers[i].id, last[i], peers[i].given)
			}
		}
	})
}
