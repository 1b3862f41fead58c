package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// groupReset moves what a group has committed. It says what it would do unless
// it is told to do it.
type groupReset struct {
	Group      string        `arg:"" help:"The group."`
	Topics     []string      `name:"topic" short:"t" placeholder:"TOPIC" help:"The topics; those that the group has committed for when none is named."`
	Partitions []int32       `name:"partition" placeholder:"N" help:"Only these partitions of the topics."`
	ToEarliest bool          `name:"to-earliest" xor:"where" required:"" help:"To the first record that is there."`
	ToLatest   bool          `name:"to-latest" xor:"where" required:"" help:"Behind the last record."`
	ToTime     time.Time     `name:"to-datetime" xor:"where" required:"" placeholder:"2006-01-02T15:04:05Z" help:"To the first record at or after a time."`
	ByDuration time.Duration `name:"by-duration" xor:"where" required:"" placeholder:"1h" help:"To the first record of the last so long."`
	ToOffset   *int64        `name:"to-offset" xor:"where" required:"" help:"To an offset, or where the partition begins or ends."`
	ShiftBy    int64         `name:"shift-by" xor:"where" required:"" help:"So many records ahead, or back if negative."`
	Execute    bool          `help:"Do it."`
}

type resetView struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	From      int64  `json:"from"` // -1: nothing was committed
	To        int64  `json:"to"`
}

// Run carries out the command.
func (c *groupReset) Run(p *program) error {
	return p.admin(func(ctx context.Context, a *kadm.Client) error {
		described, err := a.DescribeGroups(ctx, c.Group)
		if err != nil {
			return err
		}
		if g := described[c.Group]; len(g.Members) > 0 {
			return answer(c.Group, kerr.NonEmptyGroup, fmt.Sprintf("it has %d members, which would not notice", len(g.Members)))
		}
		had, err := a.FetchOffsets(ctx, c.Group)
		if err != nil {
			return answer(c.Group, err, "")
		}
		plan, err := c.plan(ctx, a, had)
		if err != nil {
			return err
		}
		if len(plan) == 0 {
			return notSo{errors.New("the group has committed nothing there; name topics")}
		}
		if c.Execute {
			if err := c.commit(ctx, a, plan); err != nil {
				return err
			}
		}
		return p.printReset(c.Execute, plan)
	})
}

// plan says where every partition goes.
func (c *groupReset) plan(ctx context.Context, a *kadm.Client, had kadm.OffsetResponses) ([]resetView, error) {
	topics := c.Topics
	if len(topics) == 0 {
		for topic := range had {
			topics = append(topics, topic)
		}
	}
	if len(topics) == 0 {
		return nil, nil
	}
	starts, err := a.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, err
	}
	ends, err := a.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, err
	}
	wanted := ends
	if at := c.time(); !at.IsZero() {
		if wanted, err = a.ListOffsetsAfterMilli(ctx, at.UnixMilli(), topics...); err != nil {
			return nil, err
		}
	}
	var plan []resetView
	var failed []error
	for _, end := range ends.Offsets().Sorted() {
		v := resetView{Topic: end.Topic, Partition: end.Partition, From: -1}
		if o, there := had.Lookup(v.Topic, v.Partition); there {
			v.From = o.At
		}
		start, _ := starts.Lookup(v.Topic, v.Partition)
		to, _ := wanted.Lookup(v.Topic, v.Partition)
		if !c.named(v.Partition) || len(c.Topics) == 0 && v.From < 0 || c.ShiftBy != 0 && v.From < 0 {
			continue
		}
		if err := errors.Join(start.Err, to.Err); err != nil {
			failed = append(failed, answer(fmt.Sprintf("%s-%d", v.Topic, v.Partition), err, ""))
			continue
		}
		v.To = min(max(c.target(&v, start.Offset, to.Offset), start.Offset), end.At)
		plan = append(plan, v)
	}
	return plan, errors.Join(failed...)
}

func (c *groupReset) named(partition int32) bool {
	for _, p := range c.Partitions {
		if p == partition {
			return true
		}
	}
	return len(c.Partitions) == 0
}

// time is the time that is asked for, zero for none.
func (c *groupReset) time() time.Time {
	if c.ByDuration != 0 {
		return time.Now().Add(-c.ByDuration)
	}
	return c.ToTime
}

// target is where a partition is asked to go, in or out of its bounds.
func (c *groupReset) target(v *resetView, start, wanted int64) int64 {
	switch {
	case c.ToEarliest:
		return start
	case c.ToOffset != nil:
		return *c.ToOffset
	case c.ShiftBy != 0:
		return v.From + c.ShiftBy
	}
	return wanted
}

func (c *groupReset) commit(ctx context.Context, a *kadm.Client, plan []resetView) error {
	var offsets kadm.Offsets
	for _, v := range plan {
		offsets.AddOffset(v.Topic, v.Partition, v.To, -1)
	}
	done, err := a.CommitOffsets(ctx, c.Group, offsets)
	if err == nil {
		err = done.Error()
	}
	return answer(c.Group, err, "")
}

func (p *program) printReset(done bool, plan []resetView) error {
	if p.json {
		return json.NewEncoder(p.out).Encode(map[string]any{"executed": done, "partitions": plan})
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TOPIC\tPARTITION\tFROM\tTO")
	for _, v := range plan {
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\n", v.Topic, v.Partition, known(v.From), v.To)
	}
	if !done {
		fmt.Fprintln(w, "Nothing has been changed; --execute does it.")
	}
	return w.Flush()
}
