package group

import (
	"slices"
	"strings"

	"trialog/core/kafka"
	"trialog/core/must"
)

// ConsumerHeartbeat is ConsumerGroupHeartbeat (API 68). What a member does not
// say has not changed since it last said it.
type ConsumerHeartbeat struct {
	Ticket Ticket
	Member
	Client             Client
	Epoch              int32 // 0: it joins; -1: it leaves; -2: it leaves and will be back
	Rack               string
	RebalanceTimeoutMs int32 // -1: not said
	Topics             []string
	HasTopics          bool
	Regex              string // empty, if said: none
	HasRegex           bool
	Assignor           string
	Owned              Partitions
	HasOwned           bool
	// NamesItself: a member without an ID is not given one (version 1 and later).
	NamesItself bool
	Known       Topics
}

func (*ConsumerHeartbeat) groupInput() {}

// Beaten answers a ConsumerHeartbeat.
type Beaten struct {
	Member     string
	Epoch      int32
	IntervalMs int32
	// Assigned is what the member has now, if it is told.
	Assigned    Partitions
	HasAssigned bool
}

// beat is a ConsumerHeartbeat under way.
type beat struct {
	in       *ConsumerHeartbeat
	m        *Machine
	kept     *consumerKept // nil: the group begins
	records  []Record
	before   *memberKept // nil: it is new
	replaced *memberKept // a static member whose place it takes
	after    memberKept
	resolved *ResolvedRegex // of a regular expression that nobody had yet
	roster   roster
	changed  string // why the group's epoch rises
	epoch    int32
	seen     uint64
	from     *classic        // the classic group that this one takes the place of
	begins   int32           // the generation of that, if it was empty
	speaks   *ClassicSpeaker // of a Join of a classic member
}

// consumerHeartbeat takes a member's sign of life, and with it whatever has
// changed; it is answered with what has changed for the member.
func (m *Machine) consumerHeartbeat(in *ConsumerHeartbeat) {
	code, why := in.malformed(&m.config)
	if code == kafka.None {
		b := &beat{in: in, m: m, kept: m.consumerOf(in.Group)}
		if in.Epoch < 0 {
			code = b.leave()
		} else {
			code = b.run()
		}
	}
	switch code {
	case kafka.None:
		return
	case kafka.ErrFencedMemberEpoch, kafka.ErrUnknownMemberID:
		m.out.Watch.Reached(must.ConsumerFenced)
	default:
	}
	m.answer(Answer{Ticket: in.Ticket, Err: code, Text: why, Beaten: Beaten{Member: in.ID, Epoch: in.Epoch}})
}

// malformed tells what is wrong with a heartbeat whoever sends it.
func (in *ConsumerHeartbeat) malformed(config *Config) (kafka.ErrorCode, string) {
	invalid := func(text string) (kafka.ErrorCode, string) { return kafka.ErrInvalidRequest, text }
	switch {
	case in.ID == "" && (in.NamesItself || in.Epoch != epochJoin):
		return invalid("MemberId can't be empty.")
	case in.Epoch < epochLeaveStatic:
		return invalid("MemberEpoch is invalid.")
	case in.Epoch == epochLeaveStatic && in.InstanceID == "":
		return invalid("InstanceId can't be null.")
	case in.Epoch == epochJoin && in.RebalanceTimeoutMs < 0:
		return invalid("RebalanceTimeoutMs must be provided in first request.")
	case in.Epoch == epochJoin && (!in.HasOwned || len(in.Owned) > 0):
		return invalid("TopicPartitions must be empty when (re-)joining.")
	case in.Epoch == epochJoin && !in.HasTopics && !in.HasRegex:
		return invalid("Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.")
	case in.Assignor != "" && !slices.Contains(config.ConsumerAssignors, in.Assignor):
		return kafka.ErrUnsupportedAssignor, "ServerAssignor " + in.Assignor + " is not supported. Supported assignors: " + strings.Join(config.ConsumerAssignors, ", ") + "."
	}
	return kafka.None, ""
}

func (b *beat) run() kafka.ErrorCode {
	if code := b.enter(); code != kafka.None {
		return code
	}
	if code := b.identify(); code != kafka.None {
		return code
	}
	return b.bring()
}

// bring takes over what the member says, brings it towards what it shall have,
// and answers.
func (b *beat) bring() kafka.ErrorCode {
	if code := b.describe(); code != kafka.None {
		return code
	}
	b.refresh()
	target := b.retarget()
	told := b.reconcile(target)
	b.finish(told)
	return kafka.None
}

// enter finds the group, or makes place for it: a group of the classic protocol
// becomes one of this, and keeps its offsets and its members.
func (b *beat) enter() kafka.ErrorCode {
	if b.kept != nil {
		return kafka.None
	}
	g := b.m.groups[b.in.Group]
	if b.in.Epoch != epochJoin {
		return kafka.ErrGroupIDNotFound
	}
	b.from = g
	if g != nil && g.state != Empty {
		return b.upgrade(g)
	}
	if k := b.m.written.groups[b.in.Group]; k != nil && k.classic != nil {
		b.begins = k.classic.Generation
		b.records = append(b.records, Record{Kind: ClassicRecord, Group: b.in.Group})
		b.m.out.Watch.Reached(must.GroupConverted)
	}
	return kafka.None
}

// upgrade takes over a classic group that has members.
func (b *beat) upgrade(g *classic) kafka.ErrorCode {
	if !b.m.upgradable(g) {
		return kafka.ErrGroupIDNotFound
	}
	records, ok := b.m.upgraded(g, b.in.Known)
	if !ok {
		return kafka.ErrGroupIDNotFound
	}
	b.m.out.Watch.Reached(must.GroupUpgraded)
	b.records = records
	var k kept
	for i := range records {
		if r := &records[i]; r.Kind.consumers() {
			k.applyConsumer(r)
		}
	}
	b.kept = k.consumer
	return kafka.None
}

// identify finds out who speaks, and whether it may.
func (b *beat) identify() kafka.ErrorCode {
	if b.in.ID == "" {
		b.in.ID = b.m.rand.UUID().String()
	}
	b.before = b.kept.member(b.in.ID)
	if b.in.InstanceID != "" {
		if code := b.identifyStatic(); code != kafka.None {
			return code
		}
	}
	switch {
	case b.before == nil && b.in.Epoch != epochJoin:
		return kafka.ErrUnknownMemberID
	case b.before != nil:
		return b.inEpoch(b.before.current)
	case b.replaced == nil && b.kept != nil && b.kept.size() >= int(b.m.config.ConsumerMaxSize):
		return kafka.ErrGroupMaxSizeReached
	}
	return kafka.None
}

func (b *beat) identifyStatic() kafka.ErrorCode {
	there := b.kept.instance(b.in.InstanceID)
	switch {
	case there == nil && b.in.Epoch != epochJoin:
		return kafka.ErrUnknownMemberID
	case there == nil || there.id == b.in.ID:
		return kafka.None
	case b.in.Epoch != epochJoin:
		return kafka.ErrFencedInstanceID
	case there.metadata.Classic == nil && (there.current == nil || there.current.Epoch != epochLeaveStatic):
		return kafka.ErrUnreleasedInstanceID
	}
	b.replaced = there
	b.m.out.Watch.Reached(must.StaticMemberReplaced)
	return kafka.None
}

// inEpoch tells whether a member speaks in its epoch. One that names the epoch
// before, and has nothing that it should not have, has not seen the answer that
// told it of this one, and is answered again. Whoever joins again has nothing.
func (b *beat) inEpoch(c *Current) kafka.ErrorCode {
	switch {
	case b.in.Epoch == epochJoin || c != nil && b.in.Epoch == c.Epoch:
		return kafka.None
	case c != nil && b.in.Epoch < c.Epoch && b.in.Epoch == c.Previous && b.in.HasOwned && b.in.Owned.within(c.Assigned):
		b.m.out.Watch.Reached(must.HeartbeatAnsweredAgain)
		return kafka.None
	}
	return kafka.ErrFencedMemberEpoch
}

// describe takes over what the member says of itself.
func (b *beat) describe() kafka.ErrorCode {
	old := ConsumerMember{RebalanceTimeoutMs: -1}
	from := b.before
	if from == nil {
		from = b.replaced
	}
	if from != nil {
		b.after, old = *from, *from.metadata
	}
	next := old
	next.Client, next.Classic = b.in.Client, b.speaks
	if b.in.InstanceID != "" {
		next.InstanceID = b.in.InstanceID
	}
	if b.in.Rack != "" {
		next.Rack = b.in.Rack
	}
	if b.in.RebalanceTimeoutMs >= 0 {
		next.RebalanceTimeoutMs = b.in.RebalanceTimeoutMs
	}
	if b.in.Assignor != "" {
		next.Assignor = b.in.Assignor
	}
	if b.in.HasTopics && !sameStrings(b.in.Topics, old.Topics) {
		next.Topics = slices.Clone(b.in.Topics)
		slices.Sort(next.Topics)
		next.Topics = slices.Compact(next.Topics)
	}
	if b.in.HasRegex {
		next.Regex = b.in.Regex
	}
	if next.Regex != "" && b.kept.resolved(next.Regex) == nil {
		names, ok := match(next.Regex, b.in.Known)
		if !ok {
			return kafka.ErrInvalidRegularExpression
		}
		b.resolved = &ResolvedRegex{Topics: names, Version: int64(b.in.Known.Version()), At: b.m.now.Wall}
	}
	b.adopt(from, &old, &next)
	return kafka.None
}

// sameStrings compares what a member says with what is sorted.
func sameStrings(said, sorted []string) bool {
	return len(said) == len(sorted) && slices.Equal(said, sorted)
}

// adopt writes who the member is, where that is new.
func (b *beat) adopt(from *memberKept, old, next *ConsumerMember) {
	b.after.id = b.in.ID
	if b.replaced != nil {
		b.take(CurrentRecord, b.replaced.id, b.replaced.current != nil)
		b.take(TargetRecord, b.replaced.id, b.replaced.target != nil)
		b.take(ConsumerMemberRecord, b.replaced.id, true)
		b.after.current = &Current{}
		if c := b.replaced.current; c != nil {
			b.after.current.Assigned, b.after.current.AssignedSince = c.Assigned, c.AssignedSince
		}
	}
	topics := slices.Equal(old.Topics, next.Topics) && old.Regex == next.Regex
	same := topics && old.InstanceID == next.InstanceID && old.Rack == next.Rack && old.Client == next.Client &&
		old.RebalanceTimeoutMs == next.RebalanceTimeoutMs && old.Assignor == next.Assignor && old.Classic.same(next.Classic)
	switch {
	case from == nil:
		b.changed = "a member joined"
	case !topics:
		b.changed = "a member's subscription has changed"
	}
	if b.before == nil || !same {
		b.after.metadata = next
		b.put(ConsumerMemberRecord, b.in.ID, next)
	}
	if b.replaced != nil && b.after.target != nil {
		b.put(TargetRecord, b.in.ID, b.after.target)
	}
	if b.resolved != nil {
		b.put(RegexRecord, next.Regex, b.resolved)
	}
	if old.Regex != "" && old.Regex != next.Regex && !b.kept.subscribes(old.Regex, []string{from.id}) {
		b.take(RegexRecord, old.Regex, true)
	}
	if b.after.current == nil {
		b.after.current = &Current{}
	}
}

func (b *beat) put(kind RecordKind, name string, value ConsumerValue) {
	b.records = append(b.records, Record{Kind: kind, Group: b.in.Group, Name: name, Consumer: value})
}

func (b *beat) take(kind RecordKind, name string, there bool) {
	if there {
		b.records = append(b.records, Record{Kind: kind, Group: b.in.Group, Name: name})
	}
}
