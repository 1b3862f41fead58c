package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"trialog/node"
)

// buffer may be written and read at once.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// run carries out a command line.
func run(t *testing.T, in string, args ...string) (status int, out, errs string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var o, e buffer
	p := &program{ctx: ctx, in: strings.NewReader(in), out: &o, err: &e}
	status = p.run(args)
	return status, o.String(), e.String()
}

// serve runs a node with the serve command until the test ends.
func serve(t *testing.T, more ...string) (address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var out, errs buffer
	p := &program{ctx: ctx, in: strings.NewReader(""), out: &out, err: &errs}
	ended := make(chan int, 1)
	dir := t.TempDir() // before the cleanup that stops the node
	go func() {
		ended <- p.run(append([]string{"--json", "serve", "--data-dir", dir, "--listen", "127.0.0.1:0", "--admin-listen", ""}, more...))
	}()
	t.Cleanup(func() {
		cancel()
		if status := <-ended; status != exitFine {
			t.Errorf("serve ended with %d\n%s", status, errs.String())
		}
	})
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var r node.Ready
		if json.Unmarshal([]byte(out.String()), &r) == nil && r.Event == "ready" {
			return r.Listen
		}
	}
	t.Fatalf("the node does not serve\n%s", errs.String())
	return ""
}

func TestEverydayTools(t *testing.T) {
	b := "--bootstrap-server=" + serve(t)
	for _, c := range []struct {
		name   string
		in     string
		args   []string
		status int
		out    string // of standard output, a part
		errs   string // of standard error, a part
	}{
		{"create", "", []string{"topic", "create", b, "orders", "-p", "2", "-c", "segment.bytes=65536"}, 0, "Created orders.", ""},
		{"create again", "", []string{"topic", "create", b, "orders"}, 1, "", "TOPIC_ALREADY_EXISTS"},
		{"create if missing", "", []string{"topic", "create", b, "orders", "--if-not-exists"}, 0, "", ""},
		{"create badly", "", []string{"topic", "create", b, "no spaces"}, 1, "", "INVALID_TOPIC_EXCEPTION"},
		{"list", "", []string{"topic", "list", b}, 0, "orders\n", ""},
		{"list as JSON", "", []string{"topic", "list", b, "--json"}, 0, `{"topics":["orders"]}`, ""},
		{"produce", "a:1\nb:2\nc\n", []string{"produce", b, "orders", "-p", "1", "-K", ":"}, 0, "3 records written", ""},
		{"produce to nothing", "x\n", []string{"produce", b, "nothing", "--timeout=2s"}, 1, "", "UNKNOWN_TOPIC_OR_PARTITION"},
		{"consume", "", []string{"consume", b, "orders", "-k"}, 0, "a\t1\nb\t2\n\tc\n", ""},
		{"consume from", "", []string{"consume", b, "orders", "-p", "1", "-o", "2"}, 0, "c\n", ""},
		{"consume the last", "", []string{"consume", b, "orders", "-p", "1", "--from=-2", "-n", "1"}, 0, "2\n", ""},
		{"consume since", "", []string{"consume", b, "orders", "-o", "@2020-01-01T00:00:00Z"}, 0, "1\n2\nc\n", ""},
		{"consume the future", "", []string{"consume", b, "orders", "-o", "@2090-01-01T00:00:00Z"}, 0, "", ""},
		{"consume as JSON", "", []string{"consume", b, "orders", "--json", "-p", "1", "-n", "1"}, 0, `"offset":0,`, ""},
		{"consume nothing", "", []string{"consume", b, "nothing"}, 1, "", "UNKNOWN_TOPIC_OR_PARTITION"},
		{"describe", "", []string{"topic", "describe", b, "orders"}, 0, "segment.bytes = 65536", ""},
		{"the cluster first", "", []string{b, "topic", "list"}, 0, "orders\n", ""},
		{"the cluster in the middle", "", []string{"topic", b, "--timeout=9s", "list"}, 0, "orders\n", ""},
		{"the cluster first, to consume", "", []string{b, "consume", "orders", "-k"}, 0, "a\t1\n", ""},
		{"alter settings", "", []string{"config", "alter", "topic", "orders", b, "--set", "retention.ms=7200000", "--append", "cleanup.policy=compact", "--unset", "segment.bytes"}, 0, "Changed topic orders.", ""},
		{"alter nothing", "", []string{"config", "alter", "topic", "orders", b}, 2, "", "nothing to change"},
		{"alter badly", "", []string{"config", b, "alter", "topic", "orders", "--set", "retention.ms=often"}, 1, "", "often"},
		{"try to alter", "", []string{"config", b, "alter", "topic", "orders", "--set", "retention.ms=1", "--dry-run"}, 0, "could be changed", ""},
		{"describe settings", "", []string{b, "config", "describe", "topic", "orders", "--changed"}, 0, "cleanup.policy  delete,compact  dynamic_topic_config\nretention.ms    7200000         dynamic_topic_config\n", ""},
		{"describe one", "", []string{"config", "describe", b, "topic", "orders", "-s", "segment.bytes", "--json"}, 0, `{"resource":"topic orders","settings":[{"name":"segment.bytes","value":"1073741824","source":"default_config"}]}`, ""},
		{"describe none", "", []string{"config", "describe", b, "topic", "orders", "-s", "nonsense"}, 1, "", "no setting nonsense"},
		{"describe settings of nothing", "", []string{"config", "describe", b, "topic", "nothing"}, 1, "", "UNKNOWN_TOPIC_OR_PARTITION"},
		{"alter all brokers", "", []string{"config", "alter", "broker", b, "--set", "log.retention.bytes=1000000"}, 0, "Changed all brokers.", ""},
		{"describe all brokers", "", []string{"config", "describe", "broker", b}, 0, "log.retention.bytes  1000000  dynamic_default_broker_config\n", ""},
		{"describe a broker", "", []string{"config", "describe", "broker", "1", b}, 0, "num.partitions", ""},
		{"alter back", "", []string{"config", "alter", "topic", "orders", b, "--set", "segment.bytes=65536", "--unset", "cleanup.policy"}, 0, "", ""},
		{"describe as JSON", "", []string{"topic", "describe", b, "--json"}, 0, `"end_offset":3`, ""},
		{"describe nothing", "", []string{"topic", "describe", b, "nothing"}, 1, "", "UNKNOWN_TOPIC_OR_PARTITION"},
		{"delete", "", []string{"topic", "delete", b, "orders"}, 0, "Deleted orders.", ""},
		{"delete again", "", []string{"topic", "delete", b, "orders"}, 1, "", "UNKNOWN_TOPIC_OR_PARTITION"},
		{"delete if present", "", []string{"topic", "delete", b, "orders", "--if-exists"}, 0, "", ""},
		{"no such flag", "", []string{"topic", "list", b, "--nonsense"}, 2, "", "nonsense"},
		{"a bad place", "", []string{"consume", b, "orders", "-o", "somewhere"}, 1, "", "UNKNOWN_TOPIC_OR_PARTITION"},
	} {
		if status, out, errs := run(t, c.in, c.args...); status != c.status || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) {
			t.Errorf("%s: status %d, want %d\nstdout: %s\nstderr: %s", c.name, status, c.status, out, errs)
		}
	}
}

func TestNobodyThereIsNotAnAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	if status, _, errs := run(t, "", "topic", "list", "-b", address, "--timeout=1s"); status != exitNotRun {
		t.Errorf("status %d: %s", status, errs)
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
	}{
		{"--help", 0}, {"--version", 0}, {"", 2}, {"nonsense", 2}, {"serve --node-id x", 2}, {"serve --log-level loud", 2},
		{"config --set nonsense=1", 2}, {"config --set num.partitions=x", 2}, {"config --config /nowhere.yaml", 2}, {"config", 0},
		{"config nonsense", 2}, {"serve -b a:1", 2}, {"-b a:1 config", 2}, {"config describe", 2}, {"config describe topic", 2}, {"config describe group x", 2},
		{"config describe broker x", 2}, {"config alter topic x --set y", 2}, {"topic", 2}, {"topic create", 2}, {"consume", 2}, {"produce x -H y", 2},
		{"doctor --config /nowhere.yaml", 2}, {"doctor more", 2}, {"doctor --data-dir /dev/null", 3},
	} {
		if status, _, errs := run(t, "", strings.Fields(c.args)...); status != c.status {
			t.Errorf("%q: status %d, want %d: %s", c.args, status, c.status, errs)
		}
	}
}
