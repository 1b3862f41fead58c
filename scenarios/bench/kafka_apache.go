package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
)

// brokers tells whether a cluster has so many.
func (s *kafkaServer) brokers(ctx context.Context, n int) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	m, err := kadm.NewClient(c).BrokerMetadata(ctx)
	if err != nil {
		return err
	}
	if len(m.Brokers) != n {
		return fmt.Errorf("%d brokers of %d", len(m.Brokers), n)
	}
	return nil
}

// apacheKafka is three brokers in KRaft mode, each a controller too, from the
// Maven artifacts that scenarios/interop/install fetches. Settings are Kafka's
// own but for addresses and places; the JVM's are those of Kafka's scripts.
type apacheKafka struct {
	jars   string // a directory
	synced bool   // flush.messages=1; otherwise the default, never
}

func (apacheKafka) name() string  { return nameKafka }
func (apacheKafka) durable() bool { return true }

// jvm are the options of kafka-run-class.sh and kafka-server-start.sh.
var jvm = []string{
	"-Xmx1G", "-Xms1G", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35",
	"-XX:+ExplicitGCInvokesConcurrent", "-Djava.awt.headless=true",
}

func (k apacheKafka) start(ctx context.Context, dir string, logs int) (server, error) {
	addresses, err := freeAddresses(2 * clusterNodes)
	if err != nil {
		return nil, err
	}
	clients := addresses[:clusterNodes]
	files, err := k.properties(dir, clients, addresses[clusterNodes:])
	if err != nil {
		return nil, err
	}
	if err := k.format(ctx, files); err != nil {
		return nil, err
	}
	var nodes []*process
	for _, file := range files {
		p, err := launch(nil, "java", append(append([]string{}, jvm...), "-cp", k.jars+"/*", "kafka.Kafka", file)...)
		if err != nil {
			killAll(nodes)
			return nil, err
		}
		nodes = append(nodes, p)
	}
	return kafkaCluster(ctx, together(nodes, clients), k.synced, logs)
}

// properties writes a file for each broker.
func (k apacheKafka) properties(dir string, clients, controllers []string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var voters, files []string
	for i, a := range controllers {
		voters = append(voters, fmt.Sprintf("%d@%s", i+1, a))
	}
	for i := range clients {
		text := strings.Join([]string{
			"process.roles=broker,controller",
			fmt.Sprintf("node.id=%d", i+1),
			"controller.quorum.voters=" + strings.Join(voters, ","),
			fmt.Sprintf("listeners=PLAINTEXT://%s,CONTROLLER://%s", clients[i], controllers[i]),
			"advertised.listeners=PLAINTEXT://" + clients[i],
			"controller.listener.names=CONTROLLER",
			"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
			"auto.create.topics.enable=false",
			"log.dirs=" + filepath.Join(dir, fmt.Sprint(i+1)),
		}, "\n")
		file := filepath.Join(dir, fmt.Sprintf("broker-%d.properties", i+1))
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// format prepares the brokers' directories, all at once.
func (k apacheKafka) format(ctx context.Context, files []string) error {
	failures := make(chan error, len(files))
	for _, file := range files {
		go func() {
			said, err := exec.CommandContext(ctx, "java", "-cp", k.jars+"/*", "kafka.tools.StorageTool",
				"format", "--cluster-id", "dHJpYWxvZy1iZW5jaC0wMQ", "--config", file).CombinedOutput()
			if err != nil {
				err = fmt.Errorf("formatting a broker's directory: %w\n%s", err, said)
			}
			failures <- err
		}()
	}
	var err error
	for range files {
		err = errors.Join(err, <-failures)
	}
	return err
}

// versions tells what is measured: Kafka by its jar, and Java.
func (k apacheKafka) versions(ctx context.Context) (map[string]string, error) {
	found, err := filepath.Glob(filepath.Join(k.jars, "kafka_2.13-*.jar"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("no Apache Kafka in %s: scenarios/interop/install fetches it (make interop); -jars names another place", k.jars)
	}
	kafka := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "kafka_2.13-"), ".jar")
	said, err := exec.CommandContext(ctx, "java", "-version").CombinedOutput()
	if err != nil {
		return nil, err
	}
	java, _, _ := strings.Cut(string(said), "\n")
	return map[string]string{"org.apache.kafka/kafka_2.13": kafka, "java": java}, nil
}

// port is the port of an address.
func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}
