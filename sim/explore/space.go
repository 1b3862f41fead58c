package explore

import (
	"trialog/sim"
	"trialog/sim/choice"
)

// Space is what schedules differ in.
type Space struct {
	Brokers    int // faults strike the nodes 1 to Brokers
	Ways       int // of a fault: sim.Config.Explore
	Borders    int // events of each broker before which one may strike
	Faults     int // at most; 0 to 2
	Deliveries int // that may be held
	Past       int // others, at most; up to sim.MostPast
}

// block is the schedules with so many faults and delays.
type block struct{ faults, delays int }

// blocks are in the order in which they are numbered.
var blocks = [...]block{{0, 0}, {1, 0}, {0, 1}, {2, 0}, {1, 1}, {2, 1}}

// places are the places at which a fault can strike.
func (s Space) places() uint64 { return uint64(s.Brokers) * uint64(s.Borders) }

// Single is in how many ways and places one fault can strike.
func (s Space) Single() uint64 {
	if s.Faults == 0 {
		return 0
	}
	return s.places() * uint64(s.Ways)
}

// Pairs is in how many ways two faults can strike at two places.
func (s Space) Pairs() uint64 {
	n, ways := s.places(), uint64(s.Ways)
	if s.Faults < 2 || n < 2 {
		return 0
	}
	return n * (n - 1) / 2 * ways * ways
}

// Delays is in how many ways one delivery can be held.
func (s Space) Delays() uint64 { return uint64(s.Deliveries) * uint64(s.Past) }

// Product is the number of schedules.
func (s Space) Product() uint64 { return (1 + s.Single() + s.Pairs()) * (1 + s.Delays()) }

func (s Space) size(b block) uint64 {
	n := uint64(1)
	switch b.faults {
	case 1:
		n = s.Single()
	case 2:
		n = s.Pairs()
	}
	if b.delays > 0 {
		n *= s.Delays()
	}
	return n
}

// Tape is the choices of schedule k, which lies below Product.
func (s Space) Tape(k uint64) []choice.Override {
	for _, b := range blocks {
		n := s.size(b)
		if k >= n {
			k -= n
			continue
		}
		var tape []choice.Override
		if b.delays > 0 {
			tape = append(tape, s.delay(k%s.Delays()))
			k /= s.Delays()
		}
		switch b.faults {
		case 1:
			tape = append(tape, s.fault(k/uint64(s.Ways), k%uint64(s.Ways)))
		case 2:
			ways := uint64(s.Ways)
			places := k / (ways * ways)
			later := below(places)
			tape = append(tape, s.fault(places-later*(later-1)/2, k%ways), s.fault(later, k/ways%ways))
		}
		return tape
	}
	panic("explore: there is no such schedule")
}

// below returns the largest n with n(n-1)/2 at most k.
func below(k uint64) uint64 {
	low, high := uint64(1), uint64(1)<<32
	for low+1 < high {
		if n := low + (high-low)/2; n*(n-1)/2 <= k {
			low = n
		} else {
			high = n
		}
	}
	return low
}

// fault is one at a place, early ones first.
func (s Space) fault(place, way uint64) choice.Override {
	brokers := uint64(s.Brokers)
	return choice.Override{
		Stream: choice.ID(choice.KindNode, 1+int(place%brokers)), Site: choice.ExploreFault, Ordinal: uint32(place / brokers), Value: 1 + way,
	}
}

// delay is the k-th delay, those past few first.
func (s Space) delay(k uint64) choice.Override {
	return choice.Override{
		Stream: choice.ID(choice.KindWorld, 0), Site: choice.ExploreDelay,
		Ordinal: uint32(k % uint64(s.Deliveries)), Value: 1 + k/uint64(s.Deliveries),
	}
}

// Valid tells whether the space is one that a world can carry out.
func (s Space) Valid() bool {
	const most = 1 << 20 // of a kind, so that no product is beyond 64 bits
	return s.Brokers >= 1 && s.Ways >= 0 && s.Borders >= 0 && s.Deliveries >= 0 && s.Faults >= 0 && s.Faults <= 2 &&
		s.Past >= 0 && s.Past <= sim.MostPast && s.Single() < most && s.Deliveries < most
}
