package main

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// tagDamage is Trialog's own tagged field of a replica in DescribeLogDirs: what of
// it cannot be read, and why.
const tagDamage = 10_002

// damaged adds what each broker says of its replicas' damage. A cluster that does
// not tell leaves it out.
func damaged(ctx context.Context, client *kgo.Client, v *topicView) {
	q := kmsg.NewPtrDescribeLogDirsRequest()
	t := kmsg.NewDescribeLogDirsRequestTopic()
	t.Topic = v.Topic
	for _, d := range v.Partitions {
		t.Partitions = append(t.Partitions, d.Partition)
	}
	q.Topics = append(q.Topics, t)
	for _, shard := range client.RequestSharded(ctx, q) {
		a, ok := shard.Resp.(*kmsg.DescribeLogDirsResponse)
		if shard.Err != nil || !ok {
			continue
		}
		for _, dir := range a.Dirs {
			for _, t := range dir.Topics {
				for i := range t.Partitions {
					v.damage(shard.Meta.NodeID, &t.Partitions[i])
				}
			}
		}
	}
}

func (v *topicView) damage(broker int32, p *kmsg.DescribeLogDirsResponseDirTopicPartition) {
	p.UnknownTags.Each(func(tag uint32, value []byte) {
		if d := v.partition(p.Partition); tag == tagDamage && d != nil {
			if d.Damaged == nil {
				d.Damaged = make(map[int32]string)
			}
			d.Damaged[broker] = string(value)
		}
	})
}
