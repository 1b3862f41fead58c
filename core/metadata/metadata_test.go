package metadata_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/quorum"
)

// life draws records that apply to an image, as a controller would.
type life struct {
	state *metadata.State
	seq   uint64
	index uint64
	log   []logged
}

type logged struct {
	index uint64
	entry quorum.Entry
}

func newLife() *life {
	l := &life{state: metadata.NewState()}
	l.append(quorum.Entry{Proposer: 1, Nonce: 1, Epoch: 1})
	return l
}

func (l *life) append(e quorum.Entry) *metadata.Delta {
	l.index += 1 + l.index%3
	l.log = append(l.log, logged{l.index, e})
	d, _ := l.state.Apply(l.index, &e)
	return d
}

func (l *life) batch(records ...metadata.Record) *metadata.Delta {
	l.seq++
	return l.append(quorum.Entry{Proposer: 1, Nonce: 1, Epoch: l.state.Image().Applier().Epoch, Seq: l.seq, Records: metadata.AppendBatch(nil, records)})
}

var brokerSet = rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) kafka.BrokerID {
	return kafka.BrokerID(rapid.IntRange(0, 5).Draw(t, "broker"))
}), 1, 4, rapid.ID)

func uuid(t *rapid.T) (u kafka.UUID) {
	copy(u[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
	u[0] |= 1
	return u
}

func drawState(t *rapid.T) metadata.PartitionState {
	replicas := brokerSet.Draw(t, "replicas")
	cut := rapid.IntRange(0, len(replicas)).Draw(t, "isr")
	s := metadata.PartitionState{
		Replicas: replicas, Directories: make([]kafka.DirectoryID, len(replicas)),
		Leader: kafka.NoBroker, Mode: kafka.DurabilityMode(rapid.IntRange(1, 2).Draw(t, "mode")),
		Recovery: metadata.RecoveryState(rapid.IntRange(0, 1).Draw(t, "recovery")),
	}
	if cut > 0 {
		s.ISR, s.Leader = replicas[:cut:cut], replicas[0]
	}
	if cut < len(replicas) {
		s.ELR = replicas[cut:]
		s.LastKnownELR = replicas[cut:]
	}
	if n := rapid.IntRange(0, len(replicas)).Draw(t, "adding"); n > 0 {
		s.Adding = replicas[:n]
	}
	if n := len(s.Adding); n < len(replicas) {
		s.Removing = replicas[n:]
	}
	for i := range s.Directories {
		s.Directories[i] = kafka.DirectoryID(uuid(t))
	}
	return s
}

// draw draws one record that the image takes.
func (l *life) draw(t *rapid.T) metadata.Record {
	im := l.state.Image()
	var topics []*metadata.TopicImage
	im.EachTopic(func(x *metadata.TopicImage) bool { topics = append(topics, x); return true })
	switch kind := rapid.IntRange(0, 11).Draw(t, "kind"); {
	case kind == 0:
		return &metadata.FeatureLevel{Name: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "feature"), Level: int16(rapid.IntRange(0, 3).Draw(t, "level"))}
	case kind == 1:
		return &metadata.BrokerRegistration{
			Broker: kafka.BrokerID(rapid.IntRange(0, 5).Draw(t, "broker")), Epoch: im.LastBrokerEpoch() + 1,
			Incarnation: kafka.IncarnationID(uuid(t)), Directory: kafka.DirectoryID(uuid(t)), Previous: -1,
			KeptSince: kafka.IncarnationID(uuid(t)),
			Rack:      rapid.String().Draw(t, "rack"), Listeners: []metadata.Listener{{Name: "P", Host: "h", Port: 9092, Security: 1}},
		}
	case kind == 2 && len(im.Brokers()) > 0:
		b := rapid.SampledFrom(im.Brokers()).Draw(t, "broker")
		return &metadata.BrokerChange{Broker: b.ID, Epoch: b.Epoch, Fenced: rapid.Bool().Draw(t, "fenced"), ShuttingDown: rapid.Bool().Draw(t, "down")}
	case kind == 3 && len(im.Brokers()) > 0:
		b := rapid.SampledFrom(im.Brokers()).Draw(t, "broker")
		return &metadata.BrokerRemoved{Broker: b.ID, Epoch: b.Epoch}
	case kind == 10 && len(im.Replicas()) > 0 && rapid.Bool().Draw(t, "old"):
		r := rapid.SampledFrom(im.Replicas()).Draw(t, "replica")
		if rapid.Bool().Draw(t, "gone") {
			return &metadata.QuorumReplicaRemoved{Replica: r.Replica}
		}
		r.Voter = !r.Voter
		return &r
	case kind == 10:
		if node := kafka.BrokerID(rapid.IntRange(0, 5).Draw(t, "node")); im.ReplicaOf(node) == nil {
			return &metadata.QuorumReplica{
				Replica: im.LastReplica() + quorum.ReplicaID(rapid.IntRange(1, 3).Draw(t, "step")), Node: node,
				Directory: kafka.DirectoryID(uuid(t)), Voter: rapid.Bool().Draw(t, "voter"),
			}
		}
	case kind == 4:
		return &metadata.Config{
			Resource: kafka.ConfigResource{Type: kafka.ResourceTopic, Name: rapid.SampledFrom([]string{"t1", "t2", ""}).Draw(t, "resource")},
			Name:     rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"), Value: rapid.String().Draw(t, "value"), Remove: rapid.Bool().Draw(t, "remove"),
		}
	case kind == 5:
		return &metadata.ProducerIDBlock{Broker: 1, Epoch: 1, Next: im.NextProducerID() + 1000}
	case kind == 6 && len(topics) > 3:
		return &metadata.TopicRemoved{ID: rapid.SampledFrom(topics).Draw(t, "topic").ID}
	case kind >= 7 && len(topics) > 0:
		topic := rapid.SampledFrom(topics).Draw(t, "topic")
		if n := topic.Partitions.Len(); n > 0 && rapid.Bool().Draw(t, "change") {
			return &metadata.PartitionChange{
				Topic: topic.ID, Partition: kafka.PartitionIndex(rapid.IntRange(0, n-1).Draw(t, "partition")),
				Fields: metadata.FieldReplicas | metadata.FieldAdding | metadata.FieldRemoving | metadata.FieldDirectories | metadata.FieldISR | metadata.FieldELR |
					metadata.FieldLastKnownELR | metadata.FieldLeader | metadata.FieldRecovery | metadata.FieldMode,
				State: drawState(t),
			}
		}
		return &metadata.PartitionRecord{Topic: topic.ID, Partition: kafka.PartitionIndex(topic.Partitions.Len()), State: drawState(t)}
	}
	for n := 1; ; n++ {
		if name := fmt.Sprintf("t%d", n); im.TopicByName(name) == nil {
			return &metadata.Topic{ID: kafka.TopicID(uuid(t)), Name: name}
		}
	}
}

// TestSnapshotAndTailIsReplay is MD1: whoever starts from a snapshot anywhere
// ends with the image of who replays everything; and each delta names exactly
// what differs.
func TestSnapshotAndTailIsReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLife()
		snapshots := map[int][]byte{}
		for range rapid.IntRange(1, 40).Draw(t, "entries") {
			before := l.state.Image()
			frozen := metadata.AppendSnapshot(nil, before)
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				l.append(quorum.Entry{Proposer: 2, Nonce: 5, Epoch: 1, Seq: 77}) // does not count
			case 1:
				l.append(quorum.Entry{Proposer: 1, Nonce: 1, Epoch: before.Applier().Epoch + 1})
				l.seq = 0
			case 2:
				snapshots[len(l.log)] = l.state.Snapshot(nil)
			default:
				checkDelta(t, l.batch(l.draw(t)))
			}
			if !bytes.Equal(metadata.AppendSnapshot(nil, before), frozen) {
				t.Fatal("MD3: an image changed after it was published")
			}
		}
		want := l.state.Snapshot(nil)
		for at, snapshot := range snapshots {
			s := metadata.NewState()
			if _, err := s.Load(snapshot); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(s.Snapshot(nil), snapshot) {
				t.Fatal("a snapshot does not encode to itself")
			}
			for id := kafka.BrokerID(0); id < 6; id++ {
				checkHeld(t, s.Image(), id)
			}
			for _, e := range l.log[max(0, at-2):] { // some of it again: ignored
				s.Apply(e.index, &e.entry)
			}
			if !bytes.Equal(s.Snapshot(nil), want) {
				t.Fatalf("MD1: snapshot at entry %d and the tail come to another image", at)
			}
		}
		replay := metadata.NewState()
		for _, e := range l.log {
			replay.Apply(e.index, &e.entry)
		}
		if !bytes.Equal(replay.Snapshot(nil), want) {
			t.Fatal("MD1: a replay comes to another image")
		}
	})
}

// checkDelta compares both images of a delta with what it says.
func checkDelta(t *rapid.T, d *metadata.Delta) {
	said := map[kafka.TopicID]metadata.TopicDelta{}
	for _, td := range d.Topics {
		said[td.ID] = td
	}
	d.To.EachTopic(func(topic *metadata.TopicImage) bool {
		old := d.From.Topic(topic.ID)
		td, named := said[topic.ID]
		if named != (old != topic) {
			t.Fatalf("topic %s: named %v, changed %v", topic.Name, named, old != topic)
		}
		for i, p := range topic.Partitions.All {
			changed := old == nil || old.Partition(p.Index) != p
			if changed != slices.Contains(td.Partitions, kafka.PartitionIndex(i)) {
				t.Fatalf("partition %s-%d: changed %v, and the delta says %v", topic.Name, i, changed, td.Partitions)
			}
		}
		return true
	})
	d.From.EachTopic(func(topic *metadata.TopicImage) bool {
		if d.To.Topic(topic.ID) == nil && said[topic.ID].Change != metadata.TopicDeleted {
			t.Fatalf("topic %s is gone and the delta does not say so", topic.Name)
		}
		return true
	})
	for id := kafka.BrokerID(0); id < 6; id++ {
		checkHeld(t, d.From, id)
		checkHeld(t, d.To, id)
		if (d.From.Broker(id) != d.To.Broker(id)) != slices.Contains(d.Brokers, id) {
			t.Fatalf("broker %d: the delta says %v", id, d.Brokers)
		}
	}
}

// checkHeld compares what a broker holds with a walk over all there is.
func checkHeld(t *rapid.T, im *metadata.Image, id kafka.BrokerID) {
	var want, got []*metadata.Partition
	im.EachTopic(func(topic *metadata.TopicImage) bool {
		for _, p := range topic.Partitions.All {
			if slices.Contains(p.Replicas, id) {
				want = append(want, p)
			}
		}
		return true
	})
	im.EachOf(id, func(topic *metadata.TopicImage, p *metadata.Partition) bool {
		if topic.Partition(p.Index) != p {
			t.Fatalf("broker %d holds %s-%d, which is not the topic's", id, p.TopicName, p.Index)
		}
		got = append(got, p)
		return true
	})
	if !slices.Equal(got, want) {
		t.Fatalf("broker %d holds %d partitions, the image says %d of it", id, len(want), len(got))
	}
}

func TestBatchRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLife()
		var records []metadata.Record
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			r := l.draw(t)
			records = append(records, r)
			l.batch(r)
		}
		got, err := metadata.DecodeBatch(metadata.AppendBatch(nil, records))
		if err != nil || !reflect.DeepEqual(got, records) {
			t.Fatalf("%d records came back as %d, %v", len(records), len(got), err)
		}
	})
}

// TestDamage: a snapshot with any bit changed, or cut anywhere, is refused; a
// batch is refused or read as another, but nothing panics.
func TestDamage(t *testing.T) {
	l := newLife()
	l.batch(&metadata.ClusterID{ID: kafka.UUID{1}}, &metadata.FeatureLevel{Name: "f", Level: 2})
	l.batch(&metadata.BrokerRegistration{Broker: 1, Epoch: 1, Incarnation: kafka.IncarnationID{1}, Listeners: []metadata.Listener{{Name: "P"}}})
	l.batch(&metadata.Topic{ID: kafka.TopicID{1}, Name: "t"}, &metadata.PartitionRecord{Topic: kafka.TopicID{1},
		State: metadata.PartitionState{Replicas: []kafka.BrokerID{1}, Directories: make([]kafka.DirectoryID, 1), ISR: []kafka.BrokerID{1}, Leader: 1, Mode: 1}},
		&metadata.Config{Resource: metadata.TopicResource("t"), Name: "n", Value: "v"})
	snapshot := l.state.Snapshot(nil)
	if _, err := metadata.LoadSnapshot(snapshot); err != nil {
		t.Fatal(err)
	}
	for i := range snapshot {
		if _, err := metadata.LoadSnapshot(snapshot[:i]); err == nil {
			t.Fatalf("a snapshot cut at %d was read", i)
		}
		for bit := range 8 {
			b := bytes.Clone(snapshot)
			b[i] ^= 1 << bit
			if _, err := metadata.LoadSnapshot(b); err == nil {
				t.Fatalf("a snapshot with bit %d of byte %d changed was read", bit, i)
			}
		}
	}
	for _, e := range l.log {
		for i := range e.entry.Records {
			if records, err := metadata.DecodeBatch(e.entry.Records[:i]); err == nil && i > 0 && len(metadata.AppendBatch(nil, records)) != i {
				t.Fatalf("a batch cut at %d was read as something longer", i)
			}
			for bit := range 8 {
				b := bytes.Clone(e.entry.Records)
				b[i] ^= 1 << bit
				_, _ = metadata.DecodeBatch(b)
			}
		}
	}
}

func FuzzDecodeBatch(f *testing.F) {
	f.Add(metadata.AppendBatch(nil, []metadata.Record{&metadata.ClusterID{}, &metadata.Topic{Name: "t"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		records, err := metadata.DecodeBatch(b)
		if err != nil {
			return
		}
		again, err := metadata.DecodeBatch(metadata.AppendBatch(nil, records))
		if err != nil || !reflect.DeepEqual(again, records) {
			t.Fatalf("%v came back as %v, %v", records, again, err)
		}
	})
}

// TestEditRefuses: what breaks MD4 and MD5 does not apply.
func TestEditRefuses(t *testing.T) {
	l := newLife()
	part := func(change func(*metadata.PartitionState)) *metadata.PartitionRecord {
		s := metadata.PartitionState{Replicas: []kafka.BrokerID{1, 2}, Directories: make([]kafka.DirectoryID, 2), ISR: []kafka.BrokerID{1}, ELR: []kafka.BrokerID{2}, Leader: 1, Mode: 1}
		change(&s)
		return &metadata.PartitionRecord{Topic: kafka.TopicID{1}, State: s}
	}
	l.batch(&metadata.ClusterID{ID: kafka.UUID{1}}, &metadata.Topic{ID: kafka.TopicID{1}, Name: "t"})
	l.batch(&metadata.BrokerRegistration{Broker: 1, Epoch: 5}, &metadata.ProducerIDBlock{Next: 1000})
	l.batch(&metadata.QuorumReplica{Replica: 5, Node: 1, Directory: kafka.DirectoryID{1}, Voter: true})
	bad := []metadata.Record{
		&metadata.ClusterID{ID: kafka.UUID{2}},
		&metadata.Topic{ID: kafka.TopicID{2}, Name: "t"},
		&metadata.Topic{ID: kafka.TopicID{1}, Name: "u"},
		&metadata.Topic{Name: "u"},
		&metadata.TopicRemoved{ID: kafka.TopicID{9}},
		&metadata.PartitionRecord{Topic: kafka.TopicID{1}, Partition: 1},
		&metadata.PartitionChange{Topic: kafka.TopicID{1}, Fields: metadata.FieldLeader},
		part(func(s *metadata.PartitionState) { s.Leader = 3 }),
		part(func(s *metadata.PartitionState) { s.ISR = []kafka.BrokerID{3} }),
		part(func(s *metadata.PartitionState) { s.ISR = []kafka.BrokerID{1, 1} }),
		part(func(s *metadata.PartitionState) { s.ELR = []kafka.BrokerID{1} }),
		part(func(s *metadata.PartitionState) { s.LastKnownELR = []kafka.BrokerID{7} }),
		part(func(s *metadata.PartitionState) { s.Directories = nil }),
		part(func(s *metadata.PartitionState) { s.Replicas = nil }),
		part(func(s *metadata.PartitionState) { s.Mode = 0 }),
		&metadata.BrokerRegistration{Broker: 2, Epoch: 5},
		&metadata.BrokerChange{Broker: 1, Epoch: 4},
		&metadata.BrokerRemoved{Broker: 2},
		&metadata.ProducerIDBlock{Next: 1000},
		&metadata.FeatureLevel{Name: "", Level: 1},
		part(func(s *metadata.PartitionState) { s.Adding = []kafka.BrokerID{3} }),
		part(func(s *metadata.PartitionState) { s.Adding, s.Removing = []kafka.BrokerID{2}, []kafka.BrokerID{2} }),
		&metadata.QuorumReplica{Replica: 4, Node: 9},
		&metadata.QuorumReplica{Replica: 5, Node: 1},
		&metadata.QuorumReplica{Replica: 6, Node: 1},
		&metadata.QuorumReplicaRemoved{Replica: 4},
	}
	for _, r := range bad {
		if d, err := metadata.Edit(l.state.Image(), 99, []metadata.Record{r}); err == nil {
			t.Errorf("%T %+v applied: %+v", r, r, d)
		}
	}
	if _, err := metadata.Edit(l.state.Image(), 99, []metadata.Record{part(func(*metadata.PartitionState) {})}); err != nil {
		t.Error(err)
	}
}

// TestPartitionChange: a change raises the partition epoch, one with a leader
// the leader epoch, also when the leader stays.
func TestPartitionChange(t *testing.T) {
	l := newLife()
	l.batch(&metadata.Topic{ID: kafka.TopicID{1}, Name: "t"}, &metadata.PartitionRecord{Topic: kafka.TopicID{1},
		State: metadata.PartitionState{Replicas: []kafka.BrokerID{1}, Directories: make([]kafka.DirectoryID, 1), ISR: []kafka.BrokerID{1}, Leader: 1, Mode: 1}})
	change := func(f metadata.PartitionFields) *metadata.Partition {
		l.batch(&metadata.PartitionChange{Topic: kafka.TopicID{1}, Fields: f, State: metadata.PartitionState{ISR: []kafka.BrokerID{1}, Leader: 1}})
		return l.state.Image().Topic(kafka.TopicID{1}).Partition(0)
	}
	if p := change(metadata.FieldISR); p.PartitionEpoch != 1 || p.LeaderEpoch != 0 {
		t.Errorf("%+v", p)
	}
	if p := change(metadata.FieldLeader); p.PartitionEpoch != 2 || p.LeaderEpoch != 1 {
		t.Errorf("%+v", p)
	}
}

// TestEditCostsWhatChanges: one change among 10,000 partitions of 1,000 topics
// allocates what its topic and two tree paths take, not what the image takes.
func TestEditCostsWhatChanges(t *testing.T) {
	l := newLife()
	var records []metadata.Record
	for i := range 1000 {
		id := kafka.TopicID{1, byte(i >> 8), byte(i)}
		records = append(records, &metadata.Topic{ID: id, Name: fmt.Sprintf("topic-%d", i)})
		for p := range 10 {
			records = append(records, &metadata.PartitionRecord{Topic: id, Partition: kafka.PartitionIndex(p),
				State: metadata.PartitionState{Replicas: []kafka.BrokerID{1}, Directories: make([]kafka.DirectoryID, 1), ISR: []kafka.BrokerID{1}, Leader: 1, Mode: 1}})
		}
	}
	l.batch(records...)
	im := l.state.Image()
	if im.TopicCount() != 1000 || im.PartitionCount() != 10_000 {
		t.Fatalf("%d topics, %d partitions", im.TopicCount(), im.PartitionCount())
	}
	change := []metadata.Record{&metadata.PartitionChange{Topic: kafka.TopicID{1, 1, 1}, Partition: 3, Fields: metadata.FieldLeader, State: metadata.PartitionState{Leader: 1}}}
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := metadata.Edit(im, 9, change); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 120 {
		t.Errorf("one change allocates %v times", allocs)
	}
}
