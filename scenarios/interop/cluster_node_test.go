package interop

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// cluster is `trialog local`: three nodes of real processes.
type cluster struct {
	t     *testing.T
	addrs []string // by node, from node 1 on
	next  int      // whom node() names next
	cmd   *exec.Cmd
}

// firstWrite is how long after its start a cluster must have taken a write.
const firstWrite = 5 * time.Second

// startCluster starts three nodes and stops them with the test. It fails when
// a topic of three replicas does not take a write in time.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	bin := os.Getenv("TRIALOG_BIN")
	if bin == "" {
		t.Fatal("TRIALOG_BIN is not set: run make interop")
	}
	dir := t.TempDir()
	c := &cluster{t: t, cmd: exec.Command(bin, "--json", "local", "--nodes", "3", "--data-dir", dir+"/cluster", "--port", "0", "--log-level", "warn")}
	log, err := os.Create(dir + "/log")
	if err != nil {
		t.Fatal(err)
	}
	c.cmd.Stderr = log
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		_ = c.cmd.Wait()
		if said, _ := os.ReadFile(dir + "/log"); t.Failed() {
			t.Logf("the nodes said:\n%s", tail(string(said)))
		}
	})
	var r struct {
		Bootstrap string `json:"bootstrap_servers"`
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &r) != nil || r.Bootstrap == "" {
		t.Fatalf("no cluster: %q", lines.Text())
	}
	c.addrs = strings.Split(r.Bootstrap, ",")
	served := time.Since(began)
	c.createTopic("first", 1)
	k := c.connect()
	if err := k.ProduceSync(context.Background(), &kgo.Record{Topic: "first", Value: []byte("first")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	t.Logf("three nodes served after %d ms and took a write on three replicas after %d ms", served.Milliseconds(), took.Milliseconds())
	if took > firstWrite {
		t.Errorf("the first write was acknowledged after %v, want at most %v", took, firstWrite)
	}
	return c
}

// node names another node with each call: any of them must do.
func (c *cluster) node() string {
	c.next++
	return c.addrs[c.next%len(c.addrs)]
}

// connect makes a franz-go client that knows all nodes.
func (c *cluster) connect() *kgo.Client {
	c.t.Helper()
	k, err := kgo.NewClient(kgo.SeedBrokers(c.addrs...), kgo.MetadataMinAge(50*time.Millisecond), kgo.ProducerLinger(0), kgo.RecordDeliveryTimeout(30*time.Second))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(k.Close)
	return k
}

// createTopic makes a topic of three replicas through any node.
func (c *cluster) createTopic(name string, partitions int32) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	k, err := kgo.NewClient(kgo.SeedBrokers(c.node()))
	if err != nil {
		c.t.Fatal(err)
	}
	defer k.Close()
	if r, err := kadm.NewClient(k).CreateTopic(ctx, partitions, 3, forever, name); err != nil || r.Err != nil {
		c.t.Fatal(err, r.Err)
	}
}

// killNode is kill -9 of one node, which `trialog local` does not start again.
func (c *cluster) killNode(id int) {
	c.t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", c.cmd.Process.Pid))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, task := range tasks { // children stand with the thread that forked
		children, _ := os.ReadFile(task)
		for word := range strings.FieldsSeq(string(children)) {
			line, err := os.ReadFile("/proc/" + word + "/cmdline")
			if err != nil || !strings.Contains(string(line), fmt.Sprintf("--node-id\x00%d\x00", id)) {
				continue
			}
			pid, err := strconv.Atoi(word)
			if err == nil {
				err = syscall.Kill(pid, syscall.SIGKILL)
			}
			if err != nil {
				c.t.Fatal(err)
			}
			return
		}
	}
	c.t.Fatalf("node %d has no process", id)
}
