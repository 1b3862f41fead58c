package node_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/node"
)

// patience bounds every wait of these tests.
const patience = 20 * time.Second

// running is a node in this process.
type running struct {
	tb    testing.TB
	node  *node.Node
	ready node.Ready
}

// config is a node's configuration on free ports; change may alter it.
func config(dir string, change ...func(*node.Config)) node.Config {
	level := slog.LevelError + 1
	if flag.Parsed() && testing.Verbose() {
		level = slog.LevelInfo
	}
	c := node.Config{
		DataDir: dir, NodeID: 1, Listen: "127.0.0.1:0",
		Broker: map[string]string{}, Network: node.DefaultNetwork(),
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

// start starts a node and waits until it serves.
func start(tb testing.TB, dir string, change ...func(*node.Config)) *running {
	tb.Helper()
	c := config(dir, change...)
	ready := make(chan node.Ready, 1)
	c.OnReady = func(r node.Ready) { ready <- r }
	n, err := node.Start(c)
	if err != nil {
		tb.Fatal(err)
	}
	r := &running{tb: tb, node: n}
	select {
	case r.ready = <-ready:
	case <-time.After(patience):
		tb.Fatal("the node does not serve")
	}
	return r
}

// stop ends the node in a controlled way.
func (r *running) stop() {
	r.tb.Helper()
	r.node.Shutdown()
	if err := r.node.Wait(); err != nil {
		r.tb.Errorf("the shutdown was not clean: %v", err)
	}
}

// connect makes a client of an address that gives up soon.
func connect(tb testing.TB, address string, options ...kgo.Opt) *kgo.Client {
	tb.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(address),
		kgo.ProducerLinger(0),
		kgo.MetadataMinAge(20 * time.Millisecond),
		kgo.FetchMaxWait(100 * time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond }),
		kgo.RetryTimeout(patience),
		kgo.DisableClientMetrics(),
	}, options...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

func soon(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	tb.Cleanup(cancel)
	return ctx
}

func create(tb testing.TB, address, topic string, partitions int32, settings map[string]*string) {
	tb.Helper()
	a := kadm.NewClient(connect(tb, address))
	r, err := a.CreateTopic(soon(tb), partitions, 1, settings, topic)
	if err == nil {
		err = r.Err
	}
	if err != nil {
		tb.Fatalf("creating %s: %v", topic, err)
	}
}

// record makes the i-th record of a test; its value depends on i alone.
func record(topic string, i int) *kgo.Record {
	value := make([]byte, 10+i%700)
	for k := range value {
		value[k] = byte(i + k*7)
	}
	r := &kgo.Record{Topic: topic, Value: value, Timestamp: time.UnixMilli(1_700_000_000_000 + int64(i))}
	if i%3 > 0 {
		r.Key = fmt.Appendf(nil, "key-%d", i)
	}
	if i%5 == 0 {
		r.Headers = []kgo.RecordHeader{{Key: "n", Value: fmt.Append(nil, i)}, {Key: "null", Value: nil}}
	}
	return r
}

// consume reads want records of a topic from the start.
func consume(tb testing.TB, address, topic string, want int, options ...kgo.Opt) []*kgo.Record {
	tb.Helper()
	c := connect(tb, address, append([]kgo.Opt{kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())}, options...)...)
	ctx := soon(tb)
	var got []*kgo.Record
	for len(got) < want {
		f := c.PollFetches(ctx)
		if err := f.Err(); err != nil {
			tb.Fatalf("after %d of %d records of %s: %v", len(got), want, topic, err)
		}
		got = append(got, f.Records()...)
	}
	return got
}

// dial opens a plain connection.
func dial(tb testing.TB, address string) net.Conn {
	tb.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		tb.Fatal(err)
	}
	return c
}

// ends waits until the other side has closed the connection.
func ends(tb testing.TB, c net.Conn, what string) {
	tb.Helper()
	if _, err := io.Copy(io.Discard, c); err != nil {
		if e, ok := err.(net.Error); ok && e.Timeout() {
			tb.Errorf("%s: the connection is still open", what)
		}
	}
}
