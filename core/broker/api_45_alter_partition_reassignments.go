package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginAlterPartitionReassignments hands the partitions that shall have other
// replicas to the controller. It is answered when that is decided, not when the
// replicas are there (KIP-455).
func (b *Broker) beginAlterPartitionReassignments(r *request) {
	body := r.body.(*kmsg.AlterPartitionAssignmentsRequest)
	c := &controller.AlterReassignments{KeepReplicationFactor: r.version > 0 && !body.AllowReplicationFactorChange}
	for i := range body.Topics {
		t := &body.Topics[i]
		for j := range t.Partitions {
			p := &t.Partitions[j]
			c.Partitions = append(c.Partitions, controller.Reassignment{
				Topic: t.Topic, Partition: kafka.PartitionIndex(p.Partition),
				Replicas: brokers(p.Replicas), Cancel: p.Replicas == nil,
			})
		}
	}
	b.askController(r, c, body.TimeoutMillis)
}

func alterReassignmentsReply(r *request, result *controller.Result) protocol.Body {
	body := r.body.(*kmsg.AlterPartitionAssignmentsRequest)
	a := kmsg.NewPtrAlterPartitionAssignmentsResponse()
	a.AllowReplicationFactorChange = body.AllowReplicationFactorChange
	a.ErrorCode, a.ErrorMessage = int16(result.Error), message(result, "")
	done, _ := result.Body.(*controller.AlterReassignmentsResult)
	at := 0
	for i := range body.Topics {
		t := kmsg.NewAlterPartitionAssignmentsResponseTopic()
		t.Topic = body.Topics[i].Topic
		for j := range body.Topics[i].Partitions {
			p := kmsg.NewAlterPartitionAssignmentsResponseTopicPartition()
			p.Partition = body.Topics[i].Partitions[j].Partition
			e := &controller.ReassignedPartition{}
			if done != nil {
				e = &done.Partitions[at]
			}
			at++
			p.ErrorCode, p.ErrorMessage = int16(failed(result.Error, e.Error)), message(result, e.Message)
			t.Partitions = append(t.Partitions, p)
		}
		a.Topics = append(a.Topics, t)
	}
	return a
}
