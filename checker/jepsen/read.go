package jepsen

import (
	"errors"
	"fmt"
	"io"
	"math"

	"trialog/checker/history"
)

// topic is the one whose partitions Jepsen's keys are.
const topic = "jepsen"

// firstOfOurs is added to our values where they are written, so that they, which
// are unique over a run, are known from Jepsen's, which count from 0 in each key.
const firstOfOurs = 1 << 44

// maxOffset bounds offsets, so that a judge may add to them.
const maxOffset = math.MaxInt64 / 4

// scanProcesses is added to the numbers of processes that scan, each scan one of
// its own.
const scanProcesses = 1 << 20

// Read reads a history.
func Read(r io.Reader) (*history.History, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	ops, err := parse(string(text))
	if err != nil {
		return nil, err
	}
	c := converter{
		r: history.NewRecorder(history.Header{Scenario: "jepsen", Arm: history.ArmAddress, Topics: []history.Topic{
			{Name: topic, Replicas: 3, MinISR: 2, Mode: history.ModeSynced},
		}}),
		values: map[valueAt]history.Value{}, open: map[int64]*call{}, scanning: map[int64]int32{}, at: map[readerAt]int64{},
	}
	completions := pairUp(ops)
	for i, op := range ops {
		if err := c.op(op, completions[i]); err != nil {
			return nil, fmt.Errorf("operation %d: %w", i, err)
		}
	}
	return c.r.History(), nil
}

// parse reads the maps of operations: a line each, or in one vector.
func parse(text string) ([]pairs, error) {
	p := parser{text: text}
	var ops []pairs
	for {
		if err := p.skip(); err != nil {
			return nil, err
		}
		if p.at >= len(p.text) {
			break
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list, ok := v.(vector)
		if !ok {
			list = vector{v}
		}
		for _, one := range list {
			m, ok := one.(pairs)
			if !ok {
				return nil, fmt.Errorf("%v is no operation", one)
			}
			ops = append(ops, m)
		}
	}
	if len(ops) == 0 {
		return nil, errors.New("a history of nothing")
	}
	return ops, nil
}

// pairUp finds, for each invocation, its completion; nil: it never completed.
// Operations of what is no client (the nemesis) have no number and are left out.
func pairUp(ops []pairs) map[int]pairs {
	open, found := map[int64]int{}, map[int]pairs{}
	for i, op := range ops {
		process, ok := op.get("process").(int64)
		if !ok {
			continue
		}
		if op.get("type") == keyword("invoke") {
			open[process] = i
		} else if at, ok := open[process]; ok {
			found[at] = op
			delete(open, process)
		}
	}
	return found
}

type valueAt struct {
	partition history.Partition
	value     string
}

type readerAt struct {
	process   int64
	partition history.Partition
}

// call is an operation of Jepsen's that is open: ours, and how each will end.
type call struct {
	ids     []history.OpID
	results []history.Result
}

type converter struct {
	r        *history.Recorder
	values   map[valueAt]history.Value
	open     map[int64]*call
	scanning map[int64]int32 // process → that of its scan
	scans    int32
	at       map[readerAt]int64
}

func (c *converter) op(op, completion pairs) error {
	process, ok := op.get("process").(int64)
	if !ok {
		return nil // the nemesis
	}
	if process < 0 || process >= scanProcesses {
		return fmt.Errorf("process %d out of range", process)
	}
	now, _ := op.get("time").(int64)
	if op.get("type") == keyword("invoke") {
		return c.invoke(now, process, op, completion)
	}
	if open := c.open[process]; open != nil {
		for i, id := range open.ids {
			c.r.Complete(now, id, &open.results[i])
		}
		delete(c.open, process)
	}
	return nil
}

func (c *converter) invoke(now, process int64, op, completion pairs) error {
	kind, _ := op.get("f").(keyword)
	ending, _ := completion.get("type").(keyword)
	outcome := history.Info // whatever else it may say
	switch ending {
	case "ok":
		outcome = history.OK
	case "fail":
		outcome = history.Fail
	}
	open := &call{}
	c.open[process] = open
	value, _ := op.get("value").(vector)
	switch kind {
	case "assign", "subscribe":
		return c.assign(now, process, kind, op, value, open)
	case "send", "poll", "txn":
	default:
		return nil // crash, debug-topic-partitions
	}
	done, _ := completion.get("value").(vector)
	for i, one := range value {
		micro, _ := one.(vector)
		var told vector
		if i < len(done) {
			told, _ = done[i].(vector)
		}
		if len(micro) == 0 {
			return errors.New("an empty micro-operation")
		}
		var err error
		if micro[0] == keyword("send") {
			err = c.send(now, process, micro, told, outcome, open)
		} else if micro[0] == keyword("poll") && len(told) > 1 {
			err = c.poll(now, process, told[1], outcome, open)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// assign puts down that a process has another set of partitions.
func (c *converter) assign(now, process int64, kind keyword, op pairs, keys vector, open *call) error {
	add := func(k history.Kind, p history.Partition, at int64) {
		o := history.NewOp(k, int32(process), int32(process), p)
		o.At = at
		open.ids = append(open.ids, c.r.Invoke(now, &o))
		open.results = append(open.results, history.NewResult(history.OK))
	}
	delete(c.scanning, process)
	if kind == "subscribe" {
		add(history.Subscribe, history.NoPartition, history.Unset)
		return nil
	}
	add(history.Assign, history.NoPartition, history.Unset)
	if op.get("seek-to-beginning?") == true {
		c.scanning[process] = scanProcesses + c.scans
		c.scans++
	}
	for _, key := range keys {
		p, err := c.partition(key)
		if err != nil {
			return err
		}
		add(history.Assign, p, history.Unset)
		c.at[readerAt{process, p}] = history.Unset
		if _, scans := c.scanning[process]; scans {
			c.at[readerAt{process, p}] = 0
		}
	}
	return nil
}

func (c *converter) send(now, process int64, micro, told vector, outcome history.Outcome, open *call) error {
	if len(micro) < 3 {
		return errors.New("a send without key and value")
	}
	p, err := c.partition(micro[1])
	if err != nil {
		return err
	}
	o := history.NewOp(history.Send, int32(process), int32(process), p)
	o.Flags |= history.Idempotent
	value := micro[2]
	res := history.NewResult(outcome)
	if len(told) > 2 {
		if placed, ok := told[2].(vector); ok && len(placed) == 2 {
			if offset, ok := placed[0].(int64); ok {
				if offset < 0 || offset > maxOffset {
					return fmt.Errorf("the offset %d is none", offset)
				}
				res.Offset = offset
			}
		}
	}
	open.ids = append(open.ids, c.r.Invoke(now, &o, c.value(p, value)))
	open.results = append(open.results, res)
	return nil
}

// poll puts down what was read, a partition at a time.
func (c *converter) poll(now, process int64, told any, outcome history.Outcome, open *call) error {
	byKey, _ := told.(pairs)
	for _, kv := range byKey {
		p, err := c.partition(kv.key)
		if err != nil {
			return err
		}
		kind, as := history.Poll, int32(process)
		if scan, ok := c.scanning[process]; ok {
			kind, as = history.Scan, scan
		}
		o := history.NewOp(kind, int32(process), as, p)
		at, known := c.at[readerAt{process, p}]
		if !known {
			at = history.Unset
		}
		o.At = at
		res := history.NewResult(outcome)
		list, _ := kv.value.(vector)
		for _, one := range list {
			record, _ := one.(vector)
			if len(record) != 2 {
				return fmt.Errorf("%v is no [offset value]", one)
			}
			offset, ok := record[0].(int64)
			if !ok || offset < 0 || offset > maxOffset {
				return fmt.Errorf("the offset %v is none", record[0])
			}
			res.Records = append(res.Records, history.Record{Offset: offset, Value: c.value(p, record[1])})
			at = offset + 1
		}
		res.To = at
		c.at[readerAt{process, p}] = at
		open.ids = append(open.ids, c.r.Invoke(now, &o))
		open.results = append(open.results, res)
	}
	return nil
}

func (c *converter) partition(key any) (history.Partition, error) {
	k, ok := key.(int64)
	if !ok || k < 0 || k >= 1<<19 {
		return history.NoPartition, fmt.Errorf("the key %v: want a number", key)
	}
	return c.r.Partition(topic, int32(k)), nil
}

// value is a value of a key: those of Jepsen's are unique within their key only.
func (c *converter) value(p history.Partition, v any) history.Value {
	key := valueAt{p, fmt.Sprint(v)}
	if have, ok := c.values[key]; ok {
		return have
	}
	value := history.MakeValue(uint32(p), uint64(len(c.values)))
	n, isNumber := v.(int64)
	switch {
	case isNumber && n >= firstOfOurs:
		value = history.Value(n - firstOfOurs)
	case isNumber && n >= 0:
		value = history.MakeValue(uint32(p), uint64(n))
	}
	c.values[key] = value
	return value
}
