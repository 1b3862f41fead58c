package history

import (
	"strconv"
	"strings"
)

// TopicPartition names a partition, as clients do.
type TopicPartition struct {
	Topic string
	Index int32
}

// String writes "topic/3", as in the file format.
func (tp TopicPartition) String() string { return tp.Topic + "/" + strconv.Itoa(int(tp.Index)) }

// Life takes "topic@2" apart: the name, and which of the topics that had it, one
// after the other, is meant (from 1; 0: the name was given once).
func (tp TopicPartition) Life() (name string, number int) {
	name, digits, told := strings.Cut(tp.Topic, "@")
	if number, err := strconv.Atoi(digits); told && err == nil {
		return name, number
	}
	return tp.Topic, 0
}

// History is one run. Ops are in the order of their calls, Events in the order
// of their positions; the records of an operation are one stretch of Records.
type History struct {
	Header     Header
	Ops        []Op
	Records    []Record
	Events     []Event
	Partitions []TopicPartition
	Names      []string // Names[0] is ""
	// Positions is one past the largest position.
	Positions int64
}

// RecordsOf returns the records that an operation sent or read.
func (h *History) RecordsOf(o *Op) []Record {
	return h.Records[o.FirstRecord : o.FirstRecord+o.RecordCount]
}

// Name returns an interned name; "" for index 0.
func (h *History) Name(n Name) string {
	if n == 0 {
		return ""
	}
	return h.Names[n]
}

// PartitionName writes a partition as in the file format; "" for NoPartition.
func (h *History) PartitionName(p Partition) string {
	if p < 0 {
		return ""
	}
	return h.Partitions[p].String()
}

// Topic finds what the header says of a partition's topic.
func (h *History) Topic(p Partition) (Topic, bool) {
	for i := range h.Header.Topics {
		if p >= 0 && h.Header.Topics[i].Name == h.Partitions[p].Topic {
			return h.Header.Topics[i], true
		}
	}
	return Topic{}, false
}
