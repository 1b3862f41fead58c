package onlocal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"trialog/checker/history"
)

// createTopics makes the run's topics, and waits until they are there.
func (r *run) createTopics(ctx context.Context) error {
	client, err := r.newClient()
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	for _, t := range r.plan.topics {
		res, err := admin.CreateTopic(ctx, t.partitions, r.plan.replicas, t.configs, t.name)
		if err == nil {
			err = res.Err
		}
		if err != nil {
			return fmt.Errorf("creating %s: %w", t.name, err)
		}
	}
	return nil
}

// deleteTopics removes the run's topics from a cluster that is not ours.
func (r *run) deleteTopics(ctx context.Context) {
	client, err := r.newClient()
	if err != nil {
		return
	}
	defer client.Close()
	for _, t := range r.plan.topics {
		_, _ = kadm.NewClient(client).DeleteTopics(ctx, t.name)
	}
}

// administrate creates and deletes topics of its own now and then, and asks
// for offsets of the others, until ctx ends.
func (r *run) administrate(ctx context.Context, seed uint64) {
	client, err := r.newClient()
	if err != nil {
		r.fail(err)
		return
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	draw := rand.New(rand.NewPCG(seed, 3))
	pause := r.plan.length
	if r.plan.churn > 0 {
		pause = r.plan.length / time.Duration(r.plan.churn)
	}
	if r.plan.listEvery > 0 {
		pause = min(pause, r.plan.listEvery)
	}
	made := 0
	for sleep(ctx, pause/2+time.Duration(draw.Int64N(int64(pause)))) {
		list := r.partitions()
		_, _ = r.listEnd(ctx, admin, list[draw.IntN(len(list))]) // an unclear answer is in the history
		if made < r.plan.churn {
			made++
			r.churn(ctx, admin, r.plan.topics[0].name+"-extra-"+strconv.Itoa(made))
		}
	}
}

// churn makes a topic and deletes it again; either may fail in the middle of a fault.
func (r *run) churn(ctx context.Context, admin *kadm.Client, name string) {
	id, process := r.client(), r.process()
	topic := r.record.Partition(name, 0)
	for _, kind := range []history.Kind{history.CreateTopic, history.DeleteTopic} {
		op := history.NewOp(kind, id, process, topic)
		op.At = 1
		call := r.record.Invoke(r.now(), &op)
		var err error
		if kind == history.CreateTopic {
			_, err = admin.CreateTopic(ctx, 1, -1, nil, name)
		} else {
			_, err = admin.DeleteTopics(ctx, name)
		}
		res := history.NewResult(history.OK)
		if err != nil {
			res = history.NewResult(history.Info)
			res.Error = errorName(err)
		}
		r.record.Complete(r.now(), call, &res)
	}
}

// sleep waits, and tells whether ctx still goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
