package metadata

import (
	"encoding/binary"
	"errors"

	"trialog/core/kafka"
	"trialog/core/quorum"
)

// batchVersion is the first byte of an encoded batch, recordVersion the version
// byte of every kind of record so far.
const (
	batchVersion  = 1
	recordVersion = 1
)

// kind is a record's type on disk. Numbers are for ever; a dropped kind's is
// never given again.
type kind uint8

const (
	kindClusterID          kind = 1
	kindFeatureLevel       kind = 2
	kindBrokerRegistration kind = 3
	kindBrokerChange       kind = 4
	kindBrokerRemoved      kind = 5
	kindTopic              kind = 6
	kindTopicRemoved       kind = 7
	kindPartition          kind = 8
	kindPartitionChange    kind = 9
	kindConfig             kind = 10
	kindProducerIDBlock    kind = 11
	kindQuorumReplica      kind = 12
	kindReplicaRemoved     kind = 13
)

// ErrUnreadable says that bytes are not a batch or a snapshot that this release
// can read.
var ErrUnreadable = errors.New("metadata: unreadable")

// AppendBatch encodes one batch of records for quorum.Entry.Records: a version
// byte, then per record its kind, its version, the length of its body (uvarint)
// and the body. An empty batch encodes to no bytes.
func AppendBatch(dst []byte, records []Record) []byte {
	if len(records) == 0 {
		return dst
	}
	dst = append(dst, batchVersion)
	var body []byte
	for _, r := range records {
		k, b := appendRecord(body[:0], r)
		dst = append(dst, byte(k), recordVersion)
		dst = binary.AppendUvarint(dst, uint64(len(b)))
		dst = append(dst, b...)
		body = b
	}
	return dst
}

// DecodeBatch reads what AppendBatch wrote. The records hold no reference to b.
func DecodeBatch(b []byte) ([]Record, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if b[0] != batchVersion {
		return nil, ErrUnreadable
	}
	r := reader{b: b[1:]}
	var records []Record
	for len(r.b) > 0 {
		k, version, size := kind(r.byte()), r.byte(), r.count(1)
		if r.bad || version != recordVersion {
			return nil, ErrUnreadable
		}
		body := reader{b: r.b[:size]}
		r.b = r.b[size:]
		rec := body.record(k)
		if rec == nil || body.bad || len(body.b) != 0 {
			return nil, ErrUnreadable
		}
		records = append(records, rec)
	}
	if r.bad || len(records) == 0 {
		return nil, ErrUnreadable
	}
	return records, nil
}

func appendRecord(b []byte, r Record) (kind, []byte) {
	switch r := r.(type) {
	case *ClusterID:
		return kindClusterID, append(b, r.ID[:]...)
	case *FeatureLevel:
		return kindFeatureLevel, appendFeature(b, r)
	case *BrokerRegistration:
		return kindBrokerRegistration, appendRegistration(b, r)
	case *BrokerChange:
		b = appendInt(appendInt(b, r.Broker), r.Epoch)
		return kindBrokerChange, appendBool(appendBool(b, r.Fenced), r.ShuttingDown)
	case *BrokerRemoved:
		return kindBrokerRemoved, appendInt(appendInt(b, r.Broker), r.Epoch)
	case *Topic:
		return kindTopic, appendString(append(b, r.ID[:]...), r.Name)
	case *TopicRemoved:
		return kindTopicRemoved, append(b, r.ID[:]...)
	case *PartitionRecord:
		b = appendInt(append(b, r.Topic[:]...), r.Partition)
		return kindPartition, appendPartitionState(b, &r.State)
	case *PartitionChange:
		return kindPartitionChange, appendPartitionChange(b, r)
	case *Config:
		b = appendResource(b, r.Resource)
		return kindConfig, appendBool(appendString(appendString(b, r.Name), r.Value), r.Remove)
	case *ProducerIDBlock:
		return kindProducerIDBlock, appendInt(appendInt(appendInt(b, r.Broker), r.Epoch), r.Next)
	case *QuorumReplica:
		return kindQuorumReplica, appendReplica(b, r)
	case *QuorumReplicaRemoved:
		return kindReplicaRemoved, binary.AppendUvarint(b, uint64(r.Replica))
	}
	panic("metadata: a record of no known kind")
}

func (r *reader) record(k kind) Record {
	switch k {
	case kindClusterID:
		return &ClusterID{ID: r.uuid()}
	case kindFeatureLevel:
		f := r.feature()
		return &f
	case kindBrokerRegistration:
		return r.registration()
	case kindBrokerChange:
		return &BrokerChange{Broker: readInt[kafka.BrokerID](r), Epoch: readInt[kafka.BrokerEpoch](r), Fenced: r.bool(), ShuttingDown: r.bool()}
	case kindBrokerRemoved:
		return &BrokerRemoved{Broker: readInt[kafka.BrokerID](r), Epoch: readInt[kafka.BrokerEpoch](r)}
	case kindTopic:
		return &Topic{ID: kafka.TopicID(r.uuid()), Name: r.string()}
	case kindTopicRemoved:
		return &TopicRemoved{ID: kafka.TopicID(r.uuid())}
	case kindPartition:
		return &PartitionRecord{Topic: kafka.TopicID(r.uuid()), Partition: readInt[kafka.PartitionIndex](r), State: r.partitionState()}
	case kindPartitionChange:
		return r.partitionChange()
	case kindConfig:
		return &Config{Resource: r.resource(), Name: r.string(), Value: r.string(), Remove: r.bool()}
	case kindProducerIDBlock:
		return &ProducerIDBlock{Broker: readInt[kafka.BrokerID](r), Epoch: readInt[kafka.BrokerEpoch](r), Next: readInt[kafka.ProducerID](r)}
	case kindQuorumReplica:
		q := r.replica()
		return &q
	case kindReplicaRemoved:
		return &QuorumReplicaRemoved{Replica: quorum.ReplicaID(r.uvarint())}
	}
	return nil
}
