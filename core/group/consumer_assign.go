package group

import (
	"slices"
	"strings"
)

// refresh lets the group's epoch rise if the member, or what it is to read, has
// changed.
func (b *beat) refresh() {
	if b.epoch, _ = b.kept.epochs(); b.kept == nil {
		b.epoch = max(b.begins, epochBefore)
	}
	b.seen = b.in.Known.Version()
	g := b.m.consumers[b.in.Group]
	if b.changed == "" && g != nil && g.seen == b.seen {
		return
	}
	b.gather(g == nil || g.seen != b.seen)
	hash := hashTopics(b.roster.topics(b.in.Known))
	if b.changed == "" && (b.kept == nil || b.kept.epoch == nil || b.kept.epoch.Hash != hash) {
		b.changed = "topics have changed"
	}
	if b.changed != "" {
		b.epoch++
		b.put(GroupEpochRecord, "", &GroupEpoch{Epoch: b.epoch, Hash: hash})
		b.take(TopicsSeenRecord, "", b.kept != nil && b.kept.before41)
	}
}

// gather makes the roster. Where topics may have changed, regular expressions are
// matched again.
func (b *beat) gather(again bool) {
	b.roster.regexes = make(map[string]*ResolvedRegex)
	if b.kept != nil {
		for _, p := range b.kept.members {
			if p.metadata != nil && p != b.replaced && p.id != b.in.ID {
				b.roster.members = append(b.roster.members, p)
			}
		}
		for _, k := range b.kept.regexes {
			b.roster.regexes[k.expression] = b.again(k, again)
		}
	}
	if b.resolved != nil {
		b.roster.regexes[b.after.metadata.Regex] = b.resolved
	}
	i, _ := slices.BinarySearchFunc(b.roster.members, b.in.ID, func(p *memberKept, id string) int { return strings.Compare(p.id, id) })
	b.roster.members = slices.Insert(b.roster.members, i, &b.after)
}

// again matches an expression with the topics of now, and has the log know where
// that makes a difference.
func (b *beat) again(k regexKept, again bool) *ResolvedRegex {
	if !again {
		return k.resolved
	}
	names, ok := match(k.expression, b.in.Known)
	if !ok || slices.Equal(names, k.resolved.Topics) || !b.kept.subscribes(k.expression, nil) {
		return k.resolved
	}
	next := &ResolvedRegex{Topics: names, Version: int64(b.seen), At: b.m.now.Wall}
	b.put(RegexRecord, k.expression, next)
	return next
}

// retarget finds out what every member shall have, if that is not known for the
// group's epoch. It returns the epoch of the targets.
func (b *beat) retarget() int32 {
	_, target := b.kept.epochs()
	if b.epoch <= target {
		return target
	}
	if b.roster.members == nil {
		b.gather(false)
	}
	topics := b.roster.topics(b.in.Known)
	p := b.roster.problem(topics)
	p.solve(b.roster.assignor(b.m.config.ConsumerAssignors[0]))
	for i, s := range p.subjects {
		member := b.roster.members[i]
		shall := SetOf(s.has)
		if member.target != nil && slices.Equal(member.target.Partitions, shall) {
			continue
		}
		t := &Target{Partitions: shall}
		b.put(TargetRecord, member.id, t)
		if member == &b.after {
			b.after.target = t
		}
	}
	b.put(TargetEpochRecord, "", &TargetEpoch{Epoch: b.epoch})
	return b.epoch
}
