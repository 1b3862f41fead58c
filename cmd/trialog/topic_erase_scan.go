package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// elsewhere is a rack in which no broker stands. Whoever names a rack may read from
// a follower (KIP-392), and is sent to no other replica if nobody is in his.
const elsewhere = "trialog-topic-erase"

// scan reads one replica of a partition, whoever leads it, and counts the records
// of a key.
type scan struct {
	topic     string
	id        [16]byte
	partition int32
	broker    int32
	key       string
	from, to  int64 // offsets; 0: from the beginning

	begun              int64 // where it began
	whole              bool  // at the log's beginning
	next               int64
	values, tombstones int
	first, last        int64 // offsets of records of the key
}

// run scans up to s.to, and waits for a follower that has not come as far.
func (s *scan) run(ctx context.Context, client *kgo.Client) error {
	s.next, s.begun, s.whole = s.from, s.from, s.from == 0
	unpack := kgo.DefaultDecompressor()
	for s.next < s.to {
		p, err := s.fetch(ctx, client)
		if err != nil {
			return err
		}
		switch err := kerr.ErrorForCode(p.ErrorCode); {
		case err == kerr.OffsetOutOfRange && p.LogStartOffset > s.next:
			s.next, s.begun = p.LogStartOffset, p.LogStartOffset
			continue
		case err == kerr.OffsetOutOfRange && s.whole && s.next == 0:
			if s.next, err = s.start(ctx, client); err != nil {
				return err
			}
			s.begun = s.next
			continue
		case err != nil:
			return err
		}
		at := s.next
		if len(p.RecordBatches) > 0 {
			s.take(p, unpack)
		}
		if s.next == at && !pause(ctx, 50*time.Millisecond) {
			return fmt.Errorf("it stands at offset %d of %d", s.next, s.to)
		}
	}
	return nil
}

// take counts what a fetch returned.
func (s *scan) take(p *kmsg.FetchResponseTopicPartition, unpack kgo.Decompressor) {
	got, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		Offset: s.next, Topic: s.topic, Partition: s.partition, KeepControlRecords: true,
	}, p, unpack, nil)
	for _, r := range got.Records {
		if r.Offset >= s.to || r.Attrs.IsControl() || r.Key == nil || string(r.Key) != s.key {
			continue
		}
		if s.values+s.tombstones == 0 {
			s.first = r.Offset
		}
		s.last = r.Offset
		if r.Value == nil {
			s.tombstones++
		} else {
			s.values++
		}
	}
	s.next = max(s.next, next)
}

// start is where the leader says that the log starts.
func (s *scan) start(ctx context.Context, client *kgo.Client) (int64, error) {
	q := kmsg.NewPtrListOffsetsRequest()
	q.ReplicaID = -1
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = s.topic
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Partition, p.Timestamp = s.partition, -2
	t.Partitions = append(t.Partitions, p)
	q.Topics = append(q.Topics, t)
	a, err := q.RequestWith(ctx, client)
	if err != nil {
		return 0, err
	}
	if len(a.Topics) != 1 || len(a.Topics[0].Partitions) != 1 {
		return 0, kerr.UnknownTopicOrPartition
	}
	return a.Topics[0].Partitions[0].Offset, kerr.ErrorForCode(a.Topics[0].Partitions[0].ErrorCode)
}

// fetch asks the replica.
func (s *scan) fetch(ctx context.Context, client *kgo.Client) (*kmsg.FetchResponseTopicPartition, error) {
	q := kmsg.NewPtrFetchRequest()
	q.ReplicaID, q.MaxWaitMillis, q.MinBytes, q.MaxBytes, q.SessionEpoch, q.Rack = -1, 500, 1, 16<<20, -1, elsewhere
	t := kmsg.NewFetchRequestTopic()
	t.Topic, t.TopicID = s.topic, s.id
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = s.partition, s.next, 8<<20
	t.Partitions = append(t.Partitions, p)
	q.Topics = append(q.Topics, t)
	r, err := client.Broker(int(s.broker)).Request(ctx, q)
	if err != nil {
		return nil, err
	}
	a := r.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(a.ErrorCode); err != nil {
		return nil, err
	}
	if len(a.Topics) != 1 || len(a.Topics[0].Partitions) != 1 {
		return nil, kerr.UnknownTopicOrPartition
	}
	return &a.Topics[0].Partitions[0], nil
}

// pause waits; false: the time is over.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
