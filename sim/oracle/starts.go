package oracle

import (
	"fmt"

	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// Starts watches the log starts of the replicas of a run.
type Starts struct {
	tell    func(Change)
	starts  map[replicaName]int64    // looked up only
	decided map[replicaName]decision // of the replica as leader; looked up only

	// Of the step that is looked at.
	at     int
	asked  []disk.Append
	broken string
	visit  func(*broker.PartitionView) bool
}

// decision is a log start that a leader has asked for. What it leaves counts as of
// then: until the log start is durable a swap of the cleaner may make that less, and
// what is appended makes it more.
type decision struct {
	start, left int64
}

type replicaName struct {
	node int
	log  kafka.LogID
	tp   kafka.TopicPartition // a log whose creation a crash undid leaves its ID to another
}

// NewStarts makes a watch that tells of every log start that a leader moves.
func NewStarts(tell func(Change)) *Starts {
	s := &Starts{tell: tell, starts: make(map[replicaName]int64), decided: make(map[replicaName]decision)}
	s.visit = s.look
	return s
}

// Step looks at a broker after a Step that emitted appends. It returns what does
// not hold (O8), "" for nothing.
func (s *Starts) Step(at int, b *broker.Broker, appends []disk.Append) string {
	s.at, s.broken, s.asked = at, "", s.asked[:0]
	for i := range appends {
		if appends[i].Kind == disk.EntryLogStart {
			s.asked = append(s.asked, disk.Append{Log: appends[i].Log, BaseOffset: appends[i].BaseOffset})
		}
	}
	b.Changed(s.visit)
	return s.broken
}

// Wiped forgets what the disk of a node held.
func (s *Starts) Wiped(node int) {
	for name := range s.starts { //order: each is forgotten on its own
		if name.node == node {
			delete(s.starts, name)
		}
	}
}

func (s *Starts) look(v *broker.PartitionView) bool {
	tp := kafka.TopicPartition{Topic: v.Topic, Partition: v.Partition}
	name, start := replicaName{s.at, v.Log, tp}, int64(v.LogStartOffset)
	for i := range s.asked {
		if s.asked[i].Log == v.Log && v.Leader {
			s.decided[name] = decision{int64(s.asked[i].BaseOffset), v.BytesFrom(s.asked[i].BaseOffset)}
		}
	}
	before, known := s.starts[name]
	switch {
	case !known:
		s.starts[name] = start
	case start < before && !v.Fenced:
		s.broken = fmt.Sprintf("O8: node %d has moved the log start of %s/%d back from %d to %d", s.at, v.Name, v.Partition, before, start)
	case start > before:
		s.starts[name] = start
		if d := s.decided[name]; start == d.start {
			s.tell(Change{Partition: tp, Topic: v.Name, Leader: kafka.BrokerID(s.at), LogStart: start, Bytes: d.left})
		}
	}
	return s.broken == ""
}
