package checker

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"trialog/checker/history"
)

// million returns a flawless history of a million operations: 16 producers with
// four sends in flight each, 16 consumers, 8 partitions, a final scan.
var million = sync.OnceValue(func() *history.History {
	const producers, consumers, partitions, depth, total = 16, 16, 8, 4, 980_000
	r := history.NewRecorder(history.Header{Scenario: "bench"})
	var logs [partitions][]history.Value
	for p := range int32(partitions) {
		r.Partition("t", p)
	}
	var at [consumers][partitions]int64
	var counts [producers]uint64
	type flight struct {
		id     history.OpID
		offset int64
	}
	var inFlight [producers][]flight
	var records []history.Record
	now := int64(0)
	for n := 0; n < total; now += 1000 {
		for c := range producers {
			if len(inFlight[c]) == depth {
				res := history.NewResult(history.OK)
				res.Offset = inFlight[c][0].offset
				r.Complete(now, inFlight[c][0].id, &res)
				inFlight[c] = append(inFlight[c][:0], inFlight[c][1:]...)
			}
			p := int32(n/7+c) % partitions
			op := history.NewOp(history.Send, int32(c), int32(c), history.Partition(p))
			op.Flags, op.ProducerID = history.Idempotent, int64(c)
			v := history.MakeValue(uint32(c), counts[c])
			counts[c]++
			inFlight[c] = append(inFlight[c], flight{r.Invoke(now, &op, v), int64(len(logs[p]))})
			logs[p] = append(logs[p], v)
			n++
		}
		for c := range consumers {
			p := int32(n+c) % partitions
			op := history.NewOp(history.Poll, int32(100+c), int32(100+c), history.Partition(p))
			from, end := at[c][p], int64(len(logs[p]))
			op.At = from
			id := r.Invoke(now, &op)
			res := history.NewResult(history.OK)
			records = records[:0]
			for o := from; o < min(end, from+4); o++ {
				records = append(records, history.Record{Offset: o, Value: logs[p][o]})
			}
			res.Records, res.HighWatermark, res.To = records, end, from+int64(len(records))
			at[c][p] = res.To
			r.Complete(now, id, &res)
			n++
		}
		if n%300_000 == 0 {
			e := history.NewEvent(history.Crash, 0)
			e.Fault = history.FaultKill
			r.Event(now, &e)
		}
	}
	for p := range logs {
		for from := int64(0); from < int64(len(logs[p])); from += 25 {
			op := history.NewOp(history.Scan, 999, 999, history.Partition(p))
			op.At = from
			id := r.Invoke(now, &op)
			res := history.NewResult(history.OK)
			records = records[:0]
			for o := from; o < min(int64(len(logs[p])), from+25); o++ {
				records = append(records, history.Record{Offset: o, Value: logs[p][o]})
			}
			res.Records, res.HighWatermark, res.To = records, int64(len(logs[p])), from+int64(len(records))
			r.Complete(now, id, &res)
		}
	}
	return r.History()
})

// BenchmarkMillionOperations must stay under a second.
func BenchmarkMillionOperations(b *testing.B) {
	h := million()
	b.Run("memory", func(b *testing.B) {
		c := New(Options{})
		for b.Loop() {
			if r := c.Check(h); r.Failed() {
				b.Fatal(summary(r))
			}
		}
		b.ReportMetric(float64(len(h.Ops))*float64(b.N)/b.Elapsed().Seconds(), "ops/s")
	})
	b.Run("file", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "history.jsonl")
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := history.Write(f, h); err != nil {
			b.Fatal(err)
		}
		size, err := f.Seek(0, 1)
		if err != nil || f.Close() != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			read, err := history.Read(f)
			if err != nil {
				b.Fatal(err)
			}
			f.Close()
			if r := Check(read, Options{}); r.Failed() {
				b.Fatal(summary(r))
			}
		}
		b.SetBytes(size)
	})
	b.Run("write", func(b *testing.B) {
		var w bytes.Buffer
		for b.Loop() {
			w.Reset()
			if err := history.Write(&w, h); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(w.Len()))
	})
}

// BenchmarkWindows is what a seed costs with Porcupine's windows and without.
func BenchmarkWindows(b *testing.B) {
	h := invent(1, 12_000)
	for _, c := range []struct {
		name    string
		windows int
	}{{"with", 1}, {"without", -1}} {
		b.Run(c.name, func(b *testing.B) {
			judge := New(Options{Windows: c.windows})
			for b.Loop() {
				judge.Check(h)
			}
		})
	}
}

// BenchmarkSeed is what one simulated life costs.
func BenchmarkSeed(b *testing.B) {
	h := invent(1, 12_000)
	c := New(Options{})
	b.ReportAllocs()
	for b.Loop() {
		c.Check(h)
	}
	b.ReportMetric(float64(len(h.Ops)), "operations")
}
