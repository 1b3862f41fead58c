package checker

import (
	"fmt"
	"io"
	"strconv"

	"github.com/anishathalye/porcupine"

	"trialog/checker/history"
)

// step is an operation in Porcupine's terms: an append fits if the log holds low
// records, a read if it holds low to high; a register is written with low, or read
// as low.
type step struct {
	writes    bool
	low, high int32
	text      string
}

// logModel is a log whose order is known: the state is its length, counted in
// appends. It is written down apart from solve, so that the two judges share
// nothing but the question.
var logModel = porcupine.Model{
	Init: func() any { return int32(0) },
	Step: func(state, input, _ any) (bool, any) {
		n, s := state.(int32), input.(*step)
		if s.writes {
			return n == s.low, n + 1
		}
		return s.low <= n && n <= s.high, n
	},
	Equal: func(a, b any) bool { return a.(int32) == b.(int32) },
	Hash:  func(s any) uint64 { return uint64(s.(int32)) },
	DescribeOperation: func(input, _ any) string {
		return input.(*step).text
	},
	DescribeState: func(s any) string { return strconv.Itoa(int(s.(int32))) + " appends" },
}

// smaller halves a window that Porcupine did not finish; false: it is small enough.
func smaller(window *int) bool {
	*window /= 2
	return *window >= 4
}

// drawn translates a problem for the picture, whose lanes are the clients of h.
func drawn(p *problem, h *history.History) []porcupine.Operation {
	ops := p.question().operations()
	lane := lanes(h)
	for i := range ops {
		var op int32
		if n := len(p.appends); i < n {
			op = p.appends[i].op
		} else {
			op = p.reads[i-n].op
		}
		ops[i].ClientId, ops[i].Input.(*step).text = lane(op), describe(h, op)
	}
	return ops
}

func lanes(h *history.History) func(op int32) int {
	clients := make(map[int32]int)
	return func(op int32) int {
		if op < 0 {
			return 0
		}
		c := h.Ops[op].Client
		if _, known := clients[c]; !known {
			clients[c] = len(clients)
		}
		return clients[c]
	}
}

func describe(h *history.History, op int32) string {
	if op < 0 {
		return "unknown append"
	}
	return Describe(h, history.OpID(op))
}

// Picture writes Porcupine's page, one HTML file that needs nothing else, for
// the window of a partition around an anomaly of log-linearizability: the
// operations, how far an order of them gets, and the crashes and faults
// meanwhile.
func (r *Report) Picture(w io.Writer, a *Anomaly) error {
	t := &trial{options: r.options}
	if err := t.index(r.History); err != nil {
		return err
	}
	if a.Partition == history.NoPartition {
		return fmt.Errorf("anomaly %s is of no partition", a.Name)
	}
	t.pose(a.Partition, true, &t.posed)
	inv := t.linear.solve(&t.posed)
	centre := t.centre(a.Partition, 0)
	if len(a.Ops) > 0 {
		centre = r.History.Ops[a.Ops[0]].InvokePos
	}
	window := t.window(&t.posed, a.Partition, centre, inv, t.options.WindowOps)
	ops := drawn(&window, r.History)
	end := int64(0)
	for i := range ops {
		end = max(end, ops[i].Call)
		if ops[i].Return != history.Never {
			end = max(end, ops[i].Return)
		}
	}
	for i := range ops {
		ops[i].Return = min(ops[i].Return, end+1) // what never returned is drawn to the edge
	}
	model := logModel
	tiring(&model, t.options.WindowSteps)
	_, info := porcupine.CheckOperationsVerbose(model, ops, t.options.WindowTime)
	info.AddAnnotations(annotations(r.History, ops, end))
	return porcupine.Visualize(logModel, info, w)
}

// annotations shows the events between the first and the last operation.
func annotations(h *history.History, ops []porcupine.Operation, end int64) []porcupine.Annotation {
	begin := end
	for i := range ops {
		begin = min(begin, max(ops[i].Call, 0))
	}
	var notes []porcupine.Annotation
	for i := range h.Events {
		e := &h.Events[i]
		if e.Pos < begin || e.Pos > end {
			continue
		}
		tag := "cluster"
		if e.Node >= 0 {
			tag = "node " + strconv.Itoa(int(e.Node))
		}
		notes = append(notes, porcupine.Annotation{
			Tag: tag, Start: e.Pos, End: e.Pos, Description: e.Kind.String() + " " + e.Fault.String(), Details: DescribeEvent(h, i),
		})
	}
	return notes
}
