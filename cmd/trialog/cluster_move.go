package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// clusterReassign moves partitions, lists moves, or takes them back.
type clusterReassign struct {
	Partitions []string `arg:"" optional:"" name:"topic[:partition]" help:"What to move: all partitions of a topic, or one. None: list what moves."`
	To         string   `placeholder:"ID,ID,..." help:"The brokers that hold them from now on; the first is preferred to lead."`
	Cancel     bool     `help:"Take moves back that have not ended."`
	Wait       bool     `help:"Return when it is done."`
}

// Run carries out the command.
func (c *clusterReassign) Run(p *program) error {
	to, err := ids(c.To)
	switch {
	case err != nil:
		return usage{err}
	case len(c.Partitions) == 0 && (c.Cancel || len(to) > 0):
		return usage{errors.New("which partitions?")}
	case len(c.Partitions) > 0 && c.Cancel == (len(to) > 0):
		return usage{errors.New("either --to says where the partitions go, or --cancel takes a move back")}
	}
	return p.admin(func(ctx context.Context, a *kadm.Client) error {
		if len(c.Partitions) == 0 {
			return c.list(ctx, p, a)
		}
		set, err := chosen(ctx, a, c.Partitions)
		if err != nil {
			return err
		}
		var q kadm.AlterPartitionAssignmentsReq
		set.Each(func(topic string, partition int32) { q.Assign(topic, partition, to) })
		done, err := a.AlterPartitionAssignments(ctx, q)
		if err != nil {
			return err
		}
		var failed []error
		for _, d := range done.Sorted() {
			name := fmt.Sprintf("%s:%d", d.Topic, d.Partition)
			if err := answer(name, d.Err, d.ErrMessage); err != nil {
				failed = append(failed, err)
				continue
			}
			p.say(map[string]any{"topic": d.Topic, "partition": d.Partition, "to": to, "cancelled": c.Cancel}, "%s: %s.", name, c.done(to))
		}
		if err := errors.Join(failed...); err != nil || !c.Wait {
			return err
		}
		return settled(ctx, a, set)
	})
}

func (c *clusterReassign) done(to []int32) string {
	if c.Cancel {
		return "the move is taken back"
	}
	return "moves to " + list(to)
}

// list prints the moves that have not ended.
func (c *clusterReassign) list(ctx context.Context, p *program, a *kadm.Client) error {
	moves, err := a.ListPartitionReassignments(ctx, nil)
	if err != nil {
		return err
	}
	if p.json {
		return json.NewEncoder(p.out).Encode(map[string]any{"reassignments": moves.Sorted()})
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, m := range moves.Sorted() {
		fmt.Fprintf(w, "%s:%d\treplicas %s\tadding %s\tremoving %s\n", m.Topic, m.Partition, list(m.Replicas), list(m.AddingReplicas), list(m.RemovingReplicas))
	}
	return w.Flush()
}

// settled waits until none of the partitions moves any more.
func settled(ctx context.Context, a *kadm.Client, set kadm.TopicsSet) error {
	for {
		moves, err := a.ListPartitionReassignments(ctx, set)
		if err != nil || len(moves) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return notSo{fmt.Errorf("partitions are still moving: %w", ctx.Err())}
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// clusterElect changes leaders.
type clusterElect struct {
	Partitions []string `arg:"" optional:"" name:"topic[:partition]" help:"Which partitions; all when none is named."`
	Unclean    bool     `help:"Let any replica that is left lead partitions without a leader, whatever records it lacks."`
}

// Run carries out the command.
func (c *clusterElect) Run(p *program) error {
	if c.Unclean && len(c.Partitions) == 0 {
		return usage{errors.New("an unclean election loses records: name the partitions")}
	}
	how := kadm.ElectPreferredReplica
	if c.Unclean {
		how = kadm.ElectLiveReplica
	}
	return p.admin(func(ctx context.Context, a *kadm.Client) error {
		var set kadm.TopicsSet
		if len(c.Partitions) > 0 {
			var err error
			if set, err = chosen(ctx, a, c.Partitions); err != nil {
				return err
			}
		}
		done, err := a.ElectLeaders(ctx, how, set)
		if err != nil {
			return err
		}
		var failed []error
		changed := 0
		for topic, partitions := range done {
			for partition, r := range partitions {
				switch {
				case errors.Is(r.Err, kerr.ElectionNotNeeded):
				case r.Err != nil:
					failed = append(failed, answer(fmt.Sprintf("%s:%d", topic, partition), r.Err, r.ErrMessage))
				default:
					changed++
				}
			}
		}
		p.say(map[string]any{"elected": changed, "failed": len(failed)}, "%d leaders elected.", changed)
		slices.SortFunc(failed, func(x, y error) int { return strings.Compare(x.Error(), y.Error()) })
		return errors.Join(failed...)
	})
}

// chosen are the partitions that arguments name.
func chosen(ctx context.Context, a *kadm.Client, names []string) (kadm.TopicsSet, error) {
	var set kadm.TopicsSet
	for _, name := range names {
		topic, number, one := strings.Cut(name, ":")
		if one {
			n, err := strconv.ParseInt(number, 10, 32)
			if err != nil || n < 0 {
				return nil, usage{fmt.Errorf("%q is not TOPIC:PARTITION", name)}
			}
			set.Add(topic, int32(n))
			continue
		}
		topics, err := a.ListTopicsWithInternal(ctx, topic)
		if err != nil {
			return nil, err
		}
		d, ok := topics[topic]
		if ok && d.Err != nil {
			return nil, answer(topic, d.Err, "")
		}
		set.Add(topic, d.Partitions.Numbers()...)
	}
	return set, nil
}

// ids reads a list of broker IDs.
func ids(text string) (out []int32, err error) {
	if text == "" {
		return nil, nil
	}
	for _, item := range strings.Split(text, ",") {
		n, err := strconv.ParseInt(strings.TrimSpace(item), 10, 32)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is not a list of broker IDs", text)
		}
		out = append(out, int32(n))
	}
	return out, nil
}

func joined(names []string) string { return strings.Join(names, ", ") }
