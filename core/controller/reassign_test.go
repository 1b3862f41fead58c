package controller

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

func (b *bench) partition(name string) *metadata.Partition {
	return b.image().TopicByName(name).Partitions.At(0)
}

func (b *bench) reassign(name string, to ...kafka.BrokerID) ReassignedPartition {
	b.t.Helper()
	r := Reassignment{Topic: name, Replicas: to, Cancel: to == nil}
	return b.must(&AlterReassignments{Partitions: []Reassignment{r}}).(*AlterReassignmentsResult).Partitions[0]
}

// isr lets the leader of a topic's partition propose an ISR.
func (b *bench) isr(name string, isr ...kafka.BrokerID) kafka.ErrorCode {
	b.t.Helper()
	p := b.partition(name)
	n := NewISR{Partition: kafka.TopicPartition{Topic: p.Topic}, LeaderEpoch: p.LeaderEpoch, PartitionEpoch: p.PartitionEpoch}
	for _, id := range isr {
		n.ISR = append(n.ISR, ISRMember{Broker: id, Epoch: b.image().Broker(id).Epoch})
	}
	r := b.must(&AlterPartition{Broker: p.Leader, Epoch: b.image().Broker(p.Leader).Epoch, Partitions: []NewISR{n}})
	return r.(*AlterPartitionResult).Partitions[0].Error
}

// sets writes a partition's sets of replicas down.
func sets(p *metadata.Partition) string {
	s := fmt.Sprintf("%v", p.Replicas)
	if p.Reassigning() {
		s += fmt.Sprintf(" +%v -%v", p.Adding, p.Removing)
	}
	return s + fmt.Sprintf(" isr%v leader %d", p.ISR, p.Leader)
}

func (b *bench) wantSets(what, name, want string) {
	b.t.Helper()
	if got := sets(b.partition(name)); got != want {
		b.t.Fatalf("%s: %s, want %s", what, got, want)
	}
}

func newReassignBench(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.up(1, 2, 3, 4, 5, 6)
	b.create("t", ids(1, 2, 3))
	return b
}

func TestReassignmentCompletesInSync(t *testing.T) {
	b := newReassignBench(t)
	epoch := b.partition("t").LeaderEpoch
	if r := b.reassign("t", 4, 5, 3); r.Error != kafka.None {
		t.Fatal(r)
	}
	b.wantSets("begun", "t", "[4 5 3 1 2] +[4 5] -[1 2] isr[1 2 3] leader 1")
	if got := b.partition("t").Directories; !slices.Equal(got, []kafka.DirectoryID{dir(4), dir(5), dir(3), dir(1), dir(2)}) {
		t.Fatalf("directories %v", got)
	}
	if r := b.reassign("t", 4, 5, 3); r.Error != kafka.None {
		t.Fatal(r)
	}
	list := b.must(&ListReassignments{All: true}).(*ListReassignmentsResult).Partitions
	if len(list) != 1 || list[0].TopicName != "t" {
		t.Fatalf("%+v", list)
	}
	b.isr("t", 1, 2, 3, 4)
	b.wantSets("one of two is in sync", "t", "[4 5 3 1 2] +[4 5] -[1 2] isr[4 3 1 2] leader 1")
	b.isr("t", 1, 3, 4, 5)
	b.wantSets("the target is in sync", "t", "[4 5 3] isr[4 5 3] leader 4")
	if p := b.partition("t"); p.LeaderEpoch != epoch+1 || len(p.Directories) != 3 {
		t.Fatalf("%+v", p)
	}
	if list := b.must(&ListReassignments{All: true}).(*ListReassignmentsResult).Partitions; len(list) != 0 {
		t.Fatalf("%+v", list)
	}
}

func TestReassignmentsOfOneStep(t *testing.T) {
	b := newReassignBench(t)
	epoch := b.partition("t").LeaderEpoch
	b.reassign("t", 3, 2, 1)
	b.wantSets("another order", "t", "[3 2 1] isr[1 2 3] leader 1")
	if b.partition("t").LeaderEpoch != epoch {
		t.Fatal("another order began a leader epoch")
	}
	b.reassign("t", 1, 2)
	b.wantSets("one goes", "t", "[1 2] isr[1 2] leader 1")
	if b.partition("t").LeaderEpoch != epoch+1 {
		t.Fatal("who went is not fenced by a new leader epoch")
	}
	b.reassign("t", 2)
	b.wantSets("the leader goes", "t", "[2] isr[2] leader 2")
	b.reassign("t", 2, 3, 4)
	b.wantSets("two come", "t", "[2 3 4] +[3 4] -[] isr[2] leader 2")
	b.isr("t", 2, 3, 4)
	b.wantSets("they are in sync", "t", "[2 3 4] isr[2 3 4] leader 2")
}

func TestReassignmentCancelled(t *testing.T) {
	b := newReassignBench(t)
	r := b.reassign("t")
	wantCode(t, "nothing to cancel", r.Error, kafka.ErrNoReassignmentInProgress, r.Message)
	b.reassign("t", 4, 5, 3)
	b.isr("t", 1, 2, 3, 4)
	epoch := b.partition("t").LeaderEpoch
	b.reassign("t")
	b.wantSets("cancelled", "t", "[3 1 2] isr[3 1 2] leader 1")
	if b.partition("t").LeaderEpoch != epoch+1 {
		t.Fatal("who was added is not fenced by a new leader epoch")
	}

	b.reassign("t", 4, 5, 6)
	b.isr("t", 1, 4, 5) // only one of the origin keeps up
	r = b.reassign("t")
	wantCode(t, "cancel with one in sync, min ISR 2", r.Error, kafka.ErrInvalidReplicaAssignment, r.Message)
	b.isr("t", 1, 2, 4, 5)
	if r = b.reassign("t"); r.Error != kafka.None {
		t.Fatal(r)
	}
	b.wantSets("cancelled", "t", "[3 1 2] isr[1 2] leader 1")
}

func TestReassignmentReplaced(t *testing.T) {
	b := newReassignBench(t)
	b.reassign("t", 4, 2, 3)
	b.isr("t", 1, 2, 3)
	b.reassign("t", 5, 2, 3)
	b.wantSets("who was added on the way elsewhere is dropped", "t", "[5 2 3 1] +[5] -[1] isr[2 3 1] leader 1")
	b.reassign("t", 1, 2, 3)
	b.wantSets("back to where it began", "t", "[1 2 3] isr[2 3 1] leader 1")
}

func TestReassignmentRefusals(t *testing.T) {
	b := newReassignBench(t)
	for _, c := range []struct {
		what string
		r    Reassignment
		keep bool
		want kafka.ErrorCode
	}{
		{"no such topic", Reassignment{Topic: "u", Replicas: ids(1)}, false, kafka.ErrUnknownTopicOrPartition},
		{"no such partition", Reassignment{Topic: "t", Partition: 1, Replicas: ids(1)}, false, kafka.ErrUnknownTopicOrPartition},
		{"nobody", Reassignment{Topic: "t"}, false, kafka.ErrInvalidReplicaAssignment},
		{"one twice", Reassignment{Topic: "t", Replicas: ids(1, 1)}, false, kafka.ErrInvalidReplicaAssignment},
		{"a stranger", Reassignment{Topic: "t", Replicas: ids(1, 9)}, false, kafka.ErrInvalidReplicaAssignment},
		{"another factor", Reassignment{Topic: "t", Replicas: ids(4, 5)}, true, kafka.ErrInvalidReplicationFactor},
	} {
		r := b.must(&AlterReassignments{Partitions: []Reassignment{c.r}, KeepReplicationFactor: c.keep}).(*AlterReassignmentsResult).Partitions[0]
		wantCode(t, c.what, r.Error, c.want, r.Message)
	}
	b.wantSets("unchanged", "t", "[1 2 3] isr[1 2 3] leader 1")
}

// A leader that dies on the way is followed by one in sync; a target that dies
// holds the reassignment up.
func TestReassignmentUnderFailures(t *testing.T) {
	b := newReassignBench(t)
	b.reassign("t", 4, 5, 6)
	b.isr("t", 1, 2, 3, 4)
	b.silence(2, 3, 4, 5)
	b.wantSets("1 and 6 are dead", "t", "[4 5 6 1 2 3] +[4 5 6] -[1 2 3] isr[4 2 3] leader 4")
	b.isr("t", 2, 3, 4, 5)
	b.wantSets("6 is not there", "t", "[4 5 6 1 2 3] +[4 5 6] -[1 2 3] isr[4 5 2 3] leader 4")
	b.beat(6)
	b.isr("t", 2, 3, 4, 5, 6)
	b.wantSets("6 is there", "t", "[4 5 6] isr[4 5 6] leader 4")
}

func TestPreferredAfterReassignmentAndUncleanLast(t *testing.T) {
	b := newReassignBench(t)
	b.create("u", ids(1), NewConfig{"unclean.leader.election.enable", text("true")})
	b.reassign("u", 2, 3)
	b.silence(2, 3, 4)
	if p := b.partition("u"); p.Leader != 2 || p.Recovery != metadata.Recovering {
		t.Fatalf("unclean, and only the added ones live: %s", sets(p))
	}
}

func TestUnregisterBroker(t *testing.T) {
	b := newReassignBench(t)
	r, _ := b.ask(&UnregisterBroker{Broker: 9})
	wantCode(t, "a stranger", r.Error, kafka.ErrBrokerIDNotRegistered, r.Message)
	epoch := b.image().Broker(1).Epoch
	b.must(&UnregisterBroker{Broker: 1})
	b.wantSets("its roles are gone", "t", "[1 2 3] isr[2 3] leader 2")
	if b.image().Broker(1) != nil {
		t.Fatal("it is still registered")
	}
	r, _ = b.ask(&Heartbeat{Broker: 1, Epoch: epoch})
	wantCode(t, "its heartbeat", r.Error, kafka.ErrBrokerIDNotRegistered, r.Message)
	if got := b.register(1, 101, 1, kafka.NoBrokerEpoch); got <= epoch {
		t.Fatalf("epoch %d after %d", got, epoch)
	}
}

func TestUpdateFeatures(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Supported = []FeatureRange{{"metadata.version", 25, 31}, {"other", 0, 3}} })
	epoch := b.image().FeatureEpoch()
	for _, c := range []struct {
		what string
		u    []FeatureUpdate
		want kafka.ErrorCode
	}{
		{"an unknown one", []FeatureUpdate{{"nothing", 1, Upgrade}}, kafka.ErrInvalidUpdateVersion},
		{"too high", []FeatureUpdate{{"metadata.version", 32, Upgrade}}, kafka.ErrInvalidUpdateVersion},
		{"too low", []FeatureUpdate{{"metadata.version", 24, SafeDowngrade}}, kafka.ErrInvalidUpdateVersion},
		{"down as an upgrade", []FeatureUpdate{{"metadata.version", 29, Upgrade}}, kafka.ErrInvalidUpdateVersion},
		{"up as a downgrade", []FeatureUpdate{{"metadata.version", 31, SafeDowngrade}}, kafka.ErrInvalidUpdateVersion},
		{"in no way known", []FeatureUpdate{{"metadata.version", 31, 7}}, kafka.ErrInvalidUpdateVersion},
		{"twice", []FeatureUpdate{{"other", 1, Upgrade}, {"other", 2, Upgrade}}, kafka.ErrInvalidRequest},
		{"one of two", []FeatureUpdate{{"other", 1, Upgrade}, {"nothing", 2, Upgrade}}, kafka.ErrInvalidUpdateVersion},
	} {
		r, _ := b.ask(&UpdateFeatures{Updates: c.u})
		wantCode(t, c.what, r.Error, c.want, r.Message)
	}
	b.must(&UpdateFeatures{Updates: []FeatureUpdate{{"other", 1, Upgrade}}, ValidateOnly: true})
	if b.image().FeatureEpoch() != epoch || b.image().FeatureLevel("other") != 0 {
		t.Fatal("a refused or validated update changed something")
	}
	b.must(&UpdateFeatures{Updates: []FeatureUpdate{{"other", 2, Upgrade}, {"metadata.version", 31, Upgrade}}})
	b.must(&UpdateFeatures{Updates: []FeatureUpdate{{"other", 1, SafeDowngrade}}})
	if b.image().FeatureLevel("other") != 1 || b.image().FeatureLevel("metadata.version") != 31 || b.image().FeatureEpoch() != epoch+3 {
		t.Fatalf("%+v at epoch %d", b.image().Features(), b.image().FeatureEpoch())
	}
}

// TestReassignmentsAtRandom lets everything that bears on a partition happen. It
// keeps a model of who surely has every committed record: a record commits on the
// ISR of its moment, and as long as nobody's disk is lost, somebody of the ISR and
// ELR must have each.
func TestReassignmentsAtRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newBench(t)
		all := ids(1, 2, 3, 4, 5)
		b.up(all...)
		b.create("t", ids(1, 2, 3))
		var has [6]int // how many committed records a broker has
		committed := 0
		some := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 4, rapid.ID)
		sync := func(p *metadata.Partition) {
			for _, id := range p.ISR {
				has[id] = committed
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"commit": func(*rapid.T) {
				if p := b.partition("t"); p.Leader != kafka.NoBroker && len(p.ISR) >= min(2, len(p.Replicas)) {
					committed++
					sync(p)
				}
			},
			"reassign": func(rt *rapid.T) { b.reassign("t", some.Draw(rt, "to")...) },
			"cancel":   func(*rapid.T) { b.reassign("t") },
			"isr": func(rt *rapid.T) {
				p := b.partition("t")
				if p.Leader == kafka.NoBroker {
					return
				}
				isr := ids(p.Leader)
				for _, id := range p.Replicas {
					if id != p.Leader && b.image().Broker(id).Eligible() && rapid.Bool().Draw(rt, "in") {
						isr = append(isr, id)
						has[id] = committed // the leader takes nobody in who lacks something
					}
				}
				b.isr("t", isr...)
			},
			"fence": func(rt *rapid.T) {
				id := rapid.SampledFrom(all).Draw(rt, "broker")
				b.must(&Heartbeat{Broker: id, Epoch: b.image().Broker(id).Epoch, AppliedIndex: b.image().Index(), WantFence: true})
			},
			"unfence": func(rt *rapid.T) { b.beat(rapid.SampledFrom(all).Draw(rt, "broker")) },
			"prefer":  func(*rapid.T) { b.must(&ElectLeaders{All: true}) },
			"": func(rt *rapid.T) {
				p := b.partition("t")
				if p.Leader != kafka.NoBroker && has[p.Leader] < committed {
					rt.Fatalf("leader %d has %d of %d committed records: %s", p.Leader, has[p.Leader], committed, sets(p))
				}
				for _, id := range append(slices.Clone(p.ISR), p.ELR...) {
					if has[id] < committed {
						rt.Fatalf("%d in ISR or ELR has %d of %d: %s", id, has[id], committed, sets(p))
					}
				}
			},
		})
	})
}
