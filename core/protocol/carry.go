package protocol

import "trialog/core/kafka"

// Carry returns what a receiver would decode of body sent at version, without
// the bytes in between: fields that the version does not have take the value
// that decoding gives them. Flat bodies come out of free, and share nothing
// with body but record bytes and strings, so that the sender may reuse its
// own; bodies of kmsg are handed over as they are and must not be changed by
// anybody afterwards.
func Carry(body Body, version int16, free *FreeList) Body {
	switch b := body.(type) {
	case *ProduceRequest:
		return carryProduceRequest(free.produceRequest(), b, version)
	case *ProduceResponse:
		return carryProduceResponse(free.produceResponse(), b, version)
	case *FetchRequest:
		return carryFetchRequest(free.fetchRequest(), b, version)
	case *FetchResponse:
		return carryFetchResponse(free.fetchResponse(), b, version)
	}
	return body
}

func carryProduceRequest(dst, src *ProduceRequest, version int16) *ProduceRequest {
	ps := append(dst.Partitions[:0], src.Partitions...)
	*dst = *src
	dst.Partitions = ps
	if !dst.HasTransactionalID {
		dst.TransactionalID = ""
	}
	for i := range ps {
		p := &ps[i]
		p.Checked = Checked{}
		if version >= ProduceTopicIDs {
			p.Topic = ""
		} else {
			p.TopicID = kafka.TopicID{}
		}
	}
	return dst
}

func carryProduceResponse(dst, src *ProduceResponse, version int16) *ProduceResponse {
	ps, nodes := append(dst.Partitions[:0], src.Partitions...), dst.Nodes[:0]
	if version >= produceHints {
		nodes = append(nodes, src.Nodes...)
	}
	*dst = ProduceResponse{ThrottleMs: src.ThrottleMs, Partitions: ps, Nodes: nodes}
	for i := range ps {
		p := &ps[i]
		if version >= ProduceTopicIDs {
			p.Topic = ""
		} else {
			p.TopicID = kafka.TopicID{}
		}
		if version < 5 {
			p.LogStartOffset = kafka.NoOffset
		}
		if version < 8 {
			p.ErrMessage, p.RecordErrors = "", nil
		}
		if version < produceHints || !p.CurrentLeader.Set {
			p.CurrentLeader = LeaderHint{}
		}
	}
	return dst
}

func carryFetchRequest(dst, src *FetchRequest, version int16) *FetchRequest {
	ps, forgotten := append(dst.Partitions[:0], src.Partitions...), dst.Forgotten[:0]
	if version >= fetchSessions {
		forgotten = append(forgotten, src.Forgotten...)
	}
	*dst = *src
	dst.Partitions, dst.Forgotten = ps, forgotten
	if version < fetchSessions {
		dst.SessionID, dst.SessionEpoch = 0, -1
	}
	if version < fetchRack {
		dst.RackID = ""
	}
	if version < fetchReplica {
		dst.ReplicaEpoch = kafka.NoBrokerEpoch
	}
	for i := range ps {
		carryFetchPartition(&ps[i], version)
	}
	for i := range forgotten {
		if version >= FetchTopicIDs {
			forgotten[i].Topic = ""
		} else {
			forgotten[i].TopicID = kafka.TopicID{}
		}
	}
	return dst
}

func carryFetchPartition(p *FetchPartition, version int16) {
	if version >= FetchTopicIDs {
		p.Topic = ""
	} else {
		p.TopicID = kafka.TopicID{}
	}
	if version < 5 {
		p.LogStartOffset = kafka.NoOffset
	}
	if version < fetchEpoch {
		p.CurrentLeaderEpoch = kafka.NoLeaderEpoch
	}
	if version < fetchFlexible {
		p.LastFetchedEpoch, p.DurableEndOffset = kafka.NoLeaderEpoch, kafka.NoOffset
	}
}

func carryFetchResponse(dst, src *FetchResponse, version int16) *FetchResponse {
	ps, nodes := dst.Partitions[:0], dst.Nodes[:0]
	if version >= fetchHints {
		nodes = append(nodes, src.Nodes...)
	}
	for i := range src.Partitions {
		var aborted []AbortedTransaction
		if n := len(ps); n < cap(ps) {
			ps = ps[:n+1]
			aborted = ps[n].Aborted[:0]
		} else {
			ps = append(ps, FetchPartitionResponse{})
		}
		p := &ps[i]
		*p = src.Partitions[i]
		if p.Aborted != nil {
			if aborted == nil {
				aborted = []AbortedTransaction{}
			}
			p.Aborted = append(aborted, p.Aborted...)
		}
		carryFetchedPartition(p, version)
	}
	*dst = FetchResponse{ThrottleMs: src.ThrottleMs, Err: src.Err, SessionID: src.SessionID, Partitions: ps, Nodes: nodes}
	if version < fetchSessions {
		dst.Err, dst.SessionID = kafka.None, 0
	}
	return dst
}

func carryFetchedPartition(p *FetchPartitionResponse, version int16) {
	if version >= FetchTopicIDs {
		p.Topic = ""
	} else {
		p.TopicID = kafka.TopicID{}
	}
	if version < 5 {
		p.LogStartOffset = kafka.NoOffset
	}
	if version < fetchRack {
		p.PreferredReplica = kafka.NoBroker
	}
	if version < fetchFlexible || !p.Diverging.Set {
		p.Diverging = EpochEndOffset{}
	}
	if version < fetchFlexible || !p.CurrentLeader.Set {
		p.CurrentLeader = LeaderHint{}
	}
	if p.Records == nil {
		p.Records = []byte{}
	}
}
