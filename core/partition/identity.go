package partition

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"trialog/core/kafka"
)

// Mode is a log's durability, as the partition record has it.
type Mode uint8

// The modes. In Kafka's terms: flush.messages=1, and anything larger.
const (
	Synced     Mode = iota + 1 // appends are journaled and count once fsynced
	Replicated                 // no fsync before an ack
)

// String names the mode.
func (m Mode) String() string {
	switch m {
	case Synced:
		return "synced"
	case Replicated:
		return "replicated"
	default:
		return "unknown"
	}
}

// Identity says which replica a log is. It is the payload of EntryCreate.
type Identity struct {
	Log       kafka.LogID
	Partition kafka.TopicPartition
	Mode      Mode
}

const (
	identityVersion = 1
	identitySize    = 1 + 8 + 16 + 4 + 1
)

var errIdentity = errors.New("malformed identity of a log")

// appendIdentity encodes id: version, log ID, topic ID, partition, mode.
func appendIdentity(dst []byte, id Identity) []byte {
	dst = append(dst, identityVersion)
	dst = binary.BigEndian.AppendUint64(dst, uint64(id.Log))
	dst = append(dst, id.Partition.Topic[:]...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(id.Partition.Partition))
	return append(dst, byte(id.Mode))
}

// Known tells whether the log is known to be some partition's. It is not when
// damage took both its checkpoint and its identity.
func (id *Identity) Known() bool { return id.Partition.Topic != kafka.TopicID{} }

// encodeIdentityFile writes the file that tells whose log a directory holds
// when its checkpoint is damaged: the identity and its CRC-32C.
func encodeIdentityFile(id Identity) []byte {
	b := appendIdentity(nil, id)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeIdentityFile(b []byte) (Identity, error) {
	if len(b) != identitySize+4 || binary.BigEndian.Uint32(b[identitySize:]) != crc32.Checksum(b[:identitySize], castagnoli) {
		return Identity{}, errIdentity
	}
	return decodeIdentity(b)
}

// decodeIdentity reads what appendIdentity wrote.
func decodeIdentity(b []byte) (Identity, error) {
	if len(b) < identitySize || b[0] != identityVersion {
		return Identity{}, errIdentity
	}
	id := Identity{Log: kafka.LogID(binary.BigEndian.Uint64(b[1:]))}
	copy(id.Partition.Topic[:], b[9:25])
	id.Partition.Partition = kafka.PartitionIndex(binary.BigEndian.Uint32(b[25:]))
	id.Mode = Mode(b[29])
	if id.Mode != Synced && id.Mode != Replicated {
		return Identity{}, errIdentity
	}
	return id, nil
}
