package node_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/node"
)

// BenchmarkBesideUpkeep compares what clients wait for when a node has nothing else to
// do with what they wait for while it cleans a compacted topic, or reads its logs over
// at the default rate without a rest; the work is BenchmarkBeside's. Rounds alternate:
// the cleaner is stopped by another cleanup.policy, scrubbing by a rate of 0. Each
// iteration has a fresh topic of 128 MiB, 32 Ki keys with four records each, and a map
// so small that the cleaner goes over it again and again until the iteration is over. A
// round in which nothing was read is a failure.
//
//	go test ./node -run '^$' -bench BesideUpkeep -benchtime 5x
func BenchmarkBesideUpkeep(b *testing.B) {
	for _, kind := range []struct {
		name, counter string
		set           func(b *testing.B, a *kadm.Client, topic string, on bool)
	}{
		{"cleaning", "trialog_cleaner_read_bytes_total", setCleaning},
		{"scrubbing", "trialog_scrub_read_bytes_total", setScrubbing},
	} {
		b.Run(kind.name, func(b *testing.B) {
			n := start(b, b.TempDir(), func(c *node.Config) {
				c.AdminListen = "127.0.0.1:0"
				c.Broker["log.cleaner.backoff.ms"], c.Broker["log.cleaner.dedupe.buffer.size"] = "10", "65536"
				c.Broker["trialog.scrub.bytes.per.second"] = "0"
				c.Limits = func(l *broker.Limits) { l.ScrubPause = 10 * kafka.Millisecond }
			})
			defer n.stop()
			create(b, n.node.Addr(), "bench", 1, nil)
			a := kadm.NewClient(connect(b, n.node.Addr()))
			var alone, beside []time.Duration
			read, busy := 0.0, time.Duration(0)
			for i := range b.N {
				topic := "upkeep-" + strconv.Itoa(i)
				fillKeyed(b, n.node.Addr(), topic)
				for range besideRounds {
					alone = append(alone, besideWaits(b, n.node.Addr())...)
					kind.set(b, a, topic, true)
					before, began := counter(b, n, kind.counter), time.Now()
					beside = append(beside, besideWaits(b, n.node.Addr())...)
					busy += time.Since(began)
					kind.set(b, a, topic, false)
					after := counter(b, n, kind.counter)
					if after == before {
						b.Fatal("nothing was read meanwhile: there is nothing to compare with")
					}
					read += after - before
					time.Sleep(200 * time.Millisecond) // what is under way ends
				}
			}
			slices.Sort(alone)
			slices.Sort(beside)
			at := func(times []time.Duration, q float64) float64 {
				return float64(times[int(q*float64(len(times)-1))].Microseconds())
			}
			b.ReportMetric(at(alone, 0.5), "alone-p50-µs")
			b.ReportMetric(at(beside, 0.5), "beside-p50-µs")
			b.ReportMetric(at(alone, 0.99), "alone-p99-µs")
			b.ReportMetric(at(beside, 0.99), "beside-p99-µs")
			b.ReportMetric(at(beside, 0.99)/at(alone, 0.99), "p99-ratio")
			b.ReportMetric(read/1e6/busy.Seconds(), "upkeep-MB/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func setCleaning(b *testing.B, a *kadm.Client, topic string, on bool) {
	policy := "delete"
	if on {
		policy = "compact"
	}
	r, err := a.AlterTopicConfigs(soon(b), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "cleanup.policy", Value: &policy}}, topic)
	altered(b, r, err)
}

func setScrubbing(b *testing.B, a *kadm.Client, _ string, on bool) {
	rate := "0"
	if on {
		rate = "8388608"
	}
	r, err := a.AlterBrokerConfigs(soon(b), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "trialog.scrub.bytes.per.second", Value: &rate}})
	altered(b, r, err)
}

func altered(b *testing.B, responses kadm.AlterConfigsResponses, err error) {
	b.Helper()
	for _, r := range responses {
		if err == nil {
			err = r.Err
		}
	}
	if err != nil {
		b.Fatal(err)
	}
}

// fillKeyed makes a topic that is to be cleaned later.
func fillKeyed(b *testing.B, address, topic string) {
	b.Helper()
	const records, keys = 128 << 10, 32 << 10
	set := func(s string) *string { return &s }
	create(b, address, topic, 1, map[string]*string{
		"cleanup.policy": set("delete"), "segment.bytes": set("16777216"), "min.cleanable.dirty.ratio": set("0"), "retention.ms": set("-1"),
	})
	c := connect(b, address, kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerLinger(5*time.Millisecond))
	value := make([]byte, 1000)
	for i := range records {
		c.Produce(context.Background(), &kgo.Record{Key: fmt.Append(nil, i*7919%keys), Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				b.Error(err)
			}
		})
	}
	if err := c.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	c.Close()
}

// counter reads a metric of a node.
func counter(b *testing.B, n *running, name string) float64 {
	b.Helper()
	response, err := http.Get("http://" + n.ready.Admin + "/metrics")
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), name+" "); found {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatal(err)
			}
			return v
		}
	}
	b.Fatalf("there is no %s", name)
	return 0
}
