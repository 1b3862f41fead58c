package checker

import (
	"math"

	"trialog/checker/history"
)

// always is the instant of a call that may have come before everything.
const always int64 = -1

// appendOp is an append whose place in the log is known. Its return is Never
// if it was not acknowledged: then it took effect at some time after its call.
type appendOp struct {
	call, ret int64
	op        int32 // -1: nobody is known to have sent it
	offset    int64 // first
}

// readOp proves that at some instant between its call and its return the log
// held at least lo and at most hi of the appends.
type readOp struct {
	call, ret int64
	lo, hi    int32
	op        int32
}

// problem is the linearizability of one partition's log, with the order of the
// appends known: every append fits only at its place, so that the state is the
// number of appends that have taken effect.
type problem struct {
	appends []appendOp
	reads   []readOp
}

// inversion is the evidence against a problem: late was called after early had
// returned, and yet early saw, or lies in, what comes after late.
type inversion struct {
	found       bool
	name        string
	early, late int32 // operations
	between     int32 // an append that links the two; -1: none
	offset      int64
}

// linearizer is the memory that solving needs.
type linearizer struct {
	push   []bound // by number of appends
	order  []int32 // reads by lo
	starts []int32
}

// bound is an instant before which something cannot have happened, and the
// operation whose call sets it.
type bound struct {
	at   int64
	op   int32
	read bool
}

func (b bound) max(c bound) bound {
	if c.at > b.at {
		return c
	}
	return b
}

// solve decides a problem in time linear in its size. Going through the log in
// order it gives each read and each append the earliest instant that its call
// and all that must come before it allow: a read of at least lo appends comes
// after append lo-1, a read of at most hi before append hi. Earliest instants
// are the longest paths in a graph of lower bounds, so that one that lies after
// its operation's return proves that no order exists.
func (x *linearizer) solve(p *problem) inversion {
	n := len(p.appends)
	x.sort(p.reads, n)
	x.push = zeroed(x.push, n+1)
	for i := range x.push {
		x.push[i].at = math.MinInt64
	}
	last := bound{at: math.MinInt64, op: -1} // earliest instant of the append before
	for lo := range n + 1 {
		for _, j := range x.order[x.starts[lo]:x.starts[lo+1]] {
			r := &p.reads[j]
			if r.hi < r.lo {
				return inversion{true, "read-above-high-watermark", r.op, r.op, p.appends[r.lo-1].op, offsetAt(p, int(r.lo)-1)}
			}
			e := bound{r.call, r.op, true}.max(last)
			if e.at > r.ret {
				return x.readInversion(p, r, e)
			}
			// The append that this read excludes comes after this read's
			// instant, which its own call or a bound before it may set.
			x.push[r.hi] = x.push[r.hi].max(e)
		}
		if lo == n {
			break
		}
		a := &p.appends[lo]
		e := bound{a.call, a.op, false}.max(last).max(x.push[lo])
		if e.at > a.ret {
			name := "realtime-nonmonotonic-send"
			if e.read {
				name = "stale-read"
			}
			return inversion{true, name, a.op, e.op, -1, a.offset}
		}
		last = e
	}
	return inversion{}
}

// readInversion: the read returned before what sets its bound was called.
func (x *linearizer) readInversion(p *problem, r *readOp, e bound) inversion {
	name := "early-read"
	if e.read {
		name = "high-watermark-went-back"
	}
	between := p.appends[r.lo-1].op
	if between == e.op {
		between = -1
	}
	return inversion{true, name, r.op, e.op, between, offsetAt(p, int(r.lo)-1)}
}

func offsetAt(p *problem, i int) int64 {
	if i < 0 || i >= len(p.appends) {
		return history.Unset
	}
	return p.appends[i].offset
}

// sort lists the reads by lo, by counting.
func (x *linearizer) sort(reads []readOp, n int) {
	x.starts = zeroed(x.starts, n+3)
	for i := range reads {
		x.starts[reads[i].lo+2]++
	}
	for i := 2; i < len(x.starts); i++ {
		x.starts[i] += x.starts[i-1]
	}
	x.order = zeroed(x.order, len(reads))
	for i := range reads {
		at := &x.starts[reads[i].lo+1]
		x.order[*at] = int32(i)
		*at++
	}
}

// restrict keeps some of a problem's operations. What is left of an order that
// exists is an order of what is left, so that a restricted problem that has
// none convicts the whole.
func (p *problem) restrict(keep func(op int32, call int64) bool) problem {
	var q problem
	kept := make([]int32, len(p.appends)+1)
	for i := range p.appends {
		kept[i+1] = kept[i]
		if keep(p.appends[i].op, p.appends[i].call) {
			q.appends = append(q.appends, p.appends[i])
			kept[i+1]++
		}
	}
	for _, r := range p.reads {
		if keep(r.op, r.call) {
			r.lo, r.hi = kept[r.lo], kept[r.hi]
			q.reads = append(q.reads, r)
		}
	}
	return q
}
