package interop

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestClusterThrottle adds a replica of two megabytes by Kafka's tool, at a pace
// that takes minutes, lets it go faster, and looks whether the tool finds its
// throttles to take them away.
func TestClusterThrottle(t *testing.T) {
	c := startCluster(t)
	c.tool(kafkaTopics, "--create", "--topic", "slow", "--replica-assignment", "1:2")
	k, value := c.connect(), make([]byte, 10_000)
	_, _ = rand.Read(value) // nothing that a codec makes smaller
	for range 200 {
		k.Produce(context.Background(), &kgo.Record{Topic: "slow", Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := k.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	file := []string{"--reassignment-json-file", c.move("slow.json", `{"topic":"slow","partition":0,"replicas":[1,2,3]}`)}
	reassign := func(want []string, args ...string) {
		t.Helper()
		c.says(want, kafkaReassignPartitions, append(args, file...)...)
	}
	reassign([]string{"Successfully started partition reassignment for slow-0", "throttle limit was set to 5000 B/s"}, "--execute", "--throttle", "5000")
	c.says([]string{"follower.replication.throttled.replicas=0:3"}, kafkaConfigs, "--describe", "--entity-type", "topics", "--entity-name", "slow")
	c.says([]string{"follower.replication.throttled.rate=5000"}, kafkaConfigs, "--describe", "--entity-type", "brokers", "--entity-name", "3")
	c.says([]string{"slow-0: replicas: 1,2,3. adding: 3."}, kafkaReassignPartitions, "--list")
	reassign([]string{"is still in progress."}, "--verify", "--preserve-throttles")
	reassign([]string{"throttle limit was set to 100000000 B/s"}, "--execute", "--additional", "--throttle", "100000000")
	c.await(func() string {
		out := c.tool(kafkaReassignPartitions, append([]string{"--verify"}, file...)...)
		for _, want := range []string{"is completed.", "Clearing broker-level throttles on broker", "Clearing topic-level throttles on topic slow"} {
			if !strings.Contains(out, want) {
				return out
			}
		}
		return ""
	})
	for _, entity := range [][]string{{"topics", "slow"}, {"brokers", "3"}} {
		if out := c.tool(kafkaConfigs, "--describe", "--entity-type", entity[0], "--entity-name", entity[1]); strings.Contains(out, "throttled") {
			t.Errorf("a throttle is left: %s", out)
		}
	}
	c.says([]string{"Replicas: 1,2,3\t", "Isr: "}, kafkaTopics, "--describe", "--topic", "slow")
}
