package onlocal

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/checker/history"
	"trialog/scenarios"
)

// leaders follows who leads each partition, by asking every node in turn, so
// that it can be told which faults moved a leader.
type leaders struct {
	mu    sync.Mutex
	last  map[partition]reign
	moves []move
	blows []*blow
}

// reign is who leads a partition in an epoch.
type reign struct {
	node  int32
	epoch int32
}

// move is a partition that another node leads than before.
type move struct {
	at   time.Time
	from int32
}

// blow is a fault of nodes that has struck.
type blow struct {
	kind         scenarios.Kind
	nodes        []int32
	began, ended time.Time // ended is zero while it lasts
	moved        bool
}

// moveGrace is how long after a fault's end a leader may move because of it: a
// session has to run out, and a controller may have to be found first.
const moveGrace = 8 * time.Second

// askEvery is how often a node is asked; it must answer within askLimit.
const (
	askEvery = 100 * time.Millisecond
	askLimit = 700 * time.Millisecond
)

func newLeaders() *leaders { return &leaders{last: make(map[partition]reign)} }

// watchLeaders asks until ctx ends.
func (r *run) watchLeaders(ctx context.Context, l *leaders) {
	client, err := r.newClient(kgo.RequestRetries(0))
	if err != nil {
		r.fail(err)
		return
	}
	defer client.Close()
	nodes := client.SeedBrokers()
	for i := 0; sleep(ctx, askEvery); i++ {
		q := kmsg.NewPtrMetadataRequest()
		for _, t := range r.plan.topics {
			topic := kmsg.NewMetadataRequestTopic()
			topic.Topic = kmsg.StringPtr(t.name)
			q.Topics = append(q.Topics, topic)
		}
		limited, cancel := context.WithTimeout(ctx, askLimit)
		answer, err := nodes[i%len(nodes)].Request(limited, q)
		cancel()
		if err != nil {
			continue // struck, perhaps; the next one will know
		}
		for _, t := range answer.(*kmsg.MetadataResponse).Topics {
			for _, p := range t.Partitions {
				if t.Topic != nil && p.Leader >= 0 && l.told(partition{*t.Topic, p.Partition}, reign{p.Leader, p.LeaderEpoch}) {
					r.leader(partition{*t.Topic, p.Partition}, reign{p.Leader, p.LeaderEpoch})
				}
			}
		}
	}
}

// told notes what a node said; true when it was news.
func (l *leaders) told(p partition, now reign) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was, known := l.last[p]
	if known && now.epoch <= was.epoch {
		return false
	}
	l.last[p] = now
	if known && now.node != was.node {
		l.moves = append(l.moves, move{time.Now(), was.node})
	}
	return true
}

// leader puts a new leader down.
func (r *run) leader(p partition, now reign) {
	e := history.NewEvent(history.Leader, now.node)
	e.Partition, e.LeaderEpoch = r.record.Partition(p.topic, p.index), now.epoch
	r.record.Event(r.now(), &e)
}

// strikes notes that a fault begins to strike nodes.
func (l *leaders) strikes(kind scenarios.Kind, nodes ...int32) *blow {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := &blow{kind: kind, nodes: nodes, began: time.Now()}
	l.blows = append(l.blows, b)
	return b
}

// ends notes that it is over.
func (l *leaders) ends(b *blow) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b.ended = time.Now()
}

// moved counts, by kind, the faults that moved a leader: a partition was led by
// a node that was struck and then by another. A move is put down to one fault,
// the last that had struck its old leader.
func (l *leaders) moved() []scenarios.Tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.moves {
		var cause *blow
		for _, b := range l.blows {
			over := !b.ended.IsZero() && m.at.After(b.ended.Add(moveGrace))
			if m.at.Before(b.began) || over || !slices.Contains(b.nodes, m.from) {
				continue
			}
			if cause == nil || b.began.After(cause.began) {
				cause = b
			}
		}
		if cause != nil {
			cause.moved = true
		}
	}
	var list []scenarios.Tally
	for _, kind := range scenarios.Kinds() {
		n := int64(0)
		for _, b := range l.blows {
			if b.moved && b.kind == kind {
				n++
			}
		}
		if n > 0 {
			list = append(list, scenarios.Tally{Name: kind.String(), N: n})
		}
	}
	return list
}
