package checker

import (
	"fmt"

	"trialog/checker/history"
)

// tenure is a partition's ownership in one generation.
type tenure struct {
	seat       int32
	generation int32
}

// judgeGroupExclusivity: the group gives a partition to one member in one
// generation; and once a member has been told of a later generation, a commit
// called in an earlier one is refused: any in a classic group, where one
// generation holds for all, and otherwise those for a partition that another
// member has been given since. A smaller generation is taken for an older one: a
// run must not have a group forgotten, which begins to count anew.
func judgeGroupExclusivity(t *trial, f *finding) {
	owners := make(map[tenure]int32) // the first Assign
	newest := make([]int32, len(t.seats))
	x := shadows{joined: make(map[int32]int64), given: make(map[held]int64)}
	last := make(map[history.Name]int32) // by group: the Assign of the newest generation
	for n := range newest {
		newest[n] = -1
	}
	for _, code := range t.timeline {
		i := code - 1
		if code < 0 {
			i = -code - 1
		}
		n := t.seatOf[i]
		o := &t.h.Ops[i]
		if code > 0 && o.Kind == history.Subscribe {
			x.joined[o.Process] = max(x.joined[o.Process], o.InvokePos)
		}
		if n < 0 {
			continue
		}
		switch {
		case code < 0 && o.Kind == history.Assign && o.Member != 0 && o.Outcome == history.OK:
			t.give(f, owners, n, i)
			x.given[held{n, o.Member}] = o.ReturnPos
			if newest[n] < 0 || t.h.Ops[newest[n]].Generation <= o.Generation {
				if newest[n] >= 0 && !t.sameOwner(&t.h.Ops[newest[n]], o) {
					f.risk("partitions that changed hands", 1)
				}
				newest[n] = i
			}
			if j, known := last[o.Group]; !known || t.h.Ops[j].Generation <= o.Generation {
				last[o.Group] = i
			}
		case code > 0 && byMember(o):
			f.claims(o.Partition, o.InvokePos)
			successor := newest[n]
			if j, known := last[o.Group]; known && t.classic(o.Group) && t.h.Ops[j].Generation > o.Generation {
				successor = j
			}
			t.late(f, &x, n, i, successor)
		}
	}
}

// held is a member's ownership of a partition.
type held struct {
	seat   int32
	member history.Name
}

// shadows tells which of two members with one instance ID came later.
type shadows struct {
	joined map[int32]int64 // by process: when it began to join last
	given  map[held]int64  // when the member was told
}

// replaced tells whether the member of s certainly joined after that of o had been
// told what it has: whoever is told first need not have joined first.
func (x *shadows) replaced(n int32, o, s *history.Op) bool {
	told, known := x.given[held{n, o.Member}]
	return known && x.joined[s.Process] > told
}

// sameOwner tells whether two operations are of one member: a static one keeps
// its name over restarts.
func (t *trial) sameOwner(a, b *history.Op) bool {
	if a.Instance != 0 || b.Instance != 0 {
		return a.Instance == b.Instance
	}
	return a.Member == b.Member
}

// give judges an assignment against the others of its generation.
func (t *trial) give(f *finding, owners map[tenure]int32, n, i int32) {
	o := &t.h.Ops[i]
	f.claims(o.Partition, o.InvokePos)
	key := tenure{n, o.Generation}
	j, taken := owners[key]
	if !taken {
		owners[key] = i
		return
	}
	first := &t.h.Ops[j]
	if t.sameOwner(first, o) {
		return
	}
	if a := f.found("two-owners", o.Partition, first.InvokePos); a != nil {
		a.Ops = opIDs(j, i)
		a.Text = fmt.Sprintf("group %s gave the partition to %s and to %s in generation %d",
			t.h.Name(o.Group), t.h.Name(first.Member), t.h.Name(o.Member), o.Generation)
	}
}

// late judges a commit, given an assignment that its member's group had told
// somebody of before.
func (t *trial) late(f *finding, x *shadows, n, i, successor int32) {
	o := &t.h.Ops[i]
	if successor < 0 {
		return
	}
	s := &t.h.Ops[successor]
	old := s.Generation > o.Generation && (t.classic(o.Group) || !t.sameOwner(s, o)) ||
		s.Generation == o.Generation && o.Instance != 0 && s.Instance == o.Instance && s.Member != o.Member && x.replaced(n, o, s)
	if !old {
		return
	}
	f.risk("commits of a generation that was over", 1)
	if o.Outcome != history.OK {
		return
	}
	if a := f.found("zombie-commit", o.Partition, s.InvokePos); a != nil {
		a.Offset, a.Ops = o.At, opIDs(successor, i)
		a.Text = fmt.Sprintf("%s committed %d in generation %d after %s had been told of generation %d",
			t.h.Name(o.Member), o.At, o.Generation, t.h.Name(s.Member), s.Generation)
	}
}
