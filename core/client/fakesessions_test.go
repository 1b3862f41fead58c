package client

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// fakeSessions are the fetch sessions of all fake brokers, by KIP-227.
type fakeSessions struct {
	room int // how many are kept
	all  []*fakeSession
	last int32
}

type fakeSession struct {
	id, epoch int32
	broker    int
	byID      bool
	parts     []protocol.FetchPartition
	told      []kafka.Offset // the high watermark of each; -1: not told
}

func (s *fakeSession) place(topic string, id kafka.TopicID, index kafka.PartitionIndex) int {
	return slices.IndexFunc(s.parts, func(p protocol.FetchPartition) bool {
		return p.Partition == index && (s.byID && p.TopicID == id || !s.byID && p.Topic == topic)
	})
}

// join finds out which partitions a fetch is about, and in which session.
func (f *fakeSessions) join(broker int, version int16, q *protocol.FetchRequest) ([]protocol.FetchPartition, *fakeSession, kafka.ErrorCode) {
	at := slices.IndexFunc(f.all, func(s *fakeSession) bool { return s.id == q.SessionID && s.broker == broker })
	if q.SessionEpoch <= 0 {
		if at >= 0 {
			f.all = slices.Delete(f.all, at, at+1)
		}
		if q.SessionEpoch < 0 || len(f.all) >= f.room {
			return q.Partitions, nil, kafka.None
		}
		f.last++
		s := &fakeSession{id: f.last, broker: broker, byID: version >= protocol.FetchTopicIDs}
		f.all = append(f.all, s)
		return s.change(q), s, kafka.None
	}
	if at < 0 {
		return nil, nil, kafka.ErrFetchSessionIDNotFound
	}
	s := f.all[at]
	switch {
	case s.epoch != q.SessionEpoch:
		return nil, nil, kafka.ErrInvalidFetchSessionEpoch
	case s.byID != (version >= protocol.FetchTopicIDs):
		return nil, nil, kafka.ErrFetchSessionTopicIDError
	}
	return s.change(q), s, kafka.None
}

func (s *fakeSession) change(q *protocol.FetchRequest) []protocol.FetchPartition {
	s.epoch++
	for _, p := range q.Partitions {
		if at := s.place(p.Topic, p.TopicID, p.Partition); at >= 0 {
			s.parts[at] = p
		} else {
			s.parts, s.told = append(s.parts, p), append(s.told, -1)
		}
	}
	for _, p := range q.Forgotten {
		if at := s.place(p.Topic, p.TopicID, p.Partition); at >= 0 {
			s.parts, s.told = slices.Delete(s.parts, at, at+1), slices.Delete(s.told, at, at+1)
		}
	}
	return slices.Clone(s.parts)
}

// tells tells whether a session's answer names a partition.
func (s *fakeSession) tells(p *protocol.FetchPartitionResponse) bool {
	at := s.place(p.Topic, p.TopicID, p.Partition)
	if p.Err != kafka.None {
		s.told[at] = -1
		return true
	}
	news := s.told[at] != p.HighWatermark || len(p.Records) > 0 || p.Diverging.Set
	s.told[at] = p.HighWatermark
	return news
}
