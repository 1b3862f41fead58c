package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/core/replication"
)

// listState is a ListOffsets request that has begun: most answers are known at
// once, searches by time wait for the disk.
type listState struct {
	parts   []listPart
	reading int
}

type listPart struct {
	host   *host
	found  replication.ListedOffset
	lookup partition.Lookup
}

func (s *listState) reset() {
	clear(s.parts)
	*s = listState{parts: s.parts[:0]}
}

// beginListOffsets answers from what is known and searches for the rest.
func (b *Broker) beginListOffsets(r *request) {
	body := r.body.(*kmsg.ListOffsetsRequest)
	s := &r.list
	for i := range body.Topics {
		for j := range body.Topics[i].Partitions {
			s.parts = append(s.parts, b.listOffset(r, body, body.Topics[i].Topic, &body.Topics[i].Partitions[j]))
		}
	}
	s.reading = 1 // this loop itself
	for i := range s.parts {
		if p := &s.parts[i]; p.found.Search {
			timestamp := p.found.Timestamp
			p.found.Timestamp = kafka.NoTimestamp
			p.host.replica.Log.FindTimestamp(&p.lookup, timestamp, p.found.EndOffset)
			s.reading++
			b.searchOn(r, i)
		}
	}
	b.offsetListed(r)
}

// listOffset answers for one partition, or says what to search for.
func (b *Broker) listOffset(r *request, body *kmsg.ListOffsetsRequest, topic string, q *kmsg.ListOffsetsRequestTopicPartition) listPart {
	timestamp := kafka.TimestampMs(q.Timestamp)
	p := listPart{found: replication.ListedOffset{Offset: kafka.NoOffset, Timestamp: kafka.NoTimestamp, Epoch: kafka.NoLeaderEpoch}}
	if !timestampSpoken(timestamp, r.version) {
		p.found.Err = kafka.ErrUnsupportedVersion
		return p
	}
	var tp kafka.TopicPartition
	if tp, p.found.Err = b.locate(topic, kafka.TopicID{}, kafka.PartitionIndex(q.Partition), false); p.found.Err != kafka.None {
		return p
	}
	if p.host = b.find(tp); p.host == nil {
		p.found.Err = kafka.ErrNotLeaderOrFollower
		return p
	}
	reader := replication.Reader{
		Replica: kafka.NoBroker, CurrentLeaderEpoch: kafka.LeaderEpoch(q.CurrentLeaderEpoch), ReadCommitted: body.IsolationLevel == 1,
	}
	if body.ReplicaID >= 0 && b.fromBroker(r.conn) {
		reader.Replica = kafka.BrokerID(body.ReplicaID)
	}
	p.found = p.host.replica.ListOffset(&reader, timestamp)
	if p.found.Err == kafka.ErrOffsetNotAvailable && r.version < 5 {
		p.found.Err = kafka.ErrLeaderNotAvailable
	}
	if p.found.Search {
		p.found.Timestamp = timestamp
		if timestamp == replication.TimestampMax {
			p.found.Timestamp = p.host.replica.Log.MaxTimestamp()
			p.found.Search = p.found.Timestamp != kafka.NoTimestamp
		}
	}
	return p
}

// timestampSpoken tells whether a special timestamp belongs to a version.
func timestampSpoken(timestamp kafka.TimestampMs, version int16) bool {
	switch timestamp {
	case replication.TimestampMax:
		return version >= 7
	case replication.TimestampEarliestLocal:
		return version >= 8
	case replication.TimestampLatestTiered:
		return version >= 9
	case replication.TimestampEarliestPendingUpload:
		return version >= 11
	default:
		return timestamp >= replication.TimestampEarliest
	}
}

// searchOn emits the next read of a search, or ends it.
func (b *Broker) searchOn(r *request, place int) {
	p := &r.list.parts[place]
	if b.emitRead(r, place, p.host, &p.lookup) {
		return
	}
	p.take()
	b.offsetListed(r)
}

// offsetRead takes bytes from the disk for a search.
func (b *Broker) offsetRead(r *request, place int, in *ReadDone) {
	p := &r.list.parts[place]
	b.offsetProgress(r, place, p.host.replica.Log.Feed(&p.lookup, in.Bytes, in.Err), in.Err)
}

// offsetProgress goes on with a search, or ends it.
func (b *Broker) offsetProgress(r *request, place int, progress partition.Progress, err error) {
	p := &r.list.parts[place]
	switch progress {
	case partition.More:
		b.searchOn(r, place)
		return
	case partition.Unpack:
		b.emitSearch(r, place)
		return
	case partition.Found:
		p.take()
	case partition.Stale, partition.Passed: // a search by time begins anew instead of being passed
		p.found.Err = kafka.ErrNotLeaderOrFollower
	case partition.Damaged, partition.Broken:
		p.found.Err = b.readFailed(p.host, &p.lookup, progress, err)
	}
	b.offsetListed(r)
}

func (p *listPart) take() {
	p.found.Offset, p.found.Timestamp, p.found.Epoch = p.lookup.Offset, p.lookup.Timestamp, p.lookup.Epoch
}

// offsetListed counts a search that has ended; the last one ends the request.
func (b *Broker) offsetListed(r *request) {
	if r.list.reading--; r.list.reading > 0 {
		return
	}
	body := r.body.(*kmsg.ListOffsetsRequest)
	resp := kmsg.NewPtrListOffsetsResponse()
	n := 0
	for i := range body.Topics {
		out := kmsg.NewListOffsetsResponseTopic()
		out.Topic = body.Topics[i].Topic
		for j := range body.Topics[i].Partitions {
			f := &r.list.parts[n].found
			n++
			p := kmsg.NewListOffsetsResponseTopicPartition()
			p.Partition, p.ErrorCode = body.Topics[i].Partitions[j].Partition, int16(f.Err)
			p.Offset, p.Timestamp, p.LeaderEpoch = int64(f.Offset), int64(f.Timestamp), int32(f.Epoch)
			if f.Err != kafka.None {
				b.counters.Errors++
			}
			out.Partitions = append(out.Partitions, p)
		}
		resp.Topics = append(resp.Topics, out)
	}
	b.finish(r, resp)
}
