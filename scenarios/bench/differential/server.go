package differential

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// server is one of those that are compared.
type server struct {
	name    string
	address string
	topics  map[[16]byte]string
	ids     map[string][16]byte
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// servers starts what the environment names: the first one is right.
func servers(t *testing.T) []*server {
	t.Helper()
	var list []*server
	jars, bin := os.Getenv("TRIALOG_CLIENTS"), os.Getenv("TRIALOG_BIN")
	if jars != "" {
		list = append(list, apache(t, jars))
	}
	if bin != "" {
		list = append(list, ours(t, bin))
	}
	list = append(list, fake(t))
	if len(list) == 1 {
		list = append(list, fake(t))
	}
	for _, s := range list {
		s.prepare(t)
	}
	return list
}

func fake(t *testing.T) *server {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &server{name: "kfake", address: c.ListenAddrs()[0]}
}

// groupSettings are those in which servers must agree.
var groupSettings = map[string]string{
	"group.min.session.timeout.ms": "1000", "group.consumer.min.session.timeout.ms": "1000", "group.consumer.min.heartbeat.interval.ms": "500",
	"group.initial.rebalance.delay.ms": "0", "offsets.topic.num.partitions": "1", "offsets.topic.replication.factor": "1",
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		file.Close()
	})
}

func ours(t *testing.T, bin string) *server {
	t.Helper()
	s := &server{name: "ours", address: freeAddress(t)}
	args := []string{"serve", "--data-dir", filepath.Join(t.TempDir(), "data"), "--listen", s.address, "--admin-listen", "127.0.0.1:0"}
	for name, value := range groupSettings {
		args = append(args, "--set", name+"="+value)
	}
	run(t, exec.Command(bin, args...))
	return s
}

func apache(t *testing.T, clients string) *server {
	t.Helper()
	s := &server{name: "Kafka", address: freeAddress(t)}
	controller, dir := freeAddress(t), t.TempDir()
	lines := []string{
		"process.roles=broker,controller", "node.id=1", "controller.quorum.voters=1@" + controller,
		"listeners=PLAINTEXT://" + s.address + ",CONTROLLER://" + controller, "advertised.listeners=PLAINTEXT://" + s.address,
		"controller.listener.names=CONTROLLER", "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"auto.create.topics.enable=false", "log.dirs=" + filepath.Join(dir, "log"),
		// A change is assigned at once, and in the request that makes it.
		"group.consumer.assignment.interval.ms=0", "group.consumer.assignor.offload.enable=false",
	}
	for name, value := range groupSettings {
		lines = append(lines, name+"="+value)
	}
	file := filepath.Join(dir, "broker.properties")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	classes := filepath.Join(clients, "java") + "/*"
	if said, err := exec.Command("java", "-cp", classes, "kafka.tools.StorageTool", "format", "--cluster-id", "dHJpYWxvZy1iZW5jaC0wMQ", "--config", file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	run(t, exec.Command("java", "-Xmx512M", "-cp", classes, "kafka.Kafka", file))
	return s
}

func (s *server) client(t *testing.T, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(s.address), kgo.DisableClientMetrics(), kgo.RequestTimeoutOverhead(time.Minute), kgo.ClientID("client"),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// prepare waits for a server, makes the topics, and waits for the coordinator.
func (s *server) prepare(t *testing.T) {
	t.Helper()
	c := s.client(t)
	defer c.Close()
	var err error
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s does not serve: %v", s.name, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		err = s.ready(ctx, c)
		cancel()
		if err == nil {
			return
		}
	}
}

func (s *server) ready(ctx context.Context, c *kgo.Client) error {
	a := kadm.NewClient(c)
	for topic, partitions := range map[string]int32{"t": 4, "u": 2} {
		if made, err := a.CreateTopic(ctx, partitions, 1, nil, topic); err != nil && (made.Err == nil || made.ErrMessage == "" && !strings.Contains(made.Err.Error(), "TOPIC_ALREADY_EXISTS")) && !strings.Contains(err.Error(), "TOPIC_ALREADY_EXISTS") {
			return err
		}
	}
	details, err := a.ListTopics(ctx, "t", "u")
	if err != nil {
		return err
	}
	s.topics, s.ids = map[[16]byte]string{}, map[string][16]byte{}
	for _, d := range details {
		if d.Err != nil {
			return d.Err
		}
		s.topics[d.ID], s.ids[d.Topic] = d.Topic, d.ID
	}
	find := kmsg.NewPtrFindCoordinatorRequest()
	find.CoordinatorKeys, find.CoordinatorKey = []string{"g"}, "g"
	found, err := find.RequestWith(ctx, c)
	if err != nil {
		return err
	}
	for _, k := range found.Coordinators {
		if k.ErrorCode != 0 {
			return fmt.Errorf("coordinator: %d", k.ErrorCode)
		}
	}
	describe := kmsg.NewPtrDescribeGroupsRequest()
	describe.Groups = []string{"g"}
	d, err := c.SeedBrokers()[0].Request(ctx, describe)
	if err != nil {
		return err
	}
	switch code := d.(*kmsg.DescribeGroupsResponse).Groups[0].ErrorCode; code {
	case 0, 69:
		return nil
	default:
		return fmt.Errorf("coordinator: %d", code)
	}
}

// shorten gives the groups of a trace short sessions, and waits for that to hold.
func (p *player) shorten(t *testing.T, ctx context.Context) {
	t.Helper()
	q := kmsg.NewPtrIncrementalAlterConfigsRequest()
	for n := range 2 {
		r := kmsg.NewIncrementalAlterConfigsRequestResource()
		r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeGroupConfig, p.group(n)
		for name, value := range map[string]string{"consumer.session.timeout.ms": fmt.Sprint(session.Milliseconds()), "consumer.heartbeat.interval.ms": "1000"} {
			c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
			c.Name, c.Value = name, &value
			r.Configs = append(r.Configs, c)
		}
		q.Resources = append(q.Resources, r)
	}
	done, err := q.RequestWith(ctx, p.clients[slots])
	if err != nil {
		t.Fatal(err)
	}
	for i := range done.Resources {
		if c := done.Resources[i].ErrorCode; c != 0 {
			t.Fatalf("%s: settings of %s: %s", p.s.name, done.Resources[i].ResourceName, code(c))
		}
	}
	time.Sleep(500 * time.Millisecond) // brokers take them over beside
}
