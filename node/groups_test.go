package node_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/node"
)

// quickGroups has groups form, and lose members, within a test's patience.
func quickGroups(c *node.Config) {
	c.Broker["group.initial.rebalance.delay.ms"] = "200"
	c.Broker["group.min.session.timeout.ms"] = "100"
	c.Broker["offsets.topic.num.partitions"] = "4"
}

// wire is a network that can be taken from one client.
type wire struct {
	mu    sync.Mutex
	conns []net.Conn
	cut   bool
}

func (w *wire) dial(ctx context.Context, network, host string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, host)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if w.cut {
		c.Close()
		return nil, errors.New("the wire is cut")
	}
	w.conns = append(w.conns, c)
	return c, nil
}

// sever cuts every connection for good.
func (w *wire) sever() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	for _, c := range w.conns {
		c.Close()
	}
}

// consumption is what the members of one group have read.
type consumption struct {
	tb   testing.TB
	mu   sync.Mutex
	seen map[string]int // by topic, partition and offset
	stop context.Context
	all  sync.WaitGroup
}

// member reads with a client until the test ends: what it has polled it notes
// and commits.
func (s *consumption) member(addresses []string, group, topic string, w *wire, options ...kgo.Opt) *kgo.Client {
	c := connect(s.tb, addresses[0], append([]kgo.Opt{
		kgo.SeedBrokers(addresses...),
		kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.SessionTimeout(1500 * time.Millisecond), kgo.HeartbeatInterval(100 * time.Millisecond), kgo.RebalanceTimeout(5 * time.Second),
		kgo.Dialer(w.dial), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(), kgo.MetadataMaxAge(300 * time.Millisecond),
	}, options...)...)
	s.all.Go(func() {
		for s.stop.Err() == nil {
			f := c.PollRecords(s.stop, 50)
			if f.IsClientClosed() {
				return
			}
			s.mu.Lock()
			f.EachRecord(func(r *kgo.Record) { s.seen[fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset)]++ })
			s.mu.Unlock()
			ctx, cancel := context.WithTimeout(s.stop, time.Second)
			_ = c.CommitRecords(ctx, f.Records()...) // a member that is out cannot, and another reads it again
			cancel()
			c.AllowRebalance()
		}
	})
	return c
}

func (s *consumption) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// A group loses a member without a word, gains one, and its topic grows: every
// record is read, and in the end everything is committed.
func TestGroupReadsEverything(t *testing.T) {
	n := start(t, t.TempDir(), quickGroups)
	defer n.stop()
	readEverything(t, []string{n.node.Addr()}, nil)
}

// readEverything does so; disturb is called in the middle of it.
func readEverything(t *testing.T, addresses []string, disturb func()) {
	t.Helper()
	seeds := kgo.SeedBrokers(addresses...)
	a := kadm.NewClient(connect(t, addresses[0], seeds))
	if r, err := a.CreateTopic(soon(t), 4, int16(len(addresses)), nil, "orders"); err != nil || r.Err != nil {
		t.Fatal(err, r.Err)
	}
	stop, end := context.WithCancel(context.Background())
	s := &consumption{tb: t, seen: make(map[string]int), stop: stop}
	defer s.all.Wait()
	defer end()
	var produced atomic.Int64
	p := connect(t, addresses[0], seeds, kgo.DefaultProduceTopic("orders"), kgo.MetadataMaxAge(200*time.Millisecond), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	produce := func(records int) {
		for i := range records {
			if err := p.ProduceSync(soon(t), record("", i)).FirstErr(); err != nil {
				t.Fatal(err)
			}
			produced.Add(1)
		}
	}
	lost := &wire{}
	s.member(addresses, "readers", "orders", lost)
	s.member(addresses, "readers", "orders", &wire{})
	s.member(addresses, "readers", "orders", &wire{})
	produce(200)
	lost.sever()
	produce(200)
	s.member(addresses, "readers", "orders", &wire{})
	if disturb != nil {
		disturb()
	}
	for until := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) { // the node that was stopped may have been the controller's, too
		r, err := a.UpdatePartitions(soon(t), 7, "orders")
		if err == nil && r.Error() == nil {
			break
		}
		if time.Now().After(until) {
			t.Fatal(err, r.Error())
		}
	}
	time.Sleep(500 * time.Millisecond) // the producer is to know of the new partitions
	produce(300)
	for until := time.Now().Add(patience); int64(s.count()) < produced.Load(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d of %d records were read", s.count(), produced.Load())
		}
	}
	committedAll(t, a, produced.Load())
}

// committedAll waits until the group's lag is none.
func committedAll(t *testing.T, a *kadm.Client, records int64) {
	t.Helper()
	var last string
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		lags, err := a.Lag(soon(t), "readers")
		if err != nil {
			last = err.Error()
			continue
		}
		l := lags["readers"]
		total := int64(0)
		for _, p := range l.Lag.Sorted() {
			total += max(0, p.Commit.At)
		}
		if last = fmt.Sprintf("%s, lag %d, committed %d, %v", l.State, l.Lag.Total(), total, l.Error()); l.Error() == nil && l.Lag.Total() == 0 && total == records {
			return
		}
	}
	t.Fatalf("not everything is committed: %s", last)
}

// The same on three nodes, while the group's coordinator goes away.
func TestGroupOutlivesItsCoordinator(t *testing.T) {
	s := newSeveral(t, 3)
	var all sync.WaitGroup
	for i := range s.nodes {
		all.Go(func() { s.nodes[i] = start(t, s.dirs[i], s.configure(i), quickGroups) })
	}
	all.Wait()
	a := kadm.NewClient(connect(t, s.listen[0]))
	s.eventually("three nodes", func() bool {
		b, err := a.ListBrokers(soon(t))
		return err == nil && len(b) == 3
	})
	stopped := -1
	defer func() {
		for i := range s.nodes {
			if i != stopped {
				s.stop(i)
			}
		}
	}()
	readEverything(t, s.listen, func() {
		c := a.FindGroupCoordinators(soon(t), "readers")["readers"]
		if c.Err != nil {
			t.Fatal(c.Err)
		}
		stopped = int(c.NodeID) - 1
		s.stop(stopped)
	})
}
