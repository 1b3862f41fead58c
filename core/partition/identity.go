package partition

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

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
// damage took both its checkpoint and its label.
func (id *Identity) Known() bool { return id.Partition.Topic != kafka.TopicID{} }

// label is the name of an empty file that tells, beside a log's checkpoint,
// whose log a directory holds. A name is what the file system itself guards: a
// few bytes of content rot unseen as easily as the checkpoint's.
func label(tp kafka.TopicPartition) string {
	return labelPrefix + hex.EncodeToString(tp.Topic[:]) + "-" + strconv.FormatUint(uint64(tp.Partition), 10)
}

const labelPrefix = "partition-"

// parseLabel reads what label wrote.
func parseLabel(name string) (tp kafka.TopicPartition, ok bool) {
	topic, index, ok := strings.Cut(strings.TrimPrefix(name, labelPrefix), "-")
	b, err := hex.DecodeString(topic)
	n, bad := strconv.ParseInt(index, 10, 32)
	if !ok || err != nil || bad != nil || len(b) != len(tp.Topic) {
		return kafka.TopicPartition{}, false
	}
	copy(tp.Topic[:], b)
	tp.Partition = kafka.PartitionIndex(n)
	return tp, label(tp) == name
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
