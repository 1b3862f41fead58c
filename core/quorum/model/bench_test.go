package model_test

import (
	"testing"

	"trialog/core/kafka"
	"trialog/core/quorum"
	"trialog/core/quorum/model"
)

// BenchmarkModel measures the model's share of a simulation: one operation is a
// proposal through a quorum of three, delivered to all, every oddity on.
func BenchmarkModel(b *testing.B) {
	rand := kafka.NewRand(1)
	limits := odd()
	limits.SnapshotEvery = 64
	m := model.New(model.Config{Nodes: 3, Voters: 3, Limits: limits, Fold: &fold{}, Choose: func(_ uint16, n uint64) uint64 { return rand.Uint64() % n }})
	now := kafka.Instant(0)
	for n := range 3 {
		m.Up(now, n)
	}
	p := quorum.Propose{Entry: quorum.Entry{Epoch: 1}}
	events := 0
	b.ReportAllocs()
	for b.Loop() {
		p.Ref++
		p.Entry.Seq++
		m.Propose(now, 0, &p)
		now = now.Add(20 * kafka.Millisecond)
		for at, ok := m.Deadline(); ok && at <= now; at, ok = m.Deadline() {
			for _, more := m.Next(at); more; _, more = m.Next(at) {
				events++
			}
		}
	}
	b.ReportMetric(float64(events)/float64(b.N), "events/op")
}
