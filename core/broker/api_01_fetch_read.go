package broker

import (
	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
	"trialog/core/protocol"
)

// read starts the lookups, within the request's bounds: the first partition
// with records returns at least one batch, whatever its size (KIP-74).
func (b *Broker) read(r *request) {
	body := r.body.(*protocol.FetchRequest)
	s := &r.fetch
	left := int64(min(body.MaxBytes, b.cluster.FetchMaxBytes))
	first := true
	s.reading = 1 // this loop itself, so that a lookup that ends at once does not end the fetch
	for i := range s.parts {
		p := &s.parts[i]
		q := &p.asked
		if p.view.Wait && p.err == kafka.None {
			// The wait is over, or another partition ends it. The high watermark of
			// before the epoch's start is not to be told: it may lie too low.
			p.err = kafka.ErrNotLeaderOrFollower
		}
		if p.err != kafka.None || p.bytes == 0 || p.view.Diverging.Set || !first && left <= 0 {
			continue
		}
		p.budget = int32(max(0, min(left, int64(q.PartitionMaxBytes))))
		p.exact = !first
		first = false
		left -= min(p.bytes, int64(p.budget))
		p.host.replica.Log.Fetch(&p.lookup, q.FetchOffset, p.view.EndOffset, p.budget)
		s.reading++
		b.readOn(r, i)
	}
	b.partRead(r)
}

// readOn emits the next read of a lookup, or ends it.
func (b *Broker) readOn(r *request, place int) {
	p := &r.fetch.parts[place]
	if b.emitRead(r, place, p.host, &p.lookup) {
		return
	}
	b.takeRecords(p)
	b.partRead(r)
}

// fetchRead takes bytes from the disk for a lookup of a fetch.
func (b *Broker) fetchRead(r *request, place int, in *ReadDone) {
	p := &r.fetch.parts[place]
	log := p.host.replica.Log
	switch progress := log.Feed(&p.lookup, in.Bytes, in.Err); progress {
	case partition.More:
		b.readOn(r, place)
		return
	case partition.Found:
		b.takeRecords(p)
	case partition.Stale:
		p.err = kafka.ErrNotLeaderOrFollower
	case partition.Unpack: // only a search by time asks for it
	case partition.Passed:
		b.out.Watch.Reached(must.ReadPassedByLogStart)
		p.err, p.view.LogStartOffset = kafka.ErrOffsetOutOfRange, p.host.replica.Beginning(r.fetch.follower)
	case partition.Damaged, partition.Broken:
		if p.err = b.readFailed(p.host, &p.lookup, progress, in.Err); r.fetch.follower {
			p.err = kafka.ErrKafkaStorageError
		}
	}
	b.partRead(r)
}

// takeRecords keeps what a lookup found, as far as the bounds allow.
func (b *Broker) takeRecords(p *fetchPart) {
	if p.exact && len(p.lookup.Records) > int(p.budget) {
		return
	}
	p.records = p.lookup.Records
}

// partRead counts a lookup that has ended; the last one ends the fetch.
func (b *Broker) partRead(r *request) {
	if r.fetch.reading--; r.fetch.reading == 0 {
		b.finish(r, nil)
	}
}

// fetchReply builds the response in the effects' memory.
func (b *Broker) fetchReply(r *request) protocol.Body {
	resp := b.out.fetch.next()
	s := &r.fetch
	if s.err == kafka.None && s.overtaken() { // another connection has used the session meanwhile
		b.out.Watch.Reached(must.FetchSessionEpochMismatch)
		s.err = kafka.ErrInvalidFetchSessionEpoch
	}
	*resp = protocol.FetchResponse{Partitions: resp.Partitions[:0], Nodes: resp.Nodes[:0], Err: s.err}
	if s.err != kafka.None {
		return resp
	}
	for i := range s.parts {
		p := &s.parts[i]
		if p.err == kafka.None && r.version < 10 && holdsZstd(p.records) {
			p.err = kafka.ErrUnsupportedCompressionType
		}
		if s.session == nil || !s.session.leaveOut(p) {
			b.fetchedPart(r, p, resp)
		}
	}
	switch {
	case s.session != nil:
		resp.SessionID = s.session.id
		if len(resp.Partitions) == 0 {
			b.out.Watch.Reached(must.FetchAnsweredUnchanged)
		}
	case s.opens:
		resp.SessionID = b.openSession(r)
	}
	return resp
}

// fetchedPart adds one partition to a response.
func (b *Broker) fetchedPart(r *request, p *fetchPart, resp *protocol.FetchResponse) {
	out := nextFetched(resp)
	*out = protocol.FetchPartitionResponse{
		Topic: p.asked.Topic, TopicID: p.asked.TopicID, Partition: p.asked.Partition, Err: p.err,
		HighWatermark: kafka.NoOffset, LastStableOffset: kafka.NoOffset, LogStartOffset: kafka.NoOffset,
		PreferredReplica: p.near, Aborted: out.Aborted[:0],
	}
	if p.err != kafka.None {
		b.counters.Errors++
		out.CurrentLeader = b.hint(p.tp, p.err)
		resp.Nodes = b.hintNode(resp.Nodes, r.conn, out.CurrentLeader)
		if p.err == kafka.ErrOffsetOutOfRange && r.fetch.follower {
			out.LogStartOffset = p.view.LogStartOffset // where it starts anew
		}
		return
	}
	b.fillFetched(out, p, r.body.(*protocol.FetchRequest))
}

// nextFetched makes room for a partition, keeping the memory of its lists.
func nextFetched(resp *protocol.FetchResponse) *protocol.FetchPartitionResponse {
	if n := len(resp.Partitions); n < cap(resp.Partitions) {
		resp.Partitions = resp.Partitions[:n+1]
	} else {
		resp.Partitions = append(resp.Partitions, protocol.FetchPartitionResponse{})
	}
	return &resp.Partitions[len(resp.Partitions)-1]
}

// fillFetched says what a partition's reader may know.
func (b *Broker) fillFetched(out *protocol.FetchPartitionResponse, p *fetchPart, body *protocol.FetchRequest) {
	out.HighWatermark, out.LogStartOffset = p.view.HighWatermark, p.view.LogStartOffset
	out.LastStableOffset = p.view.LastStableOffset
	out.Diverging = p.view.Diverging
	out.Records = p.records
	b.counters.FetchBytes += uint64(len(p.records))
	b.paySending(p.host, body, len(p.records))
	if len(p.records) > 0 && !p.host.replica.Leads() {
		b.out.Watch.Reached(must.FollowerRead)
	}
	if body.ReadCommitted && len(p.records) > 0 {
		out.Aborted = p.host.replica.Log.AppendAborted(out.Aborted, p.asked.FetchOffset, p.view.EndOffset)
		must.True(p.view.EndOffset <= p.view.LastStableOffset, "B14 read_committed stops at the last stable offset")
	}
}

// holdsZstd tells whether batches need a codec that Fetch below 10 does not know.
func holdsZstd(records []byte) bool {
	for v := batch.View(records); v.Whole(); v = v[v.Size():] {
		if v.Codec() == batch.Zstd {
			return true
		}
	}
	return false
}
