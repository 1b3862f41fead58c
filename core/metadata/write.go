package metadata

import (
	"encoding/binary"

	"trialog/core/kafka"
)

// Fields of records and snapshots: integers are zigzag varints, strings and
// lists are prefixed with their length as a uvarint, booleans are one byte.

type integer interface {
	~int8 | ~int16 | ~int32 | ~int64
}

func appendInt[T integer](b []byte, v T) []byte { return binary.AppendVarint(b, int64(v)) }

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendBrokers(b []byte, ids []kafka.BrokerID) []byte {
	b = binary.AppendUvarint(b, uint64(len(ids)))
	for _, id := range ids {
		b = appendInt(b, id)
	}
	return b
}

func appendResource(b []byte, r kafka.ConfigResource) []byte {
	return appendString(appendInt(b, r.Type), r.Name)
}

func appendFeature(b []byte, f *FeatureLevel) []byte {
	return appendInt(appendString(b, f.Name), f.Level)
}

func appendReplica(b []byte, r *QuorumReplica) []byte {
	b = appendInt(binary.AppendUvarint(b, uint64(r.Replica)), r.Node)
	return appendBool(append(b, r.Directory[:]...), r.Voter)
}

func appendListeners(b []byte, ls []Listener) []byte {
	b = binary.AppendUvarint(b, uint64(len(ls)))
	for i := range ls {
		l := &ls[i]
		b = appendString(appendString(b, l.Name), l.Host)
		b = binary.AppendUvarint(b, uint64(l.Port))
		b = appendInt(b, l.Security)
	}
	return b
}

func appendRegistration(b []byte, r *BrokerRegistration) []byte {
	b = appendInt(appendInt(b, r.Broker), r.Epoch)
	b = append(append(b, r.Incarnation[:]...), r.Directory[:]...)
	b = appendString(appendInt(b, r.Previous), r.Rack)
	return append(appendListeners(b, r.Listeners), r.KeptSince[:]...)
}

func appendPartitionState(b []byte, s *PartitionState) []byte {
	b = appendBrokers(b, s.Replicas)
	b = appendDirectories(b, s.Directories)
	b = appendBrokers(b, s.Adding)
	b = appendBrokers(b, s.Removing)
	b = appendBrokers(b, s.ISR)
	b = appendBrokers(b, s.ELR)
	b = appendBrokers(b, s.LastKnownELR)
	b = appendInt(b, s.Leader)
	b = appendInt(b, s.LeaderEpoch)
	b = appendInt(b, s.PartitionEpoch)
	b = appendInt(b, s.Recovery)
	return append(b, byte(s.Mode))
}

func appendDirectories(b []byte, ds []kafka.DirectoryID) []byte {
	b = binary.AppendUvarint(b, uint64(len(ds)))
	for i := range ds {
		b = append(b, ds[i][:]...)
	}
	return b
}

func appendPartitionChange(b []byte, c *PartitionChange) []byte {
	b = appendInt(append(b, c.Topic[:]...), c.Partition)
	b = binary.AppendUvarint(b, uint64(c.Fields))
	s := &c.State
	for f := PartitionFields(1); f < fieldEnd; f <<= 1 {
		switch c.Fields & f {
		case FieldReplicas:
			b = appendBrokers(b, s.Replicas)
		case FieldAdding:
			b = appendBrokers(b, s.Adding)
		case FieldRemoving:
			b = appendBrokers(b, s.Removing)
		case FieldDirectories:
			b = appendDirectories(b, s.Directories)
		case FieldISR:
			b = appendBrokers(b, s.ISR)
		case FieldELR:
			b = appendBrokers(b, s.ELR)
		case FieldLastKnownELR:
			b = appendBrokers(b, s.LastKnownELR)
		case FieldLeader:
			b = appendInt(b, s.Leader)
		case FieldRecovery:
			b = appendInt(b, s.Recovery)
		case FieldMode:
			b = append(b, byte(s.Mode))
		default:
			// The field did not change: nothing is written.
		}
	}
	return b
}
