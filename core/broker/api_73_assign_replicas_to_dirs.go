package broker

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// tagAssignedEpoch is ours, a tagged field between brokers: the leader epoch in
// which a replica lies where it is said to, four bytes.
const tagAssignedEpoch = 10_001

// beginAssignReplicasToDirs hands another broker's word on its replicas to the controller.
func (b *Broker) beginAssignReplicasToDirs(r *request) {
	q := r.body.(*kmsg.AssignReplicasToDirsRequest)
	c := &controller.AssignDirectories{Broker: kafka.BrokerID(q.BrokerID), Epoch: kafka.BrokerEpoch(q.BrokerEpoch)}
	for i := range q.Directories {
		d := &q.Directories[i]
		for j := range d.Topics {
			for k := range d.Topics[j].Partitions {
				p := &d.Topics[j].Partitions[k]
				a := controller.AssignedReplica{
					Partition:   kafka.TopicPartition{Topic: d.Topics[j].TopicID, Partition: kafka.PartitionIndex(p.Partition)},
					LeaderEpoch: kafka.NoLeaderEpoch, Directory: d.ID,
				}
				p.UnknownTags.Each(func(tag uint32, value []byte) {
					if tag == tagAssignedEpoch && len(value) == 4 {
						a.LeaderEpoch = kafka.LeaderEpoch(binary.BigEndian.Uint32(value))
					}
				})
				c.Replicas = append(c.Replicas, a)
			}
		}
	}
	b.askForBroker(r, c)
}

// assignDirectoriesRequest puts it on the wire, each replica under a directory and
// a topic of its own, so that the answer keeps the order.
func assignDirectoriesRequest(c *controller.AssignDirectories) *kmsg.AssignReplicasToDirsRequest {
	q := kmsg.NewPtrAssignReplicasToDirsRequest()
	q.BrokerID, q.BrokerEpoch = int32(c.Broker), int64(c.Epoch)
	for i := range c.Replicas {
		a := &c.Replicas[i]
		p := kmsg.NewAssignReplicasToDirsRequestDirectoryTopicPartition()
		p.Partition = int32(a.Partition.Partition)
		p.UnknownTags.Set(tagAssignedEpoch, binary.BigEndian.AppendUint32(nil, uint32(a.LeaderEpoch)))
		t := kmsg.NewAssignReplicasToDirsRequestDirectoryTopic()
		t.TopicID = a.Partition.Topic
		t.Partitions = append(t.Partitions, p)
		d := kmsg.NewAssignReplicasToDirsRequestDirectory()
		d.ID = a.Directory
		d.Topics = append(d.Topics, t)
		q.Directories = append(q.Directories, d)
	}
	return q
}

func (b *Broker) assignDirectoriesReply(r *request, result *controller.Result) protocol.Body {
	a := kmsg.NewPtrAssignReplicasToDirsResponse()
	a.ErrorCode = int16(result.Error)
	done, ok := result.Body.(*controller.AssignDirectoriesResult)
	if !ok {
		return a
	}
	at := 0
	for _, asked := range r.body.(*kmsg.AssignReplicasToDirsRequest).Directories {
		d := kmsg.NewAssignReplicasToDirsResponseDirectory()
		d.ID = asked.ID
		for _, topic := range asked.Topics {
			t := kmsg.NewAssignReplicasToDirsResponseDirectoryTopic()
			t.TopicID = topic.TopicID
			for _, partition := range topic.Partitions {
				p := kmsg.NewAssignReplicasToDirsResponseDirectoryTopicPartition()
				p.Partition, p.ErrorCode = partition.Partition, int16(done.Codes[at])
				at++
				t.Partitions = append(t.Partitions, p)
			}
			d.Topics = append(d.Topics, t)
		}
		a.Directories = append(a.Directories, d)
	}
	return a
}

// assignDirectoriesAnswer reads what the controller's broker said; nil: it failed.
func assignDirectoriesAnswer(a *kmsg.AssignReplicasToDirsResponse) *controller.AssignDirectoriesResult {
	if kafka.ErrorCode(a.ErrorCode) != kafka.None {
		return nil
	}
	result := &controller.AssignDirectoriesResult{}
	for i := range a.Directories {
		for _, t := range a.Directories[i].Topics {
			for _, p := range t.Partitions {
				result.Codes = append(result.Codes, kafka.ErrorCode(p.ErrorCode))
			}
		}
	}
	return result
}
