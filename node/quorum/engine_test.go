package quorum

import (
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lni/dragonboat/v4"
	"github.com/lni/dragonboat/v4/raftpb"

	"trialog/core/kafka"
	port "trialog/core/quorum"
	"trialog/node/osfs"
)

// told collects the events of one replica.
type told struct {
	mu     sync.Mutex
	wake   *sync.Cond
	events []port.Event
}

func newTold() *told {
	t := &told{}
	t.wake = sync.NewCond(&t.mu)
	return t
}

func (t *told) deliver(e port.Event) {
	t.mu.Lock()
	t.events = append(t.events, e)
	t.mu.Unlock()
	t.wake.Broadcast()
}

// await returns the first event at or after from that want accepts.
func (t *told) await(tb testing.TB, what string, want func(port.Event) bool) port.Event {
	tb.Helper()
	timer := time.AfterFunc(15*time.Second, t.wake.Broadcast)
	defer timer.Stop()
	end := time.Now().Add(15 * time.Second)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := 0; ; {
		for ; i < len(t.events); i++ {
			if want(t.events[i]) {
				return t.events[i]
			}
		}
		if !time.Now().Before(end) {
			tb.Fatalf("waited in vain for %s; got %d events", what, len(t.events))
		}
		t.wake.Wait()
	}
}

func leads(e port.Event) bool { _, ok := e.(*port.Leads); return ok }

func committed(ref uint64) func(port.Event) bool {
	return func(e port.Event) bool {
		c, ok := e.(*port.Committed)
		return ok && uint64(c.Ref) == ref
	}
}

// log returns what was committed, as text.
func (t *told) log() (out []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := uint64(0)
	for _, e := range t.events {
		switch e := e.(type) {
		case *port.SnapshotLoaded:
			out = append(out, "snapshot")
			last = e.Index
		case *port.Committed:
			if e.Index <= last {
				out = append(out, "index did not rise")
			}
			last = e.Index
			out = append(out, fmt.Sprintf("epoch %d seq %d", e.Entry.Epoch, e.Entry.Seq))
		default:
			// Roles, and proposals of which nothing is known, are not in the log.
		}
	}
	return out
}

func claim(ref, epoch int) *port.Propose {
	return &port.Propose{Ref: kafka.Ref(ref), Entry: port.Entry{Proposer: 1, Nonce: 9, Epoch: kafka.ControllerEpoch(epoch)}}
}

func silent() *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

func alone(tb testing.TB, dir string, knows bool) (Config, *told) {
	tb.Helper()
	told := newTold()
	return Config{
		FS: osfs.New(dir), Dir: "quorum", Voters: Voters{{ID: 1}}, Self: 1, KnowsCluster: knows,
		Deliver: told.deliver, StallsAfter: 20 * time.Second, Log: silent(),
		Fail: func(err error) { tb.Errorf("the engine failed: %v", err) },
	}, told
}

func start(tb testing.TB, c Config) *Engine {
	tb.Helper()
	e, err := Start(c)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func TestSingleVoterCommitsAndReplays(t *testing.T) {
	dir := t.TempDir()
	c, told := alone(t, dir, false)
	began := time.Now()
	e := start(t, c)
	told.await(t, "leadership", leads)
	for i := 1; i <= 5; i++ {
		e.Propose(claim(i, i))
		told.await(t, "a commit", committed(uint64(i)))
		if i == 1 {
			t.Logf("start to first commit: %v", time.Since(began))
		}
	}
	want := strings.Join(told.log(), ", ")
	e.Close()
	if want != "epoch 1 seq 0, epoch 2 seq 0, epoch 3 seq 0, epoch 4 seq 0, epoch 5 seq 0" {
		t.Fatalf("committed: %s", want)
	}

	c, told = alone(t, dir, true)
	began = time.Now()
	e = start(t, c)
	defer e.Close()
	told.await(t, "leadership", leads)
	e.Propose(claim(1, 6))
	told.await(t, "a commit", committed(1))
	t.Logf("restart to first commit: %v", time.Since(began))
	if got := strings.Join(told.log(), ", "); got != want+", epoch 6 seq 0" {
		t.Errorf("after the restart: %s", got)
	}
	told.mu.Lock()
	defer told.mu.Unlock()
	for _, ev := range told.events {
		if c, ok := ev.(*port.Committed); ok && (uint64(c.Ref) != 0) != (c.Entry.Epoch == 6) {
			t.Errorf("epoch %d came back with ref %d", c.Entry.Epoch, c.Ref)
		}
	}
}

// snapshot takes a snapshot of the state now, instead of in snapshotEntries' time.
func (e *Engine) snapshot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := e.host.SyncRequestSnapshot(ctx, shardID, dragonboat.SnapshotOption{OverrideCompactionOverhead: true})
	return err
}

func TestSnapshotThenTail(t *testing.T) {
	dir := t.TempDir()
	c, told := alone(t, dir, false)
	e := start(t, c)
	told.await(t, "leadership", leads)
	for i := 1; i <= 3; i++ {
		e.Propose(claim(i, i))
		told.await(t, "a commit", committed(uint64(i)))
	}
	if err := e.snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.Propose(claim(4, 4))
	told.await(t, "a commit", committed(4))
	e.Close()

	c, told = alone(t, dir, true)
	e = start(t, c)
	defer e.Close()
	told.await(t, "leadership", leads)
	e.Propose(claim(5, 5))
	told.await(t, "a commit", committed(5))
	if got := strings.Join(told.log(), ", "); got != "snapshot, epoch 4 seq 0, epoch 5 seq 0" {
		t.Errorf("after the restart: %s", got)
	}
}

func TestLostMetadataIsRefused(t *testing.T) {
	dir := t.TempDir()
	c, _ := alone(t, dir, true)
	if _, err := Start(c); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Fatalf("an empty quorum directory under a known cluster: %v", err)
	}
	c, told := alone(t, dir, false)
	e := start(t, c)
	told.await(t, "leadership", leads)
	e.Close()

	c, _ = alone(t, dir, true)
	c.Self, c.Voters = 2, Voters{{ID: 2}}
	if _, err := Start(c); err == nil || !strings.Contains(err.Error(), "for life") {
		t.Errorf("another node's directory: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "quorum", engineDir)); err != nil {
		t.Fatal(err)
	}
	c, _ = alone(t, dir, true)
	if _, err := Start(c); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("an identity without a log: %v", err)
	}
}

func TestHostMayChangeItsName(t *testing.T) {
	dir := t.TempDir()
	c, told := alone(t, dir, false)
	e := start(t, c)
	told.await(t, "leadership", leads)
	e.Propose(claim(1, 1))
	told.await(t, "a commit", committed(1))
	e.Close()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(dir, "quorum", engineDir)
	if err := os.Rename(filepath.Join(base, host), filepath.Join(base, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	writtenElsewhere(t, filepath.Join(base, engineFlag))
	c, told = alone(t, dir, true)
	e = start(t, c)
	defer e.Close()
	told.await(t, "leadership", leads)
	e.Propose(claim(2, 2))
	told.await(t, "a commit", committed(2))
	if got := strings.Join(told.log(), ", "); got != "epoch 1 seq 0, epoch 2 seq 0" {
		t.Errorf("under another host name: %s", got)
	}
}

// writtenElsewhere makes the engine's flag name another host.
func writtenElsewhere(t *testing.T, flag string) {
	t.Helper()
	b, err := os.ReadFile(flag)
	if err != nil {
		t.Fatal(err)
	}
	var status raftpb.RaftDataStatus
	if err := status.Unmarshal(b[flagHash:]); err != nil {
		t.Fatal(err)
	}
	status.Hostname = "elsewhere"
	if b, err = status.Marshal(); err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum(b)
	if err := os.WriteFile(flag, append(sum[len(sum)-flagHash:], b...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTornFlagsAreMended: the power went while the engine wrote its flags.
func TestTornFlagsAreMended(t *testing.T) {
	dir := t.TempDir()
	c, told := alone(t, dir, false)
	e := start(t, c)
	told.await(t, "leadership", leads)
	e.Close()
	for _, name := range []string{engineFlag, hostFlag} {
		flag := filepath.Join(dir, "quorum", engineDir, name)
		whole, err := os.ReadFile(flag)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 5, flagHash, len(whole) - 1} {
			if err := os.WriteFile(flag, whole[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			c, told = alone(t, dir, true)
			e = start(t, c)
			told.await(t, "leadership", leads)
			e.Close()
		}
	}
}

// voters returns three voters on free ports.
func voters(t *testing.T) Voters {
	t.Helper()
	var v Voters
	for id := uint64(1); id <= 3; id++ {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		v = append(v, Voter{ID: id, Address: l.Addr().String()})
		l.Close()
	}
	return v
}

func TestThreeVotersOverTheTransport(t *testing.T) {
	v := voters(t)
	engines := make([]*Engine, 3)
	tolds := make([]*told, 3)
	dirs := []string{t.TempDir(), t.TempDir(), t.TempDir()}
	begin := func(i int, knows bool) {
		c, told := alone(t, dirs[i], knows)
		c.Voters, c.Self, c.Listen = v, v[i].ID, v[i].Address
		tolds[i] = told
		engines[i] = start(t, c)
	}
	var all sync.WaitGroup
	for i := range 3 {
		all.Go(func() { begin(i, false) })
	}
	all.Wait()
	leader := func() int {
		t.Helper()
		for range 500 {
			for i, e := range engines {
				if e != nil && e.watch.leads.Load() {
					return i
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatal("nobody leads")
		return 0
	}
	for i := 1; i <= 3; i++ {
		l := leader()
		engines[l].Propose(claim(i, i))
		tolds[l].await(t, "a commit", committed(uint64(i)))
	}

	// One voter less: the rest go on; it catches up when it is back.
	l := leader()
	engines[l].Close()
	engines[l] = nil
	ref := 4
	for done := false; !done; ref++ {
		n := leader()
		engines[n].Propose(claim(ref, 4))
		ev := tolds[n].await(t, "an answer", func(e port.Event) bool {
			u, ok := e.(*port.Unknown)
			return committed(uint64(ref))(e) || ok && int(u.Ref) == ref
		})
		_, done = ev.(*port.Committed)
	}
	begin(l, true)
	last := func(e port.Event) bool {
		c, ok := e.(*port.Committed)
		return ok && c.Entry.Epoch == 4
	}
	for i := range tolds {
		tolds[i].await(t, "the last entry", last)
	}
	want := tolds[(l+1)%3].log()
	for i := range tolds {
		if got := tolds[i].log(); strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("voter %d applied %v, voter %d %v", i+1, got, (l+1)%3+1, want)
		}
	}
	for _, e := range engines {
		e.Close()
	}
}

func TestWipedVoterMayNotFormAgain(t *testing.T) {
	own := identity{Name: "node-1", Nonce: "a", Voters: map[string]string{"2": "node-1", "3": "node-2"}}
	peer := identity{Name: "node-2", Nonce: "b", Voters: own.Voters}
	if err := acceptable(&own, &peer); err != nil {
		t.Errorf("two new voters: %v", err)
	}
	peer.Formed, peer.Peers = true, map[string]string{"node-1": "a"}
	if err := acceptable(&own, &peer); err != nil {
		t.Errorf("the peer was quicker: %v", err)
	}
	own.Nonce = "c"
	if err := acceptable(&own, &peer); err == nil {
		t.Error("a wiped voter may form the cluster again")
	}
	peer = identity{Name: "node-2", Voters: map[string]string{"3": "node-2"}}
	if err := acceptable(&own, &peer); err == nil {
		t.Error("voters that disagree may form a cluster")
	}
}

func TestParseVoters(t *testing.T) {
	for _, c := range []struct {
		in   string
		self uint64
		want string
	}{
		{"", 7, "[{7 }]"},
		{"3@c:1,1@a:1, 2@b:1", 2, "[{1 a:1} {2 b:1} {3 c:1}]"},
		{"1@a:1", 2, "[{1 a:1}]"},
		{"1@a:1,1@b:1", 1, "twice"},
		{"1@a", 1, "missing port"},
		{"x@a:1", 1, "not id@host:port"},
		{"a:1", 1, "not id@host:port"},
	} {
		var items []string
		if c.in != "" {
			items = strings.Split(c.in, ",")
		}
		v, err := ParseVoters(items, c.self)
		got := fmt.Sprint(v)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
	}
}

// A node may be given a replica ID that is taken back before the engine knows of
// it. Nobody tells such a replica anything, and still it must learn that it is over.
func TestReplicaThatNeverBecameAMember(t *testing.T) {
	t.Parallel()
	addresses := voters(t)
	first, members := alone(t, t.TempDir(), false)
	first.Voters, first.Listen, first.Advertise = addresses[:1], addresses[0].Address, addresses[0].Address
	first.Join = func(context.Context, *port.Join) (port.Joined, error) { return port.Joined{Replica: 7}, nil }
	founder := start(t, first)
	defer founder.Close()
	members.await(t, "leadership", leads)

	second, _ := alone(t, t.TempDir(), false)
	second.Voters, second.Self, second.Listen, second.Advertise = addresses[:1], 2, addresses[1].Address, addresses[1].Address
	over := make(chan struct{})
	second.Over = func() { close(over) }
	joined := start(t, second)
	defer joined.Close()

	version := members.await(t, "the membership", func(e port.Event) bool { _, ok := e.(*port.Members); return ok }).(*port.Members).Version
	founder.Reconfigure(&port.Reconfigure{Version: version, Step: port.AddNonVoter, Replica: 8, Node: 2})
	select {
	case <-over:
	case <-time.After(60 * time.Second):
		t.Fatal("a replica that will never be a member waits for ever")
	}
}
