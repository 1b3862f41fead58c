package explore

import (
	"fmt"
	"slices"
	"testing"

	"trialog/sim/choice"
)

// listed writes a schedule in words: its faults in any order, then its delay.
func listed(tape []choice.Override) string {
	var faults []string
	delay := ""
	for _, o := range tape {
		if o.Site == choice.ExploreFault {
			faults = append(faults, fmt.Sprintf("way %d before event %d of %d", o.Value, o.Ordinal, o.Stream.Index()))
		} else {
			delay += fmt.Sprintf(" delivery %d past %d", o.Ordinal, o.Value)
		}
	}
	slices.Sort(faults)
	return fmt.Sprint(faults, delay)
}

// planted lists the schedules of a space by what they are, not by their numbers.
func planted(s Space) map[string]bool {
	type fault struct {
		node, event int
		way         uint64
	}
	var single []fault
	for node := range s.Brokers {
		for event := range s.Borders {
			for way := range s.Ways {
				single = append(single, fault{node + 1, event, uint64(way) + 1})
			}
		}
	}
	override := func(f fault) choice.Override {
		return choice.Override{Stream: choice.ID(choice.KindNode, f.node), Site: choice.ExploreFault, Ordinal: uint32(f.event), Value: f.way}
	}
	sets := [][]choice.Override{nil}
	for i, a := range single {
		if s.Faults > 0 {
			sets = append(sets, []choice.Override{override(a)})
		}
		for _, b := range single[:i] {
			if s.Faults > 1 && (a.node != b.node || a.event != b.event) {
				sets = append(sets, []choice.Override{override(a), override(b)})
			}
		}
	}
	want := map[string]bool{}
	for _, set := range sets {
		want[listed(set)] = true
		for delivery := range s.Deliveries {
			for past := 1; past <= s.Past; past++ {
				held := choice.Override{Stream: choice.ID(choice.KindWorld, 0), Site: choice.ExploreDelay, Ordinal: uint32(delivery), Value: uint64(past)}
				want[listed(append(slices.Clone(set), held))] = true
			}
		}
	}
	return want
}

// TestEachOnce: every schedule of a space is enumerated, exactly once, and no other.
func TestEachOnce(t *testing.T) {
	for _, s := range []Space{
		{},
		{Brokers: 1, Ways: 1, Borders: 1, Faults: 2, Deliveries: 1, Past: 1},
		{Brokers: 2, Ways: 1, Borders: 3, Faults: 2},
		{Brokers: 3, Ways: 2, Borders: 4, Faults: 2, Deliveries: 2, Past: 8},
		{Brokers: 2, Ways: 3, Borders: 5, Faults: 1, Deliveries: 4, Past: 3},
		{Brokers: 3, Ways: 2, Borders: 4, Deliveries: 7, Past: 8},
	} {
		want, seen := planted(s), map[string]bool{}
		if uint64(len(want)) != s.Product() {
			t.Errorf("%+v: the product is %d, there are %d", s, s.Product(), len(want))
		}
		for k := range s.Product() {
			name := listed(s.Tape(k))
			if seen[name] || !want[name] {
				t.Fatalf("%+v: schedule %d is %s: twice %t", s, k, name, seen[name])
			}
			seen[name] = true
		}
		if len(seen) != len(want) {
			t.Errorf("%+v: %d of %d enumerated", s, len(seen), len(want))
		}
	}
}

// TestSimpleFirst: what has fewer faults and delays has the smaller number, and a
// pair of early faults stands before one with a late one.
func TestSimpleFirst(t *testing.T) {
	s := Space{Brokers: 3, Ways: 2, Borders: 6, Faults: 2, Deliveries: 5, Past: 8}
	most, late := 0, uint32(0)
	for k := range s.Product() {
		tape := s.Tape(k)
		if len(tape) < most {
			t.Fatalf("schedule %d has %d choices, an earlier one %d", k, len(tape), most)
		}
		if len(tape) > most {
			most, late = len(tape), 0
		}
		if most == 2 && tape[0].Site == choice.ExploreFault && tape[1].Site == choice.ExploreFault {
			last := max(tape[0].Ordinal, tape[1].Ordinal)
			if last < late {
				t.Fatalf("schedule %d strikes before event %d, an earlier one before %d", k, last, late)
			}
			late = last
		}
	}
}

func TestValid(t *testing.T) {
	if s := (Space{Brokers: 3, Ways: 4, Borders: 200, Faults: 2, Deliveries: 300, Past: 8}); !s.Valid() {
		t.Errorf("%+v is refused", s)
	}
	for _, s := range []Space{
		{}, {Brokers: 3, Ways: 1, Faults: 3}, {Brokers: 3, Past: 9}, {Brokers: 3, Borders: -1}, {Brokers: 3, Ways: 1 << 20, Borders: 1 << 20, Faults: 1},
	} {
		if s.Valid() {
			t.Errorf("%+v is taken", s)
		}
	}
}
