package choice

import (
	"testing"

	"pgregory.net/rapid"
)

// The generator is fixed for ever: a stored seed must mean the same run.
func TestGolden(t *testing.T) {
	s := NewSource(42, nil).Stream(KindNode, 3)
	got := [4]uint64{s.Choose(NodeJob, 1000), s.Choose(NodeJob, 1000), s.Choose(NodeRestart, 1000), s.Choose(NodeJob, 1<<40)}
	if want := [4]uint64{906, 727, 751, 1075074972503}; got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestDrawsDoNotShiftEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		plain, mixed := NewSource(seed, nil), NewSource(seed, nil)
		a, b := plain.Stream(KindDisk, 1), mixed.Stream(KindDisk, 1)
		other := mixed.Stream(KindDisk, 2)
		for range 50 {
			if rapid.Bool().Draw(t, "other") {
				other.Choose(DiskSync, 100)
				b.Choose(DiskWrite, 7)
			}
			if x, y := a.Choose(DiskSync, 100), b.Choose(DiskSync, 100); x != y {
				t.Fatalf("%d and %d", x, y)
			}
		}
	})
}

func TestOverrides(t *testing.T) {
	tape := []Override{
		{Stream: ID(KindLink, 5), Site: LinkDelay, Ordinal: 2, Value: 77},
		{Stream: ID(KindLink, 5), Site: LinkDelay, Ordinal: 900, Value: 1},
		{Stream: ID(KindLink, 6), Site: LinkDelay, Ordinal: 0, Value: 1},
	}
	source, plain := NewSource(1, tape), NewSource(1, nil)
	s, p := source.Stream(KindLink, 5), plain.Stream(KindLink, 5)
	for i := range 10 {
		x, y := s.Choose(LinkDelay, 50), p.Choose(LinkDelay, 50)
		if i == 2 {
			y = 77 % 50
		}
		if x != y {
			t.Fatalf("draw %d: %d, want %d", i, x, y)
		}
	}
	if unused := source.Unused(tape); len(unused) != 2 || unused[0].Ordinal != 900 {
		t.Fatalf("%v", unused)
	}
}

func TestRecordedDrawsReplayTheRun(t *testing.T) {
	var drawn []Override
	a := NewSource(3, nil)
	a.Record(&drawn)
	s := a.Stream(KindApp, 0)
	var want []uint64
	for range 100 {
		want = append(want, s.Choose(AppOp, 5))
	}
	again := NewSource(4, drawn).Stream(KindApp, 0) // another seed, every other draw overridden
	for i, w := range want {
		if w == 0 {
			again.Choose(AppOp, 1)
			continue
		}
		if got := again.Choose(AppOp, 5); got != w {
			t.Fatalf("draw %d: %d, want %d", i, got, w)
		}
	}
}

func TestDullIsNoFault(t *testing.T) {
	var tape []Override
	for i := range uint32(100) {
		tape = append(tape, Override{ID(KindFault, 1), FaultFire, i, 0}, Override{ID(KindFault, 1), FaultSpan, i, 0})
	}
	s := NewSource(9, tape).Stream(KindFault, 1)
	for range 100 {
		if s.Chance(FaultFire, 999_999) {
			t.Fatal("zero struck")
		}
		if s.Between(FaultSpan, 20, 4000) != 20 {
			t.Fatal("zero is not the least")
		}
	}
}

func TestChancesAreFair(t *testing.T) {
	s := NewSource(5, nil).Stream(KindFault, 2)
	hits := 0
	for range 100_000 {
		if s.Chance(FaultFire, 250_000) {
			hits++
		}
	}
	if hits < 24_500 || hits > 25_500 {
		t.Fatalf("%d of 100000", hits)
	}
}

func BenchmarkChoose(b *testing.B) {
	s := NewSource(5, nil).Stream(KindLink, 2)
	for b.Loop() {
		s.Choose(LinkDelay, 400_000)
	}
}
