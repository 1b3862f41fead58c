package controller

import (
	"slices"
	"strings"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// spread places replicas: leaders go round the brokers, followers at a distance
// that grows with every round, and neighbours in the order differ in rack as
// long as racks last. Fenced brokers are used only when there are too few others.
type spread struct {
	eligible, others []*metadata.Broker
	at, shift        int
}

func newSpread(im *metadata.Image, rand *kafka.Rand) spread {
	var s spread
	for _, b := range im.Brokers() {
		if b.Eligible() {
			s.eligible = append(s.eligible, b)
		} else {
			s.others = append(s.others, b)
		}
	}
	s.eligible, s.others = byRack(s.eligible), byRack(s.others)
	if n := uint64(len(s.eligible)); n > 0 {
		s.at = int(rand.Uint64() % n)
		s.shift = int(rand.Uint64() % n)
	}
	return s
}

// next places one partition. It needs an eligible broker and no more replicas
// than there are brokers.
func (s *spread) next(replicas int) []kafka.BrokerID {
	n := len(s.eligible)
	leader := s.eligible[s.at%n]
	placed := []*metadata.Broker{leader}
	followers := make([]*metadata.Broker, 0, n-1)
	for i := range n - 1 {
		followers = append(followers, s.eligible[(s.at+1+(s.shift+i)%(n-1))%n])
	}
	placed = pick(placed, followers, min(replicas, n))
	rest := make([]*metadata.Broker, 0, len(s.others))
	for i := range s.others {
		rest = append(rest, s.others[(s.at+i)%len(s.others)])
	}
	placed = pick(placed, rest, replicas)
	s.at++
	if s.at%n == 0 {
		s.shift++
	}
	ids := make([]kafka.BrokerID, len(placed))
	for i, b := range placed {
		ids[i] = b.ID
	}
	return ids
}

// pick adds candidates in order until there are want, those in the racks used
// least first.
func pick(placed, candidates []*metadata.Broker, want int) []*metadata.Broker {
	for len(placed) < want {
		best, least := -1, len(placed)+1
		for i, c := range candidates {
			if used := inRack(placed, c); used < least {
				best, least = i, used
			}
		}
		placed = append(placed, candidates[best])
		candidates = slices.Delete(candidates, best, best+1)
	}
	return placed
}

// inRack counts the brokers in the rack of b.
func inRack(brokers []*metadata.Broker, b *metadata.Broker) (n int) {
	for _, o := range brokers {
		if o.Rack == b.Rack {
			n++
		}
	}
	return n
}

// byRack orders brokers so that neighbours differ in rack as long as racks last.
func byRack(brokers []*metadata.Broker) []*metadata.Broker {
	sorted := slices.Clone(brokers)
	slices.SortStableFunc(sorted, func(a, b *metadata.Broker) int { return strings.Compare(a.Rack, b.Rack) })
	var mixed []*metadata.Broker
	for round := 0; len(mixed) < len(sorted); round++ {
		seen := 0
		for i, b := range sorted {
			if i > 0 && sorted[i-1].Rack != b.Rack {
				seen = 0
			}
			if seen == round {
				mixed = append(mixed, b)
			}
			seen++
		}
	}
	return mixed
}
