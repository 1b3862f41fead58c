package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// cluster is a scripted stand-in for brokers: perfectly replicated logs in
// memory, with Kafka's rules for sequences, leaders and offsets.
type cluster struct {
	brokers    []Address
	partitions []*fakePartition
	topicID    kafka.TopicID
	deleted    bool // the topic is not there any more
	maxVersion map[int16]int16
	pids       int64
	// onProduce may answer in the broker's place; appends counts as the broker's.
	onProduce func(p *fakePartition, v batch.View, try func() (kafka.Offset, kafka.ErrorCode)) (kafka.Offset, kafka.ErrorCode)
	onFetch   func(q *protocol.FetchPartition, out *protocol.FetchPartitionResponse)
	epochMax  kafka.ProducerEpoch // what InitProducerId gives out
	sessions  fakeSessions
	group     *fakeGroup // nil: there are no groups
	// spoil changes answers to fetches.
	spoil func(a *protocol.FetchResponse)
}

type fakePartition struct {
	index   kafka.PartitionIndex
	leader  int
	epoch   kafka.LeaderEpoch
	start   kafka.Offset
	end     kafka.Offset
	batches [][]byte
	states  map[kafka.ProducerID]*producerState
}

type producerState struct {
	epoch kafka.ProducerEpoch
	last  kafka.Sequence
	known []knownBatch
}

type knownBatch struct {
	first, last kafka.Sequence
	offset      kafka.Offset
}

func newCluster(brokers, partitions int) *cluster {
	c := &cluster{topicID: kafka.TopicID{9}, maxVersion: map[int16]int16{}, sessions: fakeSessions{room: 10}}
	for i := range brokers {
		c.brokers = append(c.brokers, Address{Host: "broker", Port: int32(9000 + i)})
	}
	for i := range partitions {
		c.partitions = append(c.partitions, &fakePartition{
			index: kafka.PartitionIndex(i), leader: i % brokers, states: map[kafka.ProducerID]*producerState{},
		})
	}
	return c
}

// append applies a batch as a leader does: duplicates, epochs, sequences.
func (p *fakePartition) append(records []byte) (kafka.Offset, kafka.ErrorCode) {
	v := batch.View(records)
	if !v.Whole() || !v.Intact() {
		return kafka.NoOffset, kafka.ErrCorruptMessage
	}
	if v.ProducerID() != kafka.NoProducerID {
		s := p.states[v.ProducerID()]
		if s != nil {
			for _, k := range s.known {
				if v.ProducerEpoch() == s.epoch && k.first == v.BaseSequence() && k.last == v.LastSequence() {
					return k.offset, kafka.None
				}
			}
		}
		switch {
		case s == nil:
			s = &producerState{epoch: v.ProducerEpoch()}
			p.states[v.ProducerID()] = s
		case v.ProducerEpoch() < s.epoch:
			return kafka.NoOffset, kafka.ErrInvalidProducerEpoch
		case v.ProducerEpoch() > s.epoch:
			if v.BaseSequence() != 0 {
				return kafka.NoOffset, kafka.ErrOutOfOrderSequenceNumber
			}
			s.epoch, s.known = v.ProducerEpoch(), nil
		case v.BaseSequence() != batch.NextSequence(s.last, 1):
			return kafka.NoOffset, kafka.ErrOutOfOrderSequenceNumber
		}
		s.last = v.LastSequence()
		s.known = append(s.known, knownBatch{v.BaseSequence(), v.LastSequence(), p.end})
		if len(s.known) > 5 {
			s.known = s.known[1:]
		}
	}
	kept := append([]byte(nil), records...)
	batch.View(kept).Stamp(p.end, p.epoch, kafka.NoTimestamp)
	base := p.end
	p.batches = append(p.batches, kept)
	p.end = batch.View(kept).NextOffset()
	return base, kafka.None
}

// values lists the record values from an offset on, with their offsets.
func (p *fakePartition) values(from kafka.Offset) (out []Record) {
	for _, b := range p.batches {
		v := batch.View(b)
		it := batch.Iterate(v.Records(), v.Count())
		var r batch.Record
		for it.Next(&r) {
			if o := v.BaseOffset() + kafka.Offset(r.OffsetDelta); o >= from {
				out = append(out, Record{Offset: o, Value: r.Value})
			}
		}
	}
	return out
}

// serve answers a request as broker number at does; nil: no answer.
func (c *cluster) serve(at int, key, version int16, body protocol.Body) protocol.Body {
	switch q := body.(type) {
	case *kmsg.ApiVersionsRequest:
		return c.apiVersions(version)
	case *kmsg.MetadataRequest:
		return c.metadata(q)
	case *kmsg.InitProducerIDRequest:
		a := kmsg.NewPtrInitProducerIDResponse()
		c.pids++
		a.ProducerID, a.ProducerEpoch = c.pids, int16(c.epochMax)
		return a
	case *protocol.ProduceRequest:
		return c.produce(at, version, q)
	case *protocol.FetchRequest:
		return c.fetch(at, version, q)
	case *kmsg.ListOffsetsRequest:
		return c.listOffsets(at, q)
	case *kmsg.CreateTopicsRequest:
		a := kmsg.NewPtrCreateTopicsResponse()
		t := kmsg.NewCreateTopicsResponseTopic()
		t.Topic, t.NumPartitions = q.Topics[0].Topic, q.Topics[0].NumPartitions
		if t.Topic == "orders" {
			t.ErrorCode = int16(kafka.ErrTopicAlreadyExists)
		}
		a.Topics = append(a.Topics, t)
		return a
	}
	if c.group != nil {
		return c.group.serve(at, c, key, version, body)
	}
	panic("the fake cluster was asked for " + protocol.APIName(key))
}

func (c *cluster) apiVersions(version int16) protocol.Body {
	if !protocol.SupportedVersion(protocol.KeyApiVersions, version) || version > c.newest(protocol.KeyApiVersions) {
		a := protocol.UnsupportedApiVersions()
		a.ApiKeys[0].MaxVersion = c.newest(protocol.KeyApiVersions)
		return a
	}
	a := kmsg.NewPtrApiVersionsResponse()
	a.ApiKeys = protocol.AppendAPIKeys(nil)
	listGroups(a)
	for i := range a.ApiKeys {
		a.ApiKeys[i].MaxVersion = c.newest(a.ApiKeys[i].ApiKey)
	}
	return a
}

func (c *cluster) newest(key int16) int16 {
	if v, ok := c.maxVersion[key]; ok {
		return v
	}
	a, _ := protocol.LookupAPI(key)
	return a.Max
}

func (c *cluster) metadata(q *kmsg.MetadataRequest) protocol.Body {
	a := kmsg.NewPtrMetadataResponse()
	for i, b := range c.brokers {
		m := kmsg.NewMetadataResponseBroker()
		m.NodeID, m.Host, m.Port = int32(i), b.Host, b.Port
		a.Brokers = append(a.Brokers, m)
	}
	for _, want := range q.Topics {
		t := kmsg.NewMetadataResponseTopic()
		t.Topic = want.Topic
		if *want.Topic != "orders" || c.deleted {
			t.ErrorCode = int16(kafka.ErrUnknownTopicOrPartition)
			a.Topics = append(a.Topics, t)
			continue
		}
		t.TopicID = c.topicID
		for _, p := range c.partitions {
			m := kmsg.NewMetadataResponseTopicPartition()
			m.Partition, m.Leader, m.LeaderEpoch = int32(p.index), int32(p.leader), int32(p.epoch)
			t.Partitions = append(t.Partitions, m)
		}
		a.Topics = append(a.Topics, t)
	}
	return a
}

func (c *cluster) named(version, ids int16, name string, id kafka.TopicID) bool {
	if version >= ids {
		return id == c.topicID
	}
	return name == "orders"
}

func (c *cluster) produce(at int, version int16, q *protocol.ProduceRequest) protocol.Body {
	a := &protocol.ProduceResponse{}
	for i := range q.Partitions {
		r := &q.Partitions[i]
		out := protocol.ProducePartitionResponse{
			Topic: r.Topic, TopicID: r.TopicID, Partition: r.Partition, BaseOffset: kafka.NoOffset,
			LogAppendTime: kafka.NoTimestamp, LogStartOffset: kafka.NoOffset,
		}
		p := c.partitions[r.Partition]
		try := func() (kafka.Offset, kafka.ErrorCode) {
			switch {
			case !c.named(version, protocol.ProduceTopicIDs, r.Topic, r.TopicID):
				return kafka.NoOffset, kafka.ErrUnknownTopicOrPartition
			case p.leader != at:
				return kafka.NoOffset, kafka.ErrNotLeaderOrFollower
			}
			return p.append(r.Records)
		}
		if c.onProduce != nil {
			out.BaseOffset, out.Err = c.onProduce(p, batch.View(r.Records), try)
		} else {
			out.BaseOffset, out.Err = try()
		}
		a.Partitions = append(a.Partitions, out)
	}
	if q.Acks == 0 {
		return nil
	}
	return a
}

func (c *cluster) fetch(at int, version int16, q *protocol.FetchRequest) protocol.Body {
	a := &protocol.FetchResponse{}
	asked, s, code := c.sessions.join(at, version, q)
	if a.Err = code; code != kafka.None {
		return a
	}
	if s != nil {
		a.SessionID = s.id
	}
	for i := range asked {
		r := &asked[i]
		p := c.partitions[r.Partition]
		out := protocol.FetchPartitionResponse{
			Topic: r.Topic, TopicID: r.TopicID, Partition: r.Partition, PreferredReplica: kafka.NoBroker,
			HighWatermark: p.end, LastStableOffset: p.end, LogStartOffset: p.start,
		}
		switch {
		case !c.named(version, protocol.FetchTopicIDs, r.Topic, r.TopicID):
			out.Err = kafka.ErrUnknownTopicOrPartition
		case p.leader != at:
			out.Err = kafka.ErrNotLeaderOrFollower
		case r.CurrentLeaderEpoch != kafka.NoLeaderEpoch && r.CurrentLeaderEpoch < p.epoch:
			out.Err = kafka.ErrFencedLeaderEpoch
		case r.CurrentLeaderEpoch > p.epoch:
			out.Err = kafka.ErrUnknownLeaderEpoch
		case r.FetchOffset < p.start || r.FetchOffset > p.end:
			out.Err = kafka.ErrOffsetOutOfRange
		default:
			for _, b := range p.batches {
				if v := batch.View(b); v.LastOffset() >= r.FetchOffset && (len(out.Records) == 0 || len(out.Records)+len(b) <= int(r.PartitionMaxBytes)) {
					out.Records = append(out.Records, b...)
				} else if len(out.Records) > 0 {
					break
				}
			}
		}
		if c.onFetch != nil {
			c.onFetch(r, &out)
		}
		if s == nil || s.tells(&out) || q.SessionEpoch == 0 {
			a.Partitions = append(a.Partitions, out)
		}
	}
	if c.spoil != nil {
		c.spoil(a)
	}
	return a
}

func (c *cluster) listOffsets(at int, q *kmsg.ListOffsetsRequest) protocol.Body {
	a := kmsg.NewPtrListOffsetsResponse()
	t := kmsg.NewListOffsetsResponseTopic()
	t.Topic = q.Topics[0].Topic
	ask := q.Topics[0].Partitions[0]
	p := c.partitions[ask.Partition]
	r := kmsg.NewListOffsetsResponseTopicPartition()
	r.Partition, r.Offset = ask.Partition, int64(p.end)
	if ask.Timestamp == int64(timestampEarliest) {
		r.Offset = int64(p.start)
	}
	if p.leader != at {
		r.ErrorCode = int16(kafka.ErrNotLeaderOrFollower)
	}
	t.Partitions = append(t.Partitions, r)
	a.Topics = append(a.Topics, t)
	return a
}
