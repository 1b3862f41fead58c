package checker

import (
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"
)

// Question is what Porcupine is asked: whether the operations of one window fit one
// order, in a form that can be sent to another process (package apart).
type Question struct {
	// Register: the state is the last write, and a read must have seen it. Otherwise
	// it is a log whose order is known, and the state is how many appends it holds.
	Register bool `json:"register,omitempty"`
	// Steps bounds Porcupine's work, in steps of the model.
	Steps int     `json:"steps"`
	Ops   []Asked `json:"ops"`
}

// Asked is one operation of a question. An append fits a log of Low appends, a read
// one of Low to High; a register is written with Low, or read as Low (-1: nothing).
type Asked struct {
	Call   int64 `json:"c"`
	Return int64 `json:"r"` // history.Never: at any time after the call
	Writes bool  `json:"w,omitempty"`
	Low    int32 `json:"l"`
	High   int32 `json:"h,omitempty"`
}

// Answer is what Porcupine says to a question.
type Answer struct {
	Result Result `json:"result"`
	// Tired: it had no steps left. That is so on every machine, and a smaller
	// question may do. Why tells of anything else for which there is no answer.
	Tired bool   `json:"tired,omitempty"`
	Why   string `json:"why,omitempty"`
}

// Result is Legal, Illegal or Undecided, in Porcupine's words.
type Result string

// The results.
const (
	Legal     = Result(porcupine.Ok)
	Illegal   = Result(porcupine.Illegal)
	Undecided = Result(porcupine.Unknown)
)

// AnswerHere asks Porcupine in this process. Its steps are the bound that is the same
// on every machine, busy or not; the time is for what hangs.
func AnswerHere(q *Question, limit time.Duration) Answer {
	model := logModel
	if q.Register {
		model = registerModel
	}
	left := tiring(&model, q.Steps)
	result := porcupine.CheckOperationsTimeout(model, q.operations(), limit)
	switch {
	case result == porcupine.Unknown:
		return Answer{Result: Undecided, Why: fmt.Sprintf("it was stopped after %s of real time, with steps left: a faster or idle machine might have told", limit)}
	case *left <= 0:
		return Answer{Result: Undecided, Tired: true}
	default:
		return Answer{Result: Result(result)}
	}
}

// tiring bounds the steps of a model, and returns how many are left.
func tiring(model *porcupine.Model, steps int) *int {
	left, step := &steps, model.Step
	model.Step = func(state, input, output any) (bool, any) {
		if *left <= 0 {
			return false, state
		}
		*left--
		return step(state, input, output)
	}
	return left
}

func (q *Question) operations() []porcupine.Operation {
	ops := make([]porcupine.Operation, len(q.Ops))
	inputs := make([]step, len(q.Ops))
	for i := range q.Ops {
		a := &q.Ops[i]
		inputs[i] = step{writes: a.Writes, low: a.Low, high: a.High}
		ops[i] = porcupine.Operation{Call: a.Call, Return: a.Return, Input: &inputs[i]}
	}
	return ops
}

// ask puts a question to whoever answers for Porcupine.
func (o *Options) ask(q *Question) Answer {
	q.Steps = o.WindowSteps
	if o.Porcupine != nil {
		return o.Porcupine(q)
	}
	return AnswerHere(q, o.WindowTime)
}

// undecided says why there is no answer.
func (a *Answer) undecided(window string, steps int) string {
	if a.Tired {
		return fmt.Sprintf("Porcupine did not finish %s in %d steps", window, steps)
	}
	return fmt.Sprintf("Porcupine did not finish %s: %s", window, a.Why)
}

// question puts a problem into Porcupine's terms.
func (p *problem) question() *Question {
	q := &Question{Ops: make([]Asked, 0, len(p.appends)+len(p.reads))}
	for i := range p.appends {
		a := &p.appends[i]
		q.Ops = append(q.Ops, Asked{Call: a.call, Return: a.ret, Writes: true, Low: int32(i)})
	}
	for i := range p.reads {
		r := &p.reads[i]
		q.Ops = append(q.Ops, Asked{Call: r.call, Return: r.ret, Low: r.lo, High: r.hi})
	}
	return q
}
