package node_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trialog/node"
)

func TestShutdownLeavesACleanMark(t *testing.T) {
	dir := t.TempDir()
	n := start(t, dir)
	if _, err := os.Stat(filepath.Join(dir, "clean")); err == nil {
		t.Error("a running node has a clean mark")
	}
	if _, err := node.Start(config(dir)); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second node in the same directory: %v", err)
	}
	n.stop()
	if _, err := os.Stat(filepath.Join(dir, "clean")); err != nil {
		t.Errorf("no clean mark after a controlled shutdown: %v", err)
	}
}

// TestShutdownAtAnyMoment asks for the end while the node still recovers,
// registers, or has just begun to serve.
func TestShutdownAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	for i := range 12 {
		n, err := node.Start(config(dir))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 12 * time.Millisecond)
		began := time.Now()
		n.Shutdown()
		if err := n.Wait(); err != nil {
			t.Errorf("after %d ms: %v", i*12, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("after %d ms: the shutdown took %v", i*12, took)
		}
	}
}

func TestLostMetadataRefusesToStart(t *testing.T) {
	dir := t.TempDir()
	n := start(t, dir)
	create(t, n.node.Addr(), "precious", 1, nil)
	n.stop()
	if err := os.RemoveAll(filepath.Join(dir, "quorum")); err != nil {
		t.Fatal(err)
	}
	again, err := node.Start(config(dir))
	if err == nil {
		err = again.Wait()
	}
	if err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("without its metadata: %v", err)
	}
}

func TestBadAddressesAreToldAtOnce(t *testing.T) {
	for what, change := range map[string]func(*node.Config){
		"a listener without a port": func(c *node.Config) { c.Listen = "localhost" },
		"advertising no port":       func(c *node.Config) { c.Advertise = "localhost" },
		"a voter list without us":   func(c *node.Config) { c.Quorum = []string{"7@localhost:1"} },
		"an admin listener":         func(c *node.Config) { c.AdminListen = "nowhere.invalid:1" },
	} {
		if n, err := node.Start(config(t.TempDir(), change)); err == nil {
			t.Errorf("%s was accepted", what)
			n.Shutdown()
			_ = n.Wait()
		}
	}
}

func TestHealthAndMetrics(t *testing.T) {
	n := start(t, t.TempDir(), func(c *node.Config) { c.AdminListen = "127.0.0.1:0" })
	create(t, n.node.Addr(), "measured", 1, nil)
	if err := connect(t, n.node.Addr()).ProduceSync(soon(t), record("measured", 1)).FirstErr(); err != nil {
		t.Fatal(err)
	}
	get := func(path string) (int, string) {
		r, err := http.Get("http://" + n.ready.Admin + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(b)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		code, body := get(path)
		var s struct {
			Phase     string
			ClusterID string `json:"cluster_id"`
		}
		if err := json.Unmarshal([]byte(body), &s); err != nil || code != http.StatusOK || s.Phase != "serving" || s.ClusterID != n.ready.ClusterID {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	_, body := get("/metrics")
	for _, want := range []string{
		`kafka_network_requestmetrics_requests_total{request="Produce"} 1`,
		`kafka_network_requestmetrics_responses_total{request="Produce"} 1`,
		"kafka_server_brokertopicmetrics_batches_in_total 1",
		"kafka_server_replicamanager_partitioncount 1",
		"kafka_log_logflushstats_logflush_seconds_count",
		fmt.Sprintf("trialog_probe_reached_total{probe=%q}", "torn-tail-cut"),
		"go_goroutines",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	n.stop()
}

func TestLocalhostIsBothLoopbacks(t *testing.T) {
	n := start(t, t.TempDir(), func(c *node.Config) { c.Listen = "localhost:0" })
	defer n.stop()
	_, port, err := net.SplitHostPort(n.ready.Advertise)
	if err != nil || port == "0" || !strings.HasPrefix(n.ready.Advertise, "localhost:") {
		t.Fatalf("advertised %q", n.ready.Advertise)
	}
	create(t, n.ready.Advertise, "local", 1, nil)
	if l, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Log("no IPv6 on this machine")
		return
	} else {
		l.Close()
	}
	dial(t, net.JoinHostPort("::1", port))
}
