package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// asProgram makes this test's binary be the program, so that processes can be
// started of it.
const asProgram = "TRIALOG_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// localCluster is a cluster that the local command runs.
type localCluster struct {
	bootstrap []string
	stop      func() (status int, errs string)
}

// startLocal runs the local command and waits until it says that all nodes serve.
func startLocal(t *testing.T, dir string, more ...string) *localCluster {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var out, errs buffer
	p := &program{ctx: ctx, in: strings.NewReader(""), out: &out, err: &errs, env: append(os.Environ(), asProgram+"=1")}
	ended := make(chan int, 1)
	go func() {
		ended <- p.run(append([]string{"--json", "local", "--data-dir", dir, "--port", "0", "--log-level", "warn"}, more...))
	}()
	c := &localCluster{stop: func() (int, string) {
		cancel()
		return <-ended, errs.String()
	}}
	t.Cleanup(cancel)
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var r struct {
			Event     string `json:"event"`
			Bootstrap string `json:"bootstrap_servers"`
		}
		if json.Unmarshal([]byte(out.String()), &r) == nil && r.Event == "ready" {
			c.bootstrap = strings.Split(r.Bootstrap, ",")
			return c
		}
		select {
		case status := <-ended:
			t.Fatalf("the cluster ended with %d\n%s", status, errs.String())
		default:
		}
	}
	t.Fatalf("the cluster does not serve\n%s", errs.String())
	return nil
}

// TestLocalCluster starts three processes, writes, stops them all, and finds
// what it wrote after they were started again.
func TestLocalCluster(t *testing.T) {
	dir := t.TempDir()
	began := time.Now()
	c := startLocal(t, dir)
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	client := func(seeds ...string) *kgo.Client {
		t.Helper()
		k, err := kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.DisableClientMetrics(), kgo.MetadataMinAge(20*time.Millisecond), kgo.ProducerLinger(0))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(k.Close)
		return k
	}
	k := client(c.bootstrap[2])
	if r, err := kadm.NewClient(k).CreateTopic(ctx, 3, 1, nil, "first"); err != nil || r.Err != nil {
		t.Fatal(err, r.Err)
	}
	if err := k.ProduceSync(ctx, &kgo.Record{Topic: "first", Value: []byte("a")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	t.Logf("start to first acknowledged write: %v", took)
	if took > 5*time.Second && quiet() {
		t.Errorf("the first write was acknowledged after %v", took)
	}
	clusterTools(t, c)
	if status, errs := c.stop(); status != exitFine || !strings.Contains(errs, "node 2 | ") {
		t.Fatalf("ended with %d\n%s", status, errs)
	}
	for _, node := range []string{"node-1", "node-2", "node-3"} {
		if _, err := os.Stat(filepath.Join(dir, node, "clean")); err != nil {
			t.Errorf("%s has not stopped in order: %v", node, err)
		}
	}

	c = startLocal(t, dir)
	k = client(c.bootstrap[0])
	k.AddConsumeTopics("first")
	f := k.PollFetches(ctx)
	if err := f.Err(); err != nil || f.NumRecords() != 1 || string(f.Records()[0].Value) != "a" {
		t.Errorf("after the restart: %d records, %v", f.NumRecords(), err)
	}
	if status, errs := c.stop(); status != exitFine {
		t.Errorf("ended with %d\n%s", status, errs)
	}
	if status, _, errs := run(t, "", "local", "--nodes", "1", "--data-dir", dir); status != exitUsage {
		t.Errorf("a smaller cluster in its place: %d %s", status, errs)
	}
	if status, _, errs := run(t, "", "local", "--nodes", "2", "--data-dir", t.TempDir()); status != exitUsage {
		t.Errorf("two voters: %d %s", status, errs)
	}
}

// clusterTools tries the commands on a cluster as a whole.
func clusterTools(t *testing.T, c *localCluster) {
	t.Helper()
	b := "--bootstrap-server=" + c.bootstrap[1]
	for _, k := range []struct {
		name   string
		args   []string
		status int
		out    string // of standard output, a part
		errs   string // of standard error, a part
	}{
		{"describe", []string{"cluster", "describe", b}, 0, "1 topics, 3 partitions; 0 offline, 0 under-replicated.", ""},
		{"describe as JSON", []string{"cluster", "describe", b, "--json"}, 0, `"offline":[]`, ""},
		{"voters", []string{"cluster", "voters", b}, 0, "voter", ""},
		{"voters as JSON", []string{"cluster", "voters", "list", b, "--json"}, 0, `"node":3,"voter":true`, ""},
		{"add a voter again", []string{"cluster", "voters", "add", "2", b}, 1, "", "DUPLICATE_VOTER"},
		{"remove a stranger", []string{"cluster", "voters", "remove", "9", b}, 1, "", "VOTER_NOT_FOUND"},
		{"elect", []string{"cluster", "elect", b}, 0, "0 leaders elected.", ""},
		{"elect uncleanly", []string{"cluster", "elect", "--unclean", b}, 2, "", "name the partitions"},
		{"nothing moves", []string{"cluster", "reassign", b}, 0, "", ""},
		{"move nothing", []string{"cluster", "reassign", b, "--to", "1"}, 2, "", "which partitions"},
		{"move nowhere", []string{"cluster", "reassign", b, "first"}, 2, "", "--to"},
		{"move to nobody", []string{"cluster", "reassign", b, "first:0", "--to", "1,x"}, 2, "", "not a list"},
		{"move to a stranger", []string{"cluster", "reassign", b, "first:0", "--to", "9"}, 1, "", "INVALID_REPLICA_ASSIGNMENT"},
		{"take nothing back", []string{"cluster", "reassign", b, "first:0", "--cancel"}, 1, "", "NO_REASSIGNMENT_IN_PROGRESS"},
		{"a topic", []string{"topic", "describe", "first", b}, 0, "eligible", ""},
		{"a topic as JSON", []string{"topic", "describe", "first", b, "--json"}, 0, `"elr":[]`, ""},
	} {
		status, out, errs := run(t, "", k.args...)
		if status != k.status || !strings.Contains(out, k.out) || !strings.Contains(errs, k.errs) {
			t.Errorf("%s: status %d, want %d\nstandard output: %s\nstandard error: %s", k.name, status, k.status, out, errs)
		}
	}
}

// quiet tells whether this machine has a core to spare, so that a time means
// something.
func quiet() bool {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return false
	}
	var load float64
	if err := json.Unmarshal([]byte(strings.Fields(string(b))[0]), &load); err != nil {
		return false
	}
	return load < float64(runtime.NumCPU())
}
