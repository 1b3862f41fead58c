package onsim_test

import (
	"context"
	"runtime"
	"syscall"
	"testing"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/onsim"
)

// BenchmarkSeeds measures whole simulated lives: the world, the judge, and all
// that comes between. An iteration is a seed, of every scenario in turn for
// "all". Figures are by processor time of the whole process, collector
// included, so that they are those of one core whatever else the machine does.
func BenchmarkSeeds(b *testing.B) {
	all := scenarios.All()
	b.Run("all", func(b *testing.B) { benchmarkSeeds(b, all) })
	for i := range all {
		b.Run(all[i].Name, func(b *testing.B) { benchmarkSeeds(b, all[i:i+1]) })
	}
}

func benchmarkSeeds(b *testing.B, list []scenarios.Scenario) {
	arm := onsim.New(onsim.Options{})
	next := 0
	live := func() *scenarios.Outcome {
		task := scenarios.Deal(list, 1, next)
		next++
		o := arm.Run(context.Background(), task.Scenario, task.Seed)
		if o.Red() {
			b.Fatalf("%s --seed %d is red: %s", o.Scenario, o.Seed, o.Failure.Text)
		}
		return o
	}
	live() // the memory that the arm keeps
	var events, operations, virtual int64
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := processorTime()
	b.ResetTimer()
	for range b.N {
		o := live()
		events, operations, virtual = events+o.Events, operations+o.Operations, virtual+o.Span
	}
	b.StopTimer()
	used := (processorTime() - began).Seconds()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(events)/used, "events/s")
	b.ReportMetric(float64(operations)/used, "operations/s")
	b.ReportMetric(3600*float64(b.N)/used, "seeds/h")
	b.ReportMetric(float64(virtual)/1e9/used, "x-real-time")
	b.ReportMetric(float64(operations)/float64(b.N), "operations/seed")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(events), "allocs/event")
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
