package client

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// GroupOffset is one partition's offset in a group.
type GroupOffset struct {
	Topic       string
	Partition   kafka.PartitionIndex
	Offset      kafka.Offset // NoOffset: none is committed
	LeaderEpoch kafka.LeaderEpoch
	// Tag is the number that the commit carried as its metadata; 0: none.
	Tag uint64

	// In an outcome: what is known of this partition.
	Outcome Outcome
	Err     kafka.ErrorCode
}

// Commit writes offsets of a group: as the member and in the generation that a
// poll has told, or, with Standalone, as nobody, which a group without members
// allows. One attempt is made: an unclear outcome is the application's to deal
// with.
type Commit struct {
	Op         OpID
	Member     string
	Generation int32
	Group      string // Standalone: of this group
	Standalone bool
	KeepMs     int64         // for how long, by a version up to 4; 0: as the brokers do
	Offsets    []GroupOffset // copied
}

// FetchCommitted reads committed offsets of any group (RequireStable).
type FetchCommitted struct {
	Op      OpID
	Group   string
	Offsets []GroupOffset // whose; copied
}

func (*Commit) clientInput()         {}
func (*FetchCommitted) clientInput() {}

// offsets is what the client writes and reads of groups' offsets.
type offsets struct {
	ops  []*offsetOp
	free []*offsetOp
}

// offsetOp is a Commit, a FetchCommitted, or the lookup of positions of ours.
type offsetOp struct {
	op         OpID
	silent     bool // positions of ours
	group      string
	commits    bool
	standalone bool
	member     string // a member's commit: as it was when it was called
	generation int32
	keepMs     int64
	list       []GroupOffset
	readers    []sentFetch // silent: whose positions

	deadline kafka.Instant
	retryAt  kafka.Instant
	attempts int32
	underway bool
	ended    bool
	broker   kafka.BrokerID
}

func (c *Client) newOffsetOp(group string, list []GroupOffset) *offsetOp {
	o := new(offsetOp)
	if last := len(c.offsets.free) - 1; last >= 0 {
		o = c.offsets.free[last]
		c.offsets.free = c.offsets.free[:last]
	}
	*o = offsetOp{
		group: group, list: append(o.list[:0], list...), readers: o.readers[:0], generation: NoGeneration,
		deadline: c.now.Mono.Add(c.config.Limits.AdminTimeout), broker: kafka.NoBroker,
	}
	c.offsets.ops = append(c.offsets.ops, o)
	return o
}

func (c *Client) commit(in *Commit, out *Effects) {
	group := in.Group
	if !in.Standalone {
		group = c.config.Consumer.Group.ID
	}
	o := c.newOffsetOp(group, in.Offsets)
	o.op, o.commits, o.standalone, o.keepMs = in.Op, true, in.Standalone, in.KeepMs
	if in.Standalone {
		return
	}
	o.member, o.generation = in.Member, in.Generation
	if in.Generation == NoGeneration {
		c.endOffsets(o, ReasonUnassigned, out) // whoever is no member has nothing to commit
	}
}

func (c *Client) fetchCommitted(in *FetchCommitted) {
	c.newOffsetOp(in.Group, in.Offsets).op = in.Op
}

// committing tells whether a commit of the member's awaits its outcome.
func (c *Client) committing() bool {
	for _, o := range c.offsets.ops {
		if o.commits && !o.standalone {
			return true
		}
	}
	return false
}

// advanceOffsets expires operations and sends those that are not under way.
func (c *Client) advanceOffsets(out *Effects) {
	for i := 0; i < len(c.offsets.ops); {
		o := c.offsets.ops[i]
		if !o.silent && c.due(o.deadline) {
			c.endOffsets(o, ReasonTimeout, out)
			continue
		}
		if !o.underway && c.due(o.retryAt) && c.sendOffsets(o, out) {
			continue
		}
		i++
	}
}

// sendOffsets sends an operation if it can; true when it ended instead.
func (c *Client) sendOffsets(o *offsetOp, out *Effects) bool {
	n := c.coordinatorConn(o.group, out)
	if n == nil {
		return false
	}
	key := protocol.KeyOffsetFetch
	if o.commits {
		key = protocol.KeyOffsetCommit
	}
	version, ok := n.version(key)
	if !ok {
		c.endOffsets(o, ReasonVersion, out)
		return true
	}
	if version >= offsetTopicIDs && !c.knowIDs(o) {
		version = offsetTopicIDs - 1
	}
	body := kmsg.Request(nil)
	if o.commits {
		body = c.commitBody(o, version)
	} else {
		body = c.offsetFetchBody(o, version)
	}
	c.send(n, key, version, body, out).offsets = o
	o.underway, o.broker = true, n.broker
	o.attempts++
	return false
}

// The versions of OffsetCommit and OffsetFetch that brought something.
const (
	offsetTopicIDs    = 10 // topics by ID, both
	offsetFetchGroups = 8
)

// knowIDs tells whether the IDs of all topics are known.
func (c *Client) knowIDs(o *offsetOp) bool {
	for i := range o.list {
		if c.topicNamed(o.list[i].Topic).id == (kafka.TopicID{}) {
			return false
		}
	}
	return true
}

func (c *Client) commitBody(o *offsetOp, version int16) kmsg.Request {
	q := kmsg.NewPtrOffsetCommitRequest()
	q.Group, q.Generation, q.MemberID = o.group, o.generation, o.member
	if !o.standalone {
		q.InstanceID = c.instance()
	}
	if o.keepMs > 0 {
		q.RetentionTimeMillis = o.keepMs
	}
	for i := range o.list {
		e := &o.list[i]
		p := kmsg.NewOffsetCommitRequestTopicPartition()
		p.Partition, p.Offset, p.LeaderEpoch = int32(e.Partition), int64(e.Offset), int32(e.LeaderEpoch)
		metadata := ""
		if e.Tag != 0 {
			metadata = strconv.FormatUint(e.Tag, 10)
		}
		p.Metadata = &metadata
		if n := len(q.Topics); n == 0 || q.Topics[n-1].Topic != e.Topic {
			t := kmsg.NewOffsetCommitRequestTopic()
			t.Topic, t.TopicID = e.Topic, c.topicNamed(e.Topic).id
			q.Topics = append(q.Topics, t)
		}
		t := &q.Topics[len(q.Topics)-1]
		t.Partitions = append(t.Partitions, p)
	}
	return q
}

func (c *Client) offsetFetchBody(o *offsetOp, version int16) kmsg.Request {
	q := kmsg.NewPtrOffsetFetchRequest()
	q.RequireStable = true
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = o.group
	q.Group = o.group
	for i := range o.list {
		e := &o.list[i]
		if n := len(g.Topics); n == 0 || g.Topics[n-1].Topic != e.Topic {
			t := kmsg.NewOffsetFetchRequestGroupTopic()
			t.Topic, t.TopicID = e.Topic, c.topicNamed(e.Topic).id
			g.Topics = append(g.Topics, t)
			s := kmsg.NewOffsetFetchRequestTopic()
			s.Topic = e.Topic
			q.Topics = append(q.Topics, s)
		}
		t, s := &g.Topics[len(g.Topics)-1], &q.Topics[len(q.Topics)-1]
		t.Partitions = append(t.Partitions, int32(e.Partition))
		s.Partitions = append(s.Partitions, int32(e.Partition))
	}
	q.Groups = append(q.Groups, g)
	if version < offsetFetchGroups {
		q.Groups = nil
	}
	return q
}

// offsetsAnswered takes the answer to OffsetCommit or OffsetFetch.
func (c *Client) offsetsAnswered(n *conn, r *request, body protocol.Body, out *Effects) {
	o := r.offsets
	if o.ended {
		c.recycle(o)
		return
	}
	o.underway = false
	for i := range o.list {
		o.list[i].Err, o.list[i].Outcome = kafka.ErrUnknownServerError, 0
	}
	switch a := body.(type) {
	case *kmsg.OffsetCommitResponse:
		c.throttle(n, a.ThrottleMillis)
		for i := range a.Topics {
			t := &a.Topics[i]
			for j := range t.Partitions {
				p := &t.Partitions[j]
				if e := c.entryOf(o, r.version, t.Topic, t.TopicID, p.Partition); e != nil {
					e.Err = kafka.ErrorCode(p.ErrorCode)
				}
			}
		}
		c.committed(o, out)
	case *kmsg.OffsetFetchResponse:
		c.throttle(n, a.ThrottleMillis)
		c.readOffsets(o, r.version, a)
		c.offsetsRead(o, out)
	default:
		c.offsetsUnanswered(r, ReasonMalformed, out)
	}
}

func (c *Client) entryOf(o *offsetOp, version int16, topic string, id [16]byte, index int32) *GroupOffset {
	for i := range o.list {
		e := &o.list[i]
		same := e.Topic == topic
		if version >= offsetTopicIDs {
			same = c.topicNamed(e.Topic).id == kafka.TopicID(id)
		}
		if same && int32(e.Partition) == index {
			return e
		}
	}
	return nil
}

// committed ends a commit. What was refused is not in the log, but for three
// codes with which a coordinator answers that lost its log with the append
// under way.
func (c *Client) committed(o *offsetOp, out *Effects) {
	for i := range o.list {
		e := &o.list[i]
		e.Outcome = commitEffect(e.Err)
		c.doubt(o, e.Err, out)
	}
	c.answerOffsets(o, ReasonNone, out)
}

// commitEffect is what an error code says about a commit.
func commitEffect(code kafka.ErrorCode) Outcome {
	switch code {
	case kafka.None:
		return OK
	case kafka.ErrNotCoordinator, kafka.ErrCoordinatorNotAvailable, kafka.ErrRequestTimedOut, kafka.ErrUnknownServerError,
		kafka.ErrNetworkException, kafka.ErrKafkaStorageError, kafka.ErrNotEnoughReplicasAfterAppend:
		return Info
	default:
		return Fail
	}
}

// doubt lets the member notice what the answer to an operation says of it.
func (c *Client) doubt(o *offsetOp, code kafka.ErrorCode, out *Effects) {
	g := &c.member
	switch code {
	case kafka.ErrNotCoordinator, kafka.ErrCoordinatorNotAvailable:
		c.noCoordinator(o.group)
	case kafka.ErrRebalanceInProgress, kafka.ErrUnknownMemberID, kafka.ErrIllegalGeneration, kafka.ErrFencedInstanceID:
		if o.commits && !o.standalone && o.member == g.id && o.generation == g.generation && g.state == stable {
			out.Watch.Reached(must.CommitToldOff)
			if c.config.Consumer.Group.Consumer {
				g.beatAt = c.now.Mono // the coordinator will say what is wrong
				return
			}
			c.memberRefused(code, out)
		}
	default:
		// The others say nothing of who is who.
	}
}

func (c *Client) readOffsets(o *offsetOp, version int16, a *kmsg.OffsetFetchResponse) {
	take := func(topic string, id [16]byte, index int32, offset int64, epoch int32, metadata *string, code int16) {
		e := c.entryOf(o, version, topic, id, index)
		if e == nil {
			return
		}
		e.Err, e.Offset, e.LeaderEpoch, e.Tag = kafka.ErrorCode(code), kafka.Offset(offset), kafka.LeaderEpoch(epoch), 0
		if metadata != nil {
			e.Tag, _ = strconv.ParseUint(*metadata, 10, 64)
		}
	}
	all := kafka.ErrorCode(a.ErrorCode)
	if version < offsetFetchGroups {
		for i := range a.Topics {
			t := &a.Topics[i]
			for j := range t.Partitions {
				p := &t.Partitions[j]
				take(t.Topic, [16]byte{}, p.Partition, p.Offset, p.LeaderEpoch, p.Metadata, p.ErrorCode)
			}
		}
	} else if len(a.Groups) == 1 {
		g := &a.Groups[0]
		all = kafka.ErrorCode(g.ErrorCode)
		for i := range g.Topics {
			t := &g.Topics[i]
			for j := range t.Partitions {
				p := &t.Partitions[j]
				take(t.Topic, t.TopicID, p.Partition, p.Offset, p.LeaderEpoch, p.Metadata, p.ErrorCode)
			}
		}
	}
	if all != kafka.None {
		for i := range o.list {
			o.list[i].Err = all
		}
	}
}

// offsetsRead ends a read, or tries again.
func (c *Client) offsetsRead(o *offsetOp, out *Effects) {
	for i := range o.list {
		switch e := &o.list[i]; {
		case e.Err == kafka.None:
			e.Outcome = OK
		case e.Err.Retriable() || e.Err == kafka.ErrUnknownServerError:
			c.doubt(o, e.Err, out)
			if o.narrow() {
				c.offsetsAgain(o)
			} else {
				c.answerOffsets(o, ReasonNone, out)
			}
			return
		default:
			e.Outcome = Fail
		}
	}
	c.answerOffsets(o, ReasonNone, out)
}

// narrow lets go of positions that nobody waits for any more: of a topic that was
// deleted no answer will ever tell one, and the others would wait with it. It
// returns whether anything is left to ask for.
func (o *offsetOp) narrow() bool {
	if !o.silent {
		return true
	}
	left := 0
	for i := range o.readers {
		if r := o.readers[i]; r.reader.generation == r.generation && r.reader.state == placing {
			o.readers[left], o.list[left] = r, o.list[i]
			left++
		}
	}
	o.readers, o.list = o.readers[:left], o.list[:left]
	return left > 0
}

func (c *Client) offsetsAgain(o *offsetOp) {
	o.underway = false
	o.retryAt = c.now.Mono.Add(c.backoff(c.config.Limits.RetryBackoff, int(o.attempts)-1))
}

// offsetsUnanswered tells that no answer will come: a commit may have been
// made, or be made yet; a read is tried again.
func (c *Client) offsetsUnanswered(r *request, why Reason, out *Effects) {
	o := r.offsets
	switch {
	case o.ended:
		c.recycle(o)
	case o.commits:
		o.underway = false
		for i := range o.list {
			o.list[i].Outcome = Info
		}
		c.answerOffsets(o, why, out)
	default:
		c.offsetsAgain(o)
	}
}

// endOffsets ends an operation whose answer nobody waits for any more.
func (c *Client) endOffsets(o *offsetOp, why Reason, out *Effects) {
	outcome := Fail
	if o.commits && o.underway {
		outcome = Info
	}
	for i := range o.list {
		o.list[i].Outcome = outcome
	}
	c.answerOffsets(o, why, out)
}

// answerOffsets tells an operation's outcome and forgets it.
func (c *Client) answerOffsets(o *offsetOp, why Reason, out *Effects) {
	for i := range c.offsets.ops {
		if c.offsets.ops[i] == o {
			c.offsets.ops = append(c.offsets.ops[:i], c.offsets.ops[i+1:]...)
			break
		}
	}
	if o.silent {
		c.placed(o, why, out)
	} else {
		d := c.done(o.op, OK, out)
		d.Attempts, d.Broker, d.Reason = o.attempts, o.broker, why
		first := len(out.offsets)
		out.offsets = append(out.offsets, o.list...)
		d.Offsets = out.offsets[first:len(out.offsets):len(out.offsets)]
		for i := range d.Offsets {
			// What is worst for one counts for all.
			if e := &d.Offsets[i]; e.Outcome > d.Outcome {
				d.Outcome, d.Err = e.Outcome, e.Err
			}
		}
	}
	if o.underway {
		o.ended = true // its answer finds nobody
		return
	}
	c.recycle(o)
}

func (c *Client) recycle(o *offsetOp) {
	clear(o.readers)
	*o = offsetOp{list: o.list[:0], readers: o.readers[:0]}
	c.offsets.free = append(c.offsets.free, o)
}
