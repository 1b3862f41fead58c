package onsim

import (
	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/sim"
	"trialog/sim/choice"
)

// hops move the leadership of one partition on, and back, in quick succession:
// its replicas are given another order, and then the first of them the lead, if it
// is in sync. The replicas themselves stay.
type hops struct {
	every int64 // between bursts; 0: none
	at    int64
	left  int // moves of the burst under way
	place place
	elect bool // the order is given: the election is next
}

// hop goes one step on.
func (a *administrator) hop(c *sim.ClientHost) {
	h := &a.hops
	if h.left == 0 {
		h.left = 1 + int(c.Choose(choice.AppOp, 4))
		h.place = a.trial.places[c.Choose(choice.AppTarget, uint64(len(a.trial.places)))]
		h.elect = false
	}
	command := a.next()
	a.await(command, history.NoOp, tagHop)
	partition := kafka.PartitionIndex(h.place.index)
	if h.elect {
		h.left--
		c.Do(&client.Elect{Op: command, Topic: h.place.topic, Partition: partition})
	} else {
		c.Do(&client.Reassign{Op: command, Topic: h.place.topic, Partition: partition, Replicas: a.drawReplicas(c)})
	}
	h.elect = !h.elect
}

// hopped draws when the next step is: at once after a new order, soon within a
// burst. An answer that does not come is not waited for.
func (a *administrator) hopped(c *sim.ClientHost) {
	h := &a.hops
	switch {
	case h.elect:
		a.hop(c)
	case h.left > 0:
		h.at = c.Now() + int64(c.Choose(choice.AppGap, 300))*sim.Millisecond
	default:
		h.at = c.Now() + h.every/2 + int64(c.Choose(choice.AppGap, uint64(h.every)+1))
	}
}
