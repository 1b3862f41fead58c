package interop

import (
	"strings"
	"testing"
	"time"
)

// TestRefusedRecordsAreNamed has Java's producer send batches of which some
// records cannot be taken, and looks at what the application is told of each
// (KIP-467): those are refused for their own reason, the others because they
// were in one batch with them.
func TestRefusedRecordsAreNamed(t *testing.T) {
	s := startServer(t)
	java := javaClient()
	for _, c := range []struct {
		topic, setting, value string
		bad                   func(r *record)
		reason                string
	}{
		{"keyed", "cleanup.policy", "compact", func(r *record) { r.Key = nil }, "A compacted topic takes no record without a key"},
		{"timed", "message.timestamp.before.max.ms", "60000", func(r *record) { r.TimestampMs -= 600_000 }, "Timestamp outside the topic's"},
	} {
		do(t, java, job{Op: "create", Address: s.addr, Topic: c.topic, Partitions: 1})
		do(t, java, job{Op: "alter-config", Address: s.addr, Topic: c.topic, Name: c.setting, Value: c.value})
		for _, codec := range []string{"none", "zstd"} {
			var records []record
			for i := range 5 {
				r := record{Key: []byte{'k', byte('0' + i)}, Value: []byte("v"), TimestampMs: time.Now().UnixMilli()}
				if i == 1 || i == 3 {
					c.bad(&r)
				}
				records = append(records, r)
			}
			r := do(t, java, job{Op: "refused", Address: s.addr, Topic: c.topic, Codec: codec, Records: records})
			if len(r.Outcomes) != len(records) {
				t.Fatalf("%s, %s: %d outcomes", c.topic, codec, len(r.Outcomes))
			}
			for i, outcome := range r.Outcomes {
				own := strings.Contains(outcome, "InvalidRecordException") && strings.Contains(outcome, c.reason)
				beside := strings.Contains(outcome, "part of a batch")
				if want := i == 1 || i == 3; own != want || beside == want {
					t.Errorf("%s, %s: record %d: %q", c.topic, codec, i, outcome)
				}
			}
		}
	}
}
