package controller

import (
	"testing"

	"trialog/core/kafka"
)

// lose tells the controller that a broker's replica of a topic is lost, or, with
// another directory, where it is again.
func (b *bench) move(topic string, id kafka.BrokerID, to kafka.DirectoryID, since kafka.LeaderEpoch) kafka.ErrorCode {
	b.t.Helper()
	p := b.partition(topic)
	return b.must(&AssignDirectories{Broker: id, Epoch: b.image().Broker(id).Epoch, Replicas: []AssignedReplica{{
		Partition: kafka.TopicPartition{Topic: p.Topic}, LeaderEpoch: p.LeaderEpoch + since, Directory: to,
	}}}).(*AssignDirectoriesResult).Codes[0]
}

func TestDamagedReplicaLeaves(t *testing.T) {
	lost := kafka.LostDirectory
	for _, c := range []struct {
		name     string
		replicas []kafka.BrokerID
		do       func(b *bench) kafka.ErrorCode
		code     kafka.ErrorCode
		want     string
	}{
		{"a follower: in a new leader epoch", ids(1, 2, 3), func(b *bench) kafka.ErrorCode { return b.move("t", 3, lost, 0) }, kafka.None, "1@1 isr[1 2] elr[] last[]"},
		{"the leader: somebody else leads", ids(1, 2, 3), func(b *bench) kafka.ErrorCode { return b.move("t", 1, lost, 0) }, kafka.None, "2@1 isr[2 3] elr[] last[]"},
		{"below min ISR it is not eligible", ids(1, 2, 3), func(b *bench) kafka.ErrorCode { b.silence(1, 2); return b.move("t", 2, lost, 0) }, kafka.None, "1@1 isr[1] elr[] last[]"},
		{"the last in sync leaves it to the ELR", ids(1, 2, 3),
			func(b *bench) kafka.ErrorCode { b.silence(1); b.rises(3); return b.move("t", 1, lost, 0) }, kafka.None, "3@1 isr[3] elr[] last[]"},
		{"the last in sync stays while the ELR is away", ids(1, 2, 3),
			func(b *bench) kafka.ErrorCode { b.silence(1); return b.move("t", 1, lost, 0) }, kafka.ErrEligibleLeadersNotAvailable, "1@0 isr[1] elr[3] last[]"},
		{"the only one stays", ids(1), func(b *bench) kafka.ErrorCode { return b.move("t", 1, lost, 0) }, kafka.ErrEligibleLeadersNotAvailable, "1@0 isr[1] elr[] last[]"},
		{"said twice", ids(1, 2, 3), func(b *bench) kafka.ErrorCode { b.move("t", 3, lost, 0); return b.move("t", 3, lost, 0) }, kafka.None, "1@1 isr[1 2] elr[] last[]"},
		{"said in an older epoch", ids(1, 2, 3), func(b *bench) kafka.ErrorCode { b.move("t", 3, lost, 0); return b.move("t", 2, lost, -1) }, kafka.ErrFencedLeaderEpoch, "1@1 isr[1 2] elr[] last[]"},
		{"said in an epoch to come", ids(1, 2, 3), func(b *bench) kafka.ErrorCode { return b.move("t", 3, lost, 1) }, kafka.ErrNotController, "1@0 isr[1 2 3] elr[] last[]"},
		{"of somebody else's replica", ids(1, 2), func(b *bench) kafka.ErrorCode { return b.move("t", 3, lost, 0) }, kafka.ErrNotLeaderOrFollower, "1@0 isr[1 2] elr[] last[]"},
		{"a directory that is not the broker's", ids(1, 2, 3), func(b *bench) kafka.ErrorCode { return b.move("t", 3, dir(9), 0) }, kafka.ErrLogDirNotFound, "1@0 isr[1 2 3] elr[] last[]"},
		{"it is back, and no member for that", ids(1, 2, 3), func(b *bench) kafka.ErrorCode { b.move("t", 3, lost, 0); return b.move("t", 3, dir(3), 0) }, kafka.None, "1@1 isr[1 2] elr[] last[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.up(1, 2, 3)
			b.create("t", c.replicas, minISR2)
			wantCode(t, "answered", c.do(b), c.code, "")
			b.wantShape("t", c.want)
		})
	}
}

// rises brings a broker back that had been fenced, on its disk.
func (b *bench) rises(id kafka.BrokerID) {
	b.t.Helper()
	b.beat(id)
}

// TestLostReplicaIsNoMember: nobody asks a replica into the ISR that is lost, and
// a restart on the same disk does not make it one that is not.
func TestLostReplicaIsNoMember(t *testing.T) {
	b := newBench(t)
	b.up(1, 2, 3)
	topic := b.create("t", ids(1, 2, 3), minISR2)
	ask := func() kafka.ErrorCode {
		p := b.partition("t")
		n := NewISR{Partition: kafka.TopicPartition{Topic: topic.ID}, LeaderEpoch: p.LeaderEpoch, PartitionEpoch: p.PartitionEpoch}
		for _, id := range ids(1, 2, 3) {
			n.ISR = append(n.ISR, ISRMember{id, b.image().Broker(id).Epoch})
		}
		return b.must(&AlterPartition{Broker: 1, Epoch: b.image().Broker(1).Epoch, Partitions: []NewISR{n}}).(*AlterPartitionResult).Partitions[0].Error
	}
	wantCode(t, "lost", b.move("t", 3, kafka.LostDirectory, 0), kafka.None, "")
	wantCode(t, "asked in", ask(), kafka.ErrIneligibleReplica, "")
	b.register(3, 7, 3, kafka.NoBrokerEpoch)
	b.beat(3)
	if !b.partition("t").Lost(3) {
		t.Fatal("a restart has made a lost replica one that is not")
	}
	wantCode(t, "asked in after a restart", ask(), kafka.ErrIneligibleReplica, "")
	wantCode(t, "back", b.move("t", 3, dir(3), 0), kafka.None, "")
	wantCode(t, "asked in when it is back", ask(), kafka.None, "")
	b.wantShape("t", "1@1 isr[1 2 3] elr[] last[]")
	wantCode(t, "lost again", b.move("t", 3, kafka.LostDirectory, 0), kafka.None, "")
	b.silence(1, 2)
	b.register(3, 8, 9, kafka.NoBrokerEpoch)
	if b.partition("t").Lost(3) {
		t.Fatal("what was lost on one disk is lost on another")
	}
}
