package node_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// healsWithin is how long a cluster may take from a flipped bit, or from the
// start of the node that has it, to all replicas in sync.
const healsWithin = 2 * time.Minute

// trio are three processes of one cluster, of which one at a time is damaged.
type trio struct {
	t      *testing.T
	draw   *rand.Rand
	voters []string
	listen []string
	dirs   []string
	nodes  []*exec.Cmd
	gone   []chan struct{}
	said   []*os.File
	client *kgo.Client
	admin  *kadm.Client
	load   *flipLoad
	counts map[string]int
	worst  time.Duration
}

func newTrio(t *testing.T, seed uint64) *trio {
	s := &trio{
		t: t, draw: rand.New(rand.NewPCG(seed, 3)), listen: freePorts(t, 3), nodes: make([]*exec.Cmd, 3), gone: make([]chan struct{}, 3),
		said: make([]*os.File, 3), counts: map[string]int{},
	}
	root := t.TempDir()
	for i, address := range freePorts(t, 3) {
		s.voters = append(s.voters, fmt.Sprintf("%d@%s", i+1, address))
		s.dirs = append(s.dirs, filepath.Join(root, strconv.Itoa(i+1)))
		said, err := os.Create(s.dirs[i] + ".log")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { said.Close() })
		s.said[i] = said
	}
	for i := range s.nodes {
		s.start(i)
		t.Cleanup(func() { s.end(i, syscall.SIGKILL) })
	}
	s.client = connect(t, s.listen[0], kgo.SeedBrokers(s.listen...), kgo.RetryTimeout(patience))
	s.admin = kadm.NewClient(s.client)
	segment := "65536"
	s.eventually("a topic is created", healsWithin, func() bool {
		r, err := s.admin.CreateTopic(soon(t), 4, 3, map[string]*string{"segment.bytes": &segment}, "load")
		return err == nil && (r.Err == nil || strings.Contains(r.Err.Error(), "TOPIC_ALREADY_EXISTS"))
	})
	return s
}

// start starts a node's process.
func (s *trio) start(i int) {
	s.t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "NODE_CHILD_DIR="+s.dirs[i], "NODE_CHILD_LISTEN="+s.listen[i],
		"NODE_CHILD_ID="+strconv.Itoa(i+1), "NODE_CHILD_QUORUM="+strings.Join(s.voters, ","))
	c.Stderr = s.said[i]
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		_ = c.Wait()
		close(gone)
	}()
	s.nodes[i], s.gone[i] = c, gone
}

func (s *trio) end(i int, signal syscall.Signal) {
	_ = s.nodes[i].Process.Signal(signal)
	select {
	case <-s.gone[i]:
	case <-time.After(patience):
		_ = s.nodes[i].Process.Kill()
		<-s.gone[i]
	}
}

func (s *trio) ended(i int) bool {
	select {
	case <-s.gone[i]:
		return true
	default:
		return false
	}
}

func (s *trio) eventually(what string, limit time.Duration, so func() bool) {
	s.t.Helper()
	for end := time.Now().Add(limit); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not so after %v: %s\n%s", limit, what, s.words())
		}
	}
}

// words are the last that each node has said.
func (s *trio) words() string {
	var all strings.Builder
	for i := range s.said {
		b, _ := os.ReadFile(s.said[i].Name())
		fmt.Fprintf(&all, "node %d:\n%s\n", i+1, b[max(0, len(b)-4000):])
	}
	return all.String()
}

// whole tells whether every node serves and knows every replica in sync, and
// every node votes.
func (s *trio) whole() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for i := range s.nodes {
		req := kmsg.NewPtrMetadataRequest()
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = kmsg.StringPtr("load")
		req.Topics = append(req.Topics, topic)
		a, err := s.client.Broker(i+1).Request(ctx, req) // of this node, and no other
		if err != nil {
			return false
		}
		topics := a.(*kmsg.MetadataResponse).Topics
		if len(topics) != 1 || len(topics[0].Partitions) != 4 {
			return false
		}
		for _, p := range topics[0].Partitions {
			if len(p.ISR) != 3 || p.Leader < 0 {
				return false
			}
		}
	}
	q := kmsg.NewPtrDescribeQuorumRequest()
	t := kmsg.NewDescribeQuorumRequestTopic()
	t.Topic, t.Partitions = "__cluster_metadata", []kmsg.DescribeQuorumRequestTopicPartition{kmsg.NewDescribeQuorumRequestTopicPartition()}
	q.Topics = append(q.Topics, t)
	r, err := q.RequestWith(ctx, s.client)
	if err != nil {
		return false
	}
	return len(r.Topics) == 1 && len(r.Topics[0].Partitions) == 1 && len(r.Topics[0].Partitions[0].CurrentVoters) == 3
}

// place is a bit of a file.
type flipPlace struct {
	path string
	off  int64
	bit  byte
	was  byte
}

// flip changes a random bit of a random file of a node.
func (s *trio) flip(i int) (flipPlace, bool) {
	var files []string
	_ = filepath.WalkDir(s.dirs[i], func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil && info.Size() > 0 {
				files = append(files, path)
			}
		}
		return nil // what went meanwhile is not there
	})
	if len(files) == 0 {
		return flipPlace{}, false
	}
	p := flipPlace{path: files[s.draw.IntN(len(files))], bit: 1 << s.draw.IntN(8)}
	f, err := os.OpenFile(p.path, os.O_RDWR, 0)
	if err != nil {
		return p, false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return p, false
	}
	p.off = s.draw.Int64N(info.Size())
	var b [1]byte
	if _, err := f.ReadAt(b[:], p.off); err != nil {
		return p, false
	}
	p.was = b[0]
	b[0] ^= p.bit
	_, err = f.WriteAt(b[:], p.off)
	return p, err == nil
}

// there tells whether the flipped bit still is where it was put.
func (p flipPlace) there() bool {
	f, err := os.Open(p.path)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [1]byte
	n, _ := f.ReadAt(b[:], p.off)
	return n == 1 && b[0] == p.was^p.bit
}

// orphaned tells whether the file is of a log that was fenced because damage took
// what said whose it is. It stays for people to look at, and nothing reads it.
func (p flipPlace) orphaned() bool {
	labels, err := filepath.Glob(filepath.Join(filepath.Dir(p.path), "partition-*"))
	return err == nil && len(labels) == 0
}

// kind is what a file is for.
func (s *trio) kind(i int, path string) string {
	rel := strings.TrimPrefix(path, s.dirs[i]+"/")
	top, _, inside := strings.Cut(rel, "/")
	switch {
	case top == "logs":
		if ext := filepath.Ext(rel); ext != "" {
			return "logs/*" + ext
		}
		return "logs/*/" + filepath.Base(rel)
	case strings.HasPrefix(rel, "quorum/engine"):
		return "the engine's"
	case inside:
		return top + "/"
	}
	return rel
}

// one damages one place, and sees to it that the cluster is whole again.
func (s *trio) one(n int) {
	s.t.Helper()
	i := s.draw.IntN(3)
	how := [...]string{"running", "killed", "stopped"}[s.draw.IntN(3)]
	switch how {
	case "killed":
		s.end(i, syscall.SIGKILL)
	case "stopped":
		s.end(i, syscall.SIGTERM)
	}
	p, ok := s.flip(i)
	kind := s.kind(i, p.path)
	began := time.Now()
	if how != "running" {
		s.start(i)
	}
	if !ok {
		s.counts["no place"]++
		s.eventually("all replicas in sync", healsWithin, s.whole)
		return
	}
	rebuilt := ""
	heals := func() bool {
		if s.ended(i) {
			// It may have met the damage while it ran, and get over it with a restart.
			if rebuilt != "" {
				if err := os.RemoveAll(s.dirs[i]); err != nil {
					s.t.Fatal(err)
				}
				rebuilt = ", made anew"
			} else {
				rebuilt = ", ended"
			}
			s.start(i)
			return false
		}
		if how == "running" && (kind == "logs/*.log" || kind == "logs/*/checkpoint") && !p.orphaned() && p.there() {
			return false // which scrubbing meets
		}
		return s.whole()
	}
	if how == "running" {
		time.Sleep(500 * time.Millisecond)
	}
	s.eventually(fmt.Sprintf("place %d, node %d %s, %s at %d: healed", n, i+1, how, p.path, p.off), healsWithin, heals)
	time.Sleep(200 * time.Millisecond)
	if s.ended(i) { // it served for a moment
		s.eventually("healed after all", healsWithin, heals)
	}
	took := time.Since(began)
	if how == "running" && p.there() { // nobody reads it before the next start
		s.end(i, syscall.SIGKILL)
		began = time.Now()
		s.start(i)
		s.eventually(fmt.Sprintf("place %d, node %d, %s at %d: healed after its next start", n, i+1, p.path, p.off), healsWithin, heals)
		how, took = "running, and started again", max(took, time.Since(began))
	}
	s.worst = max(s.worst, took)
	s.counts[kind+", "+how+rebuilt]++
	if testing.Verbose() {
		s.t.Logf("%d: node %d %s, %s%s: %v", n, i+1, how, kind, rebuilt, took.Round(time.Millisecond))
	}
}

// TestOneFlippedBit flips single bits in the files of a cluster of three under
// load, in running nodes and in ones that are started again, one after the
// other, each healed before the next: nothing acknowledged is lost, nothing read
// is wrong, from any replica. TRIALOG_DAMAGE says in how many places,
// TRIALOG_DAMAGE_SEED which.
func TestOneFlippedBit(t *testing.T) {
	places, seed := 6, uint64(time.Now().UnixNano())
	if n, err := strconv.Atoi(os.Getenv("TRIALOG_DAMAGE")); err == nil {
		places = n
	}
	if n, err := strconv.ParseUint(os.Getenv("TRIALOG_DAMAGE_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("TRIALOG_DAMAGE=%d TRIALOG_DAMAGE_SEED=%d", places, seed)
	s := newTrio(t, seed)
	s.eventually("the cluster is whole", healsWithin, s.whole)
	s.load = newFlipLoad(t, s.listen)
	for n := range places {
		s.one(n)
	}
	s.load.finish()
	s.eventually("the cluster is whole", healsWithin, s.whole)
	for i := range s.nodes {
		s.leads(i)
		s.load.audit()
	}
	var all []string
	for what, n := range s.counts {
		all = append(all, fmt.Sprintf("%s: %d", what, n))
	}
	t.Logf("%d records acknowledged, read from each replica; the longest healing took %v; %s", s.load.count(), s.worst.Round(time.Millisecond), strings.Join(all, "; "))
}

// leads makes a node the leader of everything.
func (s *trio) leads(i int) {
	s.t.Helper()
	var req kadm.AlterPartitionAssignmentsReq
	order := []int32{int32(i + 1), int32((i+1)%3 + 1), int32((i+2)%3 + 1)}
	for p := range int32(4) {
		req.Assign("load", p, order)
	}
	s.eventually(fmt.Sprintf("node %d leads", i+1), healsWithin, func() bool {
		if _, err := s.admin.AlterPartitionAssignments(soon(s.t), req); err != nil {
			return false
		}
		if _, err := s.admin.ElectLeaders(soon(s.t), kadm.ElectPreferredReplica, nil); err != nil {
			return false
		}
		topics, err := s.admin.ListTopics(soon(s.t), "load")
		if err != nil {
			return false
		}
		for _, p := range topics["load"].Partitions {
			if p.Leader != int32(i+1) {
				return false
			}
		}
		return true
	})
}

// flipLoad are idempotent producers, and what they have been told.
type flipLoad struct {
	t       *testing.T
	listen  []string
	stop    context.CancelFunc
	writing sync.WaitGroup
	mu      sync.Mutex
	acks    map[[2]int64]string // partition and offset
	newest  [4]int64
}

func newFlipLoad(t *testing.T, listen []string) *flipLoad {
	ctx, cancel := context.WithCancel(context.Background())
	l := &flipLoad{t: t, listen: listen, stop: cancel, acks: map[[2]int64]string{}}
	t.Cleanup(cancel)
	for p := range 4 {
		l.newest[p] = -1
		c := connect(t, listen[p%3], kgo.SeedBrokers(listen...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.RecordRetries(1<<30),
			kgo.RequestRetries(1<<30), kgo.ProduceRequestTimeout(2*time.Second), kgo.MaxBufferedRecords(32), kgo.ConnIdleTimeout(time.Minute))
		l.writing.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				value := fmt.Sprintf("%d %d %s", p, n, strings.Repeat(string(rune('a'+n%26)), n%300))
				c.Produce(context.Background(), &kgo.Record{Topic: "load", Partition: int32(p), Value: []byte(value)}, func(r *kgo.Record, err error) {
					if err != nil {
						t.Errorf("producer %d, record %d: %v", p, n, err)
						cancel()
						return
					}
					l.mu.Lock()
					defer l.mu.Unlock()
					l.acks[[2]int64{int64(r.Partition), r.Offset}] = value
					l.newest[r.Partition] = max(l.newest[r.Partition], r.Offset)
				})
				time.Sleep(5 * time.Millisecond)
			}
			if err := c.Flush(soon(t)); err != nil {
				t.Errorf("producer %d: %v", p, err)
			}
		})
	}
	return l
}

func (l *flipLoad) finish() {
	l.stop()
	l.writing.Wait()
}

func (l *flipLoad) count() int { return len(l.acks) }

// audit reads everything from the leaders: each producer's records in order and
// once, and every acknowledged one where it was said to be.
func (l *flipLoad) audit() {
	l.t.Helper()
	from := map[int32]kgo.Offset{}
	left := 0
	for p, last := range l.newest {
		if last >= 0 {
			from[int32(p)], left = kgo.NewOffset().At(0), left+1
		}
	}
	c := connect(l.t, l.listen[0], kgo.SeedBrokers(l.listen...), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"load": from}),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()))
	defer c.Close()
	var next [4]int64
	seen := 0
	for left > 0 {
		f := c.PollFetches(soon(l.t))
		if err := f.Err(); err != nil {
			l.t.Fatalf("reading at %v of %v: %v", next, l.newest, err)
		}
		f.EachRecord(func(r *kgo.Record) {
			if want := fmt.Sprintf("%d %d ", r.Partition, r.Offset); !strings.HasPrefix(string(r.Value), want) || r.Offset != next[r.Partition] {
				l.t.Fatalf("partition %d, offset %d where %d was due holds %.40q", r.Partition, r.Offset, next[r.Partition], r.Value)
			}
			next[r.Partition]++
			if value, ok := l.acks[[2]int64{int64(r.Partition), r.Offset}]; ok {
				seen++
				if value != string(r.Value) {
					l.t.Fatalf("partition %d, offset %d holds %.40q, not what was acknowledged", r.Partition, r.Offset, r.Value)
				}
			}
			if r.Offset == l.newest[r.Partition] {
				left--
			}
		})
	}
	if seen != len(l.acks) {
		l.t.Fatalf("%d of %d acknowledged records are read", seen, len(l.acks))
	}
}
