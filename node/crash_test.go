package node_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/node"
)

// TestMain runs a node instead of the tests when the environment says so: the
// process that the crash tests kill.
func TestMain(m *testing.M) {
	if dir := os.Getenv("NODE_CHILD_DIR"); dir != "" {
		if limit, err := strconv.ParseUint(os.Getenv("NODE_CHILD_FSIZE"), 10, 64); err == nil {
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
				panic(err)
			}
		}
		c := config(dir)
		c.Listen = os.Getenv("NODE_CHILD_LISTEN")
		c.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
		c.OnReady = func(r node.Ready) { _ = json.NewEncoder(os.Stdout).Encode(r) }
		if voters := os.Getenv("NODE_CHILD_QUORUM"); voters != "" {
			ofCluster(&c, strings.Split(voters, ","))
		}
		n, err := node.Start(c)
		if err == nil {
			asked := make(chan os.Signal, 1)
			signal.Notify(asked, syscall.SIGTERM)
			go func() {
				<-asked
				n.Shutdown()
			}()
			err = n.Wait()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// ofCluster makes a node one of several, which reads its logs over every second
// and checkpoints, releases and takes snapshots often.
func ofCluster(c *node.Config, voters []string) {
	id, err := strconv.Atoi(os.Getenv("NODE_CHILD_ID"))
	if err != nil {
		panic(err)
	}
	c.NodeID, c.Quorum, c.ClusterSecret = int32(id), voters, "a secret"
	c.Broker = map[string]string{
		"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "300", "replica.lag.time.max.ms": "3000",
		"trialog.scrub.bytes.per.second": "268435456",
	}
	c.Network.JournalSegmentBytes = 128 << 10
	c.Network.QuorumSnapshotEvery = 50
	c.Limits = func(l *broker.Limits) {
		l.ScrubPause = kafka.Second
		l.Storage.GenerationBytes = 512 << 10
		l.Storage.JournalBytes = 4 << 20
		l.Storage.CheckpointBytes = 256 << 10
		l.Storage.LargeBatchBytes = 4 << 10
	}
}

// child is a node in a process of its own.
type child struct {
	cmd   *exec.Cmd
	ready node.Ready
}

func spawn(t *testing.T, dir, address string, env ...string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(append(os.Environ(), "NODE_CHILD_DIR="+dir, "NODE_CHILD_LISTEN="+address), env...)
	if testing.Verbose() {
		c.cmd.Stderr = os.Stderr
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	line := make(chan []byte, 1)
	go func() {
		b, _ := bufio.NewReader(out).ReadBytes('\n')
		line <- b
	}()
	select {
	case b := <-line:
		if err := json.Unmarshal(b, &c.ready); err != nil {
			t.Fatalf("the node did not start: %q", b)
		}
	case <-time.After(patience):
		t.Fatal("the node does not serve")
	}
	return c
}

func (c *child) kill() {
	_ = c.cmd.Process.Signal(syscall.SIGKILL)
	_ = c.cmd.Wait()
}

// TestFirstRecordWithinASecond measures from the start of the process, with an
// empty data directory, to the first acknowledged record.
func TestFirstRecordWithinASecond(t *testing.T) {
	address := freeAddress(t)
	began := time.Now()
	c := spawn(t, t.TempDir(), address)
	create(t, address, "first", 1, nil)
	if err := connect(t, address).ProduceSync(soon(t), record("first", 1)).FirstErr(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	t.Logf("serving after %d ms, first acknowledged record after %v", c.ready.StartedMs, took.Round(time.Millisecond))
	if took > 5*time.Second { // the promise is one second, on a machine that does nothing else
		t.Errorf("the first record was acknowledged after %v", took)
	}
}

// acknowledged is where a record was said to be.
type acknowledged struct {
	producer, number int
	offset           int64
}

// TestKilledUnderLoadKeepsWhatItAcknowledged kills a node again and again while
// idempotent producers write, and then looks for everything that was
// acknowledged: at its offset, once, in each producer's order.
func TestKilledUnderLoadKeepsWhatItAcknowledged(t *testing.T) {
	const producers = 8
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	address, dir := freeAddress(t), t.TempDir()
	c := spawn(t, dir, address)
	create(t, address, "load", 1, nil)

	var mu sync.Mutex
	var acks []acknowledged
	stop, cancel := context.WithCancel(context.Background())
	defer cancel()
	var writing sync.WaitGroup
	for p := range producers {
		client := connect(t, address, kgo.MaxBufferedRecords(64), kgo.RecordRetries(1<<30), kgo.ProduceRequestTimeout(2*time.Second))
		// The client gives up for good, and says so, if the node dies in its
		// first exchange; its first batch may still meet a kill.
		if _, _, err := client.ProducerID(soon(t)); err != nil {
			t.Fatal(err)
		}
		writing.Go(func() {
			for i := 0; stop.Err() == nil; i++ {
				r := &kgo.Record{Topic: "load", Value: fmt.Appendf(nil, "%d %d", p, i)}
				client.Produce(context.Background(), r, func(r *kgo.Record, err error) {
					if err != nil {
						t.Errorf("producer %d, record %d: %v", p, i, err)
						cancel()
						return
					}
					mu.Lock()
					acks = append(acks, acknowledged{p, i, r.Offset})
					mu.Unlock()
				})
			}
			if err := client.Flush(soon(t)); err != nil {
				t.Errorf("producer %d: %v", p, err)
			}
		})
	}
	draw := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	for range rounds {
		time.Sleep(time.Duration(50+draw.IntN(400)) * time.Millisecond)
		c.kill()
		began := time.Now()
		c = spawn(t, dir, address)
		t.Logf("serves %v after the kill (%d ms by its own account)", time.Since(began).Round(time.Millisecond), c.ready.StartedMs)
	}
	time.Sleep(200 * time.Millisecond)
	cancel()
	writing.Wait()
	verify(t, address, acks, producers)
}

// verify reads everything and compares it with what was acknowledged.
func verify(t *testing.T, address string, acks []acknowledged, producers int) {
	t.Helper()
	last := int64(-1)
	for _, a := range acks {
		last = max(last, a.offset)
	}
	records := consume(t, address, "load", int(last+1))
	next := make([]int, producers)
	for i, r := range records {
		if r.Offset != int64(i) {
			t.Fatalf("offset %d where %d was due", r.Offset, i)
		}
		var p, n int
		if _, err := fmt.Sscanf(string(r.Value), "%d %d", &p, &n); err != nil {
			t.Fatalf("offset %d holds %q", i, r.Value)
		}
		if n != next[p] {
			t.Fatalf("offset %d: record %d of producer %d where %d was due", i, n, p, next[p])
		}
		next[p]++
	}
	for _, a := range acks {
		if want := fmt.Sprintf("%d %d", a.producer, a.number); string(records[a.offset].Value) != want {
			t.Fatalf("offset %d was acknowledged for %q and holds %q", a.offset, want, records[a.offset].Value)
		}
	}
	if len(acks) < 1000 {
		t.Errorf("only %d records were acknowledged: nothing was tried", len(acks))
	}
	t.Logf("%d records acknowledged, %d in the log", len(acks), len(records))
}
