package node_test

import (
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/core/protocol"
	"trialog/node"
)

// seen is what a client saw: of which brokers it has read and to which it has
// written records, and how often it has asked for metadata.
type seen struct {
	sync.Mutex
	read, written map[int32]int
	metadata      int
}

func newSeen() *seen { return &seen{read: map[int32]int{}, written: map[int32]int{}} }

// OnFetchBatchRead implements kgo.HookFetchBatchRead.
func (s *seen) OnFetchBatchRead(m kgo.BrokerMetadata, _ string, _ int32, b kgo.FetchBatchMetrics) {
	s.Lock()
	defer s.Unlock()
	s.read[m.NodeID] += b.NumRecords
}

// OnProduceBatchWritten implements kgo.HookProduceBatchWritten.
func (s *seen) OnProduceBatchWritten(m kgo.BrokerMetadata, _ string, _ int32, b kgo.ProduceBatchMetrics) {
	s.Lock()
	defer s.Unlock()
	s.written[m.NodeID] += b.NumRecords
}

// OnBrokerWrite implements kgo.HookBrokerWrite.
func (s *seen) OnBrokerWrite(_ kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, _ error) {
	s.Lock()
	defer s.Unlock()
	if key == protocol.KeyMetadata {
		s.metadata++
	}
}

// forget returns what was seen and begins anew.
func (s *seen) forget() (read, written map[int32]int, metadata int) {
	s.Lock()
	defer s.Unlock()
	read, written, metadata = s.read, s.written, s.metadata
	s.read, s.written, s.metadata = map[int32]int{}, map[int32]int{}, 0
	return read, written, metadata
}

// TestClientsAreLed has franz-go read from the replica in its rack (KIP-392), and
// find a new leader by what the old one tells it, without asking for metadata
// (KIP-951).
func TestClientsAreLed(t *testing.T) {
	s := newSeveral(t, 3)
	for i := range 3 {
		s.change = append(s.change, func(c *node.Config) {
			c.Broker["broker.rack"] = fmt.Sprintf("rack-%d", i+1)
			c.Broker["replica.selector.class"] = "org.apache.kafka.common.replica.RackAwareReplicaSelector"
		})
	}
	s.start(0, 1, 2)
	defer s.stop(0, 1, 2)
	a := kadm.NewClient(connect(t, s.listen[0]))
	lead := func(brokers ...int32) {
		t.Helper()
		var q kadm.AlterPartitionAssignmentsReq
		q.Assign("t", 0, brokers)
		if r, err := a.AlterPartitionAssignments(soon(t), q); err != nil || r.Error() != nil {
			t.Fatal(err, r.Error())
		}
		s.eventually(fmt.Sprintf("node %d leads", brokers[0]), func() bool {
			var set kadm.TopicsSet
			set.Add("t", 0)
			if _, err := a.ElectLeaders(soon(t), kadm.ElectPreferredReplica, set); err != nil {
				return false
			}
			for i := range s.nodes { // every node knows
				topics, err := kadm.NewClient(connect(t, s.listen[i])).ListTopics(soon(t), "t")
				if err != nil || topics["t"].Partitions[0].Leader != brokers[0] || len(topics["t"].Partitions[0].ISR) != 3 {
					return false
				}
			}
			return true
		})
	}
	if r, err := a.CreateTopic(soon(t), 1, 3, nil, "t"); err != nil || r.Err != nil {
		t.Fatal(err, r.Err)
	}
	lead(1, 2, 3)

	saw, sent := newSeen(), 0
	rare := []kgo.Opt{kgo.MetadataMinAge(10 * time.Minute), kgo.MetadataMaxAge(time.Hour)}
	p := connect(t, s.listen[0], append(rare, kgo.WithHooks(saw))...)
	produce := func(n int) {
		t.Helper()
		for range n {
			if err := p.ProduceSync(soon(t), record("t", sent)).FirstErr(); err != nil {
				t.Fatal(err)
			}
			sent++
		}
	}
	near := newSeen()
	c := connect(t, s.listen[0], kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.Rack("rack-2"), kgo.WithHooks(near))
	plain := newSeen()
	d := connect(t, s.listen[0], append(rare, kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.WithHooks(plain))...)
	read := func(k *kgo.Client, n int) {
		t.Helper()
		for n > 0 {
			f := k.PollFetches(soon(t))
			if err := f.Err(); err != nil {
				t.Fatal(err)
			}
			n -= f.NumRecords()
		}
	}
	produce(20)
	read(c, 20)
	read(d, 20)
	if got, _, _ := near.forget(); got[2] != 20 {
		t.Errorf("a reader in the rack of node 2 got records of %v", got)
	}
	if got, _, _ := plain.forget(); got[1] != 20 {
		t.Errorf("a reader of no rack got records of %v, node 1 leading", got)
	}
	saw.forget()

	lead(3, 1, 2)
	produce(10)
	read(d, 10)
	read(c, 10)
	if _, got, asked := saw.forget(); !maps.Equal(got, map[int32]int{3: 10}) || asked != 0 {
		t.Errorf("after node 3 had taken over a producer wrote to %v and asked for metadata %d times", got, asked)
	}
	if got, _, _ := plain.forget(); !maps.Equal(got, map[int32]int{3: 10}) {
		t.Errorf("after node 3 had taken over a reader read of %v", got) // it asks for metadata beside
	}
	s.eventually("a reader in the rack of node 2 is sent there by the new leader", func() bool {
		produce(1)
		read(c, 1)
		got, _, _ := near.forget()
		return got[2] > 0
	})
}
