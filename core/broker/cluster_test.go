package broker_test

import (
	"strconv"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/broker"
	"trialog/core/disk/memfs"
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/core/quorum"
)

// committee is a metadata quorum that commits at once, over all incarnations.
type committee struct {
	log     []quorum.Entry
	members []*world
}

// commit tells every broker that is up.
func (c *committee) commit(from *world, p *quorum.Propose) {
	c.log = append(c.log, p.Entry)
	for _, w := range c.members {
		in := &quorum.Committed{Index: uint64(len(c.log)), Entry: p.Entry}
		if w == from {
			in.Ref = p.Ref
		}
		if w.b != nil {
			w.give(&broker.Quorum{Event: in})
		}
	}
}

// pendingPeer is a request between two worlds.
type pendingPeer struct {
	from         *world
	ref          kafka.Ref
	key, version int16
}

// newCluster makes brokers 1 to n with one committee. None is started.
func newCluster(t testing.TB, n int) []*world {
	c := &committee{}
	for i := range n {
		w := newWorld(t)
		w.config.NodeID = kafka.BrokerID(i + 1)
		w.config.Seed = uint64(100 * (i + 1))
		w.config.Listeners[0].Host = "broker" + strconv.Itoa(i+1)
		w.quorum = c
		c.members = append(c.members, w)
	}
	return c.members
}

// peer carries a request to the broker that it names, over the wire.
func (w *world) peer(s *broker.Send) {
	for _, to := range w.quorum.members {
		if to.config.NodeID != s.To || to.b == nil {
			continue
		}
		if to.sent == nil {
			to.sent = map[int32]pendingPeer{}
		}
		frame := protocol.AppendRequest(nil, s.Key, s.Version, 0, "peer", s.Body)
		_, body, code, err := protocol.DecodeRequest(frame[protocol.FramePrefixBytes:], nil)
		if code != kafka.None || err != nil {
			w.t.Fatalf("a request between brokers does not parse: key %d %v %v", s.Key, code, err)
		}
		conn := kafka.ConnID(1000 + w.config.NodeID)
		if s.Key == protocol.KeyFetch { // long polls have a connection of their own
			conn += 1000
		}
		if !to.conns[conn] {
			to.conns[conn] = true
			to.give(&broker.ConnectionOpened{Conn: conn, Listener: "PLAINTEXT"})
		}
		to.corr++
		to.sent[to.corr] = pendingPeer{w, s.Ref, s.Key, s.Version}
		to.give(&broker.Request{Conn: conn, Key: s.Key, Version: s.Version, CorrelationID: to.corr, Body: body})
		return
	}
	w.give(&broker.PeerReply{Ref: s.Ref})
}

// peerAnswered carries the answer back.
func (w *world) peerAnswered(r *broker.Reply) bool {
	p, ok := w.sent[r.CorrelationID]
	if !ok || r.Conn < 1000 {
		return false
	}
	delete(w.sent, r.CorrelationID)
	frame := protocol.AppendResponse(nil, r.Key, r.Version, r.CorrelationID, r.Body)
	_, body, code := protocol.DecodeResponse(frame[protocol.FramePrefixBytes:], p.key, p.version, nil)
	if code != kafka.None {
		w.t.Fatalf("an answer between brokers does not parse: key %d %v", p.key, code)
	}
	p.from.give(&broker.PeerReply{Ref: p.ref, Body: body})
	return true
}

// settleAll lets every broker come to rest.
func settleAll(worlds []*world) {
	for busy := true; busy; {
		busy = false
		for _, w := range worlds {
			if w.b != nil && len(w.inbox) > 0 {
				busy = true
				w.settle()
			}
		}
	}
}

// passAll lets time go by everywhere.
func passAll(worlds []*world, d kafka.Duration) {
	for _, w := range worlds {
		w.now.Mono = w.now.Mono.Add(d)
		w.now.Wall += kafka.TimestampMs(d / kafka.Millisecond)
		w.give(&broker.Tick{})
	}
	settleAll(worlds)
}

// cluster starts n brokers, the first of which is the controller.
func cluster(t testing.TB, n int) []*world { return startCluster(t, newCluster(t, n)) }

func startCluster(t testing.TB, worlds []*world) []*world {
	for _, w := range worlds {
		w.boot()
		w.give(&broker.Start{})
	}
	worlds[0].give(&broker.Quorum{Event: leads})
	settleAll(worlds)
	for range 4 {
		passAll(worlds, 600*kafka.Millisecond)
	}
	for _, w := range worlds {
		if !w.b.Ready() {
			t.Fatalf("broker %d is %v", w.config.NodeID, w.b.Phase())
		}
	}
	return worlds
}

func TestBrokersRegisterWithTheControllersBroker(t *testing.T) {
	worlds := cluster(t, 3)
	if !worlds[0].b.IsController() || worlds[1].b.IsController() {
		t.Fatal("the wrong broker is the controller")
	}
	q := kmsg.NewPtrMetadataRequest()
	corr := worlds[2].send(1, 12, q)
	a := worlds[2].answer(corr).(*kmsg.MetadataResponse)
	if len(a.Brokers) != 3 || a.ControllerID != 1 || *a.ClusterID != worlds[0].b.ClusterID() {
		t.Fatalf("metadata of broker 3: %+v", a)
	}
	for _, k := range worlds[0].b.Image().Brokers() {
		if k.KeptSince != k.Incarnation {
			t.Fatalf("broker %d, new in its directory, registered with %v as kept since %v", k.ID, k.Incarnation, k.KeptSince)
		}
	}
}

func TestAdminRequestsReachTheController(t *testing.T) {
	worlds := cluster(t, 3)
	corr := worlds[1].queue(1, 7, createTopic("orders", 6))
	settleAll(worlds)
	a := worlds[1].answer(corr).(*kmsg.CreateTopicsResponse)
	if a.Topics[0].ErrorCode != 0 || a.Topics[0].NumPartitions != 6 {
		t.Fatalf("create through broker 2: %+v", a.Topics[0])
	}
	leaders := map[kafka.BrokerID]int{}
	for _, p := range worlds[2].b.Image().TopicByName("orders").Partitions.All {
		leaders[p.Leader]++
	}
	if len(leaders) != 3 {
		t.Fatalf("leaders %v", leaders)
	}
	corr = worlds[2].queue(1, 7, createTopic("orders", 6))
	settleAll(worlds)
	if a := worlds[2].answer(corr).(*kmsg.CreateTopicsResponse); kafka.ErrorCode(a.Topics[0].ErrorCode) != kafka.ErrTopicAlreadyExists {
		t.Fatalf("create again: %+v", a.Topics[0])
	}
}

func TestPartitionsAreServedWhereTheyAreLed(t *testing.T) {
	worlds := cluster(t, 2)
	corr := worlds[0].queue(1, 7, createTopic("orders", 2))
	settleAll(worlds)
	worlds[0].answer(corr)
	for _, p := range worlds[0].b.Image().TopicByName("orders").Partitions.All {
		for _, w := range worlds {
			corr := w.send(2, produceV, produce("orders", p.Index, -1, w.batch("a")))
			got := w.answer(corr).(*protocol.ProduceResponse)
			want := kafka.None
			if w.config.NodeID != p.Leader {
				want = kafka.ErrNotLeaderOrFollower
			}
			if got.Partitions[0].Err != want {
				t.Fatalf("partition %d at broker %d: %v", p.Index, w.config.NodeID, got.Partitions[0].Err)
			}
			if want != kafka.None && (got.Partitions[0].CurrentLeader.Leader != p.Leader || len(got.Nodes) != 1) {
				t.Fatalf("no hint: %+v", got)
			}
		}
	}
}

func TestProducerIDsOfTwoBrokersDiffer(t *testing.T) {
	worlds := cluster(t, 2)
	seen := map[int64]bool{}
	for range 3 {
		for _, w := range worlds {
			corr := w.queue(1, 4, kmsg.NewPtrInitProducerIDRequest())
			settleAll(worlds)
			a := w.answer(corr).(*kmsg.InitProducerIDResponse)
			if a.ErrorCode != 0 || seen[a.ProducerID] {
				t.Fatalf("broker %d gives %+v", w.config.NodeID, a)
			}
			seen[a.ProducerID] = true
		}
	}
}

func TestSilentBrokerIsFencedAndComesBack(t *testing.T) {
	worlds := cluster(t, 2)
	corr := worlds[0].queue(1, 7, createTopic("orders", 2))
	settleAll(worlds)
	worlds[0].answer(corr)
	gone := worlds[1]
	gone.kill()
	for range 30 { // in steps that the controller does not take for a gap of its own
		passAll(worlds[:1], 500*kafka.Millisecond)
	}
	if !worlds[0].b.Image().Broker(2).Fenced {
		t.Fatal("a silent broker is not fenced")
	}
	gone.now = worlds[0].now
	gone.boot()
	gone.give(&broker.Start{})
	settleAll(worlds)
	for range 4 {
		passAll(worlds, 600*kafka.Millisecond)
	}
	if !gone.b.Ready() {
		t.Fatalf("the broker that came back is %v", gone.b.Phase())
	}
	for _, p := range worlds[0].b.Image().TopicByName("orders").Partitions.All {
		if p.Leader == kafka.NoBroker {
			t.Fatalf("partition %d has no leader", p.Index)
		}
	}
}

func TestControlledShutdownOfOneOfTwo(t *testing.T) {
	worlds := cluster(t, 2)
	worlds[1].give(&broker.Shutdown{})
	settleAll(worlds)
	for range 6 {
		passAll(worlds, 500*kafka.Millisecond)
	}
	if !worlds[1].halt.Clean {
		t.Fatalf("halt %+v in phase %v", worlds[1].halt, worlds[1].b.Phase())
	}
	if !worlds[0].b.Image().Broker(2).ShuttingDown {
		t.Fatal("the controller was not told")
	}
}

// Whoever wants to produce at a broker that stops is held back until there is
// another leader, and told who that is. Nobody waits for a heartbeat's turn.
func TestShutdownHandsOver(t *testing.T) {
	worlds := cluster(t, 3)
	leader := replicatedTopic(t, worlds, "orders")
	corr := leader.queue(2, produceV, produce("orders", 0, -1, leader.batch("a")))
	settleAll(worlds)
	if a := leader.answer(corr).(*protocol.ProduceResponse); a.Partitions[0].Err != kafka.None {
		t.Fatalf("%+v", a.Partitions[0])
	}
	leader.give(&broker.Shutdown{})
	corr = leader.queue(2, produceV, produce("orders", 0, -1, leader.batch("b")))
	for range 6 {
		passAll(worlds, 50*kafka.Millisecond)
	}
	a := leader.answer(corr).(*protocol.ProduceResponse)
	next := leaderOf(t, worlds, "orders")
	if p := &a.Partitions[0]; p.Err != kafka.ErrNotLeaderOrFollower || p.CurrentLeader.Leader != next.config.NodeID || next == leader || len(a.Nodes) != 1 {
		t.Errorf("while it stopped: %+v, nodes %+v; broker %d leads", p, a.Nodes, next.config.NodeID)
	}
	if !leader.halt.Clean {
		t.Errorf("after 300 ms: phase %v", leader.b.Phase())
	}
}

// A broker may stop while its registration is on its way: the roles that the image
// then has for it come too late, and it makes no logs for them.
func TestStopsBeforeItKnowsThatItIsRegistered(t *testing.T) {
	worlds := cluster(t, 3)
	replicatedTopic(t, worlds, "orders")
	late := worlds[2]
	late.kill()
	late.fs = memfs.New() // another disk: the log of its replica would be made anew
	for range 10 {
		passAll(worlds[:2], kafka.Second) // its session ends
	}
	late.now = worlds[0].now
	late.boot()
	late.give(&broker.Start{})
	for i := 1; late.b.Phase() != broker.PhaseRegistering; i++ {
		if i == 100 {
			t.Fatalf("phase %v", late.b.Phase())
		}
		late.settle()
	}
	late.holdJobs = true // its clean mark takes a while
	late.give(&broker.Shutdown{})
	late.settle()
	for range 2 {
		passAll(worlds, 500*kafka.Millisecond)
	}
	if late.b.Image().Broker(3).Incarnation != late.config.Incarnation {
		t.Fatal("it was not registered meanwhile")
	}
	late.holdJobs = false
	passAll(worlds, 500*kafka.Millisecond)
	if !late.halt.Clean {
		t.Errorf("halt %+v in phase %v", late.halt, late.b.Phase())
	}
}

// Only the controller's own broker takes a registration: one that had waited
// elsewhere would depose the incarnation that came after it.
func TestRegistrationIsNotPassedOn(t *testing.T) {
	worlds := cluster(t, 3)
	b := worlds[0].b.Image().Broker(3)
	q := kmsg.NewPtrBrokerRegistrationRequest()
	q.BrokerID, q.ClusterID, q.PreviousBrokerEpoch = 3, worlds[0].b.ClusterID(), -1
	q.IncarnationID, q.LogDirs = kafka.IncarnationID{99}, [][16]byte{b.Directory}
	q.Listeners = append(q.Listeners, kmsg.BrokerRegistrationRequestListener{Name: "PLAINTEXT", Host: "old", Port: 9092})
	for _, c := range []struct {
		to   kafka.BrokerID
		want kafka.IncarnationID
	}{{2, b.Incarnation}, {1, q.IncarnationID}} {
		worlds[2].peer(&broker.Send{Ref: 1 << 40, To: c.to, Key: 62, Version: 4, Body: q})
		settleAll(worlds[:2])
		if got := worlds[0].b.Image().Broker(3).Incarnation; got != c.want {
			t.Errorf("sent to broker %d: incarnation %v", c.to, got)
		}
	}
}
