package oracle

import (
	"fmt"

	"trialog/core/batch"
	"trialog/core/broker"
)

// once is what was met of a log in the order of its offsets.
type once struct {
	from, below int64
	codecs      *batch.Codecs
	met         map[string]int64 // looked up only
	unpacked    []byte
}

// Once looks, when a run is over, at the logs of a broker below where its cleaner has
// been (O12). It returns what is not so, "" for nothing.
func Once(b *broker.Broker, codecs *batch.Codecs, read func(path string) []byte) (broken string) {
	b.Partitions(func(v *broker.PartitionView) bool {
		if v.Retired || v.Fenced {
			return true
		}
		o := once{from: int64(v.LogStartOffset), below: int64(v.Cleaned()), codecs: codecs, met: make(map[string]int64)}
		for segment := 0; segment < v.Segments && int64(v.SegmentBase(segment)) < o.below && broken == ""; segment++ {
			broken = o.segment(read(v.RecordsPath(segment)))
		}
		if broken != "" {
			broken = fmt.Sprintf("O12: the cleaner has been over %s-%d below %d, and there is %s", v.Name, v.Partition, o.below, broken)
		}
		return broken == ""
	})
	return broken
}

// segment goes on with the batches of the next segment, which are whole.
func (o *once) segment(v batch.View) string {
	for ; v.Whole() && int64(v.BaseOffset()) < o.below; v = v[v.Size():] {
		plain, unpacked, err := v[:v.Size()].Decompress(o.codecs, 1<<30, o.unpacked)
		if err != nil {
			return fmt.Sprintf("a batch at %d that does not unpack: %v", v.BaseOffset(), err)
		}
		o.unpacked = unpacked
		it := batch.Iterate(plain, v.Count())
		var r batch.Record
		for it.Next(&r) {
			offset := int64(v.BaseOffset()) + int64(r.OffsetDelta)
			if r.Key == nil || offset < o.from || offset >= o.below {
				continue
			}
			if was, ok := o.met[string(r.Key)]; ok {
				return fmt.Sprintf("the key %q at %d and at %d", r.Key, was, offset)
			}
			o.met[string(r.Key)] = offset
		}
	}
	return ""
}
