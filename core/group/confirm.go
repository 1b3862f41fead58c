package group

import "trialog/core/kafka"

// A coordinator whose partition is led elsewhere by now may not have been told.
// What it writes is fenced; what it would answer from memory is not. So before it
// tells what a group has committed it has the log take a record that says
// nothing: once that counts, every in-sync replica has taken it after the
// question came, and nobody has led since. Questions that come meanwhile wait for
// the next such record together.

// confirmation is a record that takes back a group that nobody can have: a name
// with a NUL in front is of a tenant, and names the tenant. Compaction keeps one.
const confirmation = "\x00"

// Confirm asks whether the coordinator still is one. It is answered without an
// error when it was, after the question came.
type Confirm struct {
	Ticket Ticket
	Place  int32 // the answer's, for requests that name several groups
	// Sole: no other replica can have been elected, as there is none in sync.
	Sole bool
}

func (*Confirm) groupInput() {}

type question struct {
	ticket Ticket
	place  int32
}

// confirms are the questions under way.
type confirms struct {
	waiting []question // for the next record
	asked   []question // for the one that is being written
	writing bool
}

func (m *Machine) confirm(in *Confirm) {
	if in.Sole {
		m.answer(Answer{Ticket: in.Ticket, Place: in.Place})
		return
	}
	m.confirms.waiting = append(m.confirms.waiting, question{in.Ticket, in.Place})
	m.confirmNext()
}

// confirmNext writes for the questions that wait, unless that is under way.
func (m *Machine) confirmNext() {
	c := &m.confirms
	if c.writing || len(c.waiting) == 0 {
		return
	}
	c.writing = true
	c.waiting, c.asked = c.asked[:0], c.waiting
	p := m.draft()
	p.records = append(p.records, Record{Kind: ClassicRecord, Group: confirmation})
	p.outcome = outcome{silent: true, confirms: true}
	m.propose(p)
}

// confirmed answers the questions that a record was written for.
func (m *Machine) confirmed(code kafka.ErrorCode) {
	c := &m.confirms
	for _, q := range c.asked {
		m.answer(Answer{Ticket: q.ticket, Place: q.place, Err: code})
	}
	c.asked, c.writing = c.asked[:0], false
	m.confirmNext()
}

// unconfirmed answers everybody who asks, as nothing is written any more.
func (m *Machine) unconfirmed(code kafka.ErrorCode) {
	c := &m.confirms
	for _, q := range append(c.asked, c.waiting...) {
		m.answer(Answer{Ticket: q.ticket, Place: q.place, Err: code})
	}
	m.confirms = confirms{}
}
