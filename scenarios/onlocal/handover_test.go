package onlocal

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestHandover measures for how long partitions cannot be written when their leader
// stops with care, and when it is killed: per partition, the longest that a record
// waited for its acknowledgement (acks=all, idempotent, a client's default
// retries). TRIALOG_HANDOVER=1000 takes so many partitions, and tells besides what the
// nodes use while nobody asks for anything; the bars are DESIGN's and hold on a
// machine that does nothing else.
func TestHandover(t *testing.T) {
	partitions, strict := 60, false
	pace := []string{"broker.session.timeout.ms=1500", "broker.heartbeat.interval.ms=300"}
	if n, err := strconv.Atoi(os.Getenv("TRIALOG_HANDOVER")); err == nil {
		partitions, strict, pace = n, true, nil
	}
	settle := func(span time.Duration) {
		if !strict {
			span /= 4
		}
		time.Sleep(span)
	}
	c := startNodes(t, 3, pace...)
	admin, err := kgo.NewClient(kgo.SeedBrokers(c.addresses...), kgo.MetadataMinAge(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if _, err := kadm.NewClient(admin).CreateTopic(ctx, int32(partitions), 3, nil, "many"); err != nil {
		t.Fatal(err)
	}
	if strict {
		c.idle(t)
	}
	w := startWriters(t, c.addresses, partitions)
	defer w.stop()
	w.await(t, 2*time.Minute)
	t.Logf("%d partitions of three replicas written %v after they were asked for", partitions, time.Since(began).Round(time.Millisecond))

	w.measure()
	settle(5 * time.Second)
	t.Logf("nothing happens: %v", w.report(nil))
	for _, k := range []struct {
		name   string
		strike func(*server)
		bar    time.Duration
		after  time.Duration
	}{
		{"stopped with care", func(s *server) {
			began := time.Now()
			s.stop()
			t.Logf("the process ended after %v", time.Since(began).Round(time.Millisecond))
		}, 500 * time.Millisecond, 5 * time.Second},
		{"killed", (*server).kill, 12 * time.Second, 15 * time.Second},
	} {
		victim, led := c.leader(ctx, t, admin)
		w.measure()
		moved := c.movedAway(ctx, t, victim, led)
		k.strike(victim)
		settle(k.after)
		t.Logf("%s: %s", k.name, <-moved)
		r := w.report(led)
		t.Logf("%s, the leader of %d: %v", k.name, len(led), r)
		if w.failed() != nil {
			t.Errorf("%s: an application saw %v", k.name, w.failed())
		}
		if strict && r.p99 > k.bar {
			t.Errorf("%s: p99 %v, the bar is %v", k.name, r.p99, k.bar)
		}
		again := time.Now()
		if err := victim.start(); err != nil {
			t.Fatal(err)
		}
		if err := victim.await(time.Minute); err != nil {
			t.Fatal(err)
		}
		t.Logf("the node serves again %v after its start", time.Since(again).Round(time.Millisecond))
		settle(8 * time.Second) // it becomes in sync again
	}
}

// nodes are real processes of one cluster.
type nodes struct {
	servers   []*server
	addresses []string
}

func startNodes(t *testing.T, n int, settings ...string) *nodes {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "trialog")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "trialog/cmd/trialog").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	free := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	c := &nodes{}
	var voters, quorum []string
	for i := range n {
		quorum = append(quorum, free())
		voters = append(voters, fmt.Sprintf("%d@%s", i+1, quorum[i]))
	}
	for i := range n {
		s := newServer(program, filepath.Join(dir, "node-"+strconv.Itoa(i+1)))
		s.node, s.address = int32(i+1), free()
		s.env = []string{"TRIALOG_CLUSTER_SECRET=together"}
		s.args = []string{"--node-id", strconv.Itoa(i + 1), "--quorum-voters", strings.Join(voters, ","), "--quorum-listen", quorum[i]}
		for _, setting := range settings {
			s.args = append(s.args, "--set", setting)
		}
		c.servers, c.addresses = append(c.servers, s), append(c.addresses, s.address)
		if err := s.start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.kill)
	}
	for _, s := range c.servers {
		if err := s.await(time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// idle tells what each process takes while nothing happens.
func (c *nodes) idle(t *testing.T) {
	t.Helper()
	const span = 20 * time.Second
	time.Sleep(span / 4) // what creating the partitions left to do
	before := make([]time.Duration, len(c.servers))
	for i, s := range c.servers {
		before[i], _ = usage(t, s)
	}
	time.Sleep(span)
	for i, s := range c.servers {
		after, resident := usage(t, s)
		t.Logf("idle, node %d: %.1f %% of a processor, %d MiB resident", s.node, 100*float64(after-before[i])/float64(span), resident>>20)
	}
}

// usage is a process's processor time since its start and its resident bytes.
func usage(t *testing.T, s *server) (cpu time.Duration, resident int64) {
	t.Helper()
	s.mu.Lock()
	pid := strconv.Itoa(s.cmd.Process.Pid)
	s.mu.Unlock()
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		t.Logf("no /proc here: %v", err)
		return 0, 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])) // from the third on
	number := func(i int) int64 {
		n, err := strconv.ParseInt(fields[i-3], 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", stat, err)
		}
		return n
	}
	const ticks = 100 // USER_HZ
	return time.Duration(number(14)+number(15)) * time.Second / ticks, number(24) * int64(os.Getpagesize())
}

// leader returns the node that leads the most partitions, and which.
func (c *nodes) leader(ctx context.Context, t *testing.T, client *kgo.Client) (*server, []int32) {
	t.Helper()
	topics, err := kadm.NewClient(client).ListTopics(ctx, "many")
	if err != nil {
		t.Fatal(err)
	}
	led := make(map[int32][]int32)
	for _, p := range topics["many"].Partitions {
		led[p.Leader] = append(led[p.Leader], p.Partition)
	}
	best := slices.MaxFunc(c.servers, func(a, b *server) int { return len(led[a.node]) - len(led[b.node]) })
	return best, led[best.node]
}

// movedAway tells how long after now each of some partitions is first told to have a
// leader that is another node: what the cluster takes, whatever clients make of it.
func (c *nodes) movedAway(ctx context.Context, t *testing.T, from *server, led []int32) <-chan string {
	var others []string
	for _, s := range c.servers {
		if s != from {
			others = append(others, s.address)
		}
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(others...), kgo.MetadataMinAge(20*time.Millisecond)) // it would tell what it knew otherwise
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	began, told := time.Now(), make(chan string, 1)
	go func() {
		defer cancel()
		defer client.Close()
		for ctx.Err() == nil {
			left := len(led)
			if topics, err := kadm.NewClient(client).ListTopics(ctx, "many"); err == nil {
				for _, p := range led {
					if d := topics["many"].Partitions[p]; d.Leader >= 0 && d.Leader != from.node {
						left--
					}
				}
			}
			if left == 0 {
				told <- fmt.Sprintf("all of its partitions have other leaders after %v", time.Since(began).Round(time.Millisecond))
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		told <- "not all of its partitions have other leaders after " + time.Since(began).Round(time.Millisecond).String()
	}()
	return told
}

// writers write one record after another to every partition.
type writers struct {
	client  *kgo.Client
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	worst  []time.Duration // by partition: the longest wait for an acknowledgement
	since  []time.Time     // by partition: since when one is awaited; zero: none is
	acked  []int
	broken error
}

// breath is how long a writer pauses after an acknowledgement: all of them together
// write some ten thousand records a second at most.
func breath(partitions int) time.Duration {
	return max(100*time.Millisecond, time.Duration(partitions)*100*time.Microsecond)
}

func startWriters(t *testing.T, seeds []string, partitions int) *writers {
	t.Helper()
	w := &writers{worst: make([]time.Duration, partitions), since: make([]time.Time, partitions), acked: make([]int, partitions)}
	var err error
	if w.client, err = kgo.NewClient(kgo.SeedBrokers(seeds...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DefaultProduceTopic("many")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	pause := breath(partitions)
	for p := range partitions {
		w.running.Go(func() {
			for ctx.Err() == nil {
				w.write(ctx, p)
				time.Sleep(pause)
			}
		})
	}
	return w
}

func (w *writers) write(ctx context.Context, p int) {
	began := time.Now()
	w.mu.Lock()
	w.since[p] = began
	w.mu.Unlock()
	err := w.client.ProduceSync(ctx, &kgo.Record{Partition: int32(p), Value: []byte("value")}).FirstErr()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since[p] = time.Time{}
	w.acked[p]++
	w.worst[p] = max(w.worst[p], time.Since(began))
	if err != nil && ctx.Err() == nil && w.broken == nil {
		w.broken = err
	}
}

// await waits until every partition has been written.
func (w *writers) await(t *testing.T, limit time.Duration) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		w.mu.Lock()
		done := !slices.Contains(w.acked, 0)
		w.mu.Unlock()
		if done {
			return
		}
	}
	t.Fatal("not every partition can be written")
}

// measure begins anew.
func (w *writers) measure() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.worst)
}

// waits are the longest waits of partitions, over them.
type waits struct{ p50, p99, most time.Duration }

func (r waits) String() string {
	return fmt.Sprintf("longest wait for an acknowledgement p50 %v, p99 %v, most %v",
		r.p50.Round(time.Millisecond), r.p99.Round(time.Millisecond), r.most.Round(time.Millisecond))
}

// report tells how long records to some partitions waited, those that still do
// included; nil: all partitions.
func (w *writers) report(only []int32) waits {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []time.Duration
	for p, worst := range w.worst {
		if only != nil && !slices.Contains(only, int32(p)) {
			continue
		}
		if !w.since[p].IsZero() {
			worst = max(worst, time.Since(w.since[p]))
		}
		all = append(all, worst)
	}
	slices.Sort(all)
	return waits{all[len(all)/2], all[min(len(all)-1, len(all)*99/100)], all[len(all)-1]}
}

func (w *writers) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken
}

func (w *writers) stop() {
	w.cancel()
	w.client.Close()
	w.running.Wait()
}
