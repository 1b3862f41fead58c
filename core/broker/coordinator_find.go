package broker

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/coordinator"
	"trialog/core/kafka"
	"trialog/core/metadata"
)

// coordinatorOf finds the coordinator of a group on this broker.
func (b *Broker) coordinatorOf(r *request, id string) (*shard, kafka.ErrorCode) {
	if id == "" || id[0] == 0 || len(id) > maxGroupID { // a NUL begins what is of a tenant
		return nil, kafka.ErrInvalidGroupID
	}
	return b.shardOf(keyOf(r, id))
}

func keyOf(r *request, id string) coordinator.Key { return coordinator.Key{Tenant: r.tenant, ID: id} }

// maxGroupID bounds what is taken as a name or an ID: records have 16 bits for it.
const maxGroupID = 1<<15 - 1

func (b *Broker) shardOf(key coordinator.Key) (*shard, kafka.ErrorCode) {
	t := b.state.Image().TopicByName(offsetsTopic)
	if t == nil {
		return nil, kafka.ErrNotCoordinator
	}
	h := b.find(kafka.TopicPartition{Topic: t.ID, Partition: key.Partition(t.Partitions.Len())})
	switch {
	case h == nil || !h.replica.Leads():
		return nil, kafka.ErrNotCoordinator
	case h.shard == nil || h.shard.phase != shardActive:
		return nil, kafka.ErrCoordinatorLoadInProgress
	}
	return h.shard, kafka.None
}

// locateCoordinator names the broker that coordinates a key, as clients of a
// listener reach it.
func (b *Broker) locateCoordinator(c *connection, key coordinator.Key) (*metadata.Broker, metadata.Listener, kafka.ErrorCode) {
	image := b.state.Image()
	t := image.TopicByName(offsetsTopic)
	if t == nil {
		b.createOffsetsTopic()
		return nil, metadata.Listener{}, kafka.ErrCoordinatorNotAvailable
	}
	p := t.Partition(key.Partition(t.Partitions.Len()))
	leader := image.Broker(p.Leader)
	if leader == nil || leader.Fenced {
		return nil, metadata.Listener{}, kafka.ErrCoordinatorNotAvailable
	}
	l, ok := leader.Listener(c.listener)
	if !ok {
		return nil, metadata.Listener{}, kafka.ErrCoordinatorNotAvailable
	}
	return leader, l, kafka.None
}

// createOffsetsTopic asks the controller for the offsets topic, once at a time.
// It is made when it is first looked for. As many replicas as configured, or,
// where nobody has said how many, as the cluster has brokers: a cluster that is
// still coming up has those whom the metadata quorum counts.
func (b *Broker) createOffsetsTopic() {
	if b.groups.creating || b.phase != PhaseServing {
		return
	}
	c := &b.groups.config
	image := b.state.Image()
	replicas := int(c.TopicReplication)
	if !c.TopicReplicationSet {
		replicas = min(replicas, max(len(image.Brokers()), len(image.Replicas())))
	}
	able := 0
	for _, other := range image.Brokers() {
		if other.Eligible() {
			able++
		}
	}
	if able < replicas {
		return // the others are not there yet
	}
	b.groups.creating = true
	set := func(s string) *string { return &s }
	b.ask(pendingCommand{kind: commandOffsetsTopic}, &controller.CreateTopics{Topics: []controller.NewTopic{{
		Name: offsetsTopic, Partitions: c.TopicPartitions, ReplicationFactor: int16(replicas),
		Configs: []controller.NewConfig{
			{Name: "cleanup.policy", Value: set("compact")},
			{Name: "segment.bytes", Value: set(strconv.Itoa(int(c.TopicSegmentBytes)))},
		},
	}}})
}

// offsetsTopicDone takes the controller's word; the image shows what came of it.
func (b *Broker) offsetsTopicDone(code kafka.ErrorCode, message string) {
	b.groups.creating = false
	if code != kafka.None && code != kafka.ErrTopicAlreadyExists {
		b.note(Note{Level: Warn, Text: "the topic for offsets could not be created", Topic: offsetsTopic, Detail: code.String() + ": " + message,
			Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset})
	}
}

// createTopicsRequest is the same for a controller on another broker.
func createTopicsRequest(c *controller.CreateTopics) *kmsg.CreateTopicsRequest {
	q := kmsg.NewPtrCreateTopicsRequest()
	for i := range c.Topics {
		t := kmsg.NewCreateTopicsRequestTopic()
		t.Topic, t.NumPartitions, t.ReplicationFactor = c.Topics[i].Name, c.Topics[i].Partitions, c.Topics[i].ReplicationFactor
		for _, s := range c.Topics[i].Configs {
			config := kmsg.NewCreateTopicsRequestTopicConfig()
			config.Name, config.Value = s.Name, s.Value
			t.Configs = append(t.Configs, config)
		}
		q.Topics = append(q.Topics, t)
	}
	return q
}

// createTopicsAnswer is what became of the only topic asked for.
func createTopicsAnswer(a *kmsg.CreateTopicsResponse) (kafka.ErrorCode, string) {
	if len(a.Topics) == 0 {
		return kafka.ErrUnknownServerError, ""
	}
	message := ""
	if a.Topics[0].ErrorMessage != nil {
		message = *a.Topics[0].ErrorMessage
	}
	return kafka.ErrorCode(a.Topics[0].ErrorCode), message
}
