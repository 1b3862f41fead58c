package group

import (
	"fmt"

	"trialog/core/kafka"
)

// checkConsumers checks the groups of the consumer protocol.
func (m *Machine) checkConsumers() error {
	for _, name := range m.written.names() {
		c := m.written.groups[name].consumer
		if c == nil {
			continue
		}
		if err := c.check(name); err != nil {
			return err
		}
		g := m.consumers[name]
		if g == nil {
			continue // checkViews says so
		}
		if len(g.watches) != c.size() {
			return fmt.Errorf("G7: %d members of %q are watched over, of %d", len(g.watches), name, c.size())
		}
		for _, p := range c.members {
			w := g.watches[p.id]
			if p.metadata != nil && (w == nil || w.session.place == 0 || p.metadata.Classic == nil && (p.current != nil && p.current.State == MemberUnrevoked) != (w.rebalance.place > 0)) {
				return fmt.Errorf("G7: nobody watches over member %q of %q", p.id, name)
			}
		}
	}
	return nil
}

// check checks what the log says of one group.
func (c *consumerKept) check(name string) error {
	epoch, target := c.epochs()
	if target > epoch {
		return fmt.Errorf("G10: the targets of %q are of epoch %d, the group is in %d", name, target, epoch)
	}
	owners := make(map[kafka.TopicPartition]string, len(c.owners))
	shall := make(map[kafka.TopicPartition]string)
	for _, p := range c.members {
		if p.target != nil {
			for _, tp := range p.target.Partitions {
				if other := shall[tp]; other != "" {
					return fmt.Errorf("G9: %q and %q of %q shall both have partition %d", other, p.id, name, tp.Partition)
				}
				shall[tp] = p.id
			}
		}
		if p.current == nil {
			continue
		}
		if p.current.Epoch > target {
			return fmt.Errorf("G10: member %q of %q is in epoch %d, the targets are of %d", p.id, name, p.current.Epoch, target)
		}
		if p.current.State == MemberUnrevoked && p.current.Epoch == target {
			return fmt.Errorf("G10: member %q of %q is to give something up and is in the targets' epoch %d already", p.id, name, target)
		}
		if err := p.current.checkSince(name, p.id); err != nil {
			return err
		}
		for _, set := range [...]Partitions{p.current.Assigned, p.current.Revoking} {
			for _, tp := range set {
				if other := owners[tp]; other != "" {
					return fmt.Errorf("G9: %q and %q of %q both have partition %d", other, p.id, name, tp.Partition)
				}
				if owners[tp] = p.id; c.owners[tp] != p.id {
					return fmt.Errorf("G9: of %q, partition %d of %q is not found", name, tp.Partition, p.id)
				}
			}
		}
	}
	if len(owners) != len(c.owners) {
		return fmt.Errorf("G9: of %q, %d partitions are taken and %d found", name, len(owners), len(c.owners))
	}
	return nil
}

// checkSince checks that it is known of all that a member has since when it has it.
func (c *Current) checkSince(group, member string) error {
	if len(c.Assigned) != len(c.AssignedSince) || len(c.Revoking) != len(c.RevokingSince) {
		return fmt.Errorf("G10: of %q it is not known since when %q has all that it has", group, member)
	}
	for _, all := range [...][]int32{c.AssignedSince, c.RevokingSince} {
		for _, since := range all {
			if c.Epoch >= 0 && since > c.Epoch {
				return fmt.Errorf("G10: of %q, %q is in epoch %d and has something since %d", group, member, c.Epoch, since)
			}
		}
	}
	return nil
}
