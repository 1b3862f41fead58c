package client

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

const protocolType = "consumer"

// callCoordinator sends what the member's state asks for: JoinGroup, SyncGroup
// or LeaveGroup.
func (c *Client) callCoordinator(out *Effects) {
	g := &c.member
	config := &c.config.Consumer.Group
	n := c.coordinatorConn(config.ID, out)
	if n == nil {
		return
	}
	key, body := protocol.KeyJoinGroup, kmsg.Request(nil)
	wait := c.config.Limits.RequestTimeout
	switch g.state {
	case leaving:
		key, body = protocol.KeyLeaveGroup, c.leaveBody()
	case syncing:
		key, body = protocol.KeySyncGroup, c.syncBody()
		wait += config.RebalanceTimeout
	default:
		body = c.joinBody()
		// Of a member that speaks version 0, be it another one, the coordinator takes the
		// one for the other, and all wait for the longest.
		wait += max(config.RebalanceTimeout, config.SessionTimeout)
	}
	version, ok := n.version(key)
	if !ok {
		c.callAgain()
		return
	}
	g.call++
	g.underway = true
	r := c.send(n, key, version, body, out)
	r.call, r.deadline = g.call, c.now.Mono.Add(wait)
	if g.state == unjoined {
		g.state = joining
	}
}

// callAgain lets a call be made again after a while.
func (c *Client) callAgain() {
	g := &c.member
	g.underway = false
	if g.state == joining {
		g.state = unjoined
	}
	g.retryAt = c.now.Mono.Add(c.backoff(c.config.Limits.RetryBackoff, g.failures))
	g.beatAt = g.retryAt
	g.failures++
}

func (c *Client) instance() *string {
	if c.config.Consumer.Group.InstanceID == "" {
		return nil
	}
	id := c.config.Consumer.Group.InstanceID
	return &id
}

func (c *Client) joinBody() kmsg.Request {
	g := &c.member
	config := &c.config.Consumer.Group
	q := kmsg.NewPtrJoinGroupRequest()
	q.Group, q.MemberID, q.InstanceID, q.ProtocolType = config.ID, g.id, c.instance(), protocolType
	q.SessionTimeoutMillis = int32(config.SessionTimeout / kafka.Millisecond)
	q.RebalanceTimeoutMillis = int32(config.RebalanceTimeout / kafka.Millisecond)
	m := kmsg.NewConsumerMemberMetadata()
	m.Version, m.Topics, m.Generation = 3, g.topics, g.generation
	if config.cooperative() {
		for _, o := range g.owned {
			m.OwnedPartitions = appendOwned(m.OwnedPartitions, o)
		}
	}
	if c.config.Consumer.RackID != "" {
		m.Rack = &c.config.Consumer.RackID
	}
	bytes := m.AppendTo(nil)
	for _, a := range config.Assignors {
		p := kmsg.NewJoinGroupRequestProtocol()
		p.Name, p.Metadata = a, bytes
		q.Protocols = append(q.Protocols, p)
	}
	return q
}

// appendOwned adds a partition to a list by topics; partitions come sorted.
func appendOwned(list []kmsg.ConsumerMemberMetadataOwnedPartition, o ownedPartition) []kmsg.ConsumerMemberMetadataOwnedPartition {
	if n := len(list); n == 0 || list[n-1].Topic != o.topic {
		t := kmsg.NewConsumerMemberMetadataOwnedPartition()
		t.Topic = o.topic
		list = append(list, t)
	}
	t := &list[len(list)-1]
	t.Partitions = append(t.Partitions, int32(o.index))
	return list
}

func (c *Client) syncBody() kmsg.Request {
	g := &c.member
	q := kmsg.NewPtrSyncGroupRequest()
	q.Group, q.Generation, q.MemberID, q.InstanceID = c.config.Consumer.Group.ID, g.generation, g.id, c.instance()
	kind, name := protocolType, g.protocol
	q.ProtocolType, q.Protocol = &kind, &name
	for i := range g.peers {
		a := kmsg.NewSyncGroupRequestGroupAssignment()
		a.MemberID = g.peers[i].id
		m := kmsg.NewConsumerMemberAssignment()
		for _, o := range g.peers[i].given {
			if n := len(m.Topics); n == 0 || m.Topics[n-1].Topic != o.topic {
				t := kmsg.NewConsumerMemberAssignmentTopic()
				t.Topic = o.topic
				m.Topics = append(m.Topics, t)
			}
			t := &m.Topics[len(m.Topics)-1]
			t.Partitions = append(t.Partitions, int32(o.index))
		}
		a.MemberAssignment = m.AppendTo(nil)
		q.GroupAssignment = append(q.GroupAssignment, a)
	}
	return q
}

func (c *Client) leaveBody() kmsg.Request {
	g := &c.member
	q := kmsg.NewPtrLeaveGroupRequest()
	q.Group, q.MemberID = c.config.Consumer.Group.ID, g.id
	m := kmsg.NewLeaveGroupRequestMember()
	m.MemberID, m.InstanceID = g.id, c.instance()
	q.Members = append(q.Members, m)
	return q
}

func (c *Client) heartbeat(out *Effects) {
	g := &c.member
	n := c.coordinatorConn(c.config.Consumer.Group.ID, out)
	if n == nil {
		return
	}
	version, ok := n.version(protocol.KeyHeartbeat)
	if !ok {
		return
	}
	q := kmsg.NewPtrHeartbeatRequest()
	q.Group, q.Generation, q.MemberID, q.InstanceID = c.config.Consumer.Group.ID, g.generation, g.id, c.instance()
	c.send(n, protocol.KeyHeartbeat, version, q, out).call = g.call
	g.beat, g.beatAt = true, c.now.Mono.Add(c.config.Consumer.Group.HeartbeatInterval)
}

// memberAnswered takes an answer to a member's call.
func (c *Client) memberAnswered(n *conn, r *request, body protocol.Body, out *Effects) {
	g := &c.member
	if r.call != g.call {
		return // of a round that is over
	}
	switch a := body.(type) {
	case *kmsg.JoinGroupResponse:
		c.throttle(n, a.ThrottleMillis)
		c.joined(a, out)
	case *kmsg.SyncGroupResponse:
		c.throttle(n, a.ThrottleMillis)
		c.synced(a, out)
	case *kmsg.HeartbeatResponse:
		c.throttle(n, a.ThrottleMillis)
		g.beat = false
		if code := kafka.ErrorCode(a.ErrorCode); code != kafka.None {
			c.memberRefused(code, out)
		}
	case *kmsg.ConsumerGroupHeartbeatResponse:
		c.throttle(n, a.ThrottleMillis)
		c.consumerAnswered(n, a, out)
	case *kmsg.LeaveGroupResponse:
		code := kafka.ErrorCode(a.ErrorCode)
		if code == kafka.None && len(a.Members) > 0 {
			code = kafka.ErrorCode(a.Members[0].ErrorCode)
		}
		c.left(code, out)
	default:
		c.memberUnanswered(r)
	}
}

// memberUnanswered tells that no answer to a member's call will come. A
// heartbeat goes out again when its time has come.
func (c *Client) memberUnanswered(r *request) {
	g := &c.member
	if r.call != g.call {
		return
	}
	if r.key == protocol.KeyHeartbeat {
		g.beat = false
		return
	}
	g.full = true // of what it said nobody knows what was heard
	c.callAgain()
}

// memberRefused acts on an error of JoinGroup, SyncGroup or Heartbeat.
func (c *Client) memberRefused(code kafka.ErrorCode, out *Effects) {
	g := &c.member
	switch code {
	case kafka.ErrNotCoordinator, kafka.ErrCoordinatorNotAvailable:
		c.noCoordinator(c.config.Consumer.Group.ID)
		c.callAgain()
	case kafka.ErrCoordinatorLoadInProgress, kafka.ErrRequestTimedOut:
		c.callAgain()
	case kafka.ErrRebalanceInProgress:
		if g.state == stable || g.state == syncing {
			c.rejoin()
		} else {
			c.callAgain()
		}
	case kafka.ErrUnknownMemberID:
		out.Watch.Reached(must.MemberForgotten)
		g.id = ""
		c.lost()
		g.generation = NoGeneration
	case kafka.ErrIllegalGeneration:
		out.Watch.Reached(must.GenerationFenced)
		c.lost()
		g.generation = NoGeneration
	case kafka.ErrFencedInstanceID:
		out.Watch.Reached(must.InstanceFenced)
		c.expel(code)
	case kafka.ErrGroupMaxSizeReached, kafka.ErrInconsistentGroupProtocol, kafka.ErrInvalidSessionTimeout,
		kafka.ErrInvalidGroupID, kafka.ErrGroupAuthorizationFailed, kafka.ErrUnsupportedVersion:
		c.expel(code)
	default:
		c.callAgain()
	}
}

// joined takes the answer to JoinGroup.
func (c *Client) joined(a *kmsg.JoinGroupResponse, out *Effects) {
	g := &c.member
	g.underway = false
	code := kafka.ErrorCode(a.ErrorCode)
	if code == kafka.ErrMemberIDRequired {
		g.id, g.state = a.MemberID, unjoined
		return
	}
	if code != kafka.None || a.Protocol == nil {
		g.state = unjoined
		c.memberRefused(code, out)
		return
	}
	g.id, g.generation, g.protocol, g.failures = a.MemberID, a.Generation, *a.Protocol, 0
	g.leads = a.LeaderID == a.MemberID
	g.peers = g.peers[:0]
	g.state = syncing
	if !g.leads || a.SkipAssignment {
		// A static leader that is given its old place has not divided anything, and
		// cannot tell whether there are partitions that nobody has (KIP-814).
		g.again = g.leads
		return
	}
	for i := range a.Members {
		g.peers = append(g.peers, readPeer(&a.Members[i]))
	}
	slices.SortStableFunc(g.peers, func(a, b peer) int { return compareText(a.id, b.id) })
	g.state = assigning
	c.metadata.stale = true // the partitions of others' topics, and new ones of ours
	for i := range g.peers {
		for _, t := range g.peers[i].topics {
			c.topicNamed(t)
		}
	}
	g.retryAt = c.now.Mono
}

// synced takes the answer to SyncGroup: what is ours now.
func (c *Client) synced(a *kmsg.SyncGroupResponse, out *Effects) {
	g := &c.member
	g.underway = false
	if code := kafka.ErrorCode(a.ErrorCode); code != kafka.None {
		if code == kafka.ErrUnknownMemberID || code == kafka.ErrIllegalGeneration || code == kafka.ErrFencedInstanceID {
			c.memberRefused(code, out)
			return
		}
		c.memberRefused(code, out)
		if g.state == syncing {
			c.rejoin() // Kafka's client joins again rather than ask twice
		}
		return
	}
	var m kmsg.ConsumerMemberAssignment
	if len(a.MemberAssignment) > 0 && m.ReadFrom(a.MemberAssignment) != nil {
		c.callAgain()
		return
	}
	var given []ownedPartition
	for i := range m.Topics {
		for _, p := range m.Topics[i].Partitions {
			given = append(given, ownedPartition{m.Topics[i].Topic, kafka.PartitionIndex(p)})
		}
	}
	g.state, g.failures = stable, 0
	g.beat, g.beatAt = false, c.now.Mono.Add(c.config.Consumer.Group.HeartbeatInterval)
	c.adopt(given, out)
	if g.again && g.state == stable {
		c.rejoin()
	}
}

// adopt takes an assignment over. What it does not hold any more is revoked,
// and the member joins again so that others may have it (KIP-429).
func (c *Client) adopt(given []ownedPartition, out *Effects) {
	g := &c.member
	slices.SortStableFunc(given, compareOwned)
	revoked := false
	kept := g.owned[:0:0]
	for _, o := range g.owned {
		if slices.Contains(given, o) {
			kept = append(kept, o)
			continue
		}
		g.tell(Revoked, o)
		c.forget(o.topic, o.index)
		revoked = true
	}
	for _, o := range given {
		if !slices.Contains(kept, o) {
			g.tell(Assigned, o)
			c.place(o)
		}
	}
	g.owned = given
	if revoked {
		out.Watch.Reached(must.CooperativelyRevoked)
		g.reset(unjoined)
		g.state = yielding
	}
}

func (c *Client) left(code kafka.ErrorCode, out *Effects) {
	g := &c.member
	g.underway = false
	switch code {
	case kafka.ErrNotCoordinator, kafka.ErrCoordinatorNotAvailable:
		c.noCoordinator(c.config.Consumer.Group.ID)
		c.callAgain()
		return
	case kafka.ErrCoordinatorLoadInProgress:
		c.callAgain()
		return
	default:
		// It is out, or was before.
	}
	g.id = ""
	g.reset(idle)
	if len(g.topics) > 0 {
		g.state = unjoined // it had overslept
	}
	g.generation = NoGeneration
	if g.leaveOn {
		g.leaveOn = false
		d := c.done(g.leaveOp, OK, out)
		if code != kafka.None {
			d.Outcome, d.Err = Fail, code
		}
	}
}

// countsChanged tells a leader that what it has divided is no more what is there.
func (c *Client) countsChanged() bool {
	for _, k := range c.member.counts {
		t := c.topicNamed(k.topic)
		count := int32(len(t.leaders))
		if t.err == kafka.ErrUnknownTopicOrPartition {
			count = 0 // deleted, or new to a broker that lags: Kafka's leaders join again, too
		}
		if count != k.count {
			return true
		}
	}
	return false
}
