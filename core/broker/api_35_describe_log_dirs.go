package broker

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// tagDamage is ours, a tagged field for operators: what of a replica cannot be read,
// and why, in words.
const tagDamage = 10_002

// beginDescribeLogDirs tells what this broker's data directory holds.
func (b *Broker) beginDescribeLogDirs(r *request) {
	body := r.body.(*kmsg.DescribeLogDirsRequest)
	dir := kmsg.NewDescribeLogDirsResponseDir()
	dir.Dir, _ = b.static.Get("log.dirs")
	dir.TotalBytes, dir.UsableBytes = -1, -1
	if b.diskFree > 0 {
		dir.UsableBytes = b.diskFree
	}
	for _, h := range b.logsByName() {
		if !asksForLog(body, h) {
			continue
		}
		if n := len(dir.Topics); n == 0 || dir.Topics[n-1].Topic != h.topic {
			t := kmsg.NewDescribeLogDirsResponseDirTopic()
			t.Topic = h.topic
			dir.Topics = append(dir.Topics, t)
		}
		p := kmsg.NewDescribeLogDirsResponseDirTopicPartition()
		p.Partition, p.Size = int32(h.tp.Partition), h.replica.Log.Size()
		p.OffsetLag = max(0, int64(h.replica.Log.HighWatermark-h.replica.Log.LogEndOffset))
		if why := h.damage.text(); why != "" {
			p.UnknownTags.Set(tagDamage, []byte(why))
		}
		t := &dir.Topics[len(dir.Topics)-1]
		t.Partitions = append(t.Partitions, p)
	}
	a := kmsg.NewPtrDescribeLogDirsResponse()
	a.Dirs = append(a.Dirs, dir)
	b.finish(r, a)
}

// logsByName returns the logs that are in use, by topic and partition.
func (b *Broker) logsByName() []*host {
	logs := make([]*host, 0, len(b.hosts))
	for _, h := range b.hosts {
		if !h.retired {
			logs = append(logs, h)
		}
	}
	slices.SortStableFunc(logs, func(x, y *host) int {
		if x.topic != y.topic {
			if x.topic < y.topic {
				return -1
			}
			return 1
		}
		return int(x.tp.Partition) - int(y.tp.Partition)
	})
	return logs
}

func asksForLog(body *kmsg.DescribeLogDirsRequest, h *host) bool {
	if body.Topics == nil {
		return true
	}
	for i := range body.Topics {
		if body.Topics[i].Topic == h.topic && slices.Contains(body.Topics[i].Partitions, int32(h.tp.Partition)) {
			return true
		}
	}
	return false
}
