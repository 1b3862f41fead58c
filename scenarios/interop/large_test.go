package interop

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestLargeRecords has every client write records of more than 1 MiB to a topic
// that takes them, reads them back, also after kill -9, and finds out that a
// topic of the default max.message.bytes takes none.
func TestLargeRecords(t *testing.T) {
	s := startServer(t)
	reference := franz()
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			for _, codec := range []string{"none", "gzip"} {
				topic := fmt.Sprintf("large-%s-%s", c.name, codec)
				s.createTopic(topic, 2)
				do(t, reference, job{Op: "alter-config", Address: s.addr, Topic: topic, Name: "max.message.bytes", Value: fmt.Sprint(largest)})
				want := largeRecords(topic)
				do(t, c, job{Op: "produce", Address: s.addr, Topic: topic, Partition: 1, Codec: codec, Idempotent: c.idempotent, Records: want})
				s.kill()
				s.start()
				readers := []client{reference}
				if c.consumes {
					readers = append(readers, c)
				}
				for _, reader := range readers {
					j := job{Op: "consume", Address: s.addr, Topic: topic, Partition: 1, Count: len(want)}
					sameRecords(t, reader.name+" from 0", do(t, reader, j).Records, want)
				}
			}
			tooLarge(t, s, c, reference)
		})
	}
}

// tooLarge has a client write a record that its topic does not take.
func tooLarge(t *testing.T, s *server, c, reference client) {
	topic := "small-" + c.name
	s.createTopic(topic, 1)
	produce := job{Op: "produce", Address: s.addr, Topic: topic, Codec: "none", Idempotent: c.idempotent, Records: largeRecords(topic)[:1]}
	if r := c.run(t, produce); r.Error == "" {
		t.Errorf("%s wrote a record of %d bytes to a topic of the default max.message.bytes", c.name, len(produce.Records[0].Value))
	}
	produce.Records = []record{{Key: []byte("k"), Value: []byte("small"), TimestampMs: 1_700_000_000_000}}
	do(t, c, produce)
	sameRecords(t, "what is there", do(t, reference, job{Op: "consume", Address: s.addr, Topic: topic, Count: 1}).Records, produce.Records)
}

// largeRecords are records of 1 to 3 MiB and a small one, reproducible per topic; all
// of them fit into one batch, which is what kafkajs makes of them.
func largeRecords(topic string) []record {
	var seed [32]byte
	copy(seed[:], topic)
	rng := rand.NewChaCha8(seed)
	var records []record
	for i, size := range []int{1<<20 + 512, 2 << 20, 10, 3 << 20} {
		value := make([]byte, size)
		_, _ = rng.Read(value)
		if i == 1 { // something that compresses
			value = bytes.Repeat([]byte("large "), size/len("large "))
		}
		records = append(records, record{
			Offset: int64(i), Key: fmt.Appendf(nil, "key-%d", i), Value: value, TimestampMs: 1_700_000_000_000 + int64(i),
			Headers: []header{{"n", fmt.Appendf(nil, "%d", i)}},
		})
	}
	return records
}
