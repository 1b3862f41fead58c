package interop

import (
	"testing"
	"time"
)

// record is what every client writes and reads, in one shape.
type record struct {
	Offset      int64    `json:"offset"`
	Key         []byte   `json:"key"`
	Value       []byte   `json:"value"`
	Headers     []header `json:"headers"`
	TimestampMs int64    `json:"timestamp_ms"`
}

type header struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

// job is one piece of work for a client against one partition.
type job struct {
	Op         string   `json:"op"` // "produce" or "consume", and what extra() lists
	Address    string   `json:"address"`
	Topic      string   `json:"topic"`
	Partition  int32    `json:"partition"`
	Codec      string   `json:"codec"` // none gzip snappy lz4 zstd
	Idempotent bool     `json:"idempotent"`
	Records    []record `json:"records"`
	// consume: from Offset, or from the first record at or after TimestampMs
	// when that is not zero, until Count records have come.
	Offset      int64  `json:"offset"`
	TimestampMs int64  `json:"timestamp_ms"`
	Count       int    `json:"count"`
	Partitions  int32  `json:"partitions"` // create
	Name        string `json:"name"`       // alter-config, describe-config
	Value       string `json:"value"`
}

// result is a client's answer to a job.
type result struct {
	Error   string   `json:"error"`
	Records []record `json:"records"`
	Value   string   `json:"value"`
	// Outcomes are, of a refused job, what became of each record: empty, or why not.
	Outcomes []string `json:"outcomes"`
}

// client is one foreign implementation of Kafka's protocol.
type client struct {
	name       string
	run        func(t *testing.T, j job) result
	codecs     []string
	idempotent bool // has an idempotent producer
	consumes   bool // can read a partition without a consumer group
	byTime     bool // can find an offset by timestamp
	admin      bool // creates topics and changes settings
	headers    bool
	// uniqueHeaders: headers, but a name stands only once.
	uniqueHeaders bool
}

// largest is how large a record may be that clients send and fetch, in bytes:
// they are set to it, so that only the topic's max.message.bytes refuses.
const largest = 8 << 20

var allCodecs = []string{"none", "gzip", "snappy", "lz4", "zstd"}

// clients lists who takes part. Each stands in a file of its own.
func clients() []client {
	return []client{
		franz(), sarama(), kafkaGo(), confluent(), javaClient(), kafkaJS(), confluentPython(), aioKafka(), rustClient(),
	}
}

func do(t *testing.T, c client, j job) result {
	t.Helper()
	began := time.Now()
	r := c.run(t, j)
	if r.Error != "" {
		t.Fatalf("%s %s after %d ms: %s", c.name, j.Op, time.Since(began).Milliseconds(), r.Error)
	}
	return r
}
