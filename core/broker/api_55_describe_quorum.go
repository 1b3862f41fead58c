package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// metadataTopic is what Kafka's tools call the metadata log.
const metadataTopic = "__cluster_metadata"

// beginDescribeQuorum asks the controller who is in the metadata quorum.
func (b *Broker) beginDescribeQuorum(r *request) {
	body := r.body.(*kmsg.DescribeQuorumRequest)
	if len(body.Topics) != 1 || body.Topics[0].Topic != metadataTopic || len(body.Topics[0].Partitions) != 1 || body.Topics[0].Partitions[0].Partition != 0 {
		b.adminDone(r, &controller.Result{Error: kafka.ErrInvalidRequest, Message: "Only partition 0 of " + metadataTopic + " has a quorum."})
		return
	}
	b.askController(r, &controller.DescribeQuorum{}, 0)
}

func (b *Broker) describeQuorumReply(result *controller.Result) protocol.Body {
	a := kmsg.NewPtrDescribeQuorumResponse()
	a.ErrorCode, a.ErrorMessage = int16(result.Error), message(result, "")
	done, _ := result.Body.(*controller.DescribeQuorumResult)
	if done == nil {
		return a
	}
	p := kmsg.NewDescribeQuorumResponseTopicPartition()
	p.LeaderID, p.LeaderEpoch, p.HighWatermark = int32(done.Leader), int32(done.Epoch), int64(done.Committed)
	for i := range done.Replicas {
		q := &done.Replicas[i]
		s := kmsg.NewDescribeQuorumResponseTopicPartitionReplicaState()
		s.ReplicaID, s.ReplicaDirectoryID, s.LogEndOffset = int32(q.Node), q.Directory, int64(q.Applied)
		s.LastFetchTimestamp, s.LastCaughtUpTimestamp = int64(q.HeardAt), int64(kafka.NoTimestamp)
		if q.Applied >= done.Committed {
			s.LastCaughtUpTimestamp = int64(q.HeardAt)
		}
		if q.Voter {
			p.CurrentVoters = append(p.CurrentVoters, s)
		} else {
			p.Observers = append(p.Observers, s)
		}
		a.Nodes = append(a.Nodes, b.quorumNode(q.Node))
	}
	t := kmsg.NewDescribeQuorumResponseTopic()
	t.Topic, t.Partitions = metadataTopic, append(t.Partitions, p)
	a.Topics = append(a.Topics, t)
	return a
}

// quorumNode says where a node of the quorum is reached: where its broker is.
func (b *Broker) quorumNode(id kafka.BrokerID) kmsg.DescribeQuorumResponseNode {
	n := kmsg.NewDescribeQuorumResponseNode()
	n.NodeID = int32(id)
	if k := b.state.Image().Broker(id); k != nil {
		for _, l := range k.Listeners {
			out := kmsg.NewDescribeQuorumResponseNodeListener()
			out.Name, out.Host, out.Port = l.Name, l.Host, l.Port
			n.Listeners = append(n.Listeners, out)
		}
	}
	return n
}
