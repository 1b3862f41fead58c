package onlocal

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/checker/history"
	"trialog/scenarios"
)

// strikeFleet strikes as planned. Faults overlap, but one process is struck by
// one at a time. It returns how often each kind struck, once all have ended.
func (r *run) strikeFleet(ctx context.Context, f *fleet) map[scenarios.Kind]int64 {
	fired := make(map[scenarios.Kind]int64)
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, k := range r.plan.strikes {
		if !sleep(ctx, k.at-time.Since(r.began)) || f.failure() != nil || r.standstill() != nil {
			break
		}
		all.Go(func() {
			if r.strikeOne(ctx, f, k) {
				mu.Lock()
				fired[k.kind]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return fired
}

// strikeOne carries out one fault, and ends it.
func (r *run) strikeOne(ctx context.Context, f *fleet, k strike) bool {
	if ofWire(k.kind) {
		if !r.wire.strike(k.kind, k.span) {
			return false
		}
		r.atRisk()
		r.event(history.Fault, wireFault(k.kind), false)
		return true
	}
	if ofMember(k.kind) {
		return r.crowd.strike(k)
	}
	switch k.kind {
	case scenarios.RollingRestart:
		b := f.leaders.strikes(k.kind, f.nodes()...)
		defer f.leaders.ends(b)
		for _, s := range f.servers {
			if f.pick(s.node, true) != nil {
				r.crash(f, k, s)
				f.release(s)
			}
		}
		return true
	case scenarios.PowerCutAll, scenarios.KillAll:
		if !f.pickAll(ctx) {
			return false
		}
		defer f.release(f.servers...)
		b := f.leaders.strikes(k.kind, f.nodes()...)
		defer f.leaders.ends(b)
		r.crash(f, k, f.servers...)
		return true
	default:
	}
	process := !ofCluster(k.kind)
	s := f.pick(r.aimed(ctx, f, k.aim), process)
	if s == nil {
		return false // whom it should hit is struck already
	}
	b := f.leaders.strikes(k.kind, s.node)
	defer f.leaders.ends(b)
	if !process {
		return r.cutOff(f, s, k)
	}
	defer f.release(s)
	if k.kind == scenarios.Pause {
		r.eventAt(s.node, history.Fault, history.FaultPause, false)
		s.pause(k.span)
		r.eventAt(s.node, history.Heal, history.FaultPause, false)
		return true
	}
	r.crash(f, k, s)
	return true
}

// cutOff cuts links of a node for a while.
func (r *run) cutOff(f *fleet, s *server, k strike) bool {
	var ways []way
	var reset bool
	f.mu.Lock()
	other := f.draw.IntN(len(f.servers) - 1)
	reset = f.draw.IntN(2) == 0
	f.mu.Unlock()
	for _, o := range f.servers {
		if o == s {
			continue
		}
		if k.kind == scenarios.Isolate || other == 0 {
			ways = append(ways, way{s.node, o.node})
			if k.kind != scenarios.CutOneWay {
				ways = append(ways, way{o.node, s.node})
			}
		}
		other--
	}
	r.eventAt(s.node, history.Fault, history.FaultLink, false)
	for _, w := range ways {
		f.links.cut(w)
	}
	time.Sleep(k.span)
	for _, w := range ways {
		f.links.mend(w, reset)
	}
	r.eventAt(s.node, history.Heal, history.FaultLink, false)
	return true
}

// aimed finds who plays a role now; 0: anybody will do, or nobody can tell.
func (r *run) aimed(ctx context.Context, f *fleet, aim scenarios.Aim) int32 {
	if aim == scenarios.Anybody {
		return 0
	}
	client, err := r.newClient()
	if err != nil {
		return 0
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if aim == scenarios.Controller {
		q := kmsg.NewPtrDescribeQuorumRequest()
		t := kmsg.NewDescribeQuorumRequestTopic()
		t.Topic, t.Partitions = "__cluster_metadata", []kmsg.DescribeQuorumRequestTopicPartition{kmsg.NewDescribeQuorumRequestTopicPartition()}
		q.Topics = append(q.Topics, t)
		a, err := q.RequestWith(ctx, client)
		if err != nil || len(a.Topics) != 1 || len(a.Topics[0].Partitions) != 1 {
			return 0
		}
		return a.Topics[0].Partitions[0].LeaderID
	}
	name := r.plan.topics[0].name
	topics, err := kadm.NewClient(client).ListTopics(ctx, name)
	if err != nil {
		return 0
	}
	for _, p := range topics[name].Partitions.Sorted() {
		if aim == scenarios.Leader {
			return p.Leader
		}
		for _, b := range p.Replicas {
			if b != p.Leader {
				return b
			}
		}
	}
	return 0
}
