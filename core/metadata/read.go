package metadata

import (
	"encoding/binary"

	"trialog/core/kafka"
	"trialog/core/quorum"
)

// reader takes fields off b. Once bad it returns zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() { r.bad, r.b = true, nil }

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) bool() bool {
	v := r.byte()
	if v > 1 {
		r.fail()
	}
	return v == 1
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func readInt[T integer](r *reader) T {
	v, n := binary.Varint(r.b)
	if n <= 0 || int64(T(v)) != v {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return T(v)
}

// count reads a length of items that take at least size bytes each, so that a
// bad one cannot ask for more memory than there are bytes.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.b)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) string() string {
	n := r.count(1)
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *reader) uuid() (u kafka.UUID) {
	if len(r.b) < len(u) {
		r.fail()
		return u
	}
	r.b = r.b[copy(u[:], r.b):]
	return u
}

func (r *reader) brokers() []kafka.BrokerID {
	n := r.count(1)
	if n == 0 {
		return nil
	}
	ids := make([]kafka.BrokerID, n)
	for i := range ids {
		ids[i] = readInt[kafka.BrokerID](r)
	}
	return ids
}

func (r *reader) directories() []kafka.DirectoryID {
	n := r.count(16)
	if n == 0 {
		return nil
	}
	ds := make([]kafka.DirectoryID, n)
	for i := range ds {
		ds[i] = kafka.DirectoryID(r.uuid())
	}
	return ds
}

func (r *reader) resource() kafka.ConfigResource {
	return kafka.ConfigResource{Type: readInt[kafka.ConfigResourceType](r), Name: r.string()}
}

func (r *reader) feature() FeatureLevel {
	return FeatureLevel{Name: r.string(), Level: readInt[int16](r)}
}

func (r *reader) replica() QuorumReplica {
	return QuorumReplica{
		Replica: quorum.ReplicaID(r.uvarint()), Node: readInt[kafka.BrokerID](r),
		Directory: kafka.DirectoryID(r.uuid()), Voter: r.bool(),
	}
}

func (r *reader) listeners() []Listener {
	n := r.count(4)
	if n == 0 {
		return nil
	}
	ls := make([]Listener, n)
	for i := range ls {
		l := &ls[i]
		l.Name, l.Host = r.string(), r.string()
		port := r.uvarint()
		if port > 1<<16-1 {
			r.fail()
		}
		l.Port = uint16(port)
		l.Security = readInt[int16](r)
	}
	return ls
}

// registration reads a registration. The first ones ended with the listeners.
func (r *reader) registration() *BrokerRegistration {
	b := &BrokerRegistration{
		Broker:      readInt[kafka.BrokerID](r),
		Epoch:       readInt[kafka.BrokerEpoch](r),
		Incarnation: kafka.IncarnationID(r.uuid()),
		Directory:   kafka.DirectoryID(r.uuid()),
		Previous:    readInt[kafka.BrokerEpoch](r),
		Rack:        r.string(),
		Listeners:   r.listeners(),
	}
	if len(r.b) > 0 {
		b.KeptSince = kafka.IncarnationID(r.uuid())
	}
	return b
}

func (r *reader) partitionState() PartitionState {
	return PartitionState{
		Replicas:       r.brokers(),
		Directories:    r.directories(),
		Adding:         r.brokers(),
		Removing:       r.brokers(),
		ISR:            r.brokers(),
		ELR:            r.brokers(),
		LastKnownELR:   r.brokers(),
		Leader:         readInt[kafka.BrokerID](r),
		LeaderEpoch:    readInt[kafka.LeaderEpoch](r),
		PartitionEpoch: readInt[kafka.PartitionEpoch](r),
		Recovery:       readInt[RecoveryState](r),
		Mode:           kafka.DurabilityMode(r.byte()),
	}
}

func (r *reader) partitionChange() *PartitionChange {
	c := &PartitionChange{Topic: kafka.TopicID(r.uuid()), Partition: readInt[kafka.PartitionIndex](r)}
	fields := r.uvarint()
	if fields == 0 || fields >= uint64(fieldEnd) {
		r.fail()
		return c
	}
	c.Fields = PartitionFields(fields)
	s := &c.State
	for f := PartitionFields(1); f < fieldEnd; f <<= 1 {
		switch c.Fields & f {
		case FieldReplicas:
			s.Replicas = r.brokers()
		case FieldAdding:
			s.Adding = r.brokers()
		case FieldRemoving:
			s.Removing = r.brokers()
		case FieldDirectories:
			s.Directories = r.directories()
		case FieldISR:
			s.ISR = r.brokers()
		case FieldELR:
			s.ELR = r.brokers()
		case FieldLastKnownELR:
			s.LastKnownELR = r.brokers()
		case FieldLeader:
			s.Leader = readInt[kafka.BrokerID](r)
		case FieldRecovery:
			s.Recovery = readInt[RecoveryState](r)
		case FieldMode:
			s.Mode = kafka.DurabilityMode(r.byte())
		default:
			// The field did not change: nothing was written.
		}
	}
	return c
}
