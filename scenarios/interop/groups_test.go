package interop

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// groupMember is a foreign client as a member of a group, in a process of its own.
type groupMember struct {
	name    string
	command func(address, group, topic string) *exec.Cmd
}

func groupMembers() []groupMember {
	all := []groupMember{
		{"java", func(address, group, topic string) *exec.Cmd {
			return inClients("java", "-cp", "java/*", "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", address,
				"--topic", topic, "--group", group, "--from-beginning",
				"--command-property", "session.timeout.ms=6000", "--command-property", "heartbeat.interval.ms=500",
				"--command-property", "metadata.max.age.ms=1000", "--command-property", "auto.commit.interval.ms=200",
				"--formatter-property", "print.partition=true", "--formatter-property", "print.offset=true", "--formatter-property", "print.value=false")
		}},
		{"kcat", func(address, group, topic string) *exec.Cmd {
			return exec.Command("kcat", "-b", address, "-q", "-u", "-f", "%p %o\n", "-X", "auto.offset.reset=earliest", "-X", "session.timeout.ms=6000",
				"-X", "heartbeat.interval.ms=500", "-X", "topic.metadata.refresh.interval.ms=1000", "-X", "auto.commit.interval.ms=200", "-G", group, topic)
		}},
		{"kafkajs", func(address, group, topic string) *exec.Cmd {
			cmd := exec.Command("node", "clients/js/member.js", address, group, topic)
			cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(os.Getenv("TRIALOG_CLIENTS"), "js", "node_modules"))
			return cmd
		}},
	}
	for _, library := range []string{"aio", "confluent"} {
		all = append(all, groupMember{"python-" + library, func(address, group, topic string) *exec.Cmd {
			return exec.Command(filepath.Join(os.Getenv("TRIALOG_CLIENTS"), "python/bin/python"), "clients/python/member.py", library, address, group, topic)
		}})
	}
	for _, name := range []string{"franz-go", "sarama", "kafka-go", "confluent-kafka-go"} {
		all = append(all, ownMember(name))
	}
	return all
}

// consumerMembers are those clients that speak the consumer protocol (KIP-848).
func consumerMembers() []groupMember {
	return []groupMember{
		{"java", func(address, group, topic string) *exec.Cmd {
			return inClients("java", "-cp", "java/*", "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", address,
				"--topic", topic, "--group", group, "--from-beginning", "--command-property", "group.protocol=consumer",
				"--command-property", "metadata.max.age.ms=1000", "--command-property", "auto.commit.interval.ms=200",
				"--formatter-property", "print.partition=true", "--formatter-property", "print.offset=true", "--formatter-property", "print.value=false")
		}},
		{"python-confluent", func(address, group, topic string) *exec.Cmd {
			return exec.Command(filepath.Join(os.Getenv("TRIALOG_CLIENTS"), "python/bin/python"), "clients/python/member.py", "confluent-consumer", address, group, topic)
		}},
		ownMember("franz-go-consumer"), ownMember("confluent-kafka-go-consumer"),
	}
}

// ownMember is a member in another process of this test.
func ownMember(name string) groupMember {
	return groupMember{name, func(address, group, topic string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], address, group, topic)
		cmd.Env = append(os.Environ(), memberOf+"="+name)
		return cmd
	}}
}

// inClients runs a program in the directory of the installed clients.
func inClients(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = os.Getenv("TRIALOG_CLIENTS")
	return cmd
}

// reading is what the members of a group say that they have read.
type reading struct {
	t    *testing.T
	mu   sync.Mutex
	seen map[string]bool
}

// join starts a member; kill ends it without a word.
func (r *reading) join(m groupMember, address string) (kill func()) {
	r.t.Helper()
	cmd := m.command(address, "readers", "orders")
	out, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			line := strings.NewReplacer("Partition:", "", "Offset:", "", "\t", " ").Replace(lines.Text())
			r.mu.Lock()
			r.seen[strings.TrimSpace(line)] = true
			r.mu.Unlock()
		}
	}()
	var once sync.Once
	kill = func() {
		once.Do(func() {
			_ = cmd.Process.Kill()
			<-done
			_ = cmd.Wait()
			if r.t.Failed() {
				r.t.Logf("a member said: %s", tail(errs.String()))
			}
		})
	}
	r.t.Cleanup(kill)
	return kill
}

// until waits until as many records have been read, each of the topic.
func (r *reading) until(want int) {
	r.t.Helper()
	got := 0
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		r.mu.Lock()
		got = len(r.seen)
		r.mu.Unlock()
		if got == want {
			return
		}
	}
	r.t.Fatalf("%d of %d records were read", got, want)
}

// TestGroups has three members of each client join a group, one of them killed,
// another join, and partitions added: no record may be left out.
func TestGroups(t *testing.T) {
	for _, m := range groupMembers() {
		t.Run(m.name, func(t *testing.T) { groupReads(t, m) })
	}
}

// TestConsumerGroups does the same by the consumer protocol, where the coordinator
// assigns and sets the session.
func TestConsumerGroups(t *testing.T) {
	t.Setenv("TRIALOG_GROUP_CONSUMER_SESSION_TIMEOUT_MS", "6000")
	t.Setenv("TRIALOG_GROUP_CONSUMER_HEARTBEAT_INTERVAL_MS", "500")
	for _, m := range consumerMembers() {
		t.Run(m.name, func(t *testing.T) {
			groupReads(t, m)
		})
	}
}

// TestConsumerGroupTools runs Kafka's own tools on a group of the consumer protocol.
func TestConsumerGroupTools(t *testing.T) {
	s := startServer(t)
	s.createTopic("orders", 2)
	tool := func(args ...string) string {
		return javaTool(t, "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "", append([]string{"--bootstrap-server", s.addr}, args...)...)
	}
	c, err := kgo.NewClient(kgo.SeedBrokers(s.addr))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	for i := range 20 {
		if err := c.ProduceSync(ctx, &kgo.Record{Topic: "orders", Value: fmt.Append(nil, i)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	r := &reading{t: t, seen: make(map[string]bool)}
	r.join(consumerMembers()[0], s.addr)
	r.until(20)
	if out := tool("--list", "--type", "consumer"); !strings.Contains(out, "readers") {
		t.Errorf("--list: %q", out)
	}
	if out := tool("--describe", "--group", "readers", "--state"); !strings.Contains(out, "uniform") || !strings.Contains(out, "Stable") {
		t.Errorf("--describe --state: %s", out)
	}
	if out := tool("--describe", "--group", "readers", "--members", "--verbose"); !strings.Contains(out, "orders") {
		t.Errorf("--describe --members: %s", out)
	}
	configs := func(args ...string) string {
		return javaTool(t, kafkaConfigs, "", append([]string{"--bootstrap-server", s.addr, "--group", "readers"}, args...)...)
	}
	configs("--alter", "--add-config", "consumer.session.timeout.ms=50000")
	if out := configs("--describe"); !strings.Contains(out, "consumer.session.timeout.ms=50000") {
		t.Errorf("kafka-configs --describe: %s", out)
	}
}

func groupReads(t *testing.T, m groupMember) {
	t.Helper()
	s := startServer(t)
	s.createTopic("orders", 4)
	c, err := kgo.NewClient(kgo.SeedBrokers(s.addr), kgo.DefaultProduceTopic("orders"), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), kgo.MetadataMaxAge(300*time.Millisecond), kgo.MetadataMinAge(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	total := 0
	produce := func(n int) {
		t.Helper()
		for range n {
			if err := c.ProduceSync(ctx, &kgo.Record{Value: fmt.Append(nil, total)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
			total++
		}
	}
	produce(100)
	r := &reading{t: t, seen: make(map[string]bool)}
	kill := r.join(m, s.addr)
	r.join(m, s.addr)
	r.join(m, s.addr)
	r.until(total)
	produce(100)
	kill()
	produce(100)
	r.join(m, s.addr)
	a := kadm.NewClient(c)
	if u, err := a.UpdatePartitions(ctx, 6, "orders"); err != nil || u.Error() != nil {
		t.Fatal(err, u.Error())
	}
	time.Sleep(time.Second) // the producer is to know of the new partitions
	produce(120)
	r.until(total)
	caughtUp(ctx, t, a, total)
}

// caughtUp waits until everything is committed.
func caughtUp(ctx context.Context, t *testing.T, a *kadm.Client, total int) {
	t.Helper()
	said := ""
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		offsets, err := a.FetchOffsets(ctx, "readers")
		sum := int64(0)
		offsets.Each(func(o kadm.OffsetResponse) { sum += max(0, o.At) })
		if said = fmt.Sprintf("%v: committed %d", err, sum); err == nil && sum == int64(total) {
			return
		}
	}
	t.Fatalf("not everything is committed: %s", said)
}

// TestGroupTools runs Kafka's own tool for groups: list, describe, reset, delete.
// What is committed survives the coordinator's death.
func TestGroupTools(t *testing.T) {
	s := startServer(t)
	s.createTopic("orders", 2)
	tool := func(args ...string) string {
		return javaTool(t, "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "", append([]string{"--bootstrap-server", s.addr}, args...)...)
	}
	c, err := kgo.NewClient(kgo.SeedBrokers(s.addr))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	for i := range 20 {
		if err := c.ProduceSync(ctx, &kgo.Record{Topic: "orders", Value: fmt.Append(nil, i)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	r := &reading{t: t, seen: make(map[string]bool)}
	kill := r.join(groupMembers()[0], s.addr)
	r.until(20)
	caughtUp(ctx, t, kadm.NewClient(c), 20)
	if out := tool("--list"); strings.TrimSpace(out) != "readers" {
		t.Errorf("--list: %q", out)
	}
	if out := tool("--describe", "--group", "readers"); strings.Count(out, "console-consumer") < 2 {
		t.Errorf("--describe: %s", out)
	}
	if out := tool("--describe", "--group", "readers", "--state"); !strings.Contains(out, "Stable") {
		t.Errorf("--describe --state: %s", out)
	}
	kill()
	s.kill()
	s.start()
	time.Sleep(7 * time.Second) // the member's session
	if out := tool("--reset-offsets", "--group", "readers", "--topic", "orders", "--to-earliest", "--execute"); !strings.Contains(out, "orders") {
		t.Errorf("--reset-offsets: %s", out)
	}
	if out := tool("--describe", "--group", "readers"); !strings.Contains(out, " 0 ") {
		t.Errorf("--describe after it: %s", out)
	}
	if out := tool("--delete", "--group", "readers"); !strings.Contains(out, "successful") {
		t.Errorf("--delete: %s", out)
	}
	if out := tool("--list"); strings.TrimSpace(out) != "" {
		t.Errorf("--list at the end: %q", out)
	}
}
