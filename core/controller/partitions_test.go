package controller

import (
	"testing"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

func TestAllocateProducerIDs(t *testing.T) {
	b := newBench(t)
	b.up(1)
	epoch := b.image().Broker(1).Epoch
	next := kafka.ProducerID(0)
	for range 3 {
		r := b.must(&AllocateProducerIDs{Broker: 1, Epoch: epoch}).(*AllocateProducerIDsResult)
		if r.Start != next || r.Count != 1000 {
			t.Fatalf("block %+v, want one from %d", r, next)
		}
		next += 1000
	}
	r, _ := b.ask(&AllocateProducerIDs{Broker: 1, Epoch: epoch - 1})
	wantCode(t, "another epoch", r.Error, kafka.ErrStaleBrokerEpoch, r.Message)
	r, _ = b.ask(&AllocateProducerIDs{Broker: 5})
	wantCode(t, "unknown broker", r.Error, kafka.ErrBrokerIDNotRegistered, r.Message)
}

func TestAlterPartition(t *testing.T) {
	b := newBench(t)
	b.up(1, 2, 3)
	topic := b.create("t", ids(1, 2, 3), minISR2)
	epochOf := func(id kafka.BrokerID) kafka.BrokerEpoch { return b.image().Broker(id).Epoch }
	members := func(brokers ...kafka.BrokerID) (isr []ISRMember) {
		for _, id := range brokers {
			isr = append(isr, ISRMember{id, epochOf(id)})
		}
		return isr
	}
	ask := func(change func(*NewISR), isr ...ISRMember) AlteredPartition {
		t.Helper()
		p := b.image().TopicByName("t").Partitions.At(0)
		n := NewISR{Partition: kafka.TopicPartition{Topic: topic.ID}, LeaderEpoch: p.LeaderEpoch, PartitionEpoch: p.PartitionEpoch, ISR: isr, Recovery: p.Recovery}
		if change != nil {
			change(&n)
		}
		return b.must(&AlterPartition{Broker: 1, Epoch: epochOf(1), Partitions: []NewISR{n}}).(*AlterPartitionResult).Partitions[0]
	}
	refusals := []struct {
		what   string
		change func(*NewISR)
		isr    []ISRMember
		want   kafka.ErrorCode
	}{
		{"unknown topic", func(n *NewISR) { n.Partition.Topic[0]++ }, members(1), kafka.ErrUnknownTopicID},
		{"unknown partition", func(n *NewISR) { n.Partition.Partition = 1 }, members(1), kafka.ErrUnknownTopicOrPartition},
		{"old leader epoch", func(n *NewISR) { n.LeaderEpoch-- }, members(1), kafka.ErrFencedLeaderEpoch},
		{"leader epoch to come", func(n *NewISR) { n.LeaderEpoch++ }, members(1), kafka.ErrNotController},
		{"old partition epoch", func(n *NewISR) { n.PartitionEpoch-- }, members(1), kafka.ErrInvalidUpdateVersion},
		{"partition epoch to come", func(n *NewISR) { n.PartitionEpoch++ }, members(1), kafka.ErrNotController},
		{"without the leader", nil, members(2, 3), kafka.ErrInvalidRequest},
		{"empty", nil, nil, kafka.ErrInvalidRequest},
		{"a stranger", nil, []ISRMember{{1, epochOf(1)}, {9, 1}}, kafka.ErrInvalidRequest},
		{"one twice", nil, members(1, 2, 2), kafka.ErrInvalidRequest},
		{"an incarnation that is gone", nil, []ISRMember{{1, epochOf(1)}, {2, epochOf(2) - 1}}, kafka.ErrIneligibleReplica},
		{"recovering anew", func(n *NewISR) { n.Recovery = metadata.Recovering }, members(1), kafka.ErrInvalidRequest},
	}
	for _, c := range refusals {
		if c.what == "old partition epoch" || c.what == "old leader epoch" {
			continue // below, once there is an older one
		}
		r := ask(c.change, c.isr...)
		wantCode(t, c.what, r.Error, c.want, "")
	}
	r := ask(nil, members(2, 1)...)
	if r.Error != kafka.None || r.PartitionEpoch != 1 || r.Leader != 1 || len(r.ISR) != 2 {
		t.Fatalf("shrunk: %+v", r)
	}
	b.wantShape("t", "1@0 isr[1 2] elr[] last[]")
	wantCode(t, "old partition epoch", ask(func(n *NewISR) { n.PartitionEpoch-- }, members(1)...).Error, kafka.ErrInvalidUpdateVersion, "")
	ask(nil, members(1)...)
	b.wantShape("t", "1@0 isr[1] elr[2] last[]")
	if r := ask(nil, members(1)...); r.Error != kafka.None || r.PartitionEpoch != 2 {
		t.Fatalf("no change: %+v", r)
	}
	ask(nil, members(1, 3)...)
	b.wantShape("t", "1@0 isr[1 3] elr[] last[]")

	// M15: what was asked before a replica came back with another disk does not count.
	before := members(1, 2, 3)
	b.register(2, 77, 2, kafka.NoBrokerEpoch)
	b.beat(2)
	wantCode(t, "a replica's life before", ask(nil, before...).Error, kafka.ErrIneligibleReplica, "")
	b.silence(1, 2)
	wantCode(t, "a fenced replica", ask(nil, members(1, 3)...).Error, kafka.ErrIneligibleReplica, "")

	b.register(1, 78, 1, kafka.NoBrokerEpoch)
	b.beat(1)
	stale, _ := b.ask(&AlterPartition{Broker: 1, Epoch: 1})
	wantCode(t, "the leader's life before", stale.Error, kafka.ErrStaleBrokerEpoch, stale.Message)
	p := b.image().TopicByName("t").Partitions.At(0)
	if p.LeaderEpoch == 0 {
		t.Fatal("the leader's next life did not begin an epoch")
	}
	wantCode(t, "old leader epoch", ask(func(n *NewISR) { n.LeaderEpoch-- }, members(1)...).Error, kafka.ErrFencedLeaderEpoch, "")
}

func TestRecoveredLeader(t *testing.T) {
	b := newBench(t)
	b.up(1)
	topic := b.create("t", ids(1), replicated)
	b.register(1, 2, 1, kafka.NoBrokerEpoch)
	b.beat(1)
	p := b.image().Topic(topic.ID).Partitions.At(0)
	if p.Recovery != metadata.Recovering {
		t.Fatalf("%+v", p.PartitionState)
	}
	epoch := b.image().Broker(1).Epoch
	r := b.must(&AlterPartition{Broker: 1, Epoch: epoch, Partitions: []NewISR{{
		Partition: kafka.TopicPartition{Topic: topic.ID}, LeaderEpoch: p.LeaderEpoch, PartitionEpoch: p.PartitionEpoch,
		ISR: []ISRMember{{1, epoch}}, Recovery: metadata.Recovered,
	}}}).(*AlterPartitionResult).Partitions[0]
	if r.Error != kafka.None || r.Recovery != metadata.Recovered {
		t.Fatalf("%+v", r)
	}
	b.wantShape("t", "1@2 isr[1] elr[] last[]")
}

func TestElectLeaders(t *testing.T) {
	b := newBench(t)
	b.up(1, 2)
	topic := b.create("t", ids(1, 2))
	tp := kafka.TopicPartition{Topic: topic.ID}
	elect := func(unclean bool) ElectedPartition {
		return b.must(&ElectLeaders{Unclean: unclean, Partitions: []kafka.TopicPartition{tp}}).(*ElectLeadersResult).Partitions[0]
	}
	wantCode(t, "preferred leads", elect(false).Error, kafka.ErrElectionNotNeeded, "")
	wantCode(t, "somebody leads", elect(true).Error, kafka.ErrElectionNotNeeded, "")
	b.register(1, 9, 1, kafka.NoBrokerEpoch)
	b.beat(1)
	b.wantShape("t", "2@1 isr[2] elr[] last[]")
	wantCode(t, "preferred not in sync", elect(false).Error, kafka.ErrPreferredLeaderNotAvailable, "")
	p := b.image().Partition(tp)
	b.must(&AlterPartition{Broker: 2, Epoch: b.image().Broker(2).Epoch, Partitions: []NewISR{{
		Partition: tp, LeaderEpoch: p.LeaderEpoch, PartitionEpoch: p.PartitionEpoch, ISR: []ISRMember{{2, -1}, {1, -1}},
	}}})
	wantCode(t, "preferred in sync", elect(false).Error, kafka.None, "")
	b.wantShape("t", "1@2 isr[1 2] elr[] last[]")
	b.silence(2)
	b.silence()
	wantCode(t, "nobody lives", elect(true).Error, kafka.ErrEligibleLeadersNotAvailable, "")
	b.beat(1)
	wantCode(t, "a replica outside ISR and ELR", elect(true).Error, kafka.None, "")
	b.wantShape("t", "1@5 isr[1] elr[] last[] recovering")
	wantCode(t, "unknown", b.must(&ElectLeaders{Partitions: []kafka.TopicPartition{{}}}).(*ElectLeadersResult).Partitions[0].Error, kafka.ErrUnknownTopicOrPartition, "")
	if all := b.must(&ElectLeaders{All: true}).(*ElectLeadersResult); len(all.Partitions) != 0 {
		t.Errorf("nothing to do, and tried %+v", all.Partitions)
	}
}
