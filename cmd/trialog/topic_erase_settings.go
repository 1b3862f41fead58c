package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// topicSetting is a topic's, and whether it is the topic's own.
type topicSetting struct {
	value string
	own   bool
}

// settings are those that hold for the topic.
func (e *erasure) settings(ctx context.Context) (map[string]topicSetting, error) {
	resources, err := e.admin.DescribeTopicConfigs(ctx, e.Topic)
	if err != nil {
		return nil, err
	}
	all := make(map[string]topicSetting)
	for _, r := range resources {
		if r.Err != nil {
			return nil, answer(e.Topic, r.Err, r.ErrMessage)
		}
		for _, s := range r.Configs {
			all[s.Key] = topicSetting{s.MaybeValue(), s.Source.String() == "DYNAMIC_TOPIC_CONFIG"}
		}
	}
	return all, nil
}

// alter sets settings of the topic.
func (e *erasure) alter(ctx context.Context, settings [][2]string) error {
	var changes []kadm.AlterConfig
	for _, s := range settings {
		changes = append(changes, kadm.AlterConfig{Op: kadm.SetConfig, Name: s[0], Value: kadm.StringPtr(s[1])})
	}
	return e.change(ctx, changes)
}

// restore gives the topic the settings back that it had, even if the time is over
// or somebody has had enough.
func (e *erasure) restore(hurry [][2]string, before map[string]topicSetting) error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	var changes []kadm.AlterConfig
	for _, s := range hurry {
		if was := before[s[0]]; was.own {
			changes = append(changes, kadm.AlterConfig{Op: kadm.SetConfig, Name: s[0], Value: kadm.StringPtr(was.value)})
		} else {
			changes = append(changes, kadm.AlterConfig{Op: kadm.DeleteConfig, Name: s[0]})
		}
	}
	if err := e.change(ctx, changes); err != nil {
		return fmt.Errorf("the topic keeps the settings that made it clean at once (%v): %w", hurry, err)
	}
	return nil
}

func (e *erasure) change(ctx context.Context, changes []kadm.AlterConfig) error {
	made, err := e.admin.AlterTopicConfigs(ctx, changes, e.Topic)
	if err != nil {
		return err
	}
	for _, r := range made {
		if r.Err != nil {
			return answer(e.Topic, r.Err, r.ErrMessage)
		}
	}
	return nil
}

// find looks for records of the key on the leader of every partition.
func (e *erasure) find(ctx context.Context) error {
	topics, err := e.admin.ListTopicsWithInternal(ctx, e.Topic)
	if err != nil {
		return err
	}
	t := topics[e.Topic]
	if t.Err != nil {
		return answer(e.Topic, t.Err, "")
	}
	e.id = t.ID
	ends, err := e.admin.ListEndOffsets(ctx, e.Topic)
	if err != nil {
		return err
	}
	for _, d := range t.Partitions.Sorted() {
		end, _ := ends.Lookup(e.Topic, d.Partition)
		if end.Err != nil || d.Leader < 0 {
			return answer(fmt.Sprintf("%s/%d", e.Topic, d.Partition), kerr.LeaderNotAvailable, "nobody can say what is in it")
		}
		s := scan{topic: e.Topic, id: e.id, partition: d.Partition, broker: d.Leader, key: e.Key, to: end.Offset}
		if err := s.run(ctx, e.client); err != nil {
			return fmt.Errorf("%s/%d: %w", e.Topic, d.Partition, err)
		}
		if s.values+s.tombstones > 0 {
			e.partitions = append(e.partitions, erasedPartition{
				Partition: d.Partition, Records: s.values, Replicas: []provenCopies{}, leader: d.Leader, holders: d.Replicas, newest: s.last,
			})
		}
	}
	return nil
}
