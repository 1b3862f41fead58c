package client

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
)

// GroupConfig makes the consumer a member of a group, by Kafka's names. The
// zero value is none.
type GroupConfig struct {
	ID string // group.id
	// InstanceID is group.instance.id: a member that comes back under it keeps
	// its place (KIP-345). Empty: a dynamic member.
	InstanceID string
	// Consumer is group.protocol=consumer: the coordinator assigns, by Assignor
	// (group.remote.assignor; empty: as it likes), and sets the session and the
	// interval of heartbeats. Otherwise Assignors is partition.assignment.strategy, the preferred one first:
	// AssignRange, AssignCooperativeSticky. The rebalance is cooperative
	// (KIP-429) if every one of them is.
	Assignors         []string
	Consumer          bool
	Assignor          string
	SessionTimeout    kafka.Duration
	RebalanceTimeout  kafka.Duration
	HeartbeatInterval kafka.Duration
	// MaxPollInterval: a member that is not polled for so long leaves; 0: never.
	MaxPollInterval kafka.Duration
}

// The assignors, by the names under which members offer them.
const (
	AssignRange             = "range"
	AssignCooperativeSticky = "cooperative-sticky"
)

func (g *GroupConfig) cooperative() bool {
	return !slices.ContainsFunc(g.Assignors, func(a string) bool { return a != AssignCooperativeSticky })
}

// Subscribe makes the consumer a member of its group that wants these topics,
// or changes what a member wants. It is answered at once. Partitions come with
// polls (Done.Rebalances).
type Subscribe struct {
	Op     OpID
	Topics []string
}

// Leave gives up the membership. It is answered once the coordinator has said
// that it knows; a static member only stops (KIP-345). What was assigned is
// gone at once, and no poll tells.
type Leave struct{ Op OpID }

// RebalanceKind says what became of a partition.
type RebalanceKind uint8

// The kinds of rebalance events.
const (
	// Assigned: the member owns the partition. Its position is looked up once
	// the next poll is called.
	Assigned RebalanceKind = iota + 1
	// Placed: reading begins at Offset.
	Placed
	// Revoked: the member gives the partition up, and joins again once the next
	// poll is called and no commit is open.
	Revoked
	// Lost: the member has been thrown out; the partition may have another owner.
	Lost
)

// Rebalance is one event of one partition. Events precede the records of the
// poll that returns them.
type Rebalance struct {
	Kind       RebalanceKind
	Topic      string
	Partition  kafka.PartitionIndex
	Generation int32
	Member     string
	// Placed: where reading begins; whether that is the group's committed offset,
	// and the tag of its commit; otherwise it is a reset.
	Offset    kafka.Offset
	Committed bool
	Tag       uint64
	Broker    kafka.BrokerID // Placed: who told
}

var rebalanceNames = [...]string{Assigned: "assigned", Placed: "placed", Revoked: "revoked", Lost: "lost"}

// String names the kind.
func (k RebalanceKind) String() string { return rebalanceNames[k] }

type memberState uint8

const (
	idle      memberState = iota // wants nothing
	unjoined                     // is to join as soon as it can
	yielding                     // has revoked what it had; joins once the application has seen that
	joining                      // JoinGroup is under way
	assigning                    // leads, and waits to know the topics' partitions
	syncing                      // SyncGroup is under way
	stable                       // has its assignment
	leaving                      // LeaveGroup is to be sent or under way
	expelled                     // another process has its instance ID; nothing more is done
)

// member is what the client is in its group.
type member struct {
	state      memberState
	topics     []string // subscribed, sorted
	id         string
	generation int32
	protocol   string // the assignor that the group has chosen
	leads      bool
	counts     []topicCount // leader: the partitions that it has divided
	peers      []peer       // leader: whom it divides them among
	owned      []ownedPartition
	told       []Rebalance // for the next poll
	// seen: a poll has been called since the last event was told.
	seen bool

	// Of the consumer protocol: what is assigned and not taken over, for a topic
	// that is not known; what is to be given up and is not yet; whether the next
	// heartbeat says what the member has, or everything; whether what it wants has
	// changed since one was sent.
	given               []kmsg.ConsumerGroupHeartbeatResponseAssignmentTopic
	assigned            bool
	yields              []ownedPartition
	says, full, changed bool
	interval            int32 // that it was told of last, in milliseconds; 0: of none

	call     uint64 // of the newest JoinGroup, SyncGroup or LeaveGroup; answers to others are stale
	underway bool
	beat     bool // a heartbeat is under way
	beatAt   kafka.Instant
	retryAt  kafka.Instant
	failures int
	polled   kafka.Instant // when a poll was called last
	again    bool          // join again as soon as what is under way has ended
	leaveOp  OpID
	leaveOn  bool
	leaveBy  kafka.Instant
	err      kafka.ErrorCode // expelled: why
}

type ownedPartition struct {
	topic string
	index kafka.PartitionIndex
}

type topicCount struct {
	topic string
	count int32
}

func (*Subscribe) clientInput() {}
func (*Leave) clientInput()     {}

// NoGeneration is what a client commits with that is no member.
const NoGeneration = -1

func (c *Client) subscribe(in *Subscribe, out *Effects) {
	g := &c.member
	topics := slices.Clone(in.Topics)
	slices.Sort(topics)
	changed := !slices.Equal(topics, g.topics)
	g.topics, g.polled = topics, c.now.Mono
	for _, t := range topics {
		c.topicNamed(t)
	}
	switch {
	case g.state == idle:
		g.state, g.generation = unjoined, NoGeneration
	case changed && c.config.Consumer.Group.Consumer:
		g.full, g.changed, g.beatAt = true, true, c.now.Mono
	case changed && g.state == stable:
		c.rejoin()
	case changed && g.state != expelled:
		g.again = true
	}
	c.done(in.Op, OK, out)
}

func (c *Client) leave(in *Leave, out *Effects) {
	g := &c.member
	known := g.id != "" && g.state != idle && g.state != expelled
	c.disown()
	g.told, g.topics = g.told[:0], g.topics[:0]
	if config := &c.config.Consumer.Group; !known || config.InstanceID != "" && !config.Consumer {
		g.reset(idle)
		g.id = ""
		c.done(in.Op, OK, out)
		return
	}
	g.reset(leaving)
	g.leaveOp, g.leaveOn, g.leaveBy = in.Op, true, c.now.Mono.Add(c.config.Limits.AdminTimeout)
}

// reset enters a state in which no call of the member counts that was made before.
func (g *member) reset(s memberState) {
	g.state, g.underway, g.again, g.beat = s, false, false, false
	g.given, g.assigned, g.yields, g.says = g.given[:0], false, g.yields[:0], false
	g.call++
}

// disown forgets everything owned, without a word.
func (c *Client) disown() {
	g := &c.member
	for _, o := range g.owned {
		c.forget(o.topic, o.index)
	}
	g.owned = g.owned[:0]
}

// tell keeps an event for the next poll.
func (g *member) tell(kind RebalanceKind, o ownedPartition) {
	g.told = append(g.told, Rebalance{
		Kind: kind, Topic: o.topic, Partition: o.index, Generation: g.generation, Member: g.id, Offset: kafka.NoOffset, Broker: kafka.NoBroker,
	})
	g.seen = false
}

// rejoin begins another round. An eager member first gives up all that it has.
func (c *Client) rejoin() {
	g := &c.member
	g.reset(unjoined)
	if c.config.Consumer.Group.cooperative() || len(g.owned) == 0 {
		return
	}
	for _, o := range g.owned {
		g.tell(Revoked, o)
	}
	c.disown()
	g.state = yielding
}

// lost: the coordinator knows nothing of this member or generation any more.
func (c *Client) lost() {
	g := &c.member
	for _, o := range g.owned {
		g.tell(Lost, o)
	}
	c.disown()
	g.reset(unjoined)
}

// expel ends the membership for good: a newer process has the instance ID.
func (c *Client) expel(code kafka.ErrorCode) {
	c.lost()
	c.member.state, c.member.err = expelled, code
}

// advanceGroup does what is due for the group.
func (c *Client) advanceGroup(out *Effects) {
	c.findCoordinators(out)
	c.advanceMember(out)
	c.advanceOffsets(out)
}

func (c *Client) advanceMember(out *Effects) {
	g := &c.member
	config := &c.config.Consumer.Group
	if g.state != idle && g.state != leaving && g.state != expelled && config.MaxPollInterval > 0 && c.due(g.polled.Add(config.MaxPollInterval)) {
		c.overslept()
	}
	if g.state == yielding && g.seen && !c.committing() && !config.Consumer {
		g.state = unjoined
	}
	if g.leaveOn && c.due(g.leaveBy) {
		g.leaveOn = false
		c.done(g.leaveOp, Info, out).Reason = ReasonTimeout
		g.id, g.generation = "", NoGeneration
		g.reset(idle)
	}
	if config.Consumer {
		c.advanceAssigned(out)
		return
	}
	if g.state == assigning {
		c.divide()
	}
	if g.state == stable && g.leads && c.countsChanged() {
		c.rejoin()
	}
	switch g.state {
	case unjoined, syncing, leaving:
		if !g.underway && c.due(g.retryAt) && (g.state != unjoined || len(g.told) == 0) {
			c.callCoordinator(out)
		}
	case stable, yielding:
		if !g.beat && g.generation != NoGeneration && c.due(g.beatAt) {
			c.heartbeat(out)
		}
	default:
		// The others wait for an answer, or for nothing.
	}
}

// overslept leaves a group because the application has not polled for too long;
// the next poll joins again.
func (c *Client) overslept() {
	g := &c.member
	c.lost()
	g.polled = c.now.Mono
	if g.id != "" && (c.config.Consumer.Group.InstanceID == "" || c.config.Consumer.Group.Consumer) {
		g.state = leaving
	}
}

// stopGroup ends what is open; nothing is said to the coordinator.
func (c *Client) stopGroup(out *Effects) {
	if c.member.leaveOn {
		c.member.leaveOn = false
		c.done(c.member.leaveOp, Info, out).Reason = ReasonStopped
	}
	for len(c.offsets.ops) > 0 {
		c.endOffsets(c.offsets.ops[0], ReasonStopped, out)
	}
}
