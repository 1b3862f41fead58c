package client

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// fetchSessions is the first version of Fetch with sessions.
const fetchSessions = 7

// fetch asks the leaders of everything that is read, one fetch on a connection
// at a time.
func (c *Client) fetch(p *poll, out *Effects) {
	s := &c.consumer
	if !c.due(s.retryAt) {
		return
	}
	for _, a := range s.assigned {
		lead, ok := c.readable(a)
		if !ok {
			continue
		}
		n := c.connTo(lead.leader, roleFetch, out)
		if n == nil || len(n.underway) > 0 {
			continue
		}
		c.sendFetch(n, p, out)
	}
}

// readable tells whether a partition can be fetched now, and from whom.
func (c *Client) readable(a *assigned) (leadership, bool) {
	if a.state != reading || a.underway || a.arrived.present || !c.due(a.retryAt) {
		return leadership{}, false
	}
	lead, ok := c.leaderOf(a.topic, a.index)
	if ok && a.near != kafka.NoBroker {
		if c.due(a.nearUntil) || !c.knows(a.near) {
			a.near = kafka.NoBroker
		} else {
			lead.leader = a.near
		}
	}
	return lead, ok
}

// knows tells whether it is known where a broker is reached.
func (c *Client) knows(id kafka.BrokerID) bool {
	for i := range c.brokers {
		if c.brokers[i].id == id {
			return true
		}
	}
	return false
}

// leaveNearby lets everything that was read from a follower be read from its
// leader again: the follower does not answer.
func (c *Client) leaveNearby(id kafka.BrokerID) {
	for _, a := range c.consumer.assigned {
		if a.near == id {
			a.near = kafka.NoBroker
		}
	}
}

// sendBack lets the next fetch go to the leader; true when the last one did not.
func (c *Client) sendBack(a *assigned, from kafka.BrokerID, out *Effects) bool {
	if a.near != from {
		return false
	}
	a.near = kafka.NoBroker
	out.Watch.Reached(must.ConsumerSentBack)
	return true
}

func (c *Client) sendFetch(n *conn, p *poll, out *Effects) {
	version, ok := n.version(protocol.KeyFetch)
	if !ok {
		c.hangUp(n, ReasonVersion, out)
		return
	}
	s := &c.consumer
	limits := &c.config.Limits
	q := out.fetchRequest()
	q.ReplicaID, q.ReplicaEpoch = kafka.NoBroker, kafka.NoBrokerEpoch
	q.MaxWaitMs = int32(min(limits.FetchMaxWait, p.wait/2) / kafka.Millisecond)
	q.MinBytes, q.MaxBytes = limits.FetchMinBytes, limits.FetchMaxBytes
	q.ReadCommitted = c.config.Consumer.ReadCommitted
	q.RackID = c.config.Consumer.RackID
	s.serial++
	ids := true
	session := c.sessionWith(n.broker)
	session.asked = session.asked[:0]
	for _, a := range s.assigned {
		lead, ok := c.readable(a)
		if !ok || lead.leader != n.broker {
			continue
		}
		f := protocol.FetchPartition{
			Topic: a.topic.name, TopicID: a.topic.id, Partition: a.index,
			CurrentLeaderEpoch: lead.epoch, FetchOffset: a.position, LastFetchedEpoch: a.epoch,
			LogStartOffset: kafka.NoOffset, PartitionMaxBytes: limits.PartitionMaxBytes, DurableEndOffset: kafka.NoOffset,
		}
		if c.config.Consumer.Unfenced {
			f.CurrentLeaderEpoch, f.LastFetchedEpoch = kafka.NoLeaderEpoch, kafka.NoLeaderEpoch
		}
		ids = ids && f.TopicID != (kafka.TopicID{})
		session.asked = append(session.asked, f)
	}
	if !ids && version >= protocol.FetchTopicIDs {
		version = protocol.FetchTopicIDs - 1
	}
	if c.config.Consumer.Sessionless || version < fetchSessions {
		session.id, session.epoch = 0, -1
	}
	session.name(q, version)
	r := c.send(n, protocol.KeyFetch, version, q, out)
	r.serial = s.serial
	for _, a := range s.assigned {
		if lead, ok := c.readable(a); ok && lead.leader == n.broker {
			a.underway = true
			r.reads = append(r.reads, sentFetch{reader: a, generation: a.generation, position: a.position})
		}
	}
}

// fetchUnanswered: whether the broker has gone on in the session, nobody knows.
func (c *Client) fetchUnanswered(n *conn, r *request) {
	if !c.config.Consumer.Resume {
		c.sessionWith(n.broker).again()
	}
	c.leaveNearby(n.broker)
	c.endReads(r)
}

func (c *Client) endReads(r *request) {
	for i := range r.reads {
		if f := &r.reads[i]; f.reader.generation == f.generation {
			f.reader.underway = false
		}
	}
}

// fetched takes the answer to a fetch.
func (c *Client) fetched(n *conn, r *request, body protocol.Body, out *Effects) {
	a, ok := body.(*protocol.FetchResponse)
	if !ok {
		c.fetchUnanswered(n, r)
		return
	}
	c.endReads(r)
	c.throttle(n, a.ThrottleMs)
	session, s := c.sessionWith(n.broker), &c.consumer
	incremental := session.epoch > 0
	if !session.answered(a, out) {
		c.metadata.stale = c.metadata.stale || a.Err != kafka.ErrFetchSessionIDNotFound && a.Err != kafka.ErrInvalidFetchSessionEpoch
		if !incremental { // else the next fetch begins anew, and may go out at once
			s.retryAt = c.now.Mono.Add(c.backoff(c.config.Limits.RetryBackoff, s.failures))
			s.failures++
		}
		return
	}
	s.failures = 0
	for i := range r.reads {
		f := &r.reads[i]
		if f.reader.generation != f.generation || f.reader.position != f.position || f.reader.state != reading {
			continue // assigned anew meanwhile
		}
		if share := shareOf(f.reader, i, r.version, a); share != nil {
			c.take(f.reader, n.broker, r.serial, share, a.Nodes, out)
		}
	}
}

// shareOf finds a partition in a response, most likely where it stood in the request.
func shareOf(a *assigned, at int, version int16, r *protocol.FetchResponse) *protocol.FetchPartitionResponse {
	is := func(p *protocol.FetchPartitionResponse) bool {
		if p.Partition != a.index {
			return false
		}
		if version >= protocol.FetchTopicIDs {
			return p.TopicID == a.topic.id
		}
		return p.Topic == a.topic.name
	}
	if at < len(r.Partitions) && is(&r.Partitions[at]) {
		return &r.Partitions[at]
	}
	for i := range r.Partitions {
		if is(&r.Partitions[i]) {
			return &r.Partitions[i]
		}
	}
	return nil
}

// take acts on one partition of a fetch response.
func (c *Client) take(a *assigned, broker kafka.BrokerID, serial uint64, p *protocol.FetchPartitionResponse, nodes []protocol.NodeEndpoint, out *Effects) {
	switch p.Err {
	case kafka.None:
	case kafka.ErrOffsetOutOfRange:
		if !c.sendBack(a, broker, out) {
			c.reset(a)
		}
		return
	case kafka.ErrTopicAuthorizationFailed, kafka.ErrCorruptMessage:
		c.lose(a, p.Err)
		return
	default:
		// UNKNOWN_LEADER_EPOCH means that the broker lags behind us: asking for
		// metadata would not help it.
		c.metadata.stale = c.metadata.stale || p.Err != kafka.ErrUnknownLeaderEpoch
		c.sendBack(a, broker, out)
		c.hint(a.topic, a.index, p.CurrentLeader, nodes, out)
		a.retryAt = c.now.Mono.Add(c.backoff(c.config.Limits.RetryBackoff, a.failures))
		a.failures++
		return
	}
	a.failures = 0
	if p.PreferredReplica != kafka.NoBroker && p.PreferredReplica != broker && c.config.Consumer.RackID != "" {
		a.near, a.nearUntil = p.PreferredReplica, c.now.Mono.Add(c.config.Limits.MetadataMaxAge)
		if !c.knows(a.near) {
			c.metadata.stale = true
		}
		return
	}
	if p.Diverging.Set {
		c.diverge(a, p.Diverging, out)
		return
	}
	a.arrived = arrival{
		present: true, serial: serial, broker: broker, records: p.Records, behind: a.near == broker,
		aborted: append(a.arrived.aborted[:0], p.Aborted...),
		share: Fetched{
			HighWatermark: p.HighWatermark, LastStableOffset: p.LastStableOffset, LogStartOffset: p.LogStartOffset,
			Diverged: kafka.NoOffset,
		},
	}
}

// reset applies auto.offset.reset to a position that is out of range.
func (c *Client) reset(a *assigned) {
	switch c.config.Consumer.Reset {
	case ResetEarliest:
		a.resetting = true
		c.find(a, 0, false, timestampEarliest)
	case ResetLatest:
		a.resetting = true
		c.find(a, 0, false, timestampLatest)
	default:
		c.lose(a, kafka.ErrOffsetOutOfRange)
	}
}

// diverge handles a leader whose log parts from what has been read: records
// that were returned are gone from it.
func (c *Client) diverge(a *assigned, d protocol.EpochEndOffset, out *Effects) {
	out.Watch.Reached(must.ConsumerDiverged)
	from := a.position
	end := min(from, d.EndOffset)
	if c.config.Consumer.Reset == ResetNone {
		c.arrive(a, Fetched{Err: kafka.None, Diverged: end})
		a.state = stopped
		return
	}
	a.position, a.epoch = end, d.Epoch
	c.arrive(a, Fetched{Reset: true, Diverged: end})
	a.arrived.share.From = from
}
