package history

import (
	"fmt"
	"strconv"
	"strings"
)

// Value identifies one record of a run for good: the writer that sent it
// (upper 20 bits, counted from 0 over the whole run) and that writer's own
// count (lower 44 bits). A writer is a workload's producer, not a Kafka
// producer ID, which may change while the writer lives. No two sends of a run
// carry the same value.
type Value uint64

const (
	sequenceBits = 44

	// MaxWriter is the largest writer; it is reserved for [Foreign].
	MaxWriter = 1<<20 - 1
	// MaxSequence is the largest count of one writer.
	MaxSequence = 1<<sequenceBits - 1

	foreignWriter = MaxWriter
)

// MakeValue composes a value. Both parts must lie in their ranges.
func MakeValue(writer uint32, sequence uint64) Value {
	return Value(uint64(writer)<<sequenceBits | sequence&MaxSequence)
}

// Foreign stands for record contents that no workload can have written, such
// as bytes that do not parse. The hash tells different contents apart.
func Foreign(hash uint64) Value { return MakeValue(foreignWriter, hash&MaxSequence) }

// Writer is the part that names the workload's producer.
func (v Value) Writer() uint32 { return uint32(v >> sequenceBits) }

// Sequence is the writer's own count of the record, from 0.
func (v Value) Sequence() uint64 { return uint64(v) & MaxSequence }

// String writes "writer:sequence", as in the file format.
func (v Value) String() string {
	return strconv.FormatUint(uint64(v.Writer()), 10) + ":" + strconv.FormatUint(v.Sequence(), 10)
}

// Append appends v in the form of String. Workloads use it as the record's
// payload, so that whoever looks at a topic sees whose record it is.
func (v Value) Append(b []byte) []byte {
	b = strconv.AppendUint(b, uint64(v.Writer()), 10)
	b = append(b, ':')
	return strconv.AppendUint(b, v.Sequence(), 10)
}

// ParseValue reads the form of String.
func ParseValue(s string) (Value, error) {
	w, q, ok := strings.Cut(s, ":")
	if !ok {
		return 0, fmt.Errorf("value %q: want writer:sequence", s)
	}
	writer, err := strconv.ParseUint(w, 10, 20)
	if err != nil {
		return 0, fmt.Errorf("value %q: writer: %w", s, err)
	}
	sequence, err := strconv.ParseUint(q, 10, sequenceBits)
	if err != nil {
		return 0, fmt.Errorf("value %q: sequence: %w", s, err)
	}
	return MakeValue(uint32(writer), sequence), nil
}
