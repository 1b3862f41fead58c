package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// Kafka's special timestamps of ListOffsets.
const (
	timestampLatest   kafka.TimestampMs = -1
	timestampEarliest kafka.TimestampMs = -2
)

// listOffsetsMax is the first version of ListOffsets that knows -3, the
// largest timestamp.
const listOffsetsMax = 7

type adminKind uint8

const (
	adminCreateTopic adminKind = iota
	adminDeleteTopic
	adminDeleteRecords
	adminCreatePartitions
	adminAlterTopic
	adminAlterGroup
	adminDescribeTopic
	adminListOffsets
	adminReassign
	adminElect
	adminAddVoter
	adminRemoveVoter
	adminAsk
)

// admin is what the client asks on behalf of an administrator, or to find a
// consumer's position.
type admin struct {
	ops  []*adminOp // in the order of the commands
	free []*adminOp
}

type adminOp struct {
	op         OpID
	silent     bool // of our own: nobody is told
	kind       adminKind
	topic      string        // of adminAlterGroup, the group
	id         kafka.TopicID // of the topic to delete; zero: by name
	index      kafka.PartitionIndex
	timestamp  kafka.TimestampMs
	before     kafka.Offset
	partitions int32
	replicas   int16
	settings   []TopicSetting
	brokers    []kafka.BrokerID
	asked      kafka.LeaderEpoch // of the leader that an attempt is for; NoLeaderEpoch: not said
	reader     *assigned         // whose position is looked up
	generation uint64
	question   kmsg.Request // of an Ask

	deadline kafka.Instant
	retryAt  kafka.Instant
	attempts int32
	underway bool
	maybe    bool // some attempt may have taken effect
	ended    bool // its outcome has been told, its answer has not come
	err      kafka.ErrorCode
	reason   Reason
}

func adminOpID(in Input) OpID {
	switch in := in.(type) {
	case *CreateTopic:
		return in.Op
	case *DeleteTopic:
		return in.Op
	case *DeleteRecords:
		return in.Op
	case *CreatePartitions:
		return in.Op
	case *AlterTopic:
		return in.Op
	case *AlterGroup:
		return in.Op
	case *DescribeTopic:
		return in.Op
	case *ListOffsets:
		return in.Op
	case *Reassign:
		return in.Op
	case *Elect:
		return in.Op
	case *ChangeVoter:
		return in.Op
	case *Ask:
		return in.Op
	default:
		must.True(false, "every input of a client has a case")
		return 0
	}
}

func (c *Client) administer(in Input) {
	switch in := in.(type) {
	case *CreateTopic:
		o := c.newAdminOp(adminCreateTopic, in.Op, in.Topic)
		o.partitions, o.replicas = in.Partitions, in.Replicas
		o.settings = append(o.settings, in.Settings...)
	case *DeleteTopic:
		c.newAdminOp(adminDeleteTopic, in.Op, in.Topic).id = in.ID
	case *DeleteRecords:
		o := c.newAdminOp(adminDeleteRecords, in.Op, in.Topic)
		o.index, o.before = in.Partition, in.Before
		c.topicNamed(in.Topic)
	case *CreatePartitions:
		c.newAdminOp(adminCreatePartitions, in.Op, in.Topic).partitions = in.Count
	case *AlterTopic:
		o := c.newAdminOp(adminAlterTopic, in.Op, in.Topic)
		o.settings = append(o.settings, in.Settings...)
	case *AlterGroup:
		o := c.newAdminOp(adminAlterGroup, in.Op, in.Group)
		o.settings = append(o.settings, in.Settings...)
	case *DescribeTopic:
		c.newAdminOp(adminDescribeTopic, in.Op, in.Topic)
	case *ListOffsets:
		o := c.newAdminOp(adminListOffsets, in.Op, in.Topic)
		o.index, o.timestamp = in.Partition, in.Timestamp
		c.topicNamed(in.Topic)
	case *Reassign:
		c.reassign(in)
	case *ChangeVoter:
		c.changeVoter(in)
	case *Ask:
		c.ask(in)
	case *Elect:
		c.newAdminOp(adminElect, in.Op, in.Topic).index = in.Partition
	default:
		must.True(false, "every input of a client has a case")
	}
}

func (c *Client) newAdminOp(kind adminKind, op OpID, topic string) *adminOp {
	o := new(adminOp)
	if last := len(c.admin.free) - 1; last >= 0 {
		o = c.admin.free[last]
		c.admin.free = c.admin.free[:last]
	}
	*o = adminOp{
		op: op, kind: kind, topic: topic, settings: o.settings[:0], brokers: o.brokers[:0],
		deadline: c.now.Mono.Add(c.config.Limits.AdminTimeout),
	}
	c.admin.ops = append(c.admin.ops, o)
	return o
}

// advanceAdmin expires operations and sends those that are not under way.
func (c *Client) advanceAdmin(out *Effects) {
	for i := 0; i < len(c.admin.ops); {
		o := c.admin.ops[i]
		if o.deadline <= c.now.Mono {
			if o.err == kafka.None && o.reason == ReasonNone {
				o.reason = ReasonTimeout
			}
			c.endAdmin(o, adminOutcome(o), out)
			continue
		}
		c.wakeAt(o.deadline)
		if !o.underway && c.due(o.retryAt) && c.sendAdmin(o, out) {
			continue
		}
		i++
	}
}

// adminOutcome is Fail when no attempt can have changed anything. Reads never do.
func adminOutcome(o *adminOp) Outcome {
	reads := o.kind == adminDescribeTopic || o.kind == adminListOffsets
	if !reads && (o.maybe || o.underway) {
		return Info
	}
	return Fail
}

// sendAdmin sends an operation if it can; true when it ended instead.
func (c *Client) sendAdmin(o *adminOp, out *Effects) bool {
	n := c.adminConn(o, out)
	if n == nil || len(n.underway) >= int(c.config.Limits.InFlight) {
		return false
	}
	if o.kind == adminAsk {
		c.sendQuestion(n, o, out)
		return false
	}
	key := adminKey(o.kind)
	version, ok := n.version(key)
	if !ok || o.kind == adminListOffsets && o.timestamp < timestampEarliest && version < listOffsetsMax {
		o.err, o.reason = kafka.None, ReasonVersion
		c.endAdmin(o, adminOutcome(o), out)
		return true
	}
	r := c.send(n, key, version, c.adminBody(o), out)
	r.admin = o
	o.underway = true
	o.attempts++
	return false
}

// adminConn chooses whom to ask: a partition's leader, the controller as far as
// it is known, or anybody.
func (c *Client) adminConn(o *adminOp, out *Effects) *conn {
	switch o.kind {
	case adminListOffsets, adminDeleteRecords:
		lead, ok := c.leaderOf(c.topicNamed(o.topic), o.index)
		if !ok {
			return nil
		}
		return c.connTo(lead.leader, roleMeta, out)
	case adminDescribeTopic:
		return c.anyConn(out)
	case adminAsk:
		return c.askConn(o, out)
	default:
		// What changes the metadata is the controller's.
	}
	for i := range c.brokers {
		if c.brokers[i].id == c.controller {
			return c.connTo(c.controller, roleMeta, out)
		}
	}
	return c.anyConn(out)
}

// adminUnanswered tells that an attempt had no answer.
func (c *Client) adminUnanswered(o *adminOp, why Reason) {
	if o.ended {
		return
	}
	o.maybe, o.err, o.reason = true, kafka.None, why
	c.retryAdmin(o)
}

// retryAdmin lets an operation be sent again after a while.
func (c *Client) retryAdmin(o *adminOp) {
	o.underway = false
	o.retryAt = c.now.Mono.Add(c.backoff(c.config.Limits.RetryBackoff, int(o.attempts)-1))
}

// refused acts on an error code: again later, or the end.
func (c *Client) refused(o *adminOp, code kafka.ErrorCode, out *Effects) {
	o.err, o.reason = code, ReasonNone
	switch code {
	case kafka.ErrRequestTimedOut, kafka.ErrUnknownServerError, kafka.ErrNetworkException:
		o.maybe = true // a broker gave up waiting for what it had begun
	case kafka.ErrNotLeaderOrFollower:
		c.metadata.stale, o.maybe = true, true // it may have stopped leading while it waited
	case kafka.ErrNotController, kafka.ErrUnknownTopicOrPartition, kafka.ErrFencedLeaderEpoch,
		kafka.ErrLeaderNotAvailable, kafka.ErrUnknownTopicID:
		c.metadata.stale = true
	default:
		// It says nothing of an attempt's effect, nor of who leads.
	}
	// An unknown topic may become known to a leader; to an administrator it is
	// an answer.
	unknown := code == kafka.ErrUnknownTopicOrPartition && o.kind != adminListOffsets && o.kind != adminDeleteRecords ||
		code == kafka.ErrUnknownTopicID && o.kind == adminDeleteTopic
	// That an election came to nothing is an answer too.
	vain := code == kafka.ErrElectionNotNeeded || code == kafka.ErrPreferredLeaderNotAvailable
	if code.Retriable() && !unknown && !vain {
		c.retryAdmin(o)
		return
	}
	o.underway = false
	c.endAdmin(o, adminOutcome(o), out)
}

// endAdmin answers an operation and forgets it, once nothing points to it.
func (c *Client) endAdmin(o *adminOp, outcome Outcome, out *Effects) *Done {
	for i := range c.admin.ops {
		if c.admin.ops[i] == o {
			c.admin.ops = append(c.admin.ops[:i], c.admin.ops[i+1:]...)
			break
		}
	}
	var d *Done
	if !o.silent {
		d = c.done(o.op, outcome, out)
		d.Topic, d.Partition, d.Attempts = o.topic, o.index, o.attempts
		if outcome != OK {
			d.Err, d.Reason = o.err, o.reason
		}
	}
	if o.reader != nil && outcome != OK {
		c.found(o, kafka.NoOffset, o.err, o.reason, out)
	}
	if o.underway {
		o.ended = true // its answer finds nobody
		return d
	}
	*o = adminOp{settings: o.settings[:0], brokers: o.brokers[:0]}
	c.admin.free = append(c.admin.free, o)
	return d
}

func (c *Client) stopAdmin(out *Effects) {
	for len(c.admin.ops) > 0 {
		o := c.admin.ops[0]
		o.err, o.reason = kafka.None, ReasonStopped
		c.endAdmin(o, adminOutcome(o), out)
	}
}

func adminKey(k adminKind) int16 {
	switch k {
	case adminCreateTopic:
		return protocol.KeyCreateTopics
	case adminDeleteTopic:
		return protocol.KeyDeleteTopics
	case adminDeleteRecords:
		return protocol.KeyDeleteRecords
	case adminCreatePartitions:
		return protocol.KeyCreatePartitions
	case adminAlterTopic, adminAlterGroup:
		return protocol.KeyIncrementalAlterConfigs
	case adminDescribeTopic:
		return protocol.KeyMetadata
	case adminListOffsets:
		return protocol.KeyListOffsets
	case adminReassign:
		return protocol.KeyAlterPartitionReassignments
	case adminElect:
		return protocol.KeyElectLeaders
	case adminAddVoter:
		return protocol.KeyAddRaftVoter
	case adminRemoveVoter:
		return protocol.KeyRemoveRaftVoter
	case adminAsk: // says itself what it is
	}
	panic("an administrator's operation that no case names")
}
