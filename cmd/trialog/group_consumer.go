package main

import (
	"context"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// viewConsumerGroup describes a group of the consumer protocol (KIP-848), which
// DescribeGroups does not know.
func viewConsumerGroup(ctx context.Context, client *kgo.Client, a *kadm.Client, name string) (groupView, error) {
	q := kmsg.NewPtrConsumerGroupDescribeRequest()
	q.Groups = []string{name}
	shards := client.RequestSharded(ctx, q)
	if len(shards) != 1 || shards[0].Err != nil {
		return groupView{}, kerr.GroupIDNotFound
	}
	r, ok := shards[0].Resp.(*kmsg.ConsumerGroupDescribeResponse)
	if !ok || len(r.Groups) != 1 {
		return groupView{}, kerr.GroupIDNotFound
	}
	g := &r.Groups[0]
	if err := kerr.ErrorForCode(g.ErrorCode); err != nil {
		return groupView{}, err
	}
	v := groupView{
		Group: name, State: g.State, Protocol: g.AssignorName, Coordinator: shards[0].Meta.NodeID,
		Members: []memberView{}, Partitions: []lagView{}, Rebalances: causesIn(&g.UnknownTags),
	}
	owners := make(map[string]map[int32]string)
	for i := range g.Members {
		m := &g.Members[i]
		one := memberView{ID: m.MemberID, ClientID: m.ClientID, Host: m.ClientHost}
		if m.InstanceID != nil {
			one.InstanceID = *m.InstanceID
		}
		for _, t := range m.Assignment.TopicPartitions {
			if owners[t.Topic] == nil {
				owners[t.Topic] = make(map[int32]string)
			}
			for _, p := range t.Partitions {
				owners[t.Topic][p] = m.MemberID
				one.Partitions++
			}
		}
		v.Members = append(v.Members, one)
	}
	return v, lagOf(ctx, a, &v, owners)
}

// lagOf adds what the group has committed and what is assigned, and how far that
// is from the end.
func lagOf(ctx context.Context, a *kadm.Client, v *groupView, owners map[string]map[int32]string) error {
	offsets, err := a.FetchOffsets(ctx, v.Group)
	if err != nil {
		return err
	}
	committed := offsets.Offsets()
	for topic, partitions := range owners {
		for p := range partitions {
			if _, there := committed.Lookup(topic, p); !there {
				committed.Add(kadm.Offset{Topic: topic, Partition: p, At: -1})
			}
		}
	}
	var topics []string
	for topic := range committed {
		topics = append(topics, topic)
	}
	ends := kadm.ListedOffsets{}
	if len(topics) > 0 {
		if ends, err = a.ListEndOffsets(ctx, topics...); err != nil {
			return err
		}
	}
	for _, o := range committed.Sorted() {
		one := lagView{Topic: o.Topic, Partition: o.Partition, Committed: o.At, End: -1, Lag: -1, Member: owners[o.Topic][o.Partition]}
		if end, there := ends.Lookup(o.Topic, o.Partition); there && end.Err == nil {
			one.End, one.Lag = end.Offset, end.Offset-max(0, o.At)
			v.Lag += one.Lag
		}
		v.Partitions = append(v.Partitions, one)
	}
	return nil
}
