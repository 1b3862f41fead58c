package protocol

import "trialog/core/kafka"

// DecodeFetchResponse reads the body of a Fetch response into dst, whose
// memory is reused. Record bytes alias body.
func DecodeFetchResponse(dst *FetchResponse, version int16, body []byte) kafka.ErrorCode {
	r := reader{b: body, flex: version >= fetchFlexible}
	dst.Partitions = dst.Partitions[:0]
	dst.Nodes = dst.Nodes[:0]
	dst.ThrottleMs = r.int32()
	dst.Err, dst.SessionID = kafka.None, 0
	if version >= fetchSessions {
		dst.Err = kafka.ErrorCode(r.int16())
		dst.SessionID = r.int32()
	}
	minTopic := minFetchTopic
	if r.flex {
		minTopic = minFetchTopicF
	}
	for range r.arrayLen(minTopic) {
		decodeFetchedTopic(dst, version, &r)
		if r.bad {
			break
		}
	}
	for w := r.tags(); w.next(&r); {
		if w.tag == 0 && version >= fetchHints {
			dst.Nodes = decodeNodes(dst.Nodes, &w.field)
		}
	}
	if r.bad || len(r.b) != 0 {
		return kafka.ErrInvalidRequest
	}
	return kafka.None
}

func decodeFetchedTopic(dst *FetchResponse, version int16, r *reader) {
	var topic string
	var id kafka.TopicID
	if version >= FetchTopicIDs {
		id = r.topicID()
	} else {
		prev := ""
		if n := len(dst.Partitions); n < cap(dst.Partitions) {
			prev = dst.Partitions[:n+1][n].Topic
		}
		topic = r.string(prev)
	}
	for range r.arrayLen(4 + 2 + 8 + 8) {
		n := len(dst.Partitions)
		if n < cap(dst.Partitions) {
			dst.Partitions = dst.Partitions[:n+1]
		} else {
			dst.Partitions = append(dst.Partitions, FetchPartitionResponse{})
		}
		p := &dst.Partitions[n]
		p.Topic, p.TopicID = topic, id
		decodeFetchedPartition(p, version, r)
		if r.bad {
			return
		}
	}
	r.skipTags()
}

func decodeFetchedPartition(p *FetchPartitionResponse, version int16, r *reader) {
	p.Partition = kafka.PartitionIndex(r.int32())
	p.Err = kafka.ErrorCode(r.int16())
	p.HighWatermark = kafka.Offset(r.int64())
	p.LastStableOffset = kafka.Offset(r.int64())
	p.LogStartOffset = kafka.NoOffset
	if version >= 5 {
		p.LogStartOffset = kafka.Offset(r.int64())
	}
	p.Aborted = decodeAborted(p.Aborted[:0], r)
	p.PreferredReplica = kafka.NoBroker
	if version >= fetchRack {
		p.PreferredReplica = kafka.BrokerID(r.int32())
	}
	p.Records = r.nullableBytes()
	p.Diverging, p.CurrentLeader = EpochEndOffset{}, LeaderHint{}
	for w := r.tags(); w.next(r); {
		switch w.tag {
		case 0:
			p.Diverging = EpochEndOffset{Set: true, Epoch: kafka.LeaderEpoch(w.field.int32()), EndOffset: kafka.Offset(w.field.int64())}
			w.field.skipTags()
		case 1:
			p.CurrentLeader = decodeLeaderHint(&w.field)
		}
	}
}

// decodeAborted keeps null (nil) and empty apart, as the wire does.
func decodeAborted(dst []AbortedTransaction, r *reader) []AbortedTransaction {
	n := r.arrayLen(8 + 8)
	if n < 0 {
		return nil
	}
	if dst == nil {
		dst = []AbortedTransaction{}
	}
	for range n {
		a := AbortedTransaction{ProducerID: kafka.ProducerID(r.int64()), FirstOffset: kafka.Offset(r.int64())}
		r.skipTags()
		if r.bad {
			break
		}
		dst = append(dst, a)
	}
	return dst
}

// AppendFetchResponse appends the body of a Fetch response. Nil records are
// sent as empty, never as null, which old clients refuse.
func AppendFetchResponse(dst []byte, version int16, q *FetchResponse) []byte {
	return appendFetchResponse(dst, version, q, nil)
}

func appendFetchResponse(dst []byte, version int16, q *FetchResponse, sc *Scatter) []byte {
	flex := version >= fetchFlexible
	dst = appendInt32(dst, q.ThrottleMs)
	if version >= fetchSessions {
		dst = appendInt16(dst, int16(q.Err))
		dst = appendInt32(dst, q.SessionID)
	}
	ps := q.Partitions
	topics := 0
	for i := range ps {
		if i == 0 || !sameFetchedTopic(version, &ps[i-1], &ps[i]) {
			topics++
		}
	}
	dst = appendArrayLen(dst, flex, topics)
	for i := 0; i < len(ps); {
		end := i + 1
		for end < len(ps) && sameFetchedTopic(version, &ps[i], &ps[end]) {
			end++
		}
		if version >= FetchTopicIDs {
			dst = append(dst, ps[i].TopicID[:]...)
		} else {
			dst = appendString(dst, flex, ps[i].Topic)
		}
		dst = appendArrayLen(dst, flex, end-i)
		for ; i < end; i++ {
			dst = appendFetchedPartition(dst, version, flex, &ps[i], sc)
		}
		dst = appendNoTags(dst, flex)
	}
	if flex {
		dst = appendNodesTag(dst, version >= fetchHints, q.Nodes)
	}
	return dst
}

func appendFetchedPartition(dst []byte, version int16, flex bool, p *FetchPartitionResponse, sc *Scatter) []byte {
	dst = appendInt32(dst, int32(p.Partition))
	dst = appendInt16(dst, int16(p.Err))
	dst = appendInt64(dst, int64(p.HighWatermark))
	dst = appendInt64(dst, int64(p.LastStableOffset))
	if version >= 5 {
		dst = appendInt64(dst, int64(p.LogStartOffset))
	}
	dst = appendAborted(dst, flex, p.Aborted)
	if version >= fetchRack {
		dst = appendInt32(dst, int32(p.PreferredReplica))
	}
	dst = appendBytesLen(dst, flex, len(p.Records))
	if sc == nil {
		dst = append(dst, p.Records...)
	} else {
		sc.cut(len(dst), p.Records)
	}
	if !flex {
		return dst
	}
	known := byte(0)
	if p.Diverging.Set {
		known++
	}
	if p.CurrentLeader.Set {
		known++
	}
	dst = append(dst, known)
	if p.Diverging.Set {
		dst = append(dst, 0, 4+8+1)
		dst = appendInt32(dst, int32(p.Diverging.Epoch))
		dst = appendInt64(dst, int64(p.Diverging.EndOffset))
		dst = append(dst, 0)
	}
	if p.CurrentLeader.Set {
		dst = appendLeaderHint(dst, 1, p.CurrentLeader)
	}
	return dst
}

func appendAborted(dst []byte, flex bool, as []AbortedTransaction) []byte {
	if as == nil {
		return appendBytesLen(dst, flex, -1)
	}
	dst = appendArrayLen(dst, flex, len(as))
	for i := range as {
		dst = appendInt64(dst, int64(as[i].ProducerID))
		dst = appendInt64(dst, int64(as[i].FirstOffset))
		dst = appendNoTags(dst, flex)
	}
	return dst
}

func sameFetchedTopic(version int16, a, b *FetchPartitionResponse) bool {
	if version >= FetchTopicIDs {
		return a.TopicID == b.TopicID
	}
	return a.Topic == b.Topic
}
