package client

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// consumerOf is a member whose coordinator assigns.
func consumerOf() Config {
	config := memberOf(AssignRange)
	config.Consumer.Group.Consumer = true
	return config
}

// beaten answers a heartbeat: the epoch rises with every one.
func (g *fakeGroup) beaten(q *kmsg.ConsumerGroupHeartbeatRequest, c *cluster) protocol.Body {
	g.beats = append(g.beats, q)
	a := kmsg.NewPtrConsumerGroupHeartbeatResponse()
	if a.ErrorCode = g.code(q.Key()); a.ErrorCode != 0 {
		return a
	}
	g.generation++
	a.MemberID, a.MemberEpoch, a.HeartbeatIntervalMillis = &q.MemberID, g.generation, 100
	if q.MemberEpoch < 0 {
		a.MemberEpoch = q.MemberEpoch
		return a
	}
	if len(g.assign) > 0 {
		a.Assignment = &kmsg.ConsumerGroupHeartbeatResponseAssignment{}
		t := kmsg.NewConsumerGroupHeartbeatResponseAssignmentTopic()
		t.TopicID, t.Partitions = c.topicID, g.assign[0]
		a.Assignment.Topics, g.assign = append(a.Assignment.Topics, t), g.assign[1:]
	}
	return a
}

// A member takes up what it is assigned, and says that it has given up what it is
// not assigned any more once the application has seen that.
func TestConsumerTakesAndGivesUp(t *testing.T) {
	h, g := newMember(t, consumerOf())
	g.assign = [][]int32{{0, 1}}
	op := OpID(10)
	h.wantPolls(&op, "assigned 0@1 assigned 1@1 ", "placed 0=0 placed 1=0 ", "abc")
	join := g.beats[0]
	if join.MemberEpoch != 0 || join.MemberID == "" || !slices.Equal(join.SubscribedTopicNames, []string{"orders"}) || join.Topics == nil {
		t.Fatalf("%+v", join)
	}
	if d := h.commit(5, 0, 3, 77); d.Outcome != OK || g.commit.Generation != h.client.member.generation {
		t.Fatalf("a commit: %+v in %d", d, g.commit.Generation)
	}
	g.assign = [][]int32{{1}}
	h.run(kafka.Second, func() bool { return len(h.client.member.told) > 0 })
	n := len(g.beats)
	h.run(kafka.Second, func() bool { return len(g.beats) > n+2 })
	for _, q := range g.beats {
		if len(q.Topics) > 0 && len(q.Topics[0].Partitions) == 1 {
			t.Fatal("it says that it has given up what the application has not seen")
		}
	}
	events, _ := h.polls(&op)
	if len(events) == 0 {
		t.Fatal("nothing is revoked")
	}
	h.polls(&op)
	if !slices.ContainsFunc(g.beats, func(q *kmsg.ConsumerGroupHeartbeatRequest) bool {
		return len(q.Topics) == 1 && slices.Equal(q.Topics[0].Partitions, []int32{1})
	}) {
		t.Fatal("it does not say what is left")
	}
	g.refuse[protocol.KeyConsumerGroupHeartbeat] = []kafka.ErrorCode{kafka.ErrFencedMemberEpoch}
	h.run(kafka.Second, func() bool { return len(h.client.member.owned) == 0 })
	h.polls(&op)
	op++
	h.step(&Poll{Op: op, Wait: 100 * kafka.Millisecond})
	joins := func(q *kmsg.ConsumerGroupHeartbeatRequest) bool {
		return q.MemberEpoch == 0 && q.MemberID == join.MemberID
	}
	h.run(kafka.Second, func() bool { return slices.ContainsFunc(g.beats[1:], joins) })
}
