package node_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/node"
)

// several are nodes of one cluster in this process.
type several struct {
	tb      testing.TB
	voters  []string
	listen  []string
	dirs    []string
	nodes   []*running
	secrets []string
	quorum  []string // addresses for other nodes, where they stand in no list
	change  []func(*node.Config)
}

// freePorts returns addresses that nobody listens on.
func freePorts(tb testing.TB, n int) []string {
	tb.Helper()
	var all []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		defer l.Close()
		all = append(all, l.Addr().String())
	}
	return all
}

// newSeveral prepares n nodes, of which all are voters.
func newSeveral(tb testing.TB, n int) *several {
	s := &several{tb: tb, nodes: make([]*running, n), listen: freePorts(tb, n), quorum: make([]string, n)}
	for i, address := range freePorts(tb, n) {
		s.voters = append(s.voters, fmt.Sprintf("%d@%s", i+1, address))
		s.dirs = append(s.dirs, tb.TempDir())
		s.secrets = append(s.secrets, "a secret")
	}
	return s
}

func (s *several) configure(i int) func(*node.Config) {
	return func(c *node.Config) {
		c.NodeID, c.Listen, c.Quorum, c.ClusterSecret = int32(i+1), s.listen[i], s.voters, s.secrets[i]
		c.QuorumListen = s.quorum[i]
		if i < len(s.change) {
			s.change[i](c)
		}
	}
}

// start starts nodes and waits until all of them serve.
func (s *several) start(which ...int) {
	s.tb.Helper()
	var all sync.WaitGroup
	for _, i := range which {
		all.Go(func() { s.nodes[i] = start(s.tb, s.dirs[i], s.configure(i)) })
	}
	all.Wait()
}

func (s *several) stop(which ...int) {
	s.tb.Helper()
	var all sync.WaitGroup
	for _, i := range which {
		all.Go(func() {
			s.nodes[i].stop()
			s.nodes[i] = nil
		})
	}
	all.Wait()
}

// eventually waits until something is so: metadata reaches nodes one by one.
func (s *several) eventually(what string, so func() bool) {
	s.tb.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.tb.Fatalf("not so after %v: %s", patience, what)
		}
	}
}

func TestThreeNodesAreOneCluster(t *testing.T) {
	s := newSeveral(t, 3)
	began := time.Now()
	s.start(0, 1, 2)
	t.Logf("three nodes serve after %v", time.Since(began))
	for i := range s.nodes {
		if got, want := s.nodes[i].ready.ClusterID, s.nodes[0].ready.ClusterID; got != want {
			t.Errorf("node %d is of cluster %s, node 1 of %s", i+1, got, want)
		}
		// Whoever is asked, the controller decides.
		create(t, s.listen[i], fmt.Sprintf("asked-%d", i+1), 3, nil)
	}
	for i := range s.nodes {
		a := kadm.NewClient(connect(t, s.listen[i]))
		s.eventually(fmt.Sprintf("node %d knows of all topics", i+1), func() bool {
			topics, err := a.ListTopics(soon(t))
			return err == nil && len(topics) == 3
		})
	}
	write := func(round int) {
		t.Helper()
		for i := range s.nodes {
			c := connect(t, s.listen[i], kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
			for k := range 6 {
				if err := c.ProduceSync(soon(t), record("asked-1", round*18+i*6+k)).FirstErr(); err != nil {
					t.Fatalf("round %d through node %d: %v", round, i+1, err)
				}
			}
			if got := consume(t, s.listen[i], "asked-1", round*18+i*6+6); len(got) != round*18+i*6+6 {
				t.Errorf("round %d through node %d: %d records", round, i+1, len(got))
			}
		}
	}
	write(0)

	// One node after the other is restarted, the controller among them.
	for i := range s.nodes {
		s.stop(i)
		s.start(i)
		write(1 + i)
	}
	// And all of them at once.
	s.stop(0, 1, 2)
	began = time.Now()
	s.start(2, 1, 0)
	t.Logf("three nodes serve again after %v", time.Since(began))
	write(4)
	s.stop(0, 1, 2)
}

func TestStrangersTakeNoPartInACluster(t *testing.T) {
	s := newSeveral(t, 2)
	s.secrets[1] = ""
	if n, err := node.Start(config(s.dirs[1], s.configure(1))); err == nil || !strings.Contains(err.Error(), "secret") {
		t.Errorf("a cluster without a secret: %v, %v", n, err)
	}
	s.secrets[1] = "another"
	first, err := node.Start(config(s.dirs[0], s.configure(0)))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{}, 1)
	second, err := node.Start(config(s.dirs[1], s.configure(1), func(c *node.Config) {
		c.OnReady = func(node.Ready) { served <- struct{}{} }
	}))
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-served:
		t.Error("nodes of different secrets have formed a cluster")
	case <-time.After(time.Second):
	}
	first.Shutdown()
	second.Shutdown()
	_, _ = first.Wait(), second.Wait()
}

// TestNodesJoin grows a cluster from one node to three, and one that never votes.
func TestNodesJoin(t *testing.T) {
	s := newSeveral(t, 4)
	voters := s.voters
	s.voters = nil
	s.start(0)
	create(t, s.listen[0], "old", 1, nil)
	if err := connect(t, s.listen[0]).ProduceSync(soon(t), record("old", 0)).FirstErr(); err != nil {
		t.Fatal(err)
	}
	s.stop(0)

	s.voters = voters[:3] // the fourth is none of them
	_, s.quorum[3], _ = strings.Cut(voters[3], "@")
	s.start(0)
	s.start(1, 2, 3)
	for i := range s.nodes {
		if got, want := s.nodes[i].ready.ClusterID, s.nodes[0].ready.ClusterID; got != want {
			t.Errorf("node %d is of cluster %s, node 1 of %s", i+1, got, want)
		}
		if got := consume(t, s.listen[i], "old", 1); len(got) != 1 {
			t.Errorf("node %d finds %d records of the old topic", i+1, len(got))
		}
		create(t, s.listen[i], fmt.Sprintf("grown-%d", i+1), 4, nil)
	}
	// And all of it is still so after a restart.
	s.stop(0, 1, 2, 3)
	s.start(3, 2, 1, 0)
	create(t, s.listen[3], "again", 4, nil)
	s.stop(0, 1, 2, 3)
}

// TestWipedNodeJoinsAnew takes a voter's disk away.
func TestWipedNodeJoinsAnew(t *testing.T) {
	s := newSeveral(t, 3)
	s.start(0, 1, 2)
	create(t, s.listen[0], "before", 3, nil)
	s.stop(1)
	s.dirs[1] = t.TempDir()
	s.start(1)
	if got, want := s.nodes[1].ready.ClusterID, s.nodes[0].ready.ClusterID; got != want {
		t.Errorf("the wiped node is of cluster %s, not %s", got, want)
	}
	a := kadm.NewClient(connect(t, s.listen[1]))
	s.eventually("the wiped node knows of the topic", func() bool {
		topics, err := a.ListTopics(soon(t))
		return err == nil && len(topics) == 1
	})
	// It votes again: with it, one of the others is enough.
	s.eventually("the wiped node votes", func() bool { return s.nodes[1].node.Votes() })
	s.stop(0)
	a = kadm.NewClient(connect(t, s.listen[1]))
	s.eventually("a topic is created", func() bool { // once clients have heard that a node is gone
		r, err := a.CreateTopic(soon(t), 1, 1, nil, "after")
		return err == nil && r.Err == nil
	})
	s.start(0)
	s.stop(0, 1, 2)
}

// TestVotersChange takes a voter out while it runs, and lets it vote again.
func TestVotersChange(t *testing.T) {
	s := newSeveral(t, 3)
	s.start(0, 1, 2)
	c := connect(t, s.listen[0])
	s.eventually("all vote", func() bool {
		return s.nodes[0].node.Votes() && s.nodes[1].node.Votes() && s.nodes[2].node.Votes()
	})
	remove := kmsg.NewPtrRemoveRaftVoterRequest()
	remove.VoterID = 3
	s.eventually("node 3 may be taken out", func() bool {
		a, err := remove.RequestWith(soon(t), c)
		return err == nil && a.ErrorCode == 0
	})
	s.eventually("node 3 votes no more", func() bool { return !s.nodes[2].node.Votes() })
	first := kadm.NewClient(c)
	s.eventually("a topic is created without node 3", func() bool { // which may have had the controller
		r, err := first.CreateTopic(soon(t), 3, 1, nil, "while-it-was-out")
		return err == nil && r.Err == nil
	})
	a := kadm.NewClient(connect(t, s.listen[2]))
	knows := func(topics int) func() bool {
		return func() bool {
			known, err := a.ListTopics(soon(t))
			return err == nil && len(known) == topics
		}
	}
	s.eventually("node 3 is told of topics without a vote", knows(1))

	add := kmsg.NewPtrAddRaftVoterRequest()
	add.VoterID = 3
	s.eventually("node 3 may vote again", func() bool {
		a, err := add.RequestWith(soon(t), c)
		return err == nil && a.ErrorCode == 0
	})
	s.eventually("node 3 votes again", func() bool { return s.nodes[2].node.Votes() })
	s.stop(2)
	s.start(2)
	s.eventually("node 3 votes after its restart", func() bool { return s.nodes[2].node.Votes() })
	s.stop(0)
	a = kadm.NewClient(connect(t, s.listen[2]))
	s.eventually("its vote counts", func() bool {
		r, err := a.CreateTopic(soon(t), 1, 1, nil, "with-its-vote")
		return err == nil && r.Err == nil
	})
	s.eventually("node 3 knows of both topics", knows(2))
	s.start(0)
	s.stop(0, 1, 2)
}
