package onlocal

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"trialog/checker/history"
)

const scanPatience = 60 * time.Second

// scan reads every partition from its beginning to its end with fresh
// consumers, after everything has healed.
func (r *run) scan(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, scanPatience)
	defer cancel()
	client, err := r.newClient()
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	for _, p := range r.partitions() {
		end, err := r.listEnd(ctx, admin, p)
		if err != nil {
			return err
		}
		if err := r.scanPartition(ctx, p, end); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) scanPartition(ctx context.Context, p partition, end int64) error {
	f, err := r.newFollower(history.Scan, []partition{p})
	if err != nil {
		return err
	}
	defer f.client.Close()
	for f.next[p] < end {
		if err := f.poll(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("the final scan of %s/%d stopped at %d, its end is %d", p.topic, p.index, f.next[p], end)
		}
	}
	f.finish(p, end)
	return nil
}

// finish puts down that the scan came to the end: nothing lies behind it.
func (f *follower) finish(p partition, end int64) {
	op := history.NewOp(history.Scan, f.id, f.process, f.run.record.Partition(p.topic, p.index))
	op.At = f.next[p]
	res := history.NewResult(history.OK)
	res.To, res.HighWatermark, res.LogStartOffset = f.next[p], end, 0
	f.run.record.Complete(f.run.now(), f.run.record.Invoke(f.run.now(), &op), &res)
}

// listEnd asks for the end of a partition, as an operation of its own client.
func (r *run) listEnd(ctx context.Context, admin *kadm.Client, p partition) (int64, error) {
	op := history.NewOp(history.ListOffsets, r.client(), r.process(), r.record.Partition(p.topic, p.index))
	op.At = -1
	id := r.record.Invoke(r.now(), &op)
	listed, err := admin.ListEndOffsets(ctx, p.topic)
	if err == nil {
		err = listed.Error()
	}
	found, ok := listed.Lookup(p.topic, p.index)
	if err != nil || !ok {
		res := history.NewResult(history.Info)
		r.record.Complete(r.now(), id, &res)
		return 0, fmt.Errorf("the end of %s/%d: %w", p.topic, p.index, err)
	}
	res := history.NewResult(history.OK)
	res.Offset, res.LeaderEpoch = found.Offset, found.LeaderEpoch
	r.record.Complete(r.now(), id, &res)
	return found.Offset, nil
}
