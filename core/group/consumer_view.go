package group

import (
	"maps"
	"slices"
	"strings"

	"trialog/core/kafka"
)

// consumerKept is what a prefix of the log says of a group of the consumer protocol.
type consumerKept struct {
	epoch   *GroupEpoch
	target  *TargetEpoch
	members []*memberKept // by ID
	regexes []regexKept   // by expression
	// instances finds static members, owners whoever has a partition or has not
	// given it up yet. Both follow from members.
	instances map[string]string
	owners    map[kafka.TopicPartition]string
	before41  bool // there is a record of TopicsSeen
}

// memberKept is one member. One without metadata is none: the rest of it is about
// to be taken back.
type memberKept struct {
	id       string
	metadata *ConsumerMember
	target   *Target
	current  *Current
}

type regexKept struct {
	expression string
	resolved   *ResolvedRegex
}

func (k *kept) applyConsumer(r *Record) {
	c := k.consumer
	if c == nil {
		if r.Consumer == nil {
			return
		}
		c = &consumerKept{instances: make(map[string]string), owners: make(map[kafka.TopicPartition]string)}
		k.consumer = c
	}
	switch r.Kind {
	case GroupEpochRecord:
		c.epoch, _ = r.Consumer.(*GroupEpoch)
	case TopicsSeenRecord:
		c.before41 = r.Consumer != nil
	case TargetEpochRecord:
		c.target, _ = r.Consumer.(*TargetEpoch)
	case ConsumerMemberRecord, TargetRecord, CurrentRecord:
		c.applyMember(r)
	case RegexRecord:
		c.applyRegex(r)
	case UnknownRecord, OffsetRecord, ClassicRecord:
	}
	if c.epoch == nil && c.target == nil && len(c.members) == 0 && len(c.regexes) == 0 && !c.before41 {
		k.consumer = nil
	}
}

func (c *consumerKept) find(id string) (int, bool) {
	return slices.BinarySearchFunc(c.members, id, func(p *memberKept, id string) int { return strings.Compare(p.id, id) })
}

// member finds one who is a member, nil for nobody.
func (c *consumerKept) member(id string) *memberKept {
	if c == nil {
		return nil
	}
	if i, found := c.find(id); found && c.members[i].metadata != nil {
		return c.members[i]
	}
	return nil
}

// instance finds a static member, nil for nobody.
func (c *consumerKept) instance(id string) *memberKept {
	if c == nil {
		return nil
	}
	if member, known := c.instances[id]; known {
		return c.member(member)
	}
	return nil
}

// size is how many members there are.
func (c *consumerKept) size() int {
	n := 0
	for _, p := range c.members {
		if p.metadata != nil {
			n++
		}
	}
	return n
}

func (c *consumerKept) applyMember(r *Record) {
	i, found := c.find(r.Name)
	if !found {
		if r.Consumer == nil {
			return
		}
		c.members = slices.Insert(c.members, i, &memberKept{id: r.Name})
	}
	p := c.members[i]
	switch r.Kind {
	case ConsumerMemberRecord:
		if old := p.metadata; old != nil && old.InstanceID != "" && c.instances[old.InstanceID] == p.id {
			delete(c.instances, old.InstanceID)
		}
		if p.metadata, _ = r.Consumer.(*ConsumerMember); p.metadata != nil && p.metadata.InstanceID != "" {
			c.instances[p.metadata.InstanceID] = p.id
		}
	case TargetRecord:
		p.target, _ = r.Consumer.(*Target)
	default:
		c.release(p)
		if p.current, _ = r.Consumer.(*Current); p.current != nil {
			for _, tp := range p.current.Assigned {
				c.owners[tp] = p.id
			}
			for _, tp := range p.current.Revoking {
				c.owners[tp] = p.id
			}
		}
	}
	if p.metadata == nil && p.target == nil && p.current == nil {
		c.members = slices.Delete(c.members, i, i+1)
	}
}

// release forgets that a member has anything.
func (c *consumerKept) release(p *memberKept) {
	if p.current == nil {
		return
	}
	for _, set := range [...]Partitions{p.current.Assigned, p.current.Revoking} {
		for _, tp := range set {
			if c.owners[tp] == p.id {
				delete(c.owners, tp)
			}
		}
	}
}

func (c *consumerKept) findRegex(expression string) (int, bool) {
	return slices.BinarySearchFunc(c.regexes, expression, func(k regexKept, e string) int { return strings.Compare(k.expression, e) })
}

// resolved is which topics match an expression, nil when nobody has looked.
func (c *consumerKept) resolved(expression string) *ResolvedRegex {
	if c == nil {
		return nil
	}
	if i, found := c.findRegex(expression); found {
		return c.regexes[i].resolved
	}
	return nil
}

func (c *consumerKept) applyRegex(r *Record) {
	i, found := c.findRegex(r.Name)
	resolved, _ := r.Consumer.(*ResolvedRegex)
	switch {
	case found && resolved == nil:
		c.regexes = slices.Delete(c.regexes, i, i+1)
	case found:
		c.regexes[i].resolved = resolved
	case resolved != nil:
		c.regexes = slices.Insert(c.regexes, i, regexKept{r.Name, resolved})
	}
}

// epochs are the group's and the one of its targets.
func (c *consumerKept) epochs() (group, target int32) {
	if c == nil {
		return 0, 0
	}
	if c.epoch != nil {
		group = c.epoch.Epoch
	}
	if c.target != nil {
		target = c.target.Epoch
	}
	return group, target
}

func (c *consumerKept) clone() *consumerKept {
	if c == nil {
		return nil
	}
	out := *c
	out.members = make([]*memberKept, len(c.members))
	for i, p := range c.members {
		one := *p
		out.members[i] = &one
	}
	out.regexes = slices.Clone(c.regexes)
	out.instances, out.owners = maps.Clone(c.instances), maps.Clone(c.owners)
	return &out
}

// records are the records that make the group, without its offsets.
func (c *consumerKept) records(group string) []Record {
	var all []Record
	add := func(kind RecordKind, name string, value ConsumerValue) {
		all = append(all, Record{Kind: kind, Group: group, Name: name, Consumer: value})
	}
	for _, p := range c.members {
		if p.current != nil {
			add(CurrentRecord, p.id, p.current)
		}
		if p.target != nil {
			add(TargetRecord, p.id, p.target)
		}
		if p.metadata != nil {
			add(ConsumerMemberRecord, p.id, p.metadata)
		}
	}
	for _, k := range c.regexes {
		add(RegexRecord, k.expression, k.resolved)
	}
	if c.target != nil {
		add(TargetEpochRecord, "", c.target)
	}
	if c.before41 {
		add(TopicsSeenRecord, "", &TopicsSeen{})
	}
	if c.epoch != nil {
		add(GroupEpochRecord, "", c.epoch)
	}
	return all
}

// same tells whether two views say the same of a group.
func (c *consumerKept) same(o *consumerKept) bool {
	if c == nil || o == nil {
		return c == o
	}
	return len(c.instances) == len(o.instances) && len(c.owners) == len(o.owners) &&
		slices.EqualFunc(c.records(""), o.records(""), func(a, b Record) bool {
			return a.Kind == b.Kind && a.Name == b.Name && string(appendConsumerValue(nil, a.Consumer)) == string(appendConsumerValue(nil, b.Consumer))
		})
}
