package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// Reassign gives a partition other replicas; none takes a reassignment back. It
// is answered when that is decided, not when the replicas are there.
type Reassign struct {
	Op        OpID
	Topic     string
	Partition kafka.PartitionIndex
	Replicas  []kafka.BrokerID
}

// Elect makes the preferred replica of a partition its leader.
type Elect struct {
	Op        OpID
	Topic     string
	Partition kafka.PartitionIndex
}

// ChangeVoter adds a node's replica to the voters of the metadata quorum, or takes
// its voter out. It is answered when that is decided.
type ChangeVoter struct {
	Op   OpID
	Node kafka.BrokerID
	Add  bool
}

func (*Reassign) clientInput()    {}
func (*ChangeVoter) clientInput() {}
func (*Elect) clientInput()       {}

func (c *Client) reassign(in *Reassign) {
	o := c.newAdminOp(adminReassign, in.Op, in.Topic)
	o.index, o.brokers = in.Partition, append(o.brokers, in.Replicas...)
}

// reassignBody asks for the replicas of one partition, null to cancel.
func reassignBody(o *adminOp, timeout int32) kmsg.Request {
	q := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	q.TimeoutMillis = timeout
	p := kmsg.NewAlterPartitionAssignmentsRequestTopicPartition()
	p.Partition = int32(o.index)
	for _, b := range o.brokers {
		p.Replicas = append(p.Replicas, int32(b))
	}
	t := kmsg.NewAlterPartitionAssignmentsRequestTopic()
	t.Topic, t.Partitions = o.topic, append(t.Partitions, p)
	q.Topics = append(q.Topics, t)
	return q
}

func electBody(o *adminOp, timeout int32) kmsg.Request {
	q := kmsg.NewPtrElectLeadersRequest()
	q.TimeoutMillis = timeout
	t := kmsg.NewElectLeadersRequestTopic()
	t.Topic, t.Partitions = o.topic, append(t.Partitions, int32(o.index))
	q.Topics = append(q.Topics, t)
	return q
}

func (c *Client) changeVoter(in *ChangeVoter) {
	kind := adminRemoveVoter
	if in.Add {
		kind = adminAddVoter
	}
	o := c.newAdminOp(kind, in.Op, "")
	o.brokers = append(o.brokers, in.Node)
}

func voterBody(o *adminOp, timeout int32) kmsg.Request {
	if o.kind == adminRemoveVoter {
		q := kmsg.NewPtrRemoveRaftVoterRequest()
		q.VoterID = int32(o.brokers[0])
		return q
	}
	q := kmsg.NewPtrAddRaftVoterRequest()
	q.VoterID, q.TimeoutMillis = int32(o.brokers[0]), timeout
	return q
}

// readCluster takes the first entry of an answer about replicas and leaders.
func (a *adminAnswer) readCluster(body protocol.Body) {
	switch b := body.(type) {
	case *kmsg.AlterPartitionAssignmentsResponse:
		a.throttle, a.code = b.ThrottleMillis, kafka.ErrorCode(b.ErrorCode)
		if a.code == kafka.None && len(b.Topics) > 0 && len(b.Topics[0].Partitions) > 0 {
			a.code = kafka.ErrorCode(b.Topics[0].Partitions[0].ErrorCode)
		}
	case *kmsg.ElectLeadersResponse:
		a.throttle, a.code = b.ThrottleMillis, kafka.ErrorCode(b.ErrorCode)
		if a.code == kafka.None && len(b.Topics) > 0 && len(b.Topics[0].Partitions) > 0 {
			a.code = kafka.ErrorCode(b.Topics[0].Partitions[0].ErrorCode)
		}
	case *kmsg.AddRaftVoterResponse:
		a.throttle, a.code = b.ThrottleMillis, kafka.ErrorCode(b.ErrorCode)
	case *kmsg.RemoveRaftVoterResponse:
		a.throttle, a.code = b.ThrottleMillis, kafka.ErrorCode(b.ErrorCode)
	}
}
