package metadata

import (
	"math/bits"
	"slices"
	"strings"

	"trialog/core/kafka"
)

// What a broker holds replicas of is kept beside the topics, so that what changes
// for one broker costs what it holds and not what there is. A key names a broker
// and a chunk of a topic's partitions, its value those of the chunk.
type heldKey struct {
	broker kafka.BrokerID
	topic  string
	chunk  int32
}

func (a heldKey) compare(b heldKey) int {
	if a.broker != b.broker {
		return int(a.broker) - int(b.broker)
	}
	if c := strings.Compare(a.topic, b.topic); c != 0 {
		return c
	}
	return int(a.chunk) - int(b.chunk)
}

func (a heldKey) scatter() uint64 {
	return scatter(a.topic, uint64(uint32(a.broker))<<32|uint64(uint32(a.chunk)))
}

// held has a bit for each partition of a chunk.
type held [chunkPartitions / 64]uint64

func heldBy(id kafka.BrokerID, p *Partition) (key heldKey, word int, bit uint64) {
	at := int(p.Index) % chunkPartitions
	return heldKey{id, p.TopicName, int32(int(p.Index) / chunkPartitions)}, at / 64, 1 << (at % 64)
}

// EachOf visits the partitions of which a broker has a replica, by rising topic
// name and number, until visit returns false.
func (im *Image) EachOf(id kafka.BrokerID, visit func(*TopicImage, *Partition) bool) {
	var t *TopicImage
	im.held.from(heldKey{broker: id}, func(key heldKey, some *held) bool {
		if key.broker != id {
			return false
		}
		if t == nil || t.Name != key.topic {
			t = im.TopicByName(key.topic)
		}
		for word, left := range some {
			for ; left != 0; left &= left - 1 {
				at := int(key.chunk)*chunkPartitions + word*64 + bits.TrailingZeros64(left)
				if !visit(t, t.Partitions.At(at)) {
					return false
				}
			}
		}
		return true
	})
}

// hold notes who holds a partition now, and who did before.
func (e *edit) hold(p *Partition, before []kafka.BrokerID) {
	for _, id := range before {
		if slices.Contains(p.Replicas, id) {
			continue
		}
		key, word, bit := heldBy(id, p)
		some := e.ownHeld(key)
		if some[word] &^= bit; *some == (held{}) {
			delete(e.held, key)
			e.to.held = e.to.held.remove(key)
		}
	}
	for _, id := range p.Replicas {
		if !slices.Contains(before, id) {
			key, word, bit := heldBy(id, p)
			e.ownHeld(key)[word] |= bit
		}
	}
}

// ownHeld returns what stands under a key for this edit to change in place.
func (e *edit) ownHeld(key heldKey) *held {
	if some := e.held[key]; some != nil {
		return some
	}
	some := new(held)
	if was, there := e.to.held.get(key); there {
		*some = *was
	}
	if e.held == nil {
		e.held = make(map[heldKey]*held)
	}
	e.held[key] = some
	e.to.held = e.to.held.set(key, some)
	return some
}

// releaseAll notes that nobody holds anything of a topic any more.
func (e *edit) releaseAll(t *TopicImage) {
	for _, p := range t.Partitions.All {
		for _, id := range p.Replicas {
			key, _, _ := heldBy(id, p)
			delete(e.held, key)
			e.to.held = e.to.held.remove(key)
		}
	}
}
