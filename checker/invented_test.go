package checker

import (
	"math/rand/v2"

	"trialog/checker/history"
)

// inventor makes up the history of a flawless log: two partitions, producers
// plain and idempotent that keep several sends in flight, consumers, crashes
// that take nothing, ambiguous and failed sends, a final scan.
type inventor struct {
	r    *rand.Rand
	rec  *history.Recorder
	logs [2][]history.Value
	next [8]uint64 // by client: count of records sent
	at   [8][2]int64
	open []pending
}

type pending struct {
	id      history.OpID
	op      history.Op
	values  []history.Value
	res     history.Result
	records []history.Record
	applied bool
}

const producers = 4 // clients 0..3 produce, the odd ones idempotently; 4..7 consume

func invent(seed uint64, steps int) *history.History {
	v := inventor{r: rand.New(rand.NewPCG(seed, 1)), rec: history.NewRecorder(synced())}
	v.rec.Partition("t", 0)
	v.rec.Partition("t", 1)
	for range steps {
		switch n := v.r.IntN(100); {
		case n < 40:
			v.call(v.r.Int32N(8))
		case n < 70:
			v.apply()
		case n < 99:
			v.end()
		default:
			v.restart()
		}
	}
	for len(v.open) > 3 {
		v.apply()
		v.end()
	}
	v.restart()
	v.scan()
	return v.rec.History()
}

func (v *inventor) now() int64 { return v.rec.History().Positions * 1000 }

func (v *inventor) call(client int32) {
	p := history.Partition(v.r.IntN(2))
	if client >= producers {
		for i := range v.open {
			if v.open[i].op.Client == client {
				return // a consumer does one thing at a time
			}
		}
		op := history.NewOp(history.Poll, client, client, p)
		op.At = v.at[client][p]
		if v.r.IntN(4) == 0 {
			op.Kind, op.At = history.ListOffsets, latest
		}
		v.open = append(v.open, pending{id: v.rec.Invoke(v.now(), &op), op: op})
		return
	}
	op := history.NewOp(history.Send, client, client, p)
	if client%2 == 1 {
		op.Flags, op.ProducerID, op.ProducerEpoch = history.Idempotent, int64(client), 0
	}
	var values []history.Value
	for range 1 + v.r.IntN(3) {
		values = append(values, history.MakeValue(uint32(client), v.next[client]))
		v.next[client]++
	}
	v.open = append(v.open, pending{id: v.rec.Invoke(v.now(), &op, values...), op: op, values: values})
}

// apply lets one open operation take effect; a producer's in their order.
func (v *inventor) apply() {
	for range 4 {
		if len(v.open) == 0 {
			return
		}
		o := &v.open[v.r.IntN(len(v.open))]
		if o.applied || o.op.Kind == history.Send && v.overtakes(o) {
			continue
		}
		o.applied = true
		log := &v.logs[o.op.Partition]
		o.res = history.NewResult(history.OK)
		switch o.op.Kind {
		case history.Send:
			v.send(o, log)
		case history.ListOffsets:
			o.res.Offset = int64(len(*log))
		default:
			v.read(o, *log, 4)
		}
		return
	}
}

func (v *inventor) overtakes(o *pending) bool {
	for i := range v.open {
		if b := &v.open[i]; !b.applied && b.op.Kind == history.Send && b.op.Client == o.op.Client && b.id < o.id {
			return true
		}
	}
	return false
}

func (v *inventor) send(o *pending, log *[]history.Value) {
	switch v.r.IntN(12) {
	case 0:
		o.res = history.NewResult(history.Fail)
		o.res.Error = "NOT_ENOUGH_REPLICAS"
		return
	case 1:
		o.res = history.NewResult(history.Info)
		o.res.Error = "REQUEST_TIMED_OUT"
		return
	case 2:
		o.res = history.NewResult(history.Info)
	default:
		o.res.Offset, o.res.Attempts = int64(len(*log)), int16(1+v.r.IntN(2))
	}
	*log = append(*log, o.values...)
}

func (v *inventor) read(o *pending, log []history.Value, most int) {
	o.res.HighWatermark, o.res.To = int64(len(log)), o.op.At
	for ; o.res.To < int64(len(log)) && len(o.records) < most; o.res.To++ {
		o.records = append(o.records, history.Record{Offset: o.res.To, Value: log[o.res.To]})
	}
}

func (v *inventor) end() {
	if len(v.open) == 0 {
		return
	}
	i := v.r.IntN(len(v.open))
	o := v.open[i]
	if !o.applied {
		return
	}
	v.open = append(v.open[:i], v.open[i+1:]...)
	o.res.Records = o.records
	v.rec.Complete(v.now(), o.id, &o.res)
	if o.op.Kind == history.Poll {
		v.at[o.op.Client][o.op.Partition] = o.res.To
	}
}

func (v *inventor) restart() {
	e := history.NewEvent(history.Crash, 0)
	e.Fault = history.FaultPower
	v.rec.Event(v.now(), &e)
	for p := range v.logs {
		e := history.NewEvent(history.Recovered, 0)
		end := int64(len(v.logs[p]))
		e.Partition, e.RequiredEndOffset, e.AppendedEndOffset, e.FoundEndOffset, e.LogStartOffset = history.Partition(p), end, end, end, 0
		e.FoundHash, e.WantHash = 77, 77
		v.rec.Event(v.now(), &e)
	}
}

func (v *inventor) scan() {
	for p := range v.logs {
		o := pending{op: history.NewOp(history.Scan, 9, 9, history.Partition(p))}
		for o.op.At = 0; ; o.op.At = o.res.To {
			o.id, o.records, o.res = v.rec.Invoke(v.now(), &o.op), nil, history.NewResult(history.OK)
			v.read(&o, v.logs[p], 10)
			o.res.Records = o.records
			v.rec.Complete(v.now(), o.id, &o.res)
			if o.res.To == o.res.HighWatermark {
				break
			}
		}
	}
}
