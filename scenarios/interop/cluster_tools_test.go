package interop

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The classes behind Kafka's scripts.
const (
	kafkaTopics             = "org.apache.kafka.tools.TopicCommand"
	kafkaConfigs            = "kafka.admin.ConfigCommand"
	kafkaReassignPartitions = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand"
	kafkaLeaderElection     = "org.apache.kafka.tools.LeaderElectionCommand"
	kafkaMetadataQuorum     = "org.apache.kafka.tools.MetadataQuorumCommand"
	kafkaLogDirs            = "org.apache.kafka.tools.LogDirsCommand"
	kafkaGetOffsets         = "org.apache.kafka.tools.GetOffsetShell"
	kafkaProducerPerfTest   = "org.apache.kafka.tools.ProducerPerformance"
	kafkaVerifiableProducer = "org.apache.kafka.tools.VerifiableProducer"
	kafkaFeatures           = "org.apache.kafka.tools.FeatureCommand"
	kafkaCluster            = "org.apache.kafka.tools.ClusterTool"
)

// tool runs one of Kafka's tools against the next node.
func (c *cluster) tool(class string, args ...string) string {
	c.t.Helper()
	return javaTool(c.t, class, "", append([]string{"--bootstrap-server", c.node()}, args...)...)
}

// says runs a tool and looks for what it must print.
func (c *cluster) says(want []string, class string, args ...string) {
	c.t.Helper()
	out := c.tool(class, args...)
	for _, w := range want {
		if !strings.Contains(out, w) {
			c.t.Errorf("%s %v does not say %q:\n%s", class, args, w, out)
		}
	}
}

// TestClusterTools runs the tools of an operator of Kafka, each against another
// of three nodes.
func TestClusterTools(t *testing.T) {
	c := startCluster(t)
	c.tool(kafkaTopics, "--create", "--topic", "tooled", "--partitions", "6", "--replication-factor", "3", "--config", "retention.ms=7200000")
	c.says([]string{"PartitionCount: 6", "ReplicationFactor: 3", "retention.ms=7200000", "min.insync.replicas=2"}, kafkaTopics, "--describe", "--topic", "tooled")
	if out := c.tool(kafkaTopics, "--describe", "--under-replicated-partitions"); strings.TrimSpace(out) != "" {
		t.Errorf("under-replicated: %s", out)
	}
	c.configs()
	c.says([]string{"LeaderId:", "MaxFollowerLag:", `"id": 1`, `"id": 2`, `"id": 3`}, kafkaMetadataQuorum, "describe", "--status")
	if out := c.tool(kafkaMetadataQuorum, "describe", "--replication"); strings.Count(out, "Leader") != 1 || strings.Count(out, "Follower") != 2 {
		t.Errorf("the quorum's replication:\n%s", out)
	}
	c.says([]string{"metadata.version", "kraft.version"}, kafkaFeatures, "describe")
	if out := javaTool(t, kafkaCluster, "", "cluster-id", "--bootstrap-server", c.node()); !strings.Contains(out, "Cluster ID: ") {
		t.Errorf("kafka-cluster: %s", out)
	}
	c.produceByTools()
	c.logDirs()
	c.reassign()
	c.elect()
	c.tool(kafkaTopics, "--delete", "--topic", "tooled")
	if out := c.tool(kafkaTopics, "--list"); strings.TrimSpace(out) != "first" {
		t.Errorf("--list after --delete: %q", out)
	}
}

// configs sets and reads settings of a topic, a broker and all brokers.
func (c *cluster) configs() {
	c.t.Helper()
	topic := []string{"--entity-type", "topics", "--entity-name", "tooled"}
	c.tool(kafkaConfigs, append([]string{"--alter", "--add-config", "max.message.bytes=2000000"}, topic...)...)
	c.says([]string{"max.message.bytes=2000000", "min.insync.replicas=2"}, kafkaConfigs, append([]string{"--describe"}, topic...)...)
	c.tool(kafkaConfigs, append([]string{"--alter", "--delete-config", "max.message.bytes"}, topic...)...)
	if out := c.tool(kafkaConfigs, append([]string{"--describe"}, topic...)...); strings.Contains(out, "max.message.bytes") {
		c.t.Errorf("a deleted setting is still there: %s", out)
	}
	c.tool(kafkaConfigs, "--alter", "--entity-type", "brokers", "--entity-default", "--add-config", "log.retention.ms=100000000")
	c.says([]string{"log.retention.ms=100000000"}, kafkaConfigs, "--describe", "--entity-type", "brokers", "--entity-default")
	c.says([]string{"log.dirs=/", "node.id=2 "}, kafkaConfigs, "--describe", "--all", "--entity-type", "brokers", "--entity-name", "2")
}

// produceByTools has both producers write, and counts.
func (c *cluster) produceByTools() {
	c.t.Helper()
	c.says([]string{"20000 records sent"}, kafkaProducerPerfTest, "--topic", "tooled", "--num-records", "20000", "--record-size", "500", "--throughput", "-1")
	c.says([]string{`"sent":500`, `"acked":500`}, kafkaVerifiableProducer, "--topic", "tooled", "--max-messages", "500", "--acks", "-1")
	sum := 0
	for line := range strings.Lines(c.tool(kafkaGetOffsets, "--topic", "tooled")) {
		var partition, end int
		if _, err := fmt.Sscanf(strings.TrimSpace(line), "tooled:%d:%d", &partition, &end); err != nil {
			c.t.Fatalf("line %q: %v", line, err)
		}
		sum += end
	}
	if sum != 20500 {
		c.t.Errorf("kafka-get-offsets sums to %d, want 20500", sum)
	}
}

// logDirs asks all brokers for their logs through one.
func (c *cluster) logDirs() {
	c.t.Helper()
	out := c.tool(kafkaLogDirs, "--describe", "--topic-list", "tooled")
	var told struct {
		Brokers []struct {
			Broker  int `json:"broker"`
			LogDirs []struct {
				LogDir     string `json:"logDir"`
				Partitions []struct {
					Size int64 `json:"size"`
				} `json:"partitions"`
			} `json:"logDirs"`
		} `json:"brokers"`
	}
	at := strings.IndexByte(out, '{')
	if at < 0 || json.Unmarshal([]byte(out[at:]), &told) != nil || len(told.Brokers) != 3 {
		c.t.Fatalf("kafka-log-dirs: %s", out)
	}
	for _, b := range told.Brokers {
		if len(b.LogDirs) != 1 || !filepath.IsAbs(b.LogDirs[0].LogDir) || len(b.LogDirs[0].Partitions) != 6 {
			c.t.Fatalf("broker %d: %+v", b.Broker, b.LogDirs)
		}
		var bytes int64
		for _, p := range b.LogDirs[0].Partitions {
			bytes += p.Size
		}
		if bytes < 20000*500 {
			c.t.Errorf("broker %d has %d bytes of the topic", b.Broker, bytes)
		}
	}
}

// move is a file for kafka-reassign-partitions.
func (c *cluster) move(name string, partitions ...string) string {
	c.t.Helper()
	file := filepath.Join(c.t.TempDir(), name)
	text := `{"version":1,"partitions":[` + strings.Join(partitions, ",") + `]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return file
}

// reassign moves two partitions and waits until that is done.
func (c *cluster) reassign() {
	c.t.Helper()
	topics := filepath.Join(c.t.TempDir(), "topics.json")
	if err := os.WriteFile(topics, []byte(`{"version":1,"topics":[{"topic":"tooled"}]}`), 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.says([]string{"Proposed partition reassignment configuration"}, kafkaReassignPartitions, "--topics-to-move-json-file", topics, "--broker-list", "1,2,3", "--generate")
	file := c.move("move.json", `{"topic":"tooled","partition":0,"replicas":[1,2]}`, `{"topic":"tooled","partition":1,"replicas":[3,2,1]}`)
	c.says([]string{"Successfully started partition reassignments for tooled-0,tooled-1"}, kafkaReassignPartitions, "--reassignment-json-file", file, "--execute")
	c.await(func() string {
		out := c.tool(kafkaReassignPartitions, "--reassignment-json-file", file, "--verify")
		if strings.Count(out, "is completed.") == 2 {
			return ""
		}
		return out
	})
	c.says([]string{"No partition reassignments found."}, kafkaReassignPartitions, "--list")
	c.says([]string{"None of the specified partition reassignments are active."}, kafkaReassignPartitions, "--reassignment-json-file", file, "--cancel")
	c.says([]string{"Replicas: 1,2\t", "Replicas: 3,2,1\t"}, kafkaTopics, "--describe", "--topic", "tooled")
}

// elect gives the partitions to their preferred leaders.
func (c *cluster) elect() {
	c.t.Helper()
	c.tool(kafkaLeaderElection, "--election-type", "PREFERRED", "--all-topic-partitions")
	out := c.tool(kafkaTopics, "--describe", "--topic", "tooled")
	for _, want := range []string{"Leader: 1\tReplicas: 1,2", "Leader: 3\tReplicas: 3,2,1"} {
		if !strings.Contains(out, want) {
			c.t.Errorf("after the election no %q:\n%s", want, out)
		}
	}
	c.says([]string{"Valid replica already elected"}, kafkaLeaderElection, "--election-type", "PREFERRED", "--topic", "tooled", "--partition", "1")
}

// await asks until nothing is missing, for half a minute.
func (c *cluster) await(missing func() string) {
	c.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		what := missing()
		if what == "" {
			return
		}
		if time.Now().After(end) {
			c.t.Fatal(what)
		}
	}
}
