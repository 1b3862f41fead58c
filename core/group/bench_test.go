package group

import (
	"fmt"
	"testing"

	"trialog/core/kafka"
)

// crowd settles n members in one group, without checks on the way.
func crowd(tb testing.TB, n int) (w *world, ids []string, generation int32) {
	w = newWorld(tb)
	w.config.MaxSize = 1 << 20
	w.machine.Configure(&w.config)
	w.quick = true
	ids, generation = w.settle(n)
	return w, ids, generation
}

// A group of a thousand rebalances with work that grows with its size, and not
// with the square of it.
func TestCrowdRebalances(t *testing.T) {
	w, ids, generation := crowd(t, 1000)
	j := w.join("", "")
	for _, id := range ids {
		if code := w.beat(id, generation); code != kafka.ErrRebalanceInProgress {
			t.Fatal(code)
		}
		w.join(id, "")
	}
	a := w.answer(j).Joined
	if a.Generation != generation+1 {
		t.Fatalf("generation %d", a.Generation)
	}
	if err := w.machine.Invariants(); err != nil {
		t.Fatal(err)
	}
}

// What a member does all the time costs no memory.
func TestHeartbeatAllocatesNothing(t *testing.T) {
	w, ids, generation := crowd(t, 100)
	in := &Heartbeat{Member: Member{Group: "g", ID: ids[50]}, Generation: generation}
	if n := testing.AllocsPerRun(1000, func() {
		w.machine.Step(w.now, in, &w.out)
		w.out.Reset()
	}); n > 0 {
		t.Errorf("%v allocations per heartbeat", n)
	}
}

func BenchmarkHeartbeat(b *testing.B) {
	w, ids, generation := crowd(b, 1000)
	in := &Heartbeat{Member: Member{Group: "g"}, Generation: generation}
	i := 0
	for b.Loop() {
		in.ID = ids[i%len(ids)]
		i++
		w.now.Mono++
		w.machine.Step(w.now, in, &w.out)
		w.out.Reset()
	}
}

func BenchmarkCommit(b *testing.B) {
	w, ids, generation := crowd(b, 10)
	in := &Commit{Member: Member{Group: "g", ID: ids[0]}, Generation: generation, Version: 9}
	for p := range 10 {
		in.Offsets = append(in.Offsets, Committing{Topic: "t", Partition: kafka.PartitionIndex(p), Offset: Offset{ExpiresAt: kafka.NoTimestamp}})
	}
	b.ReportAllocs()
	for b.Loop() {
		w.machine.Step(w.now, in, &w.out)
		w.end++
		w.machine.Step(w.now, &Appended{End: w.end}, &w.out)
		w.machine.Step(w.now, &Committed{HighWatermark: w.end}, &w.out)
		w.out.Reset()
	}
}

// BenchmarkRebalance measures a whole rebalance after one join, of so many members.
func BenchmarkRebalance(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w, ids, _ := crowd(b, n)
			for b.Loop() {
				var j Ticket
				for _, id := range ids {
					j = w.join(id, "") // the leader is the first: it begins the rebalance
				}
				generation := w.answer(j).Joined.Generation
				for _, id := range ids[1:] {
					w.sync(id, generation)
				}
				w.sync(ids[0], generation, ids...)
				clear(w.answers)
			}
		})
	}
}
