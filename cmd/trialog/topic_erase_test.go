package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestErase erases a key from three replicas of a topic that is written to
// meanwhile, and finds it on none of them; other keys keep their newest records,
// and the topic its settings.
func TestErase(t *testing.T) {
	t.Setenv("TRIALOG_LOG_CLEANER_BACKOFF_MS", "300")
	c := startLocal(t, t.TempDir())
	t.Cleanup(func() { c.stop() })
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	k, err := kgo.NewClient(kgo.SeedBrokers(c.bootstrap...), kgo.DisableClientMetrics(), kgo.MetadataMinAge(20*time.Millisecond), kgo.ProducerLinger(0))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	a := kadm.NewClient(k)
	for name, settings := range map[string]map[string]*string{
		"people": {"cleanup.policy": kadm.StringPtr("compact"), "min.cleanable.dirty.ratio": kadm.StringPtr("0.9"), "segment.ms": kadm.StringPtr("3600000")},
		"plain":  nil,
	} {
		if r, err := a.CreateTopic(ctx, 2, 3, settings, name); err != nil || r.Err != nil {
			t.Fatal(err, r.Err)
		}
		for i := range 30 {
			r := &kgo.Record{Topic: name, Key: fmt.Appendf(nil, "person %d", i%5), Value: fmt.Appendf(nil, "%d", i)}
			if err := k.ProduceSync(ctx, r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop := background(ctx, k)
	b := "--bootstrap-server=" + strings.Join(c.bootstrap, ",")
	status, out, errs := run(t, "", "topic", "erase", "people", "--key", "person 3", "--within", "2m", "--json", b)
	stop()
	if status != exitFine {
		t.Fatalf("%d\n%s%s", status, out, errs)
	}
	var said struct {
		Erased     bool              `json:"erased"`
		Partitions []erasedPartition `json:"partitions"`
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil || !said.Erased || len(said.Partitions) != 1 || said.Partitions[0].Records != 6 {
		t.Fatalf("%v: %s", err, out)
	}
	if p := said.Partitions[0]; len(p.Replicas) != 3 || p.Replicas[0].From != 0 || p.Replicas[2].To <= p.Below {
		t.Errorf("not every replica was read from the beginning to the tombstone: %s", out)
	}
	newest := newestOf(ctx, t, k, "people")
	for i := range 5 {
		want := fmt.Sprint(25 + i)
		if i == 3 {
			want = ""
		}
		if got := newest[fmt.Sprintf("person %d", i)]; got != want {
			t.Errorf("the newest record of person %d is %q, want %q", i, got, want)
		}
	}
	if _, out, _ := run(t, "", "topic", "describe", "people", "--json", b); !strings.Contains(out, `"min.cleanable.dirty.ratio":"0.9"`) ||
		!strings.Contains(out, `"segment.ms":"3600000"`) || strings.Contains(out, "max.compaction.lag.ms") {
		t.Errorf("the settings are not what they were: %s", out)
	}
	if status, _, errs := run(t, "", "topic", "erase", "plain", "--key", "person 3", b); status != exitNotSo ||
		!strings.Contains(errs, "is not compacted") || !strings.Contains(errs, "DeleteRecords up to offset") || !strings.Contains(errs, "retention.ms") {
		t.Errorf("of a plain topic it says %d: %s", status, errs)
	}
	if status, out, errs := run(t, "", "topic", "erase", "people", "--key", "person 1", "--tombstones", "--within", "2m", b); status != exitFine ||
		!strings.Contains(out, "No tombstone of it is left.") {
		t.Errorf("with its tombstone: %d %s%s", status, out, errs)
	}
	if status, out, errs := run(t, "", "topic", "erase", "people", "--key", "nobody", b); status != exitFine || !strings.Contains(out, "0 records") {
		t.Errorf("a key that is nowhere: %d %s%s", status, out, errs)
	}
}

// background writes another key until it is stopped.
func background(ctx context.Context, k *kgo.Client) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for pause(ctx, 50*time.Millisecond) {
			_ = k.ProduceSync(ctx, &kgo.Record{Topic: "people", Key: []byte("somebody"), Value: []byte("else")}) // it may be cancelled
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// newestOf reads a topic to its end: of every key the last value, empty for a tombstone.
func newestOf(ctx context.Context, t *testing.T, k *kgo.Client, topic string) map[string]string {
	t.Helper()
	ends, err := kadm.NewClient(k).ListEndOffsets(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	k.AddConsumeTopics(topic)
	newest, left := make(map[string]string), make(map[int32]int64)
	ends.Each(func(o kadm.ListedOffset) { left[o.Partition] = o.Offset })
	for reached := 0; reached < len(left); {
		fetches := k.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			newest[string(r.Key)] = string(r.Value)
			if r.Offset == left[r.Partition]-1 {
				reached++
			}
		})
	}
	return newest
}
