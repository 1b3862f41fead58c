package client

import (
	"errors"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// fetchSession is what a broker has been told of what this client reads there,
// so that a fetch names only what has changed since (KIP-227).
type fetchSession struct {
	broker kafka.BrokerID
	id     int32 // 0: none
	epoch  int32 // of the next fetch; 0: it names everything, and asks for a new session
	byID   bool  // topics are named by ID
	// parts is what the session holds; asked is what it holds, or a fetch without
	// one was about, once the fetch under way is answered.
	parts, asked []protocol.FetchPartition
}

// sessionWith returns the session with a broker, opened or not yet.
func (c *Client) sessionWith(broker kafka.BrokerID) *fetchSession {
	s := &c.consumer
	for _, f := range s.sessions {
		if f.broker == broker {
			return f
		}
	}
	f := &fetchSession{broker: broker}
	s.sessions = append(s.sessions, f)
	return f
}

// name fills a request that is about f.asked: with everything, or with what the
// session does not know.
func (f *fetchSession) name(q *protocol.FetchRequest, version int16) {
	q.SessionID, q.SessionEpoch = f.id, f.epoch
	if f.epoch <= 0 {
		f.byID = version >= protocol.FetchTopicIDs
		q.Partitions = append(q.Partitions, f.asked...)
		return
	}
	at := 0
	for i := range f.asked {
		if known := f.find(f.parts, &f.asked[i], at); known >= 0 {
			at = known + 1
			if f.parts[known] == f.asked[i] {
				continue
			}
		}
		q.Partitions = append(q.Partitions, f.asked[i])
	}
	at = 0
	for i := range f.parts {
		p := &f.parts[i]
		if wanted := f.find(f.asked, p, at); wanted >= 0 {
			at = wanted + 1
			continue
		}
		q.Forgotten = append(q.Forgotten, protocol.ForgottenPartition{Topic: p.Topic, TopicID: p.TopicID, Partition: p.Partition})
	}
}

// find looks a partition up, first where it is likely to stand.
func (f *fetchSession) find(list []protocol.FetchPartition, p *protocol.FetchPartition, from int) int {
	for i := range list {
		at := (from + i) % len(list)
		if f.same(&list[at], p.Topic, p.TopicID, p.Partition) {
			return at
		}
	}
	return -1
}

func (f *fetchSession) same(p *protocol.FetchPartition, topic string, id kafka.TopicID, index kafka.PartitionIndex) bool {
	if p.Partition != index {
		return false
	}
	if f.byID {
		return p.TopicID == id
	}
	return p.Topic == topic
}

// answers tells whether a response can be the answer: one to a full fetch names
// each partition that was asked for, and none names another.
func (f *fetchSession) answers(a *protocol.FetchResponse) bool {
	at := 0
	for i := range a.Partitions {
		p := &a.Partitions[i]
		asked := f.find(f.asked, &protocol.FetchPartition{Topic: p.Topic, TopicID: p.TopicID, Partition: p.Partition}, at)
		if asked < 0 {
			return false
		}
		at = asked + 1
	}
	return f.epoch > 0 || len(a.Partitions) == len(f.asked)
}

// answered goes on after the answer to a fetch; false: it told nothing that can
// be used.
func (f *fetchSession) answered(a *protocol.FetchResponse, out *Effects) bool {
	switch {
	case a.Err == kafka.ErrFetchSessionIDNotFound:
		out.Watch.Reached(must.SessionLost)
		f.id, f.epoch = 0, 0
	case a.Err != kafka.None:
		f.again()
	case f.epoch < 0: // no session was asked for
		return true
	case f.epoch == 0 && len(a.Partitions) == 0 && a.ThrottleMs > 0:
		f.id = 0 // there was nothing but the wish that we come later (KIP-219)
	case !out.Watch.Believe(f.answers(a), must.FetchAnsweredAsAsked):
		f.again()
	case a.SessionID == 0:
		f.id, f.epoch = 0, 0
		return true
	default:
		f.id, f.epoch = a.SessionID, nextSessionEpoch(f.epoch)
		f.parts, f.asked = f.asked, f.parts[:0]
		return true
	}
	return false
}

// again closes the session with the next fetch, which asks for a new one.
func (f *fetchSession) again() { f.epoch = min(f.epoch, 0) }

// nextSessionEpoch follows an epoch; after the largest comes 1.
func nextSessionEpoch(epoch int32) int32 {
	if epoch == 1<<31-1 {
		return 1
	}
	return epoch + 1
}

// check checks C6.
func (f *fetchSession) check() error {
	for i := range f.parts {
		if f.epoch > 0 && f.find(f.parts, &f.parts[i], i+1) != i {
			return errors.New("client C6: a fetch session holds a partition twice")
		}
	}
	if f.epoch > 0 && f.id == 0 {
		return errors.New("client C6: a fetch session without an ID goes on")
	}
	return nil
}
