package client

import (
	"encoding/hex"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// A member of the consumer protocol (KIP-848) sends nothing but heartbeats, one at
// a time: the first joins, the answers say what it has. What it is to give up it
// gives up once the application has seen that and no commit is open; then it says
// what is left. Its generation is its member epoch; a commit names the one that the
// application has been told of, which may be over (KIP-1251).

// The epochs that a heartbeat names beside the member's own.
const (
	epochJoin        int32 = 0
	epochLeave       int32 = -1
	epochLeaveStatic int32 = -2
)

// advanceAssigned does what is due for a member of the consumer protocol.
func (c *Client) advanceAssigned(out *Effects) {
	g := &c.member
	if g.state == yielding && g.seen && !c.committing() {
		g.state, g.yields, g.says = stable, g.yields[:0], true
	}
	if len(g.given) > 0 && !c.metadata.stale && !c.metadata.underway {
		c.reconcile(out)
	}
	if g.underway || !c.due(g.retryAt) {
		return
	}
	switch g.state {
	case unjoined:
		if len(g.told) == 0 {
			c.beatConsumer(epochJoin, out)
		}
	case leaving:
		if c.config.Consumer.Group.InstanceID != "" {
			c.beatConsumer(epochLeaveStatic, out)
		} else {
			c.beatConsumer(epochLeave, out)
		}
	case stable, yielding:
		if g.says || c.due(g.beatAt) {
			c.beatConsumer(g.generation, out)
		}
	default:
		// The others have nothing to say.
	}
}

// beatConsumer sends a heartbeat: a full one where it is not known what the
// coordinator has heard.
func (c *Client) beatConsumer(epoch int32, out *Effects) {
	g := &c.member
	config := &c.config.Consumer.Group
	n := c.coordinatorConn(config.ID, out)
	if n == nil {
		return
	}
	version, ok := n.version(protocol.KeyConsumerGroupHeartbeat)
	if !ok {
		c.callAgain()
		return
	}
	if g.id == "" {
		id := c.rand.UUID()
		g.id = hex.EncodeToString(id[:])
	}
	q := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	q.Group, q.MemberID, q.MemberEpoch, q.InstanceID = config.ID, g.id, epoch, c.instance()
	if epoch == epochJoin || epoch > 0 && g.full {
		q.RebalanceTimeoutMillis = int32(config.RebalanceTimeout / kafka.Millisecond)
		q.SubscribedTopicNames = slices.Clone(g.topics)
		if assignor := config.Assignor; assignor != "" {
			q.ServerAssignor = &assignor
		}
	}
	switch {
	case epoch == epochJoin:
		q.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	case epoch > 0 && (g.full || g.says):
		q.Topics = c.ownedByID()
	}
	g.call++
	g.underway, g.says = true, false
	g.changed = false
	c.send(n, protocol.KeyConsumerGroupHeartbeat, version, q, out).call = g.call
	out.Beats = append(out.Beats, Beat{Broker: n.broker, Epoch: epoch, Yielding: g.state == yielding})
}

// ownedByID is what the member has, with what it has not given up yet.
func (c *Client) ownedByID() []kmsg.ConsumerGroupHeartbeatRequestTopic {
	g := &c.member
	list := []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	all := append(slices.Clone(g.owned), g.yields...)
	slices.SortStableFunc(all, compareOwned)
	for _, o := range all {
		id := c.topicNamed(o.topic).id
		if n := len(list); n == 0 || list[n-1].TopicID != [16]byte(id) {
			t := kmsg.NewConsumerGroupHeartbeatRequestTopic()
			t.TopicID = id
			list = append(list, t)
		}
		t := &list[len(list)-1]
		t.Partitions = append(t.Partitions, int32(o.index))
	}
	return list
}

// consumerAnswered takes the answer to a heartbeat.
func (c *Client) consumerAnswered(n *conn, a *kmsg.ConsumerGroupHeartbeatResponse, out *Effects) {
	g := &c.member
	g.underway = false
	code := kafka.ErrorCode(a.ErrorCode)
	if g.state == leaving {
		c.left(code, out)
		return
	}
	if code != kafka.None {
		out.Beats = append(out.Beats, Beat{Broker: n.broker, Answered: true, Err: code, Epoch: a.MemberEpoch, Yielding: g.state == yielding})
		c.consumerRefused(code, out)
		return
	}
	g.failures, g.generation = 0, a.MemberEpoch
	if g.interval != 0 && g.interval != a.HeartbeatIntervalMillis {
		out.Watch.Reached(must.IntervalChanged)
	}
	g.interval = a.HeartbeatIntervalMillis
	g.full = g.changed
	g.beatAt = c.now.Mono.Add(kafka.Ms(int64(a.HeartbeatIntervalMillis)))
	if g.full {
		g.beatAt = c.now.Mono // the subscription has changed since
	}
	if g.state == unjoined {
		g.state = stable
	}
	if a.Assignment != nil {
		g.given = append(g.given[:0], a.Assignment.Topics...)
		g.assigned = true
		c.reconcile(out)
	}
	out.Beats = append(out.Beats, Beat{
		Broker: n.broker, Answered: true, Epoch: a.MemberEpoch, IntervalMs: a.HeartbeatIntervalMillis, Yielding: g.state == yielding || len(g.given) > 0,
	})
}

// consumerRefused acts on an error of a heartbeat.
func (c *Client) consumerRefused(code kafka.ErrorCode, out *Effects) {
	g := &c.member
	g.full = true
	switch code {
	case kafka.ErrFencedMemberEpoch, kafka.ErrUnknownMemberID, kafka.ErrGroupIDNotFound:
		out.Watch.Reached(must.MemberForgotten)
		c.lostConsumer()
	case kafka.ErrUnreleasedInstanceID:
		out.Watch.Reached(must.InstanceFenced)
		c.callAgain() // whoever has it may be gone soon
	case kafka.ErrInvalidRequest, kafka.ErrUnsupportedAssignor, kafka.ErrInvalidRegularExpression:
		c.expel(code)
	default:
		c.memberRefused(code, out)
	}
}

// lostConsumer begins anew under the same ID.
func (c *Client) lostConsumer() {
	g := &c.member
	c.lost()
	g.generation, g.full = NoGeneration, false
}

// reconcile takes over what the coordinator says that the member has. What it
// does not name has to be given up. Topics that are not known by their ID are
// looked up, and taken over then.
func (c *Client) reconcile(out *Effects) {
	g := &c.member
	if !g.assigned {
		return
	}
	var all []ownedPartition
	unknown := false
	for i := range g.given {
		t := &g.given[i]
		name, known := c.topicOf(kafka.TopicID(t.TopicID))
		if !known {
			unknown = true
			continue
		}
		for _, p := range t.Partitions {
			all = append(all, ownedPartition{name, kafka.PartitionIndex(p)})
		}
	}
	if unknown {
		c.metadata.stale = true
	} else {
		g.given, g.assigned = g.given[:0], false
	}
	c.takeOver(all, out)
	if !unknown && g.state == stable {
		// Also where nothing changes: what it is to give up it may never have had, as
		// its topic was not known, and the coordinator waits to hear so.
		g.says = true
	}
}

// topicOf finds a topic's name.
func (c *Client) topicOf(id kafka.TopicID) (string, bool) {
	for _, t := range c.topics {
		if t.id == id {
			return t.name, true
		}
	}
	return "", false
}

func (c *Client) takeOver(given []ownedPartition, out *Effects) {
	g := &c.member
	slices.SortStableFunc(given, compareOwned)
	revoked, taken := false, false
	for _, o := range g.owned {
		if !slices.Contains(given, o) {
			g.tell(Revoked, o)
			c.forget(o.topic, o.index)
			g.yields = append(g.yields, o)
			revoked = true
		}
	}
	for _, o := range given {
		if !slices.Contains(g.owned, o) {
			g.tell(Assigned, o)
			c.place(o)
			taken = true
		}
	}
	g.owned = given
	if revoked {
		out.Watch.Reached(must.CooperativelyRevoked)
		g.state = yielding
	} else if taken && g.state == stable {
		g.says = true
	}
}
