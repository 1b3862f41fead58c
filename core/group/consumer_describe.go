package group

// The states of a group of the consumer protocol, by Kafka's names.
const (
	stateEmpty       = "Empty"       // no members
	stateAssigning   = "Assigning"   // what members shall have is not known for the group's epoch
	stateReconciling = "Reconciling" // some member has not got what it shall have
	stateStable      = "Stable"
)

// state is the group's.
func (c *consumerKept) state() string {
	epoch, target := c.epochs()
	switch {
	case c.size() == 0:
		return stateEmpty
	case epoch > target:
		return stateAssigning
	}
	for _, p := range c.members {
		if p.metadata != nil && (p.current == nil || !p.current.settled(target)) {
			return stateReconciling
		}
	}
	return stateStable
}

// reads tells whether anybody subscribes to a topic.
func (c *consumerKept) reads(topic string) bool {
	for _, p := range c.members {
		if p.metadata == nil {
			continue
		}
		for _, name := range p.metadata.Topics {
			if name == topic {
				return true
			}
		}
		if resolved := c.resolved(p.metadata.Regex); resolved != nil {
			for _, name := range resolved.Topics {
				if name == topic {
					return true
				}
			}
		}
	}
	return false
}

// ConsumerDescription is a group as ConsumerGroupDescribe shows it.
type ConsumerDescription struct {
	State       string
	Epoch       int32
	TargetEpoch int32
	Assignor    string
	Members     []ConsumerMemberDescription
	// Causes tell why the group assigned anew last, oldest first.
	Causes []Cause
}

// ConsumerMemberDescription is one member of a ConsumerDescription. It is not to
// be changed.
type ConsumerMemberDescription struct {
	ID       string
	Metadata *ConsumerMember
	Epoch    int32
	Assigned Partitions
	Target   Partitions
}

// DescribeConsumer shows a group of the consumer protocol, as far as it counts.
// False: there is none.
func (m *Machine) DescribeConsumer(group string) (ConsumerDescription, bool) {
	k := m.committed.groups[group]
	if k == nil || k.consumer == nil {
		return ConsumerDescription{}, false
	}
	c := k.consumer
	d := ConsumerDescription{State: c.state()}
	d.Epoch, d.TargetEpoch = c.epochs()
	var r roster
	for _, p := range c.members {
		if p.metadata == nil {
			continue
		}
		r.members = append(r.members, p)
		one := ConsumerMemberDescription{ID: p.id, Metadata: p.metadata}
		if p.current != nil {
			// As in Kafka, it has what it is to give up until it has.
			one.Epoch, one.Assigned = p.current.Epoch, p.current.Assigned.with(p.current.Revoking)
		}
		if p.target != nil {
			one.Target = p.target.Partitions
		}
		d.Members = append(d.Members, one)
	}
	d.Assignor = r.assignor(m.config.ConsumerAssignors[0])
	if g := m.consumers[group]; g != nil {
		d.Causes = g.causes
	}
	return d, true
}

// Consumer tells whether a group is of the consumer protocol.
func (m *Machine) Consumer(group string) bool {
	k := m.committed.groups[group]
	return k != nil && k.consumer != nil
}
