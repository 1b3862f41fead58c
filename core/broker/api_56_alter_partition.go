package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/protocol"
)

// beginAlterPartition hands a leader's proposals to the controller.
func (b *Broker) beginAlterPartition(r *request) {
	q := r.body.(*kmsg.AlterPartitionRequest)
	c := &controller.AlterPartition{Broker: kafka.BrokerID(q.BrokerID), Epoch: kafka.BrokerEpoch(q.BrokerEpoch)}
	for i := range q.Topics {
		t := &q.Topics[i]
		for j := range t.Partitions {
			p := &t.Partitions[j]
			n := controller.NewISR{
				Partition:   kafka.TopicPartition{Topic: t.TopicID, Partition: kafka.PartitionIndex(p.Partition)},
				LeaderEpoch: kafka.LeaderEpoch(p.LeaderEpoch), PartitionEpoch: kafka.PartitionEpoch(p.PartitionEpoch),
				Recovery: metadata.RecoveryState(p.LeaderRecoveryState),
			}
			for _, m := range p.NewEpochISR {
				n.ISR = append(n.ISR, controller.ISRMember{Broker: kafka.BrokerID(m.BrokerID), Epoch: kafka.BrokerEpoch(m.BrokerEpoch)})
			}
			c.Partitions = append(c.Partitions, n)
		}
	}
	b.askForBroker(r, c)
}

// alterPartitionRequest puts proposals on the wire, each under a topic of its own.
func alterPartitionRequest(c *controller.AlterPartition) *kmsg.AlterPartitionRequest {
	q := kmsg.NewPtrAlterPartitionRequest()
	q.BrokerID, q.BrokerEpoch = int32(c.Broker), int64(c.Epoch)
	for i := range c.Partitions {
		n := &c.Partitions[i]
		t := kmsg.NewAlterPartitionRequestTopic()
		t.TopicID = n.Partition.Topic
		p := kmsg.NewAlterPartitionRequestTopicPartition()
		p.Partition, p.LeaderEpoch, p.PartitionEpoch = int32(n.Partition.Partition), int32(n.LeaderEpoch), int32(n.PartitionEpoch)
		p.LeaderRecoveryState = int8(n.Recovery)
		for _, m := range n.ISR {
			member := kmsg.NewAlterPartitionRequestTopicPartitionNewEpochISR()
			member.BrokerID, member.BrokerEpoch = int32(m.Broker), int64(m.Epoch)
			p.NewEpochISR = append(p.NewEpochISR, member)
		}
		t.Partitions = append(t.Partitions, p)
		q.Topics = append(q.Topics, t)
	}
	return q
}

func alterPartitionReply(result *controller.Result) protocol.Body {
	a := kmsg.NewPtrAlterPartitionResponse()
	a.ErrorCode = int16(result.Error)
	done, ok := result.Body.(*controller.AlterPartitionResult)
	if !ok {
		return a
	}
	for i := range done.Partitions {
		n := &done.Partitions[i]
		t := kmsg.NewAlterPartitionResponseTopic()
		t.TopidID = n.Partition.Topic
		p := kmsg.NewAlterPartitionResponseTopicPartition()
		p.Partition, p.ErrorCode = int32(n.Partition.Partition), int16(n.Error)
		p.LeaderID, p.LeaderEpoch, p.PartitionEpoch = int32(n.Leader), int32(n.LeaderEpoch), int32(n.PartitionEpoch)
		p.LeaderRecoveryState = int8(n.Recovery)
		for _, id := range n.ISR {
			p.ISR = append(p.ISR, int32(id))
		}
		t.Partitions = append(t.Partitions, p)
		a.Topics = append(a.Topics, t)
	}
	return a
}

// alterPartitionAnswer reads what the controller's broker said.
func alterPartitionAnswer(a *kmsg.AlterPartitionResponse) (kafka.ErrorCode, *controller.AlterPartitionResult) {
	result := &controller.AlterPartitionResult{}
	for i := range a.Topics {
		t := &a.Topics[i]
		for j := range t.Partitions {
			result.Partitions = append(result.Partitions, controller.AlteredPartition{
				Partition: kafka.TopicPartition{Topic: t.TopidID, Partition: kafka.PartitionIndex(t.Partitions[j].Partition)},
				Error:     kafka.ErrorCode(t.Partitions[j].ErrorCode),
			})
		}
	}
	return kafka.ErrorCode(a.ErrorCode), result
}
