package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const kafkaDeleteRecords = "org.apache.kafka.tools.DeleteRecordsCommand"

// oftenLooked has a node clean and delete several times a second.
var oftenLooked = []string{"TRIALOG_LOG_CLEANER_BACKOFF_MS=200", "TRIALOG_LOG_RETENTION_CHECK_INTERVAL_MS=200"}

// trimmed is a partition of which records have gone.
type trimmed struct {
	*server
	topic string
	began time.Time // CreateTime of the record at offset 0; one follows each second
}

// trim makes a topic of one partition in small segments and fills it, ten records a batch.
func (s *server) trim(topic string, began time.Time, records int, settings map[string]string) *trimmed {
	s.t.Helper()
	p := &trimmed{server: s, topic: topic, began: began.Truncate(time.Second)}
	values := map[string]*string{"segment.bytes": kadm.StringPtr("4096"), "retention.ms": kadm.StringPtr("-1")}
	for name, value := range settings {
		values[name] = kadm.StringPtr(value)
	}
	k, err := kgo.NewClient(kgo.SeedBrokers(s.addr))
	if err != nil {
		s.t.Fatal(err)
	}
	defer k.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if r, err := kadm.NewClient(k).CreateTopic(ctx, 1, -1, values, topic); err != nil || r.Err != nil {
		s.t.Fatal(err, r.Err)
	}
	for at := 0; at < records; at += 10 {
		j := job{Op: "produce", Address: s.addr, Topic: topic, Codec: "none", Idempotent: true}
		for i := at; i < min(at+10, records); i++ {
			j.Records = append(j.Records, record{Key: key(i), Value: value(i), TimestampMs: p.time(i).UnixMilli()})
		}
		do(s.t, franz(), j)
	}
	return p
}

func key(i int) []byte   { return fmt.Appendf(nil, "key %d", i*7%11) }
func value(i int) []byte { return fmt.Appendf(nil, "value %d %s", i, strings.Repeat(".", 100)) }

func (p *trimmed) time(i int) time.Time { return p.began.Add(time.Duration(i) * time.Second) }

// read has a client read up to the end, from an offset or from a time.
func (p *trimmed) read(c client, count int, offset int64, from time.Time) []record {
	p.t.Helper()
	j := job{Op: "consume", Address: p.addr, Topic: p.topic, Offset: offset, Count: count}
	if !from.IsZero() {
		j.TimestampMs = from.UnixMilli()
	}
	records := do(p.t, c, j).Records
	for _, r := range records {
		if i := int(r.Offset); string(r.Key) != string(key(i)) || string(r.Value) != string(value(i)) || r.TimestampMs != p.time(i).UnixMilli() {
			p.t.Errorf("%s read %q = %q of %d at %d", c.name, r.Key, r.Value, r.TimestampMs, r.Offset)
		}
	}
	return records
}

// left is what offsets there are, as kcat-like readers see them: a fetch of everything.
func (p *trimmed) left() []int64 {
	p.t.Helper()
	k, err := kgo.NewClient(kgo.SeedBrokers(p.addr), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{p.topic: {0: kgo.NewOffset().AtStart()}}))
	if err != nil {
		p.t.Fatal(err)
	}
	defer k.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	ends, err := kadm.NewClient(k).ListEndOffsets(ctx, p.topic)
	if err != nil {
		p.t.Fatal(err)
	}
	end, _ := ends.Lookup(p.topic, 0)
	var offsets []int64
	for len(offsets) == 0 || offsets[len(offsets)-1] < end.Offset-1 {
		fetches := k.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			p.t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) { offsets = append(offsets, r.Offset) })
	}
	return offsets
}

// readers are those who read what is left: Kafka's own client, librdkafka, franz-go.
func readers() []client { return []client{javaClient(), confluent(), franz()} }

// sameAs has every reader read from places where something is and where something
// was. One that is told that an offset is out of range fails, or begins elsewhere.
func (p *trimmed) sameAs(left []int64, offsets []int64) {
	p.t.Helper()
	for _, c := range readers() {
		for _, from := range offsets {
			at, _ := slices.BinarySearch(left, from)
			p.expect(c, fmt.Sprintf("from %d", from), left[at:], p.read(c, len(left)-at, from, time.Time{}))
		}
		for _, i := range []int{0, int(offsets[len(offsets)-1])} {
			at, _ := slices.BinarySearch(left, int64(i))
			p.expect(c, fmt.Sprintf("from the time of %d", i), left[at:], p.read(c, len(left)-at, 0, p.time(i)))
		}
	}
}

func (p *trimmed) expect(c client, from string, want []int64, got []record) {
	p.t.Helper()
	var offsets []int64
	for _, r := range got {
		offsets = append(offsets, r.Offset)
	}
	if !slices.Equal(offsets, want) {
		p.t.Errorf("%s %s of %s read offsets %v, want %v", c.name, from, p.topic, offsets, want)
	}
}

// TestReadCompacted has foreign clients read a log with gaps: from its beginning,
// from offsets that are there and that are not, and by the time of records that
// are no more; then again after a kill.
func TestReadCompacted(t *testing.T) {
	s := startServer(t, oftenLooked...)
	const records = 400
	p := s.trim("compacted", time.Now().Add(-time.Hour), records, map[string]string{
		"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "segment.ms": "3600000",
	})
	var left []int64
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Second) {
		was := left
		if left = p.left(); len(left) < records/4 && slices.Equal(left, was) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d records are left", len(left), records)
		}
	}
	last := map[string]int64{}
	for i := range records {
		last[string(key(i))] = int64(i)
	}
	for k, at := range last {
		if !slices.Contains(left, at) {
			t.Errorf("the newest record of %q, at %d, is not there", k, at)
		}
	}
	gap := int64(records / 2)
	if slices.Contains(left, gap) {
		t.Fatalf("there is a record at %d: nothing to try", gap)
	}
	p.sameAs(left, []int64{0, left[0], left[len(left)/2], gap})
	s.kill()
	s.start()
	p.sameAs(left, []int64{0, gap})
}

// TestReadTruncated deletes records with kafka-delete-records, in the middle of a
// batch, and by settings that kafka-configs changes while the node runs.
func TestReadTruncated(t *testing.T) {
	s := startServer(t, oftenLooked...)
	const records = 200
	p := s.trim("truncated", time.Now().Add(-3*time.Hour), records, nil)
	file := filepath.Join(t.TempDir(), "delete.json")
	wish, err := json.Marshal(map[string]any{"version": 1, "partitions": []any{map[string]any{"topic": p.topic, "partition": 0, "offset": 37}}})
	if err != nil || os.WriteFile(file, wish, 0o600) != nil {
		t.Fatal(err)
	}
	if out := javaTool(t, kafkaDeleteRecords, "", "--bootstrap-server", s.addr, "--offset-json-file", file); !strings.Contains(out, "low_watermark: 37") {
		t.Fatalf("kafka-delete-records: %s", out)
	}
	p.start37(records)
	topic := []string{"--bootstrap-server", s.addr, "--entity-type", "topics", "--entity-name", p.topic}
	javaTool(t, kafkaConfigs, "", append(topic, "--alter", "--add-config", "retention.bytes=12000")...)
	bySize := p.moved(37)
	javaTool(t, kafkaConfigs, "", append(topic, "--alter", "--delete-config", "retention.bytes")...)
	javaTool(t, kafkaConfigs, "", append(topic, "--alter", "--add-config", "retention.ms=3600000")...)
	byAge := p.moved(bySize)
	if byAge > records {
		t.Fatalf("the log starts at %d, behind its end", byAge)
	}
	do(t, franz(), job{Op: "produce", Address: s.addr, Topic: p.topic, Codec: "none", Idempotent: true,
		Records: []record{{Key: key(records), Value: value(records), TimestampMs: p.time(records).UnixMilli()}}})
	javaTool(t, kafkaConfigs, "", append(topic, "--alter", "--add-config", "retention.ms=-1")...)
}

// start37 has every reader begin where the log does now.
func (p *trimmed) start37(records int) {
	p.t.Helper()
	var left []int64
	for at := int64(37); at < int64(records); at++ {
		left = append(left, at)
	}
	p.sameAs(left, []int64{37, 120})
	if r := javaClient().run(p.t, job{Op: "consume", Address: p.addr, Topic: p.topic, Offset: 36, Count: 1}); !strings.Contains(r.Error, "OffsetOutOfRange") {
		p.t.Errorf("a read of what was deleted ended with %q", r.Error)
	}
}

// moved waits until the log starts behind an offset, and returns where.
func (p *trimmed) moved(from int64) int64 {
	p.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		out := javaTool(p.t, kafkaGetOffsets, "", "--bootstrap-server", p.addr, "--topic", p.topic, "--time", "-2")
		var start int64
		if _, err := fmt.Sscanf(strings.TrimSpace(out), p.topic+":0:%d", &start); err != nil {
			p.t.Fatalf("%q: %v", out, err)
		}
		if start > from {
			return start
		}
		if time.Now().After(end) {
			p.t.Fatalf("the log still starts at %d", start)
		}
	}
}
