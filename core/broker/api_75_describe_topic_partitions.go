package broker

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/metadata"
)

// maxDescribedPartitions is Kafka's max.request.partition.size.limit.
const maxDescribedPartitions = 2000

// beginDescribeTopicPartitions describes topics page by page, by rising name
// (KIP-966). A page ends at the limit, and its cursor says where the next begins.
func (b *Broker) beginDescribeTopicPartitions(r *request) {
	body := r.body.(*kmsg.DescribeTopicPartitionsRequest)
	resp := kmsg.NewPtrDescribeTopicPartitionsResponse()
	page := topicPage{left: maxDescribedPartitions, resp: resp}
	if body.ResponsePartitionLimit > 0 {
		page.left = min(page.left, int(body.ResponsePartitionLimit))
	}
	from := ""
	if body.Cursor != nil {
		from, page.cursor = body.Cursor.Topic, body.Cursor.Partition
		page.cursorTopic = from
	}
	if len(body.Topics) == 0 {
		b.state.Image().EachTopicFrom(from, func(t *metadata.TopicImage) bool { return b.describePage(r, &page, t) })
		b.finish(r, resp)
		return
	}
	names := make([]string, 0, len(body.Topics))
	for i := range body.Topics {
		names = append(names, body.Topics[i].Topic)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if name < from {
			continue
		}
		if t := b.state.Image().TopicByName(name); t == nil {
			resp.Topics = append(resp.Topics, unknownDescribed(name))
		} else if !b.describePage(r, &page, t) {
			break
		}
	}
	b.finish(r, resp)
}

// topicPage is how far a page has come.
type topicPage struct {
	left        int
	cursorTopic string
	cursor      int32
	resp        *kmsg.DescribeTopicPartitionsResponse
}

// describePage adds a topic's partitions to the page; false: the page is full.
func (b *Broker) describePage(r *request, page *topicPage, t *metadata.TopicImage) bool {
	out := kmsg.NewDescribeTopicPartitionsResponseTopic()
	name := t.Name
	out.Topic, out.TopicID, out.IsInternal = &name, t.ID, internalTopic(t.Name)
	first := int32(0)
	if t.Name == page.cursorTopic {
		first = max(0, page.cursor)
	}
	for i := int(first); i < t.Partitions.Len(); i++ {
		if page.left == 0 {
			next := kmsg.NewDescribeTopicPartitionsResponseNextCursor()
			next.Topic, next.Partition = t.Name, int32(i)
			page.resp.NextCursor = &next
			if len(out.Partitions) > 0 {
				page.resp.Topics = append(page.resp.Topics, out)
			}
			return false
		}
		page.left--
		out.Partitions = append(out.Partitions, b.describePartition(r, t.Partitions.At(i)))
	}
	page.resp.Topics = append(page.resp.Topics, out)
	return true
}

func (b *Broker) describePartition(r *request, p *metadata.Partition) kmsg.DescribeTopicPartitionsResponseTopicPartition {
	out := kmsg.NewDescribeTopicPartitionsResponseTopicPartition()
	var code kafka.ErrorCode
	out.Partition = int32(p.Index)
	out.LeaderID, out.LeaderEpoch, code = b.reachableLeader(r.conn, p)
	out.ErrorCode = int16(code)
	out.Replicas, out.ISR = ids(p.Replicas), ids(p.ISR)
	out.EligibleLeaderReplicas, out.LastKnownELR = ids(p.ELR), ids(p.LastKnownELR)
	out.OfflineReplicas = ids(b.offline(p))
	return out
}

func unknownDescribed(name string) kmsg.DescribeTopicPartitionsResponseTopic {
	out := kmsg.NewDescribeTopicPartitionsResponseTopic()
	out.Topic, out.ErrorCode = &name, int16(kafka.ErrUnknownTopicOrPartition)
	if controller.TopicNameFlaw(name) != "" {
		out.ErrorCode = int16(kafka.ErrInvalidTopicException)
	}
	return out
}
