package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// Kafka's numbers in IncrementalAlterConfigs.
const setConfig = kmsg.IncrementalAlterConfigOpSet

// adminBody builds the request of an operation.
func (c *Client) adminBody(o *adminOp) kmsg.Request {
	timeout := int32(c.config.Limits.RequestTimeout / 2 / kafka.Millisecond)
	switch o.kind {
	case adminCreateTopic:
		q := kmsg.NewPtrCreateTopicsRequest()
		t := kmsg.NewCreateTopicsRequestTopic()
		t.Topic, t.NumPartitions, t.ReplicationFactor = o.topic, o.partitions, o.replicas
		for _, s := range o.settings {
			e := kmsg.NewCreateTopicsRequestTopicConfig()
			e.Name, e.Value = s.Name, &s.Value
			t.Configs = append(t.Configs, e)
		}
		q.Topics, q.TimeoutMillis = append(q.Topics, t), timeout
		return q
	case adminDeleteTopic:
		q := kmsg.NewPtrDeleteTopicsRequest()
		t := kmsg.NewDeleteTopicsRequestTopic()
		if t.TopicID = o.id; o.id == (kafka.TopicID{}) {
			name := o.topic
			t.Topic = &name
		}
		if o.id == (kafka.TopicID{}) {
			q.TopicNames = append(q.TopicNames, o.topic)
		}
		q.Topics, q.TimeoutMillis = append(q.Topics, t), timeout
		return q
	case adminDeleteRecords:
		return deleteRecordsBody(o, timeout)
	case adminCreatePartitions:
		q := kmsg.NewPtrCreatePartitionsRequest()
		t := kmsg.NewCreatePartitionsRequestTopic()
		t.Topic, t.Count = o.topic, o.partitions
		q.Topics, q.TimeoutMillis = append(q.Topics, t), timeout
		return q
	case adminAlterTopic, adminAlterGroup:
		q := kmsg.NewPtrIncrementalAlterConfigsRequest()
		r := kmsg.NewIncrementalAlterConfigsRequestResource()
		r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, o.topic
		if o.kind == adminAlterGroup {
			r.ResourceType = kmsg.ConfigResourceTypeGroupConfig
		}
		for _, s := range o.settings {
			e := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
			e.Name, e.Op, e.Value = s.Name, setConfig, &s.Value
			r.Configs = append(r.Configs, e)
		}
		q.Resources = append(q.Resources, r)
		return q
	case adminDescribeTopic:
		q := kmsg.NewPtrMetadataRequest()
		q.Topics = append(q.Topics, metadataTopic(o.topic))
		return q
	case adminListOffsets:
		return c.listOffsetsBody(o, timeout)
	case adminReassign:
		return reassignBody(o, timeout)
	case adminElect:
		return electBody(o, timeout)
	case adminAddVoter, adminRemoveVoter:
		return voterBody(o, timeout)
	case adminAsk: // has its own
	}
	panic("an administrator's operation that no case names")
}

// listOffsetsEpochs is the first version of ListOffsets that says which leader
// epoch is asked (KIP-320).
const listOffsetsEpochs = 4

func deleteRecordsBody(o *adminOp, timeout int32) kmsg.Request {
	q := kmsg.NewPtrDeleteRecordsRequest()
	t := kmsg.NewDeleteRecordsRequestTopic()
	t.Topic = o.topic
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	p.Partition, p.Offset = int32(o.index), int64(o.before)
	t.Partitions = append(t.Partitions, p)
	q.Topics = append(q.Topics, t)
	q.TimeoutMillis = timeout
	return q
}

func (c *Client) listOffsetsBody(o *adminOp, timeout int32) kmsg.Request {
	q := kmsg.NewPtrListOffsetsRequest()
	q.ReplicaID = -1
	if c.config.Consumer.ReadCommitted {
		q.IsolationLevel = 1
	}
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = o.topic
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Partition, p.Timestamp = int32(o.index), int64(o.timestamp)
	o.asked = kafka.NoLeaderEpoch
	if lead, ok := c.leaderOf(c.topicNamed(o.topic), o.index); ok && !c.config.Consumer.Unfenced {
		o.asked = lead.epoch
		p.CurrentLeaderEpoch = int32(lead.epoch)
	}
	t.Partitions = append(t.Partitions, p)
	q.Topics = append(q.Topics, t)
	q.TimeoutMillis = timeout
	return q
}

// adminAnswered takes the answer to an operation of one topic or partition.
func (c *Client) adminAnswered(n *conn, r *request, body protocol.Body, out *Effects) {
	o := r.admin
	if o.ended {
		return
	}
	answer := adminAnswer{code: kafka.ErrUnknownServerError, count: -1, offset: kafka.NoOffset, timestamp: kafka.NoTimestamp, epoch: kafka.NoLeaderEpoch}
	answer.read(body)
	if r.version < metadataTopicIDs && r.key == protocol.KeyMetadata || r.version < 7 && r.key == protocol.KeyCreateTopics {
		answer.id = kafka.TopicID{}
	}
	c.throttle(n, answer.throttle)
	if answer.code != kafka.None {
		c.refused(o, answer.code, out)
		return
	}
	o.underway = false
	if o.kind == adminListOffsets && o.reader != nil && answer.offset == kafka.NoOffset {
		o.timestamp = timestampLatest // nothing is as young as that: begin at the end
		return
	}
	switch o.kind {
	case adminCreateTopic, adminDeleteTopic, adminCreatePartitions:
		c.metadata.stale = true
	default:
		// The others leave topics and their partitions as they are.
	}
	if o.reader != nil {
		c.found(o, answer.offset, kafka.None, ReasonNone, out)
	}
	asked := kafka.NoLeaderEpoch
	if o.kind == adminListOffsets && r.version >= listOffsetsEpochs {
		asked = o.asked
	}
	if d := c.endAdmin(o, OK, out); d != nil {
		d.Broker, d.Offset, d.Timestamp, d.LeaderEpoch = n.broker, answer.offset, answer.timestamp, answer.epoch
		d.PartitionCount, d.TopicID = answer.count, answer.id
		d.AskedEpoch = asked
	}
}

// adminAnswer is what the answers to an administrator have in common.
type adminAnswer struct {
	code      kafka.ErrorCode
	throttle  int32
	count     int32 // of partitions
	id        kafka.TopicID
	offset    kafka.Offset
	timestamp kafka.TimestampMs
	epoch     kafka.LeaderEpoch
}

// read takes the first entry of a response; an answer without one stays
// UNKNOWN_SERVER_ERROR.
func (a *adminAnswer) read(body protocol.Body) {
	switch b := body.(type) {
	case *kmsg.CreateTopicsResponse:
		a.throttle = b.ThrottleMillis
		if len(b.Topics) > 0 {
			t := &b.Topics[0]
			a.code, a.count, a.id = kafka.ErrorCode(t.ErrorCode), t.NumPartitions, kafka.TopicID(t.TopicID)
		}
	case *kmsg.DeleteTopicsResponse:
		a.throttle = b.ThrottleMillis
		if len(b.Topics) > 0 {
			a.code = kafka.ErrorCode(b.Topics[0].ErrorCode)
		}
	case *kmsg.DeleteRecordsResponse:
		a.throttle = b.ThrottleMillis
		if len(b.Topics) > 0 && len(b.Topics[0].Partitions) > 0 {
			p := &b.Topics[0].Partitions[0]
			a.code, a.offset = kafka.ErrorCode(p.ErrorCode), kafka.Offset(p.LowWatermark)
		}
	case *kmsg.CreatePartitionsResponse:
		a.throttle = b.ThrottleMillis
		if len(b.Topics) > 0 {
			a.code = kafka.ErrorCode(b.Topics[0].ErrorCode)
		}
	case *kmsg.IncrementalAlterConfigsResponse:
		a.throttle = b.ThrottleMillis
		if len(b.Resources) > 0 {
			a.code = kafka.ErrorCode(b.Resources[0].ErrorCode)
		}
	case *kmsg.MetadataResponse:
		a.throttle = b.ThrottleMillis
		if len(b.Topics) > 0 {
			t := &b.Topics[0]
			a.code, a.count, a.id = kafka.ErrorCode(t.ErrorCode), int32(len(t.Partitions)), kafka.TopicID(t.TopicID)
		}
	case *kmsg.ListOffsetsResponse:
		a.throttle = b.ThrottleMillis
		if len(b.Topics) > 0 && len(b.Topics[0].Partitions) > 0 {
			p := &b.Topics[0].Partitions[0]
			a.code, a.offset = kafka.ErrorCode(p.ErrorCode), kafka.Offset(p.Offset)
			a.timestamp, a.epoch = kafka.TimestampMs(p.Timestamp), kafka.LeaderEpoch(p.LeaderEpoch)
		}
	default:
		a.readCluster(body)
	}
}
