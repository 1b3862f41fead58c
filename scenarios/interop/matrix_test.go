package interop

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestClients has every client write with every codec and franz-go read it
// back, and franz-go write and every client read, before and after kill -9.
func TestClients(t *testing.T) {
	s := startServer(t)
	reference := franz()
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			for _, codec := range c.codecs {
				for _, idempotent := range []bool{false, true} {
					if idempotent && !c.idempotent {
						continue
					}
					t.Run(fmt.Sprintf("%s/idempotent=%v", codec, idempotent), func(t *testing.T) {
						s.t = t
						writeAndRead(t, s, c, reference, codec, idempotent)
					})
				}
			}
			if c.admin {
				t.Run("admin", func(t *testing.T) { administer(t, s, c, reference) })
			}
		})
	}
}

func writeAndRead(t *testing.T, s *server, c, reference client, codec string, idempotent bool) {
	topic := fmt.Sprintf("%s-%s-%v", c.name, codec, idempotent)
	s.createTopic(topic, 2)
	want := someRecords(topic, 120, c)
	produce := job{Op: "produce", Address: s.addr, Topic: topic, Partition: 1, Codec: codec, Idempotent: idempotent}
	produce.Records = want[:80]
	do(t, c, produce)
	produce.Records = want[80:]
	do(t, reference, produce)
	for i := range want {
		want[i].Offset = int64(i)
	}
	readers := []client{reference}
	if c.consumes {
		readers = append(readers, c)
	}
	check := func() {
		for _, reader := range readers {
			readBack(t, s, reader, topic, want)
		}
	}
	check()
	s.kill()
	s.start()
	check()
}

// readBack reads from the start, from the middle and by timestamp.
func readBack(t *testing.T, s *server, c client, topic string, want []record) {
	t.Helper()
	middle := len(want) / 2
	j := job{Op: "consume", Address: s.addr, Topic: topic, Partition: 1, Count: len(want)}
	sameRecords(t, c.name+" from 0", do(t, c, j).Records, want)
	j.Offset, j.Count = int64(middle), len(want)-middle
	sameRecords(t, c.name+" from the middle", do(t, c, j).Records, want[middle:])
	if c.byTime {
		j.Offset, j.TimestampMs = 0, want[middle].TimestampMs
		sameRecords(t, c.name+" by timestamp", do(t, c, j).Records, want[middle:])
	}
}

func administer(t *testing.T, s *server, c, reference client) {
	topic := c.name + "-admin"
	do(t, c, job{Op: "create", Address: s.addr, Topic: topic, Partitions: 3})
	do(t, reference, job{Op: "produce", Address: s.addr, Topic: topic, Partition: 2, Codec: "none", Records: someRecords(topic, 3, reference)})
	do(t, c, job{Op: "alter-config", Address: s.addr, Topic: topic, Name: "retention.ms", Value: "123456"})
	for _, reader := range []client{c, reference} {
		got := do(t, reader, job{Op: "describe-config", Address: s.addr, Topic: topic, Name: "retention.ms"})
		if got.Value != "123456" {
			t.Fatalf("%s reads retention.ms=%q", reader.name, got.Value)
		}
	}
	do(t, c, job{Op: "delete", Address: s.addr, Topic: topic})
	again := reference.run(t, job{Op: "describe-config", Address: s.addr, Topic: topic, Name: "retention.ms"})
	if again.Error == "" {
		t.Fatalf("topic %s is still there after %s deleted it", topic, c.name)
	}
}

// someRecords makes n records of 0 bytes to 300 KiB, reproducible per topic.
func someRecords(topic string, n int, c client) []record {
	var seed [32]byte
	copy(seed[:], topic)
	rng := rand.NewChaCha8(seed)
	records := make([]record, n)
	for i := range records {
		size := int(rng.Uint64() % 3000)
		if i%40 == 7 {
			size = 300 << 10
		}
		value := make([]byte, size)
		_, _ = rng.Read(value)
		if i%3 == 0 { // something that compresses
			value = bytes.Repeat([]byte(topic), size/len(topic)+1)
		}
		records[i] = record{Key: fmt.Appendf(nil, "key-%d", i), Value: value, TimestampMs: 1_700_000_000_000 + int64(i)*1000}
		if c.headers || c.uniqueHeaders {
			records[i].Headers = []header{{"n", fmt.Appendf(nil, "%d", i)}, {"twice", []byte{0, 255}}}
		}
		if c.headers {
			records[i].Headers = append(records[i].Headers, header{"twice", []byte("b")})
		}
	}
	return records
}

func sameRecords(t *testing.T, who string, got, want []record) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: read %d records, want %d", who, len(got), len(want))
	}
	for i := range want {
		g, w := got[i], want[i]
		same := g.Offset == w.Offset && bytes.Equal(g.Key, w.Key) && bytes.Equal(g.Value, w.Value) &&
			g.TimestampMs == w.TimestampMs && len(g.Headers) == len(w.Headers)
		for h := 0; same && h < len(w.Headers); h++ {
			same = g.Headers[h].Name == w.Headers[h].Name && bytes.Equal(g.Headers[h].Value, w.Headers[h].Value)
		}
		if !same {
			t.Fatalf("%s: record %d differs: offset %d/%d, key %q/%q, %d/%d bytes, timestamp %d/%d, headers %v/%v",
				who, i, g.Offset, w.Offset, g.Key, w.Key, len(g.Value), len(w.Value), g.TimestampMs, w.TimestampMs, g.Headers, w.Headers)
		}
	}
}
