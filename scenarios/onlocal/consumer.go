package onlocal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/checker/history"
	"trialog/scenarios"
)

// partition names one partition of a topic.
type partition struct {
	topic string
	index int32
}

// follower reads partitions it was assigned, in order.
type follower struct {
	run     *run
	kind    history.Kind // Poll, or Scan for the last word
	id      int32
	process int32
	client  *kgo.Client
	next    map[partition]int64 // position of each
	records []history.Record
}

// consume follows some partitions from their beginning until ctx ends.
func (r *run) consume(ctx context.Context, seed uint64) {
	draw := rand.New(rand.NewPCG(seed, 2))
	var mine []partition
	for _, p := range r.partitions() {
		if draw.IntN(3) > 0 {
			mine = append(mine, p)
		}
	}
	if len(mine) == 0 {
		mine = r.partitions()
	}
	f, err := r.newFollower(history.Poll, mine)
	if err != nil {
		r.fail(err)
		return
	}
	defer f.client.Close()
	for ctx.Err() == nil {
		if err := f.poll(ctx); err != nil {
			r.fail(err)
			return
		}
	}
}

// partitions lists the partitions of the run's topics.
func (r *run) partitions() []partition {
	var list []partition
	for n, t := range r.plan.topics {
		for i := range r.width(n) {
			list = append(list, partition{t.name, i})
		}
	}
	return list
}

// newFollower assigns partitions to a new consumer, each from offset 0.
func (r *run) newFollower(kind history.Kind, mine []partition) (*follower, error) {
	f := &follower{run: r, kind: kind, id: r.client(), process: r.process(), next: make(map[partition]int64)}
	start := make(map[string]map[int32]kgo.Offset)
	for _, p := range mine {
		if start[p.topic] == nil {
			start[p.topic] = make(map[int32]kgo.Offset)
		}
		start[p.topic][p.index] = kgo.NewOffset().At(0)
		op := history.NewOp(history.Assign, f.id, f.process, r.record.Partition(p.topic, p.index))
		op.At = 0
		res := history.NewResult(history.OK)
		res.Offset = 0
		r.record.Complete(r.now(), r.record.Invoke(r.now(), &op), &res)
	}
	options := []kgo.Opt{
		kgo.ConsumePartitions(start),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchMaxWait(100 * time.Millisecond),
		kgo.FetchMaxPartitionBytes(64 << 10),
	}
	if n := len(r.plan.racks); n > 0 && kind == history.Poll {
		options = append(options, kgo.Rack(r.plan.racks[int(f.id)%n]))
	}
	var err error
	f.client, err = r.newClient(options...)
	return f, err
}

// poll takes one round of answers. An error that a consumer does not get over
// by itself, such as a log that lost what it had read, is returned.
func (f *follower) poll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	fetches := f.client.PollFetches(ctx)
	var failure error
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if lost, ok := errors.AsType[*kgo.ErrDataLoss](p.Err); ok && f.run.plan.loses {
			f.resume(partition{p.Topic, p.Partition}, lost.ResetTo)
		} else if p.Err != nil && !errors.Is(p.Err, context.DeadlineExceeded) && !errors.Is(p.Err, context.Canceled) {
			failure = fmt.Errorf("a consumer of %s/%d: %w", p.Topic, p.Partition, p.Err)
		}
		if len(p.Records) > 0 {
			f.note(partition{p.Topic, p.Partition}, p.Records)
		}
	})
	return failure
}

// resume notes that franz-go found records gone that it had read, and goes on
// from where they end now: as a consumer that begins anew.
func (f *follower) resume(at partition, offset int64) {
	f.process = f.run.process()
	op := history.NewOp(history.Assign, f.id, f.process, f.run.record.Partition(at.topic, at.index))
	op.At = offset
	res := history.NewResult(history.OK)
	res.Offset = offset
	f.run.record.Complete(f.run.now(), f.run.record.Invoke(f.run.now(), &op), &res)
	f.next[at] = offset
}

// note puts one partition's share of a poll down. franz-go fetches ahead of
// polls, so the bounds that an answer tells hold at no instant of the call;
// only its records are put down, at an instant by which they had been read.
func (f *follower) note(at partition, records []*kgo.Record) {
	op := history.NewOp(f.kind, f.id, f.process, f.run.record.Partition(at.topic, at.index))
	op.At = f.next[at]
	f.records = f.records[:0]
	for _, r := range records {
		f.records = append(f.records, history.Record{Offset: r.Offset, Value: scenarios.ParsePayload(r.Value)})
	}
	last := records[len(records)-1]
	res := history.NewResult(history.OK)
	res.Records, res.To, res.LeaderEpoch = f.records, last.Offset+1, last.LeaderEpoch
	f.next[at] = res.To
	f.run.record.Complete(f.run.now(), f.run.record.Invoke(f.run.now(), &op), &res)
}
