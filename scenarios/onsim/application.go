package onsim

import (
	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/sim"
)

// application is what the programs on client hosts have in common: the
// identity under which they stand in the history, and what they wait for.
type application struct {
	trial   *trial
	id      int32 // client in the history
	process int32
	serial  uint64 // of commands, over all incarnations
	pending []pendingOp
}

// pendingOp is a command whose outcome is awaited.
type pendingOp struct {
	command client.OpID
	op      history.OpID
	tag     int // the application's own
}

// begin starts a new incarnation: what the last one waited for stays open.
func (a *application) begin() {
	a.process = a.trial.process()
	a.pending = a.pending[:0]
}

// next names the next command.
func (a *application) next() client.OpID {
	a.serial++
	return client.OpID(a.serial)
}

func (a *application) await(command client.OpID, op history.OpID, tag int) {
	a.pending = append(a.pending, pendingOp{command, op, tag})
}

// take removes and returns what an outcome answers.
func (a *application) take(command client.OpID) (pendingOp, bool) {
	for i := range a.pending {
		if a.pending[i].command == command {
			p := a.pending[i]
			a.pending[i] = a.pending[len(a.pending)-1]
			a.pending = a.pending[:len(a.pending)-1]
			return p, true
		}
	}
	return pendingOp{}, false
}

// result puts an outcome into the terms of histories.
func result(d *client.Done) history.Result {
	r := history.NewResult(outcomeOf(d.Outcome))
	r.Error = errorName(d.Err, d.Reason)
	r.LogStartOffset, r.Broker = int64(d.LogStartOffset), int32(d.Broker)
	r.Attempts = int16(min(d.Attempts, 1<<15-1))
	if d.Outcome == client.OK {
		r.Offset = int64(d.Offset)
	}
	if id := int64(d.ProducerID); id >= 0 {
		r.ProducerID, r.ProducerEpoch, r.Sequence = id, int16(d.ProducerEpoch), int32(d.Sequence)
	}
	return r
}

func outcomeOf(o client.Outcome) history.Outcome {
	switch o {
	case client.OK:
		return history.OK
	case client.Fail:
		return history.Fail
	default:
		return history.Info
	}
}

func errorName(code kafka.ErrorCode, reason client.Reason) string {
	if reason != client.ReasonNone {
		return reason.String()
	}
	if code.OK() {
		return ""
	}
	return code.String()
}

// wakeIn asks for a call after a while.
func wakeIn(c *sim.ClientHost, ns int64) { c.WakeAt(c.Now() + ns) }
