package sim

import (
	"runtime"
	"testing"
)

// BenchmarkWorld measures the world without the machines of core: three
// stand-in brokers, eight clients, 90 operations a second each.
func BenchmarkWorld(b *testing.B) {
	memory := &Memory{}
	config := Config{Memory: memory, Phases: Phases{Warmup: Second, Faults: 60 * Second, Heal: Second}}
	var events, ops uint64
	var virtual int64
	var before, after runtime.MemStats
	fakeRun(config, fakeApps(8)).Run()
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	for range b.N {
		config.Seed++
		apps := fakeApps(8)
		r := fakeRun(config, apps).Run()
		events += r.Events
		virtual += r.Virtual
		for _, a := range apps {
			ops += uint64(a.ok)
		}
	}
	b.StopTimer()
	runtime.ReadMemStats(&after)
	report(b, events, ops, virtual, after.Mallocs-before.Mallocs)
}

func report(b *testing.B, events, ops uint64, virtual int64, mallocs uint64) {
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(events)/seconds, "events/s")
	b.ReportMetric(float64(ops)/seconds, "ops/s")
	b.ReportMetric(float64(virtual)/1e9/seconds, "x-real-time")
	b.ReportMetric(float64(mallocs)/float64(events), "allocs/event")
}
