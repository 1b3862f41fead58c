package controller

import (
	"math"

	"trialog/core/metadata"
	"trialog/core/must"
)

// draft is a decision in the making: records, and the written view with them.
type draft struct {
	from, image *metadata.Image
	records     []metadata.Record
	open        *metadata.Draft // nil while there are no records
}

func (m *Machine) draft() *draft { return &draft{from: m.written, image: m.written} }

// add takes records into the draft, so that what is decided next reads them.
func (d *draft) add(records ...metadata.Record) {
	if len(records) == 0 {
		return
	}
	if d.open == nil {
		d.open = metadata.NewDraft(d.from)
	}
	if err := d.open.Add(records...); err != nil {
		panic("invariant broken: C2: a decision does not apply to its view: " + err.Error())
	}
	d.image = d.open.Image()
	d.records = append(d.records, records...)
}

// drop forgets the draft's records.
func (d *draft) drop() { d.image, d.records, d.open = d.from, nil, nil }

// extend returns the written view after records that are not committed yet.
func extend(image *metadata.Image, records []metadata.Record) *metadata.Image {
	if len(records) == 0 {
		return image
	}
	delta, err := metadata.Edit(image, math.MaxUint64, records)
	if err != nil {
		panic("invariant broken: C2: a decision does not apply to its view: " + err.Error())
	}
	return delta.To
}

// take makes a draft part of the written view and of the open batch.
func (m *Machine) take(d *draft) {
	must.True(d.from == m.written, "C2: a draft of another view")
	if len(d.records) == 0 {
		return
	}
	m.written = d.image
	m.open.records = append(m.open.records, d.records...)
	m.dirty = true
}

// wait takes a decision and keeps its answer for the commit.
func (m *Machine) wait(c *Command, d *draft, body ResultBody, err *refusal) {
	m.take(d)
	w := waiting{deadline: never, result: Result{Ref: c.Ref, Body: body}}
	if err != nil {
		w.result = Result{Ref: c.Ref, Error: err.code, Message: err.message}
	}
	if c.Deadline != 0 {
		w.deadline = c.Deadline
		m.earliest = min(m.earliest, c.Deadline)
	}
	m.open.waiting = append(m.open.waiting, w)
}
