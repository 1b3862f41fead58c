package replication

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
)

// waitingProduce is an appended batch, or a duplicate of one, whose answer
// waits until the log counts up to end.
type waitingProduce struct {
	end    kafka.Offset
	acks   int16 // -1 waits for the high watermark, 1 for the leader's own log
	answer Answer
}

// await answers a produce once what it asked for is true: an original and its
// duplicate alike.
func (r *Replica) await(w waitingProduce, out *Effects) {
	if r.reached(&w) {
		r.conclude(&w, out)
		return
	}
	if w.answer.Duplicate {
		out.Watch.Reached(must.DuplicateWaited)
	}
	at := len(r.produces)
	for at > 0 && r.produces[at-1].end > w.end {
		at-- // only a duplicate's end lies before the last one's
	}
	r.produces = slices.Insert(r.produces, at, w)
}

// reached tells whether an acknowledgement may go out.
func (r *Replica) reached(w *waitingProduce) bool {
	if r.role != RoleLeader {
		return false // the epoch's start is not durable: nobody is answered in it
	}
	if w.acks == 1 {
		return r.counted() >= w.end
	}
	return r.Log.HighWatermark >= w.end
}

// conclude answers a produce that has reached its end.
func (r *Replica) conclude(w *waitingProduce, out *Effects) {
	if w.acks != 1 && len(r.isr) < r.minISR() {
		w.answer.Err = kafka.ErrNotEnoughReplicasAfterAppend
	}
	w.answer.LogStartOffset = r.Log.LogStartOffset
	out.Answers = append(out.Answers, w.answer)
}

// answerProduces answers what has reached its end. One produce with acks=1 may
// stand behind others that wait for more.
func (r *Replica) answerProduces(out *Effects) {
	limit := max(r.counted(), r.Log.HighWatermark)
	kept := 0
	for i := range r.produces {
		w := &r.produces[i]
		if w.end > limit {
			kept += copy(r.produces[kept:], r.produces[i:])
			break
		}
		if r.reached(w) {
			r.conclude(w, out)
			continue
		}
		r.produces[kept] = *w
		kept++
	}
	r.produces = r.produces[:kept]
}

// refuseProduces ends every waiting produce: the role is lost, and whether the
// records will count is another leader's to say.
func (r *Replica) refuseProduces(code kafka.ErrorCode, out *Effects) {
	for i := range r.produces {
		w := &r.produces[i]
		w.answer.Err = code
		out.Answers = append(out.Answers, w.answer)
	}
	r.produces = r.produces[:0]
}

// wakeFetches lets every waiting fetch look again.
func (r *Replica) wakeFetches(out *Effects) {
	out.Wakes = append(out.Wakes, r.fetches...)
	r.fetches = r.fetches[:0]
	r.wakeFollows(out)
}

// wakeFollows lets followers look again.
func (r *Replica) wakeFollows(out *Effects) {
	out.Wakes = append(out.Wakes, r.follows...)
	r.follows, r.woken = r.follows[:0], r.Log.WrittenEndOffset
}

func (r *Replica) wait(in *Wait) {
	if in.Follower {
		if len(r.follows) == 0 {
			r.woken = r.Log.WrittenEndOffset
		}
		r.follows = append(r.follows, in.Ticket)
		return
	}
	if len(r.fetches) == 0 {
		r.shown = r.readableBehind()
	}
	r.fetches = append(r.fetches, in.Ticket)
}

func (r *Replica) unwait(t Ticket) {
	r.fetches = remove(r.fetches, t)
	r.follows = remove(r.follows, t)
}

// remove takes a ticket out of a list whose order does not matter.
func remove(list []Ticket, t Ticket) []Ticket {
	i := slices.Index(list, t)
	if i < 0 {
		return list
	}
	last := len(list) - 1
	list[i] = list[last]
	return list[:last]
}
