package sim

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"trialog/core/batch"
	"trialog/core/partition"
	simdisk "trialog/sim/disk"
)

// markedAge is how many rounds of the journal's writer ago a byte was synced, of
// the journal or of a large batch that it points at, that is covered by the
// durable mark of a frame behind it. What is younger looks like a torn tail when
// it rots: no journal can tell the two apart.
const markedAge = 2

// rot damages a file. Damage comes in places that lie together: half of it
// strikes the directory that was struck before.
func (w *World) rot(b *brokerHost, prefix string, names bool, pick func(uint64) uint64, f *Fault) bool {
	var place simdisk.Place
	ok := false
	if strings.HasPrefix(b.rotten, prefix) && pick(2) == 1 {
		place, ok = b.disk.FlipSynced(b.rotten, markedAge, names, pick)
	}
	if !ok {
		place, ok = b.disk.FlipSynced(prefix, markedAge, names, pick)
	}
	if ok && hidden(b.disk.Content(place.Path), &place) {
		b.disk.Flip(&place)
		return false
	}
	if ok && w.oracle != nil {
		w.nemesis.rotten = b.host.node
		w.oracle.Rotten(b.host.node)
	}
	if ok {
		b.rotten = place.Path[:strings.LastIndexByte(place.Path, '/')+1]
	}
	f.Detail = place.Off
	if ok && w.trace.on() {
		w.trace.say(place.Path)
	}
	return ok
}

// hidden tells whether nobody who reads a segment can see that a bit of it has flipped:
// the CRC of a batch does not cover its base offset, and one that moves within a gap
// that a cleaner has left is as good as the true one. Apache Kafka's format is the
// same, and nothing is claimed of it (docs/DIVERGENCES.md). segment is as it is now.
func hidden(segment []byte, place *simdisk.Place) bool {
	name := place.Path[strings.LastIndexByte(place.Path, '/')+1:]
	first, err := strconv.ParseInt(name[:min(20, len(name))], 10, 64)
	if err != nil || !partition.HoldsRecords(place.Path) || place.Off < 0 {
		return false
	}
	was := batch.View(slices.Clone(segment))
	was[place.Off] ^= 1 << place.Bit
	gaps := strings.Contains(name, "-") // a cleaner has made it
	for at, due := int64(0), first; was.Whole(); {
		base, size := int64(was.BaseOffset()), int64(was.Size())
		gaps = gaps || base > due
		if place.Off < at+size {
			if place.Off >= at+8 {
				return false
			}
			next := int64(math.MaxInt64) // nothing follows here: a gap, if there is any
			if rest := was[size:]; rest.Whole() {
				next = int64(rest.BaseOffset())
			} else if !gaps {
				return false
			}
			now := batch.View(segment[at:])
			return int64(now.BaseOffset()) >= due && int64(now.LastOffset()) < next
		}
		due, at, was = base+int64(was.LastOffsetDelta())+1, at+size, was[size:]
	}
	return false
}
