package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginListPartitionReassignments asks the controller what is on its way.
func (b *Broker) beginListPartitionReassignments(r *request) {
	body := r.body.(*kmsg.ListPartitionReassignmentsRequest)
	c := &controller.ListReassignments{All: body.Topics == nil}
	for i := range body.Topics {
		for _, p := range body.Topics[i].Partitions {
			c.Partitions = append(c.Partitions, controller.NamedPartition{Topic: body.Topics[i].Topic, Partition: kafka.PartitionIndex(p)})
		}
	}
	b.askController(r, c, body.TimeoutMillis)
}

func listReassignmentsReply(result *controller.Result) protocol.Body {
	a := kmsg.NewPtrListPartitionReassignmentsResponse()
	a.ErrorCode, a.ErrorMessage = int16(result.Error), message(result, "")
	done, _ := result.Body.(*controller.ListReassignmentsResult)
	if done == nil {
		return a
	}
	for _, p := range done.Partitions {
		if n := len(a.Topics); n == 0 || a.Topics[n-1].Topic != p.TopicName {
			t := kmsg.NewListPartitionReassignmentsResponseTopic()
			t.Topic = p.TopicName
			a.Topics = append(a.Topics, t)
		}
		out := kmsg.NewListPartitionReassignmentsResponseTopicPartition()
		out.Partition = int32(p.Index)
		out.Replicas, out.AddingReplicas, out.RemovingReplicas = brokerIDs(p.Replicas), brokerIDs(p.Adding), brokerIDs(p.Removing)
		t := &a.Topics[len(a.Topics)-1]
		t.Partitions = append(t.Partitions, out)
	}
	return a
}
