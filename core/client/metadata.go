package client

import (
	"cmp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// topic is what is known of a topic that the workload has named.
type topic struct {
	name    string
	id      kafka.TopicID // zero until a metadata version with IDs told
	err     kafka.ErrorCode
	leaders []leadership    // by partition
	past    []kafka.TopicID // of topics that had the name and are no more
}

type leadership struct {
	leader kafka.BrokerID
	epoch  kafka.LeaderEpoch
}

// refresh says when metadata is asked for.
type refresh struct {
	stale    bool // something that was tried with what we know did not work
	underway bool
	last     kafka.Instant
	known    bool
	next     kafka.Instant // not before
	failures int
}

// topicNamed returns the topic of a name, known or not yet.
func (c *Client) topicNamed(name string) *topic {
	for _, t := range c.topics {
		if t.name == name {
			return t
		}
	}
	t := &topic{name: name}
	c.topics = append(c.topics, t)
	c.metadata.stale = true
	return t
}

// leaderOf tells who leads a partition; false makes the metadata stale.
func (c *Client) leaderOf(t *topic, index kafka.PartitionIndex) (leadership, bool) {
	if index >= 0 && int(index) < len(t.leaders) && t.leaders[index].leader != kafka.NoBroker {
		return t.leaders[index], true
	}
	c.metadata.stale = true
	return leadership{leader: kafka.NoBroker, epoch: kafka.NoLeaderEpoch}, false
}

func (c *Client) refreshMetadata(out *Effects) {
	m := &c.metadata
	if m.underway || len(c.topics) == 0 && m.known {
		return
	}
	if !m.stale && m.known && !c.due(m.last.Add(c.config.Limits.MetadataMaxAge)) {
		return
	}
	if !c.due(m.next) {
		return
	}
	n := c.anyConn(out)
	if n == nil {
		return
	}
	version, ok := n.version(protocol.KeyMetadata)
	if !ok {
		c.hangUp(n, ReasonVersion, out)
		return
	}
	q := kmsg.NewPtrMetadataRequest()
	q.Topics = make([]kmsg.MetadataRequestTopic, 0, len(c.topics))
	for _, t := range c.topics {
		q.Topics = append(q.Topics, metadataTopic(t.name))
	}
	c.send(n, protocol.KeyMetadata, version, q, out)
	m.underway, m.stale = true, false
}

func metadataTopic(name string) kmsg.MetadataRequestTopic {
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = &name
	return t
}

func (c *Client) metadataFailed() {
	m := &c.metadata
	m.underway, m.stale = false, true
	m.next = c.now.Mono.Add(c.backoff(c.config.Limits.MetadataBackoff, m.failures))
	m.failures++
}

// metadataAnswered takes what a broker says of brokers, controller and topics.
func (c *Client) metadataAnswered(version int16, body protocol.Body) {
	a, ok := body.(*kmsg.MetadataResponse)
	if !ok || kafka.ErrorCode(a.ErrorCode) != kafka.None || len(a.Brokers) == 0 {
		c.metadataFailed()
		return
	}
	m := &c.metadata
	m.underway, m.known, m.last, m.failures = false, true, c.now.Mono, 0
	m.next = c.now.Mono.Add(c.config.Limits.MetadataBackoff)
	c.learnBrokers(version, a)
	for i := range a.Topics {
		if a.Topics[i].Topic != nil {
			c.learnTopic(version, &a.Topics[i])
		}
	}
}

// The versions of Metadata that brought a field.
const (
	metadataController = 1
	metadataEpochs     = 7
	metadataTopicIDs   = 10
)

func (c *Client) learnBrokers(version int16, a *kmsg.MetadataResponse) {
	c.controller = kafka.NoBroker
	if version >= metadataController {
		c.controller = kafka.BrokerID(a.ControllerID)
	}
	known := make([]endpoint, 0, len(a.Brokers))
	for i := range a.Brokers {
		b := &a.Brokers[i]
		e := endpoint{id: kafka.BrokerID(b.NodeID), address: Address{Host: b.Host, Port: b.Port}}
		for j := range c.brokers {
			if c.brokers[j].id == e.id && c.brokers[j].address == e.address {
				e = c.brokers[j]
			}
		}
		known = append(known, e)
	}
	slices.SortStableFunc(known, func(a, b endpoint) int { return cmp.Compare(a.id, b.id) })
	c.brokers = known
}

// learnTopic takes a topic's leaders. An older epoch than one known is a broker
// that lags behind (KIP-320).
func (c *Client) learnTopic(version int16, a *kmsg.MetadataResponseTopic) {
	var t *topic
	for _, known := range c.topics {
		if known.name == *a.Topic {
			t = known
		}
	}
	if t == nil {
		return
	}
	t.err = kafka.ErrorCode(a.ErrorCode)
	if t.err != kafka.None && len(a.Partitions) == 0 {
		c.metadata.stale = c.metadata.stale || c.wanted(t)
		return
	}
	var id kafka.TopicID
	if version >= metadataTopicIDs {
		id = kafka.TopicID(a.TopicID)
	}
	if slices.Contains(t.past, id) {
		c.metadata.stale = true // the broker lags behind what we know
		return
	}
	reborn := t.id != (kafka.TopicID{}) && id != (kafka.TopicID{}) && id != t.id
	if reborn {
		t.leaders = t.leaders[:0]
		c.topicReborn(t)
	}
	if id != (kafka.TopicID{}) {
		t.id = id
	}
	for i := range a.Partitions {
		p := &a.Partitions[i]
		if p.Partition < 0 {
			continue
		}
		for int(p.Partition) >= len(t.leaders) {
			t.leaders = append(t.leaders, leadership{leader: kafka.NoBroker, epoch: kafka.NoLeaderEpoch})
		}
		epoch := kafka.NoLeaderEpoch
		if version >= metadataEpochs {
			epoch = kafka.LeaderEpoch(p.LeaderEpoch)
		}
		c.learnLeader(t, kafka.PartitionIndex(p.Partition), kafka.BrokerID(p.Leader), epoch)
	}
}

// outlived takes the word of the workload that a topic is no more.
func (c *Client) outlived(in *Outlived) {
	t := c.topicNamed(in.Topic)
	if slices.Contains(t.past, in.ID) {
		return
	}
	t.past = append(t.past, in.ID)
	if t.id == in.ID {
		t.id, t.leaders = kafka.TopicID{}, t.leaders[:0]
		c.topicReborn(t)
		c.metadata.stale = true
	}
}

func (c *Client) learnLeader(t *topic, index kafka.PartitionIndex, leader kafka.BrokerID, epoch kafka.LeaderEpoch) {
	known := &t.leaders[index]
	if epoch != kafka.NoLeaderEpoch && epoch < known.epoch {
		c.metadata.stale = true
		return
	}
	known.leader, known.epoch = leader, epoch
}

// hint takes a new leader that came with an error (KIP-951).
func (c *Client) hint(t *topic, index kafka.PartitionIndex, h protocol.LeaderHint, nodes []protocol.NodeEndpoint, out *Effects) {
	if !h.Set || int(index) >= len(t.leaders) || h.Epoch <= t.leaders[index].epoch {
		return
	}
	for i := range nodes {
		if nodes[i].Node == h.Leader {
			c.learnEndpoint(&nodes[i])
			t.leaders[index] = leadership{leader: h.Leader, epoch: h.Epoch}
			out.Watch.Reached(must.LeaderHintTaken)
		}
	}
}

func (c *Client) learnEndpoint(n *protocol.NodeEndpoint) {
	e := endpoint{id: n.Node, address: Address{Host: n.Host, Port: n.Port}}
	at, found := slices.BinarySearchFunc(c.brokers, e, func(a, b endpoint) int { return cmp.Compare(a.id, b.id) })
	switch {
	case !found:
		c.brokers = slices.Insert(c.brokers, at, e)
	case c.brokers[at].address != e.address:
		c.brokers[at] = e
	}
}

// wanted tells whether somebody waits for a topic's leaders.
func (c *Client) wanted(t *topic) bool {
	for _, p := range c.producer.partitions {
		if p.topic == t && len(p.queue) > 0 {
			return true
		}
	}
	if c.member.state == assigning {
		return false // whoever divides a topic that is not there waits for nothing
	}
	for _, a := range c.consumer.assigned {
		if a.topic == t && a.state != stopped {
			return true
		}
	}
	for _, o := range c.admin.ops {
		if (o.kind == adminListOffsets || o.kind == adminDeleteRecords) && o.topic == t.name {
			return true
		}
	}
	return false
}
