package metadata

import (
	"errors"
	"strconv"

	"trialog/core/kafka"
	"trialog/core/quorum"
)

// TopicResource names a topic's settings.
func TopicResource(name string) kafka.ConfigResource {
	return kafka.ConfigResource{Type: kafka.ResourceTopic, Name: name}
}

// BrokerResource names one broker's dynamic settings.
func BrokerResource(id kafka.BrokerID) kafka.ConfigResource {
	return kafka.ConfigResource{Type: kafka.ResourceBroker, Name: strconv.Itoa(int(id))}
}

var errNot = errors.New("metadata: unreadable")

func (s *State) apply(uint64, *quorum.Entry) (*Delta, bool) { return nil, false }
func (s *State) load([]byte) (*Delta, error)                { return nil, errNot }
func appendBatch(dst []byte, _ []Record) []byte             { return dst }
func decodeBatch([]byte) ([]Record, error)                  { return nil, errNot }
func appendSnapshot(dst []byte, _ *Image) []byte            { return dst }
func loadSnapshot([]byte) (*Image, error)                   { return nil, errNot }

// Edit applies records to an image and returns the result with what changed.
// The index says which entry they come from; a written view passes the largest
// uint64, for it does not know yet.
func Edit(from *Image, index uint64, records []Record) (*Delta, error) { return nil, errNot }
