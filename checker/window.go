package checker

import (
	"slices"
	"sort"

	"trialog/checker/history"
)

// window picks operations for Porcupine: around a position, of few clients,
// and whatever an inversion rests on: about size of them.
func (t *trial) window(p *problem, of history.Partition, centre int64, inv inversion, size int) problem {
	w := picker{t: t, chosen: make(map[int32]bool)}
	if inv.found {
		for _, op := range [...]int32{inv.early, inv.late, inv.between} {
			w.choose(op)
		}
		for _, op := range [...]int32{inv.early, inv.late} {
			w.around(t.opsOf(of), t.h.Ops[max(op, 0)].InvokePos, len(w.chosen)+size/2-2)
		}
	}
	w.around(t.opsOf(of), centre, size)
	return p.restrict(func(op int32, _ int64) bool { return op < 0 || w.chosen[op] })
}

type picker struct {
	t       *trial
	chosen  map[int32]bool
	clients []int32
}

// choose takes an operation whatever the bounds; -1 is none.
func (w *picker) choose(op int32) {
	if op < 0 || w.chosen[op] {
		return
	}
	w.chosen[op] = true
	if c := w.t.h.Ops[op].Client; !slices.Contains(w.clients, c) {
		w.clients = append(w.clients, c)
	}
}

// around takes operations of at most WindowClients clients, nearest to a
// position first, until there are upTo.
func (w *picker) around(ops []int32, position int64, upTo int) {
	right := sort.Search(len(ops), func(i int) bool { return w.t.h.Ops[ops[i]].InvokePos >= position })
	left := right - 1
	for steps := 0; len(w.chosen) < min(upTo, w.t.options.WindowOps) && steps < 20*w.t.options.WindowOps; steps++ {
		if right < len(ops) {
			w.offer(ops[right])
			right++
		}
		if left >= 0 {
			w.offer(ops[left])
			left--
		}
		if left < 0 && right >= len(ops) {
			return
		}
	}
}

func (w *picker) offer(op int32) {
	o := &w.t.h.Ops[op]
	if o.Kind != history.Send && !o.Reads() && o.Kind != history.ListOffsets {
		return
	}
	if len(w.clients) < w.t.options.WindowClients || slices.Contains(w.clients, o.Client) {
		w.choose(op)
	}
}

// centre returns the position for the n-th window: the last crashes and
// restarts are the places where a log goes wrong; without any, the middle.
func (t *trial) centre(p history.Partition, n int) int64 {
	for i := len(t.h.Events) - 1; i >= 0; i-- {
		e := &t.h.Events[i]
		if e.Kind == history.Crash || e.Kind == history.Leader && e.Partition == p {
			if n == 0 {
				return e.Pos
			}
			n--
		}
	}
	ops := t.opsOf(p)
	if len(ops) == 0 {
		return 0
	}
	return t.h.Ops[ops[(2*n+1)*len(ops)/(2*n+2)%len(ops)]].InvokePos
}
