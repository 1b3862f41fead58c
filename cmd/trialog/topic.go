package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// topicCommands are the commands on topics.
type topicCommands struct {
	Create   topicCreate   `cmd:"" help:"Create topics."`
	List     topicList     `cmd:"" help:"List topics."`
	Describe topicDescribe `cmd:"" help:"Describe topics: partitions, offsets, settings."`
	Delete   topicDelete   `cmd:"" help:"Delete topics and everything in them."`
	Erase    topicErase    `cmd:"" help:"Erase all records of a key from every replica of a compacted topic, and prove it."`
}

type topicCreate struct {
	Names       []string          `arg:"" name:"name" help:"The topics."`
	Partitions  int32             `short:"p" default:"-1" help:"Partitions; -1: the broker's default."`
	Replication int16             `short:"r" name:"replication-factor" default:"-1" help:"Replicas; -1: the broker's default."`
	Settings    map[string]string `short:"c" name:"config" placeholder:"NAME=VALUE" help:"A topic setting by Kafka's name; may be given often."`
	IfMissing   bool              `name:"if-not-exists" help:"Do not mind a topic that is there."`
}

// Run carries out the command.
func (c *topicCreate) Run(p *program) error {
	settings := make(map[string]*string, len(c.Settings))
	for name, value := range c.Settings {
		settings[name] = kadm.StringPtr(value)
	}
	return p.admin(func(ctx context.Context, a *kadm.Client) error {
		made, err := a.CreateTopics(ctx, c.Partitions, c.Replication, settings, c.Names...)
		if err != nil {
			return err
		}
		var failed []error
		for _, t := range made.Sorted() {
			if c.IfMissing && errors.Is(t.Err, kerr.TopicAlreadyExists) {
				t.Err = nil
			}
			if t.Err != nil {
				failed = append(failed, answer(t.Topic, t.Err, t.ErrMessage))
				continue
			}
			p.say(map[string]any{"topic": t.Topic, "id": t.ID.String(), "partitions": t.NumPartitions}, "Created %s.", t.Topic)
		}
		return errors.Join(failed...)
	})
}

type topicList struct {
	Internal bool `help:"Also topics that brokers use themselves."`
}

// Run carries out the command.
func (c *topicList) Run(p *program) error {
	return p.admin(func(ctx context.Context, a *kadm.Client) error {
		topics, err := a.ListTopicsWithInternal(ctx)
		if err != nil {
			return err
		}
		names := []string{}
		for _, t := range topics.Sorted() {
			if t.Err == nil && (c.Internal || !t.IsInternal) {
				names = append(names, t.Topic)
			}
		}
		if p.json {
			return json.NewEncoder(p.out).Encode(map[string]any{"topics": names})
		}
		for _, n := range names {
			fmt.Fprintln(p.out, n)
		}
		return nil
	})
}

type topicDescribe struct {
	Names []string `arg:"" optional:"" name:"name" help:"The topics; all when none is named."`
}

// topicView is a described topic.
type topicView struct {
	Topic      string            `json:"topic"`
	ID         string            `json:"id"`
	Partitions []partitionView   `json:"partitions"`
	Settings   map[string]string `json:"settings"` // what is set on the topic
}

type partitionView struct {
	Partition   int32   `json:"partition"`
	Leader      int32   `json:"leader"`
	LeaderEpoch int32   `json:"leader_epoch"`
	Replicas    []int32 `json:"replicas"`
	ISR         []int32 `json:"isr"`
	// ELR are the replicas that may lead although they are not in sync; Lag is how
	// many records each replica lacks of what it knows to count, by broker.
	ELR []int32         `json:"elr"`
	Lag map[int32]int64 `json:"lag"`

	// Damaged says, by broker, what of a replica cannot be read, and why.
	Damaged map[int32]string `json:"damaged,omitempty"`

	Start int64 `json:"start_offset"` // -1: unknown
	End   int64 `json:"end_offset"`   // -1: unknown
}

// Run carries out the command.
func (c *topicDescribe) Run(p *program) error {
	return p.ask(func(ctx context.Context, client *kgo.Client) error {
		a := kadm.NewClient(client)
		topics, err := a.ListTopicsWithInternal(ctx, c.Names...)
		if err != nil {
			return err
		}
		var failed []error
		views := []topicView{}
		for _, t := range topics.Sorted() {
			if t.Err != nil {
				failed = append(failed, answer(t.Topic, t.Err, ""))
				continue
			}
			v := describe(ctx, a, t)
			replicated(ctx, client, &v)
			damaged(ctx, client, &v)
			views = append(views, v)
		}
		if p.json {
			err = json.NewEncoder(p.out).Encode(map[string]any{"topics": views})
		} else {
			err = p.showTopics(views)
		}
		return errors.Join(append(failed, err)...)
	})
}

// describe gathers what is known of a topic. Offsets that cannot be had stay unknown.
func describe(ctx context.Context, a *kadm.Client, t kadm.TopicDetail) topicView {
	v := topicView{Topic: t.Topic, ID: t.ID.String(), Settings: make(map[string]string)}
	starts, _ := a.ListStartOffsets(ctx, t.Topic)
	ends, _ := a.ListEndOffsets(ctx, t.Topic)
	for _, d := range t.Partitions.Sorted() {
		v.Partitions = append(v.Partitions, partitionView{
			Partition: d.Partition, Leader: d.Leader, LeaderEpoch: d.LeaderEpoch, Replicas: d.Replicas, ISR: d.ISR,
			ELR: []int32{}, Lag: make(map[int32]int64),
			Start: offsetOf(starts, t.Topic, d.Partition), End: offsetOf(ends, t.Topic, d.Partition),
		})
	}
	configs, err := a.DescribeTopicConfigs(ctx, t.Topic)
	if err != nil {
		return v
	}
	for _, resource := range configs {
		for _, s := range resource.Configs {
			if s.Source.String() == "DYNAMIC_TOPIC_CONFIG" {
				v.Settings[s.Key] = s.MaybeValue()
			}
		}
	}
	return v
}

func offsetOf(offsets kadm.ListedOffsets, topic string, partition int32) int64 {
	if o, ok := offsets.Lookup(topic, partition); ok && o.Err == nil {
		return o.Offset
	}
	return -1
}

func (p *program) showTopics(views []topicView) error {
	for i, v := range views {
		if i > 0 {
			fmt.Fprintln(p.out)
		}
		fmt.Fprintf(p.out, "%s (%s)\n", v.Topic, v.ID)
		for _, name := range slices.Sorted(maps.Keys(v.Settings)) {
			fmt.Fprintf(p.out, "  %s = %s\n", name, v.Settings[name])
		}
		w := tabwriter.NewWriter(p.out, 2, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, "  partition\tleader\tepoch\treplicas\tin sync\teligible\tlag\tstart\tend\t")
		for _, d := range v.Partitions {
			fmt.Fprintf(w, "  %d\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", d.Partition, known(int64(d.Leader)), d.LeaderEpoch,
				list(d.Replicas), list(d.ISR), shown(list(d.ELR)), known(d.worst()), known(d.Start), known(d.End))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, d := range v.Partitions {
			for _, id := range slices.Sorted(maps.Keys(d.Damaged)) {
				fmt.Fprintf(p.out, "  partition %d is damaged on broker %d, %s\n", d.Partition, id, d.Damaged[id])
			}
		}
	}
	return nil
}

// replicated adds what is known of a topic's replicas. A cluster that does not
// tell leaves it out.
func replicated(ctx context.Context, client *kgo.Client, v *topicView) {
	q := kmsg.NewPtrDescribeTopicPartitionsRequest()
	t := kmsg.NewDescribeTopicPartitionsRequestTopic()
	t.Topic = v.Topic
	q.Topics = append(q.Topics, t)
	if a, err := q.RequestWith(ctx, client); err == nil && len(a.Topics) == 1 {
		for i := range a.Topics[0].Partitions {
			p := &a.Topics[0].Partitions[i]
			if d := v.partition(p.Partition); d != nil {
				d.ELR = append(d.ELR, p.EligibleLeaderReplicas...)
			}
		}
	}
	var set kadm.TopicsSet
	for _, d := range v.Partitions {
		set.Add(v.Topic, d.Partition)
	}
	logs, _ := kadm.NewClient(client).DescribeAllLogDirs(ctx, set)
	logs.Each(func(dir kadm.DescribedLogDir) {
		dir.Topics.Each(func(l kadm.DescribedLogDirPartition) {
			if d := v.partition(l.Partition); d != nil && l.Topic == v.Topic && !l.IsFuture {
				d.Lag[l.Broker] = l.OffsetLag
			}
		})
	})
}

func (v *topicView) partition(index int32) *partitionView {
	for i := range v.Partitions {
		if v.Partitions[i].Partition == index {
			return &v.Partitions[i]
		}
	}
	return nil
}

// worst is the largest lag of a replica, -1 when none is known.
func (d *partitionView) worst() int64 {
	worst := int64(-1)
	for _, lag := range d.Lag {
		worst = max(worst, lag)
	}
	return worst
}

// known writes a number, and a dash for none.
func known(n int64) string {
	if n < 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

func list(ids []int32) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(ids), "[]"), " ", ",")
}

type topicDelete struct {
	Names     []string `arg:"" name:"name" help:"The topics."`
	IfPresent bool     `name:"if-exists" help:"Do not mind a topic that is not there."`
}

// Run carries out the command.
func (c *topicDelete) Run(p *program) error {
	return p.admin(func(ctx context.Context, a *kadm.Client) error {
		gone, err := a.DeleteTopics(ctx, c.Names...)
		if err != nil {
			return err
		}
		var failed []error
		for _, t := range gone.Sorted() {
			if c.IfPresent && errors.Is(t.Err, kerr.UnknownTopicOrPartition) {
				t.Err = nil
			}
			if t.Err != nil {
				failed = append(failed, answer(t.Topic, t.Err, t.ErrMessage))
				continue
			}
			p.say(map[string]any{"topic": t.Topic, "deleted": true}, "Deleted %s.", t.Topic)
		}
		return errors.Join(failed...)
	})
}

// say prints one result: as a JSON line, or as text.
func (p *program) say(value map[string]any, text string, args ...any) {
	if p.json {
		_ = json.NewEncoder(p.out).Encode(value) // nobody may be reading
		return
	}
	fmt.Fprintf(p.out, text+"\n", args...)
}
