package checker

import (
	"cmp"
	"slices"

	"trialog/checker/history"
)

// cluster is a write to a register and what read it. The register is
// linearizable if the clusters can be put in an order: a cluster whose last
// call comes after its first return holds the register at least from that
// return to that call (a forward zone), and no other cluster can then; one whose
// last call comes first needs an instant of its own somewhere between (a
// backward zone). Exact for registers whose writes all differ (Gibbons and
// Korach, 1997).
type cluster struct {
	write       int32 // operation; -1: nothing was ever written
	first, last int64 // the first return, and the last call
	at          int32 // operation of the first return; -1: the beginning
	until       int32 // operation of the last call
}

func (c *cluster) forward() bool { return c.first < c.last }

// clash is the evidence against a register: held while another was needed.
type clash struct {
	found       bool
	held, other cluster
}

// solveRegister decides in O(n log n) whether clusters fit one order.
func solveRegister(list []cluster) clash {
	slices.SortFunc(list, func(a, b cluster) int { return cmp.Compare(min(a.first, a.last), min(b.first, b.last)) })
	var held cluster
	holding := false
	for _, c := range list {
		if c.forward() {
			if holding && c.first < held.last {
				return clash{true, held, c}
			}
			if !holding || c.last > held.last {
				held, holding = c, true
			}
		}
	}
	// A backward zone lies within a forward one if the last that begins before it
	// ends after it; forward zones do not overlap.
	holding = false
	for _, c := range list {
		if c.forward() {
			held, holding = c, true
		} else if holding && held.first < c.last && c.first < held.last {
			return clash{true, held, c}
		}
	}
	return clash{}
}

// gather makes the clusters of one register. An unclear write that nobody read
// may never have been made, and is left out.
func (t *trial) gather(ops []int32, into []cluster) []cluster {
	into = append(into[:0], cluster{write: -1, first: -1, last: -1, at: -1, until: -1})
	h := t.h
	index := make(map[history.OpID]int)
	for _, i := range ops {
		if o := &h.Ops[i]; o.Kind == history.CommitOffsets {
			c := cluster{write: i, first: history.Never, last: o.InvokePos, at: i, until: i}
			if o.Outcome == history.OK {
				c.first = o.ReturnPos
			}
			index[history.OpID(i)] = len(into)
			into = append(into, c)
		}
	}
	for _, i := range ops {
		o := &h.Ops[i]
		if o.Kind != history.FetchOffsets {
			continue
		}
		n := 0
		if of := t.commitSeen(i); of != history.NoOp {
			n = index[of]
		}
		c := &into[n]
		if o.ReturnPos < c.first {
			c.first, c.at = o.ReturnPos, i
		}
		if call := t.readCall(i); call > c.last {
			c.last, c.until = call, i
		}
	}
	return slices.DeleteFunc(into, func(c cluster) bool { return c.first == history.Never })
}

// readCall is the position before which what a read tells cannot have been all
// there was.
func (t *trial) readCall(i int32) int64 {
	if at, ok := t.loose[i]; ok {
		return at
	}
	return t.h.Ops[i].InvokePos
}
