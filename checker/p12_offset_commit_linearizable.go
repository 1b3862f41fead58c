package checker

import (
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"

	"trialog/checker/history"
)

// judgeCommitLinearizable: a group's offset in a partition is a register.
// Whoever commits leaves its operation's ID beside the offset, so that what is
// read tells whose it is, and all writes differ. The judge is solveRegister over
// the whole history; Porcupine repeats it over windows, and the two must agree.
// What is read after a deletion has begun is not judged.
func judgeCommitLinearizable(t *trial, f *finding) {
	if t.seen == nil {
		t.seen = make(map[int32]history.OpID)
	}
	if t.loose == nil {
		t.loose = make(map[int32]int64)
	}
	clear(t.seen)
	clear(t.loose)
	ends := t.deletions()
	lists := make([][]int32, len(t.seats))
	for i := range t.h.Ops {
		n := t.seatOf[i]
		if n < 0 {
			continue
		}
		o := &t.h.Ops[i]
		switch {
		case o.Kind == history.CommitOffsets && o.InvokePos < ends[n]:
			lists[n] = append(lists[n], int32(i))
			if f.claims(o.Partition, o.InvokePos) {
				f.context("commits", 1)
			}
		case o.Kind == history.FetchOffsets && o.Outcome == history.OK && o.ReturnPos < ends[n]:
			lists[n] = append(lists[n], int32(i))
		}
	}
	largest := -1
	for n := range lists {
		lists[n] = t.believable(f, int32(n), lists[n])
		t.loosen(int32(n), lists[n])
		t.judgeRegister(f, lists[n])
		if largest < 0 || len(lists[n]) > len(lists[largest]) {
			largest = n
		}
	}
	for w := 0; w < min(t.options.Windows, 1) && largest >= 0; w++ {
		t.crossCheckRegister(f, lists[largest])
	}
}

// believable leaves out the reads that cannot be true whatever the order, and
// names them, and those of which nobody can tell whose commit they saw.
func (t *trial) believable(f *finding, n int32, ops []int32) []int32 {
	acked := int64(history.Never)
	return slices.DeleteFunc(ops, func(i int32) bool {
		o := &t.h.Ops[i]
		if o.Kind == history.CommitOffsets {
			if o.Outcome == history.OK {
				acked = min(acked, o.ReturnPos)
			}
			return false
		}
		if o.InvokePos > acked && f.claims(o.Partition, o.InvokePos) {
			f.risk("reads after a commit", 1)
		}
		if o.Has(history.Deposed) {
			if a := f.found("answer-of-a-deposed-coordinator", o.Partition, o.InvokePos); a != nil {
				a.Offset, a.Ops = o.Offset, opIDs(i)
				a.Text = fmt.Sprintf("broker %d answered for group %s, and knew that another one coordinates it", o.Broker, t.h.Name(o.Group))
			}
			return true
		}
		if o.Offset == history.Unset {
			return false
		}
		of := o.Commit
		if of == history.NoOp {
			if t.commitsOf(ops, o.Offset) > 1 {
				return true
			}
			of = t.onlyCommitOf(ops, o)
			t.seen[i] = of
		}
		name := ""
		switch {
		case of == history.NoOp || t.seatOf[of] != n || t.h.Ops[of].At != o.Offset || t.h.Ops[of].InvokePos > o.ReturnPos:
			name = "phantom-commit"
		case t.h.Ops[of].Outcome == history.Fail:
			name = "refused-commit-read"
		default:
			return false
		}
		if a := f.found(name, o.Partition, o.InvokePos); a != nil {
			a.Offset, a.Ops = o.Offset, opIDs(int32(of), i)
			a.Text = fmt.Sprintf("group %s is said to have committed %d, which nobody did", t.h.Name(o.Group), o.Offset)
		}
		return true
	})
}

// commitSeen is the commit that a read saw.
func (t *trial) commitSeen(read int32) history.OpID {
	if of, found := t.seen[read]; found {
		return of
	}
	return t.h.Ops[read].Commit
}

func (t *trial) commitsOf(ops []int32, offset int64) (n int) {
	for _, i := range ops {
		if o := &t.h.Ops[i]; o.Kind == history.CommitOffsets && o.At == offset {
			n++
		}
	}
	return n
}

// onlyCommitOf finds the commit that a read without a mark saw, if it can be
// only one.
func (t *trial) onlyCommitOf(ops []int32, read *history.Op) history.OpID {
	if t.commitsOf(ops, read.Offset) != 1 {
		return history.NoOp
	}
	for _, i := range ops {
		if o := &t.h.Ops[i]; o.Kind == history.CommitOffsets && o.At == read.Offset {
			return history.OpID(i)
		}
	}
	return history.NoOp
}

func (t *trial) judgeRegister(f *finding, ops []int32) {
	t.clusters = t.gather(ops, t.clusters)
	c := solveRegister(t.clusters)
	if !c.found {
		return
	}
	position := int64(endOfTime)
	for _, i := range [...]int32{c.held.write, c.held.at, c.held.until, c.other.write, c.other.at, c.other.until} {
		if i >= 0 {
			position = min(position, t.h.Ops[i].InvokePos)
		}
	}
	last := &t.h.Ops[c.held.until]
	other := c.other.write
	name := "stale-committed-offset"
	switch {
	case c.held.write < 0:
		name = "committed-offset-lost"
	case other >= 0 && t.h.Ops[c.held.write].At < t.h.Ops[other].At:
		name = "committed-offset-went-back"
	}
	if a := f.found(name, last.Partition, position); a != nil {
		a.Offset, a.Ops = last.Offset, opIDs(c.held.write, other, c.other.at, c.held.until)
		a.Text = fmt.Sprintf("group %s: operation %d, called later, did not see commit %d, of which %d had told", t.h.Name(last.Group), c.held.until, other, c.other.at)
	}
}

// registerModel is a register that holds the last commit; written down apart
// from solveRegister.
var registerModel = porcupine.Model{
	Init: func() any { return int32(-1) },
	Step: func(state, input, _ any) (bool, any) {
		s := input.(*step)
		if s.writes {
			return true, s.low
		}
		return state.(int32) == s.low, state
	},
	Equal: func(a, b any) bool { return a.(int32) == b.(int32) },
	Hash:  func(s any) uint64 { return uint64(s.(int32)) },
}

// registerWindow bounds a window: reads that may tell of the past overlap many others.
const registerWindow = 60

// crossCheckRegister puts the last operations of a register, and the commits
// that they saw, before both judges. Whole clusters and single reads may be
// left out: what is in order stays so.
func (t *trial) crossCheckRegister(f *finding, ops []int32) {
	size := min(registerWindow, t.options.WindowOps)
	window := t.registerWindow(ops, size)
	theirs := t.options.ask(t.registerQuestion(window))
	for theirs.Tired && smaller(&size) {
		window = t.registerWindow(ops, size)
		theirs = t.options.ask(t.registerQuestion(window))
	}
	t.clusters = t.gather(window, t.clusters)
	mine := solveRegister(t.clusters)
	switch {
	case theirs.Result == Undecided:
		f.unknown(theirs.undecided("a window of committed offsets", t.options.WindowSteps))
	case (theirs.Result == Illegal) != mine.found:
		if a := f.foundAs("judges-disagree", t.h.Ops[window[0]].Partition, true, ""); a != nil {
			a.Ops = opIDs(mine.held.write, mine.held.until, mine.other.write, mine.other.at)
			a.Text = fmt.Sprintf("over a window of %d operations Porcupine says %s, the linear check found a violation: %t", len(window), theirs.Result, mine.found)
		}
	case len(window) > 0:
		f.context("windows that Porcupine agrees on", 1)
	}
}

// registerWindow is the last operations of a register, and the commits that they
// saw, in order.
func (t *trial) registerWindow(ops []int32, size int) []int32 {
	window := slices.Clone(ops[max(0, len(ops)-size):])
	in := make(map[int32]bool, len(window))
	for _, i := range window {
		in[i] = true
	}
	for _, i := range window {
		if w := t.commitSeen(i); w != history.NoOp && !in[int32(w)] {
			in[int32(w)] = true
			window = append(window, int32(w))
		}
	}
	slices.Sort(window)
	return window
}

// registerQuestion puts a window into Porcupine's terms. Unclear commits that nobody
// read are left out.
func (t *trial) registerQuestion(window []int32) *Question {
	read := make(map[history.OpID]bool)
	for _, i := range window {
		if o := &t.h.Ops[i]; o.Kind == history.FetchOffsets {
			read[t.commitSeen(i)] = true
		}
	}
	q := &Question{Register: true, Ops: make([]Asked, 0, len(window))}
	for _, i := range window {
		o := &t.h.Ops[i]
		a := Asked{Call: o.InvokePos, Return: o.ReturnPos, Writes: o.Kind == history.CommitOffsets, Low: i}
		switch {
		case !a.Writes:
			a.Low, a.Call = int32(t.commitSeen(i)), t.readCall(i)
		case o.Outcome != history.OK && !read[history.OpID(i)]:
			continue
		case o.Outcome != history.OK:
			a.Return = history.Never
		}
		q.Ops = append(q.Ops, a)
	}
	return q
}
