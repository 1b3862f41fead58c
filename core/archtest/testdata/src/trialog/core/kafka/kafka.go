// Package kafka stands for the real one.
package kafka

type (
	Offset      int64
	LeaderEpoch int32
	ErrorCode   int16
	TimestampMs int64
	Instant     int64
	BrokerID    int32
	TopicID     [16]byte
)

const None ErrorCode = 0

func (e ErrorCode) Retriable() bool   { return e != None }
func (o Offset) Before(p Offset) bool { return o < p }
