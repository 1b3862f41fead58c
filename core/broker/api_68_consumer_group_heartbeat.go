package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
	"trialog/core/metadata"
)

// beginConsumerGroupHeartbeat takes a sign of life of a member of the consumer
// protocol (KIP-848), and whatever it says with it.
func (b *Broker) beginConsumerGroupHeartbeat(r *request) {
	body := r.body.(*kmsg.ConsumerGroupHeartbeatRequest)
	s, code := b.coordinatorOf(r, body.Group)
	why := ""
	switch {
	case body.Group == "":
		code, why = kafka.ErrInvalidRequest, "GroupId can't be empty."
	case code != kafka.None:
	case !instanceIDFits(body.InstanceID):
		code, why = kafka.ErrInvalidRequest, "InstanceId can't be empty."
	case body.RackID != nil && *body.RackID == "":
		code, why = kafka.ErrInvalidRequest, "RackId can't be empty."
	case len(body.MemberID) > maxGroupID || len(text(body.SubscribedTopicRegex)) > maxGroupID:
		code = kafka.ErrInvalidRequest
	}
	if code != kafka.None {
		b.answerConsumerGroupHeartbeat(r, &group.Answer{Err: code, Text: why})
		return
	}
	in := &b.groups.in.beat
	*in = group.ConsumerHeartbeat{
		Ticket: group.Ticket(r.token), Member: group.Member{Group: s.name(r, body.Group), ID: body.MemberID, InstanceID: text(body.InstanceID)},
		Client: group.Client{ID: r.clientID, Host: "/" + r.conn.host}, Epoch: body.MemberEpoch, Rack: text(body.RackID),
		RebalanceTimeoutMs: body.RebalanceTimeoutMillis, Topics: body.SubscribedTopicNames, HasTopics: body.SubscribedTopicNames != nil,
		Regex: text(body.SubscribedTopicRegex), HasRegex: body.SubscribedTopicRegex != nil, Assignor: text(body.ServerAssignor),
		HasOwned: body.Topics != nil, NamesItself: r.version >= 1, Known: b.knownTopics(),
	}
	var owned []kafka.TopicPartition
	for i := range body.Topics {
		t := &body.Topics[i]
		for _, p := range t.Partitions {
			owned = append(owned, kafka.TopicPartition{Topic: t.TopicID, Partition: kafka.PartitionIndex(p)})
		}
	}
	in.Owned = group.SetOf(owned)
	b.stepShard(s, in)
	*in = group.ConsumerHeartbeat{}
}

func (b *Broker) answerConsumerGroupHeartbeat(r *request, a *group.Answer) {
	resp := kmsg.NewPtrConsumerGroupHeartbeatResponse()
	resp.ErrorCode, resp.ErrorMessage = int16(a.Err), optional(a.Text)
	if a.Err != kafka.None {
		b.finish(r, resp)
		return
	}
	member := a.Beaten.Member // the answer does not last until it is written
	resp.MemberID, resp.MemberEpoch, resp.HeartbeatIntervalMillis = &member, a.Beaten.Epoch, a.Beaten.IntervalMs
	if a.Beaten.HasAssigned {
		assignment := kmsg.NewConsumerGroupHeartbeatResponseAssignment()
		assignment.Topics = []kmsg.ConsumerGroupHeartbeatResponseAssignmentTopic{}
		a.Beaten.Assigned.EachTopic(func(topic kafka.TopicID, some group.Partitions) {
			t := kmsg.NewConsumerGroupHeartbeatResponseAssignmentTopic()
			t.TopicID = topic
			for _, tp := range some {
				t.Partitions = append(t.Partitions, int32(tp.Partition))
			}
			assignment.Topics = append(assignment.Topics, t)
		})
		resp.Assignment = &assignment
	}
	b.finish(r, resp)
}

// groupTopics shows coordinators the topics of an image.
type groupTopics struct {
	image   *metadata.Image
	version uint64
}

func (b *Broker) knownTopics() *groupTopics {
	b.groups.topics.image = b.state.Image()
	return &b.groups.topics
}

// Find returns a topic's ID and how many partitions it has.
func (t *groupTopics) Find(name string) (kafka.TopicID, int32, bool) {
	topic := t.image.TopicByName(name)
	if topic == nil {
		return kafka.TopicID{}, 0, false
	}
	return topic.ID, int32(topic.Partitions.Len()), true
}

// Name returns the name of a topic that is there.
func (t *groupTopics) Name(id kafka.TopicID) (string, bool) {
	topic := t.image.Topic(id)
	if topic == nil {
		return "", false
	}
	return topic.Name, true
}

// Each shows every name, sorted.
func (t *groupTopics) Each(visit func(string) bool) {
	t.image.EachTopic(func(topic *metadata.TopicImage) bool { return visit(topic.Name) })
}

// Version rises when topics come or go or get partitions.
func (t *groupTopics) Version() uint64 { return t.version + 1 }

// changed counts what groups have to look at again.
func (t *groupTopics) changed(d *metadata.Delta) {
	more := d.Replaced
	for i := range d.Topics {
		if c := &d.Topics[i]; c.Change != metadata.TopicChanged || d.From.Topic(c.ID).Partitions.Len() != d.To.Topic(c.ID).Partitions.Len() {
			more = true
		}
	}
	if more {
		t.version++
	}
}
