package client

import (
	"cmp"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
)

// peer is a member as the group's leader sees it.
type peer struct {
	id         string
	order      string // the instance ID, if it has one: it outlives the member's ID
	topics     []string
	owned      []ownedPartition
	generation int32
	given      []ownedPartition // sorted
}

func compareText(a, b string) int { return strings.Compare(a, b) }

func compareOwned(a, b ownedPartition) int {
	if d := strings.Compare(a.topic, b.topic); d != 0 {
		return d
	}
	return cmp.Compare(a.index, b.index)
}

// readPeer reads a member's metadata. What cannot be read wants nothing.
func readPeer(a *kmsg.JoinGroupResponseMember) peer {
	p := peer{id: a.MemberID, order: a.MemberID, generation: NoGeneration}
	if a.InstanceID != nil {
		p.order = *a.InstanceID
	}
	var m kmsg.ConsumerMemberMetadata
	if m.ReadFrom(a.ProtocolMetadata) != nil {
		return p
	}
	p.topics, p.generation = m.Topics, m.Generation
	for i := range m.OwnedPartitions {
		for _, index := range m.OwnedPartitions[i].Partitions {
			p.owned = append(p.owned, ownedPartition{m.OwnedPartitions[i].Topic, kafka.PartitionIndex(index)})
		}
	}
	return p
}

// divide gives each member its share, once the partitions of all topics are
// known or known not to be there.
func (c *Client) divide() {
	g := &c.member
	if c.metadata.stale || c.metadata.underway {
		return
	}
	g.counts = g.counts[:0]
	for i := range g.peers {
		for _, name := range g.peers[i].topics {
			if slices.ContainsFunc(g.counts, func(k topicCount) bool { return k.topic == name }) {
				continue
			}
			t := c.topicNamed(name)
			if t.err != kafka.None {
				t.leaders = t.leaders[:0]
			}
			g.counts = append(g.counts, topicCount{name, int32(len(t.leaders))})
		}
	}
	slices.SortStableFunc(g.counts, func(a, b topicCount) int { return compareText(a.topic, b.topic) })
	if g.protocol == AssignCooperativeSticky {
		assignSticky(g.peers, g.counts)
	} else {
		assignRange(g.peers, g.counts)
	}
	g.state = syncing
}

// assignRange gives each topic's partitions in runs, as Kafka's RangeAssignor.
func assignRange(peers []peer, counts []topicCount) {
	order := make([]*peer, 0, len(peers))
	for i := range peers {
		peers[i].given = nil
		order = append(order, &peers[i])
	}
	slices.SortStableFunc(order, func(a, b *peer) int { return compareText(a.order, b.order) })
	for _, k := range counts {
		var takers []*peer
		for _, p := range order {
			if slices.Contains(p.topics, k.topic) {
				takers = append(takers, p)
			}
		}
		next := int32(0)
		for i, p := range takers {
			share := k.count / int32(len(takers))
			if int32(i) < k.count%int32(len(takers)) {
				share++
			}
			for range share {
				p.given = append(p.given, ownedPartition{k.topic, kafka.PartitionIndex(next)})
				next++
			}
		}
	}
}

// assignSticky moves as little as balance allows, and takes from one member in
// one round what it gives to another in the next (KIP-429).
func assignSticky(peers []peer, counts []topicCount) {
	type holding struct {
		ownedPartition
		owner, next int // indexes into peers; -1: nobody
	}
	var all []holding
	for _, k := range counts {
		for i := range k.count {
			o := ownedPartition{k.topic, kafka.PartitionIndex(i)}
			owner := ownerOf(peers, o)
			all = append(all, holding{o, owner, owner})
		}
	}
	load := make([]int, len(peers))
	for i := range all {
		if h := &all[i]; h.next >= 0 {
			if !slices.Contains(peers[h.next].topics, h.topic) {
				h.next = -1
				continue
			}
			load[h.next]++
		}
	}
	lightest := func(topic string) int {
		best := -1
		for i := range peers {
			if slices.Contains(peers[i].topics, topic) && (best < 0 || load[i] < load[best]) {
				best = i
			}
		}
		return best
	}
	for i := range all {
		if h := &all[i]; h.next < 0 {
			if h.next = lightest(h.topic); h.next >= 0 {
				load[h.next]++
			}
		}
	}
	// Each move makes the sum of squares smaller, so this ends.
	for moved := true; moved; {
		moved = false
		for i := range all {
			h := &all[i]
			if to := lightest(h.topic); to >= 0 && load[h.next] > load[to]+1 {
				load[h.next]--
				load[to]++
				h.next, moved = to, true
			}
		}
	}
	for i := range peers {
		peers[i].given = nil
	}
	for i := range all {
		if h := &all[i]; h.next >= 0 && (h.owner < 0 || h.owner == h.next) {
			peers[h.next].given = append(peers[h.next].given, h.ownedPartition)
		}
	}
}

// ownerOf finds who holds a partition: of those who say so, the one of the
// newest generation; of two of that generation, nobody (KAFKA-12984).
func ownerOf(peers []peer, o ownedPartition) int {
	owner := -1
	twice := false
	for i := range peers {
		if !slices.Contains(peers[i].owned, o) {
			continue
		}
		switch {
		case owner < 0 || peers[i].generation > peers[owner].generation:
			owner, twice = i, false
		case peers[i].generation == peers[owner].generation:
			twice = true
		}
	}
	if twice {
		return -1
	}
	return owner
}
