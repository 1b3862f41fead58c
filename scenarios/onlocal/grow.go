package onlocal

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"trialog/scenarios"
)

const (
	mostTopics     = 8 // of a run, that may grow
	mostPartitions = 6 // of a topic that grows
)

// width is how many partitions a topic of the run has, as far as clients know.
func (r *run) width(topic int) int32 {
	n := r.plan.topics[topic].partitions
	if topic < mostTopics {
		n += r.grown[topic].Load()
	}
	return n
}

// grow adds partitions to the run's topics, one at a time, until ctx ends. One is
// written to once every client has had the time to learn of it.
func (r *run) grow(ctx context.Context, seed uint64) {
	if r.plan.growEvery == 0 {
		return
	}
	client, err := r.newClient()
	if err != nil {
		r.fail(err)
		return
	}
	defer client.Close()
	draw := rand.New(rand.NewPCG(seed, 7))
	admin := kadm.NewClient(client)
	for sleep(ctx, r.plan.growEvery/2+time.Duration(draw.Int64N(int64(r.plan.growEvery)))) {
		n := draw.IntN(min(len(r.plan.topics), mostTopics))
		if to := r.width(n) + 1; to <= mostPartitions && widen(ctx, admin, r.plan.topics[n].name, int(to)) && sleep(ctx, 2*metadataAge) {
			r.grown[n].Add(1)
			r.tallies.add(tallyGrown)
		}
	}
}

// widen asks until a topic is known to have so many partitions.
func widen(ctx context.Context, admin *kadm.Client, topic string, to int) bool {
	for {
		res, err := admin.UpdatePartitions(ctx, to, topic)
		if err == nil {
			err = res[topic].Err
		}
		if err == nil || errors.Is(err, kerr.InvalidPartitions) { // an earlier try has done it
			return true
		}
		if !sleep(ctx, 200*time.Millisecond) {
			return false
		}
	}
}

// What a run counts that faults do not tell.
const (
	tallyConsumer   = "partitions went to members of the consumer protocol"
	tallyMixed      = "partitions went to members of either protocol in one group"
	tallyGiven      = "partitions that were added went to members"
	tallyGrown      = "partitions were added"
	tallySubscribed = "members subscribed to other topics"
)

var tallyNames = [...]string{tallyConsumer, tallyMixed, tallyGiven, tallyGrown, tallySubscribed}

// tallies count what has happened.
type tallies struct {
	mu     sync.Mutex
	counts map[string]int64
}

func (t *tallies) add(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = make(map[string]int64)
	}
	t.counts[name]++
}

// tell puts the counts into the outcome of a run that has groups.
func (t *tallies) tell(o *scenarios.Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range tallyNames {
		o.Probes = append(o.Probes, scenarios.Tally{Name: name, N: t.counts[name]})
	}
}

// assigned counts what a member was given.
func (r *run) assigned(m *member, at partition) {
	if m.consumer {
		r.tallies.add(tallyConsumer)
	}
	if m.group.speaks == speaksEither {
		r.tallies.add(tallyMixed)
	}
	for i := range r.plan.topics {
		if t := &r.plan.topics[i]; t.name == at.topic && at.index >= t.partitions {
			r.tallies.add(tallyGiven)
		}
	}
}
