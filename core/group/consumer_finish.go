package group

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
)

// quick answers a member that has what it shall have and says nothing new.
func (m *Machine) quick(in *ConsumerHeartbeat) bool {
	if in.Epoch <= 0 || in.HasTopics || in.HasRegex || in.Rack != "" || in.Assignor != "" || in.RebalanceTimeoutMs >= 0 || in.HasOwned {
		return false
	}
	c, g := m.consumerOf(in.Group), m.consumers[in.Group]
	p := c.member(in.ID)
	if p == nil || p.metadata.Classic != nil || g == nil || g.seen != in.Known.Version() || p.current == nil || p.metadata.Client != in.Client {
		return false
	}
	epoch, target := c.epochs()
	if epoch != target || in.Epoch != target || !p.current.settled(target) || in.InstanceID != p.metadata.InstanceID {
		return false
	}
	m.heard(g.watches[in.ID], p)
	m.after(Answer{Ticket: in.Ticket, Beaten: Beaten{Member: in.ID, Epoch: target, IntervalMs: m.settings(in.Group).ConsumerHeartbeatIntervalMs}})
	return true
}

// reconcile brings what the member has towards what it shall have, and tells
// whether that changes what it has.
func (b *beat) reconcile(epoch int32) bool {
	r := reconciliation{
		epoch: epoch, replaces: b.replaced != nil, owned: b.in.Owned, hasOwned: b.in.HasOwned, fresh: b.in.Epoch == epochJoin || b.speaks != nil && b.before == nil,
		held: func(tp kafka.TopicPartition) bool {
			if b.kept == nil {
				return false
			}
			owner, owned := b.kept.owners[tp]
			return owned && owner != b.in.ID && (b.replaced == nil || owner != b.replaced.id)
		},
	}
	if b.after.target != nil {
		r.target = b.after.target.Partitions
	}
	was := b.after.current
	next := r.next(was)
	if next != was || b.before == nil {
		b.after.current = next
		b.put(CurrentRecord, b.in.ID, next)
	}
	switch {
	case next == was:
		return false
	case next.State == MemberUnrevoked:
		b.m.out.Watch.Reached(must.RevocationAsked)
	case next.State == MemberUnreleased:
		b.m.out.Watch.Reached(must.ReleaseAwaited)
	}
	return !slices.Equal(was.Assigned, next.Assigned)
}

// finish answers once everything counts that the answer says.
func (b *beat) finish(told bool) {
	m := b.m
	a := Answer{Ticket: b.in.Ticket, Beaten: Beaten{Member: b.in.ID, Epoch: b.after.current.Epoch, IntervalMs: m.settings(b.in.Group).ConsumerHeartbeatIntervalMs}}
	if told || b.in.Epoch == epochJoin || b.in.RebalanceTimeoutMs >= 0 && (b.in.HasTopics || b.in.HasRegex) && b.in.HasOwned {
		a.Beaten.Assigned, a.Beaten.HasAssigned = b.after.current.Assigned, true
	}
	joins := ""
	if b.speaks != nil {
		a, joins = b.joinedMixed(), b.in.ID
	}
	if g := m.consumers[b.in.Group]; g != nil {
		if w := g.watches[b.in.ID]; w != nil {
			m.heard(w, &b.after)
		}
		if len(b.records) == 0 {
			g.seen = b.seen
		}
	}
	if len(b.records) == 0 {
		m.after(a)
		if joins != "" {
			m.awaitSync(b.in.Group, joins)
		}
		return
	}
	p := m.draft()
	p.records = append(p.records, b.records...)
	p.outcome = outcome{Answer: a, seen: b.seen, sees: true, buried: b.from, joins: joins}
	m.propose(p)
	if b.changed != "" {
		m.explain(m.consumers[b.in.Group], &b.after, b.changed)
	}
}

// leave takes a member out, or notes that a static one will be back.
func (b *beat) leave() kafka.ErrorCode {
	if b.kept == nil {
		return kafka.ErrGroupIDNotFound
	}
	one := b.kept.member(b.in.ID)
	if b.in.InstanceID != "" {
		there := b.kept.instance(b.in.InstanceID)
		switch {
		case there == nil:
			return kafka.ErrUnknownMemberID
		case there.id != b.in.ID:
			return kafka.ErrFencedInstanceID
		}
	}
	if one == nil {
		return kafka.ErrUnknownMemberID
	}
	a := Answer{Ticket: b.in.Ticket, Beaten: Beaten{Member: b.in.ID, Epoch: b.in.Epoch}}
	if b.in.Epoch == epochLeave && b.m.downgradable(b.kept, one.id) {
		b.m.downgrade(b.in.Group, one.id, "a member left", b.in.Known, outcome{Answer: a})
		return kafka.None
	}
	if b.in.Epoch == epochLeave {
		b.m.removeMembers(b.in.Group, []string{b.in.ID}, "a member left", outcome{Answer: a})
		return kafka.None
	}
	away := &Current{Epoch: epochLeaveStatic}
	if c := one.current; c != nil {
		away.Previous, away.Assigned, away.AssignedSince = c.Previous, c.Assigned, c.AssignedSince
	}
	p := b.m.draft()
	p.records = append(p.records, Record{Kind: CurrentRecord, Group: b.in.Group, Name: b.in.ID, Consumer: away})
	p.outcome = outcome{Answer: a}
	b.m.propose(p)
	return kafka.None
}

// consumerMayCommit tells whether a commit may be taken: of a member, in its epoch
// or, for what it has had ever since, in an older one (KIP-1251). The epoch rises
// when a member has given something up, so that nobody commits for what he has no
// more. Of a commit in an older epoch, codes say which of its partitions are refused.
func (m *Machine) consumerMayCommit(c *consumerKept, in *Commit) (code kafka.ErrorCode, codes []kafka.ErrorCode) {
	if in.Generation < 0 && c.size() == 0 {
		return kafka.None, nil
	}
	p := c.member(in.ID)
	if p == nil {
		return kafka.ErrUnknownMemberID, nil
	}
	stale := kafka.ErrStaleMemberEpoch
	if p.metadata.Classic != nil {
		stale = kafka.ErrIllegalGeneration
	} else if in.Version < 9 {
		return kafka.ErrUnsupportedVersion, nil
	}
	switch {
	case p.current == nil || in.Generation > p.current.Epoch:
		return stale, nil
	case in.Generation == p.current.Epoch:
		return kafka.None, nil
	}
	codes = make([]kafka.ErrorCode, len(in.Offsets))
	for i := range in.Offsets {
		o := &in.Offsets[i]
		since, has := p.current.since(kafka.TopicPartition{Topic: o.Offset.TopicID, Partition: o.Partition})
		if !has || in.Generation < since {
			codes[i] = stale
			m.out.Watch.Reached(must.ZombieCommitRefused)
		} else {
			m.out.Watch.Reached(must.OlderEpochCommitTaken)
		}
	}
	return kafka.None, codes
}

// MayFetch tells whether a member may be told what its group has committed: every
// client of the classic protocol may, and whoever names no epoch.
func (m *Machine) MayFetch(group, member string, epoch int32) kafka.ErrorCode {
	k := m.committed.groups[group]
	if epoch < 0 || k == nil || k.consumer == nil {
		return kafka.None
	}
	p := k.consumer.member(member)
	switch {
	case p == nil:
		return kafka.ErrUnknownMemberID
	case p.metadata.Classic != nil && (p.current == nil || epoch != p.current.Epoch):
		return kafka.ErrIllegalGeneration
	case p.current == nil || epoch != p.current.Epoch:
		return kafka.ErrStaleMemberEpoch
	}
	return kafka.None
}
