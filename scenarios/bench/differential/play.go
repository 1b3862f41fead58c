package differential

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// player plays one trace on one server.
type player struct {
	s       *server
	t       *trace
	clients [slots + 1]*kgo.Client // of each slot, and an administrator's
	members [slots]memberOf
	answers []chan result // by step; nil: it has been heard, or was not asked
}

// result is an answer, or why there is none.
type result struct {
	resp kmsg.Response
	err  error
}

// memberOf is what a slot knows of itself.
type memberOf struct {
	id         string
	generation int32
	protocol   string
	leads      []string // the members that it assigns to
	owned      []kmsg.ConsumerGroupHeartbeatRequestTopic
}

func (p *player) group(n int) string { return fmt.Sprintf("g-%d-%d", p.t.seed, n) }

func (p *player) who(s *step) string {
	switch {
	case s.stranger:
		return "stranger"
	case s.nobody:
		return ""
	}
	return p.members[s.slot].id
}

func (p *player) instance(s *step) *string {
	if !p.t.static || s.nobody || s.stranger {
		return nil
	}
	id := fmt.Sprint("instance-", s.slot%2)
	return &id
}

// code names an error.
func code(c int16) string {
	if err := kerr.ErrorForCode(c); err != nil {
		var e *kerr.Error
		if errors.As(err, &e) {
			return e.Message
		}
	}
	return "ok"
}

// play sends the request of a step. The answer comes later.
func (p *player) play(ctx context.Context, i int) {
	s := &p.t.steps[i]
	req := p.request(s)
	at := s.slot
	if s.kind > doCommit && s.kind != doConsumer || s.nobody {
		at = slots
	}
	said := make(chan result, 1)
	p.answers[i] = said
	c := p.clients[at]
	go func() {
		resp, err := c.SeedBrokers()[0].Request(ctx, req)
		if next := resolves(req, resp); next != nil {
			time.Sleep(matching)
			first := resp.(*kmsg.ConsumerGroupHeartbeatResponse)
			if resp, err = c.SeedBrokers()[0].Request(ctx, next); err == nil && resp.(*kmsg.ConsumerGroupHeartbeatResponse).Assignment == nil {
				resp.(*kmsg.ConsumerGroupHeartbeatResponse).Assignment = first.Assignment
			}
		}
		said <- result{resp, err}
	}()
}

// matching is how long a server may take to match an expression beside other work.
const matching = 300 * time.Millisecond

// resolves is what a member says after it has subscribed by an expression, which
// Kafka matches after its answer: only the next heartbeat tells what comes of it.
func resolves(req kmsg.Request, resp kmsg.Response) kmsg.Request {
	q, asked := req.(*kmsg.ConsumerGroupHeartbeatRequest)
	a, answered := resp.(*kmsg.ConsumerGroupHeartbeatResponse)
	if !asked || !answered || q.SubscribedTopicRegex == nil || a.ErrorCode != 0 || a.MemberEpoch <= 0 {
		return nil
	}
	next := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	next.Group, next.InstanceID, next.MemberID, next.MemberEpoch = q.Group, q.InstanceID, q.MemberID, a.MemberEpoch
	if a.Assignment != nil {
		next.Topics = owned(a.Assignment)
	}
	return next
}

// session is how long members of a trace with short sessions may be silent. Within
// brisk of the last silence nobody has been silent for that long; after silence
// nobody is left, not even one that was let in when another one had run out.
const (
	session = 2500 * time.Millisecond
	brisk   = 1700 * time.Millisecond
	silence = 2*session + 1500*time.Millisecond
)

// timeout is what members of a trace ask for.
func (t *trace) timeout() int32 {
	if t.short {
		return int32(session.Milliseconds())
	}
	return 600_000
}

func (p *player) request(s *step) kmsg.Request {
	group, m := p.group(s.group), &p.members[s.slot]
	switch s.kind {
	case doJoin:
		return p.join(s)
	case doSync:
		q := kmsg.NewPtrSyncGroupRequest()
		kind, protocol := "consumer", m.protocol
		q.Group, q.MemberID, q.InstanceID, q.Generation, q.ProtocolType, q.Protocol = group, p.who(s), p.instance(s), m.generation+s.off, &kind, &protocol
		for n, id := range m.leads {
			a := kmsg.NewSyncGroupRequestGroupAssignment()
			a.MemberID, a.MemberAssignment = id, assignment(n)
			q.GroupAssignment = append(q.GroupAssignment, a)
		}
		return q
	case doHeartbeat:
		q := kmsg.NewPtrHeartbeatRequest()
		q.Group, q.MemberID, q.InstanceID, q.Generation = group, p.who(s), p.instance(s), m.generation+s.off
		return q
	case doLeave:
		q := kmsg.NewPtrLeaveGroupRequest()
		q.Group, q.MemberID = group, p.who(s)
		one := kmsg.NewLeaveGroupRequestMember()
		one.MemberID, one.InstanceID = p.who(s), p.instance(s)
		q.Members = append(q.Members, one)
		return q
	case doConsumer:
		return p.beat(s)
	default:
		return p.administer(s)
	}
}

func (p *player) join(s *step) kmsg.Request {
	q := kmsg.NewPtrJoinGroupRequest()
	q.Group, q.MemberID, q.InstanceID, q.ProtocolType = p.group(s.group), p.who(s), p.instance(s), "consumer"
	if strings.HasPrefix(q.MemberID, "own-") {
		q.MemberID = "" // nobody changes its protocol and keeps its ID
	}
	q.SessionTimeoutMillis, q.RebalanceTimeoutMillis = p.t.timeout(), p.t.timeout()
	names := [][]string{{"range"}, {"range", "sticky"}, {"sticky", "range"}, {"range"}, {"range"}, {"range", "sticky"}, {"sticky"}, {"range"}}[s.variant]
	if s.variant == 7 && s.slot == 3 {
		q.ProtocolType = "connect"
	}
	m := kmsg.NewConsumerMemberMetadata()
	m.Version, m.Topics = 1, []string{"t"}
	for _, name := range names {
		one := kmsg.NewJoinGroupRequestProtocol()
		one.Name, one.Metadata = name, m.AppendTo(nil)
		q.Protocols = append(q.Protocols, one)
	}
	return q
}

// assignment is what a leader gives its n-th member.
func assignment(n int) []byte {
	m := kmsg.NewConsumerMemberAssignment()
	t := kmsg.NewConsumerMemberAssignmentTopic()
	t.Topic = "t"
	if n < 4 {
		t.Partitions = []int32{int32(n)}
		m.Topics = append(m.Topics, t)
	}
	return m.AppendTo(nil)
}

func (p *player) beat(s *step) kmsg.Request {
	m := &p.members[s.slot]
	q := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	q.Group, q.InstanceID = p.group(s.group), p.instance(s)
	q.MemberID = fmt.Sprintf("own-%d-%d", p.t.seed, s.slot)
	if s.stranger {
		q.MemberID = "stranger"
	}
	q.MemberEpoch = m.generation + s.off
	if m.generation <= 0 || s.variant == 0 {
		q.MemberEpoch = 0
	}
	switch s.variant {
	case 6:
		q.MemberEpoch = -1
	case 7:
		q.MemberEpoch = -2
	}
	if q.MemberEpoch == 0 || s.variant == 5 {
		q.RebalanceTimeoutMillis = p.t.timeout()
		if p.t.regex != "" {
			q.SubscribedTopicRegex = &p.t.regex
		} else {
			q.SubscribedTopicNames = [][]string{{"t"}, {"t", "u"}}[s.offset%2]
		}
		q.Topics = []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	}
	if q.MemberEpoch > 0 && len(m.owned) > 0 {
		q.Topics = m.owned
	}
	return q
}

func (p *player) administer(s *step) kmsg.Request {
	group, m := p.group(s.group), &p.members[s.slot]
	switch s.kind {
	case doCommit:
		q := kmsg.NewPtrOffsetCommitRequest()
		q.Group, q.MemberID, q.InstanceID, q.Generation = group, p.who(s), p.instance(s), m.generation+s.off
		if s.nobody {
			q.Generation, q.InstanceID = -1, nil
		}
		if strings.HasPrefix(m.id, "own-") && !s.stranger {
			q.InstanceID = nil
		}
		text := fmt.Sprint("at ", s.offset)
		for _, at := range s.places() {
			t, part := kmsg.NewOffsetCommitRequestTopic(), kmsg.NewOffsetCommitRequestTopicPartition()
			part.Partition, part.Offset, part.Metadata = at.partition, s.offset, &text
			t.Topic, t.Partitions = at.topic, append(t.Partitions, part)
			q.Topics = append(q.Topics, t)
		}
		return q
	case doFetch:
		q := kmsg.NewPtrOffsetFetchRequest()
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group, q.Group = group, group
		q.Groups = append(q.Groups, g)
		return q
	case doDeleteOffsets:
		q := kmsg.NewPtrOffsetDeleteRequest()
		q.Group = group
		for _, at := range s.places() {
			t, part := kmsg.NewOffsetDeleteRequestTopic(), kmsg.NewOffsetDeleteRequestTopicPartition()
			part.Partition, t.Topic = at.partition, at.topic
			t.Partitions = append(t.Partitions, part)
			q.Topics = append(q.Topics, t)
		}
		return q
	case doDeleteGroup:
		q := kmsg.NewPtrDeleteGroupsRequest()
		q.Groups = []string{group}
		return q
	case doDescribe:
		q := kmsg.NewPtrDescribeGroupsRequest()
		q.Groups = []string{group}
		return q
	case doConsumerDescribe:
		q := kmsg.NewPtrConsumerGroupDescribeRequest()
		q.Groups = []string{group}
		return q
	default:
		return kmsg.NewPtrListGroupsRequest()
	}
}

// within waits for the answer of a step; false: there is none.
func (p *player) within(i int, d time.Duration) (string, bool) {
	if p.answers[i] == nil {
		return "", false
	}
	select {
	case said := <-p.answers[i]:
		p.answers[i] = nil
		if said.err != nil {
			return "error " + said.err.Error(), true
		}
		return p.hear(&p.t.steps[i], said.resp), true
	case <-time.After(d):
		return "", false
	}
}

func sorted(list []string) string {
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// stand tells how the members of a step's group stand.
func (p *player) stand(ctx context.Context, s *step) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	resp, err := p.clients[slots].SeedBrokers()[0].Request(ctx, p.request(&step{kind: doConsumerDescribe, group: s.group}))
	if err != nil {
		return err.Error()
	}
	return p.hear(&step{kind: doConsumerDescribe, group: s.group}, resp)
}
