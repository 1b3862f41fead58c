package group

import (
	"fmt"
	"slices"

	"trialog/core/coordinator"
)

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}

// Invariants checks everything; see doc.go for the numbers.
func (m *Machine) Invariants() error {
	if len(m.asked) > 0 {
		return fmt.Errorf("G6: %d appends have not been answered", len(m.asked))
	}
	for i, t := range m.timers.heap {
		if t.place != i+1 || t.due < t.at {
			return fmt.Errorf("G7: a timer is not where the heap has it")
		}
	}
	if len(m.groups) > checkedOffsets {
		return nil
	}
	for _, id := range m.names() {
		if err := m.check(m.groups[id]); err != nil {
			return err
		}
	}
	if err := m.checkConsumers(); err != nil {
		return err
	}
	return m.checkViews()
}

// checkedOffsets bounds what checkViews looks at: both views are walked, and a
// coordinator at work may have more than one Step should look at.
const checkedOffsets = 20_000

func (m *Machine) names() []string {
	names := make([]string, 0, len(m.groups))
	for name := range m.groups { //order: they are sorted below
		names = append(names, name)
	}
	return sorted(names)
}

// check checks one group.
func (m *Machine) check(g *classic) error {
	joining, unsynced := 0, 0
	for _, one := range g.members {
		if g.byID[one.id] != one || one.instance != "" && g.byInstance[one.instance] != one {
			return fmt.Errorf("G1: a member of %q is not found by its IDs", g.id)
		}
		if one.awaitsJoin {
			joining++
		}
		if !one.synced {
			unsynced++
		}
		if one.awaitsJoin && g.state != PreparingRebalance {
			return fmt.Errorf("G2: a member of %q waits to join in state %v", g.id, g.state)
		}
		if one.awaitsSync && g.state != CompletingRebalance {
			return fmt.Errorf("G2: a member of %q waits to sync in state %v", g.id, g.state)
		}
		if one.session.place == 0 {
			return fmt.Errorf("G7: nobody watches over a member of %q", g.id)
		}
	}
	switch {
	case len(g.byID) != len(g.members) || joining != g.joining || g.state == CompletingRebalance && unsynced != g.unsynced:
		return fmt.Errorf("G1: of %q, %v: %d members, %d by ID, %d join and %d are counted, %d have not synced and %d are counted", g.id, g.state, len(g.members), len(g.byID), joining, g.joining, unsynced, g.unsynced)
	case g.state == Empty && len(g.members) > 0 || g.state == Stable && len(g.members) == 0 || g.state == CompletingRebalance && len(g.members) == 0:
		return fmt.Errorf("G2: %q has %d members in state %v", g.id, len(g.members), g.state)
	case len(g.members) > 0 && g.byID[g.leader] == nil:
		return fmt.Errorf("G4: the leader of %q is no member", g.id)
	case g.state == PreparingRebalance && g.join.place == 0, g.state == CompletingRebalance && g.unsynced > 0 && g.sync.place == 0:
		return fmt.Errorf("G7: nobody ends a phase of %q", g.id)
	}
	return nil
}

// checkViews checks that what is pending is what the written view has and the
// committed one has not.
func (m *Machine) checkViews() error {
	if groups, _, offsets := m.Count(); groups+offsets > checkedOffsets {
		return nil
	}
	replayed := view{groups: make(map[string]*kept, len(m.committed.groups))}
	for name, k := range m.committed.groups { //order: a map is copied into a map
		replayed.groups[name] = k.clone()
	}
	m.tail.Each(func(p *coordinator.Pending[Record, outcome]) {
		for i := range p.Records {
			replayed.apply(&p.Records[i])
		}
	})
	if name, same := replayed.same(&m.written); !same {
		return fmt.Errorf("G8: of %q the views say different things", name)
	}
	for _, name := range m.written.names() {
		if (m.groups[name] == nil) == (m.consumers[name] == nil) {
			return fmt.Errorf("G8: the log knows a group %q that nobody coordinates, or two", name)
		}
	}
	return nil
}

func (k *kept) clone() *kept {
	c := &kept{classic: k.classic, consumer: k.consumer.clone(), offsets: offsets{count: k.offsets.count}}
	for _, t := range k.offsets.topics {
		c.offsets.topics = append(c.offsets.topics, topicOffsets{topic: t.topic, parts: slices.Clone(t.parts)})
	}
	return c
}

// same compares two views, and names a group in which they differ.
func (v *view) same(o *view) (string, bool) {
	names := append(v.names(), o.names()...)
	for _, name := range sorted(names) {
		a, b := v.groups[name], o.groups[name]
		if a == nil || b == nil || a.classic != b.classic && !a.classic.same(b.classic) || a.offsets.count != b.offsets.count || !a.consumer.same(b.consumer) {
			return name, false
		}
		equal := slices.EqualFunc(a.offsets.topics, b.offsets.topics, func(x, y topicOffsets) bool {
			return x.topic == y.topic && slices.Equal(x.parts, y.parts)
		})
		if !equal {
			return name, false
		}
	}
	return "", true
}

func (c *ClassicValue) same(o *ClassicValue) bool {
	if c == nil || o == nil {
		return c == o
	}
	return string(appendClassic(nil, c)) == string(appendClassic(nil, o))
}

// SameCommitted compares what counts here with what counts in another machine,
// as one that was made by replay; the name is of a group in which they differ.
func (m *Machine) SameCommitted(o *Machine) (string, bool) { return m.committed.same(&o.committed) }
