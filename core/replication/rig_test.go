package replication

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
)

// rig drives one replica without a disk: completions are given by hand.
type rig struct {
	t       *testing.T
	r       *Replica
	out     Effects
	watch   must.Watch
	journal *partition.Journal
	now     kafka.Now
	answers []Answer // taken from out, in order
	wakes   []Ticket
	appends []Append
	limits  partition.Limits
	build   batch.Builder
}

const self kafka.BrokerID = 1

func newRig(t *testing.T, mode partition.Mode) *rig {
	g := &rig{t: t, limits: partition.DefaultLimits(), now: kafka.Now{Mono: 1, Wall: 1_000_000}}
	g.watch.Fatal = true
	g.out.Watch = &g.watch
	g.journal = partition.NewJournal(1, 1, &g.limits)
	var a disk.Append
	id := partition.Identity{Log: g.journal.NewLogID(), Partition: kafka.TopicPartition{Topic: kafka.TopicID{1}}, Mode: mode}
	log := partition.New(g.now, id, 0, &g.limits, &a)
	g.journal.Number(&a, log)
	g.r = New(self, log)
	layers := kafka.ConfigLayers{}
	settings := kafka.LoadTopicConfig(&layers)
	settings.MinInSyncReplicas = 1
	g.step(&Configure{Settings: settings, LagMax: 10 * kafka.Second})
	return g
}

func (g *rig) step(in Input) {
	g.t.Helper()
	g.r.Step(g.now, in, &g.out)
	for i := range g.out.Appends {
		g.journal.Number(&g.out.Appends[i].Append, g.r.Log)
	}
	g.appends = append(g.appends, g.out.Appends...)
	g.answers = append(g.answers, g.out.Answers...)
	g.wakes = append(g.wakes, g.out.Wakes...)
	g.out.Reset()
	if err := g.r.Invariants(); err != nil {
		// Completions are looked at by Advance, which a broker steps at the end of
		// each of its own Steps.
		switch in.(type) {
		case *Written, *Synced:
		default:
			g.t.Fatal(err)
		}
	}
}

func (g *rig) lead(epoch kafka.LeaderEpoch, isr ...kafka.BrokerID) {
	g.t.Helper()
	mode := kafka.ModeSynced
	if g.r.Log.Mode == partition.Replicated {
		mode = kafka.ModeReplicated
	}
	g.step(&Lead{Epoch: epoch, PartitionEpoch: kafka.PartitionEpoch(epoch), Replicas: isr, ISR: isr, Mode: mode})
}

// leads makes the replica leader and its epoch's start durable.
func (g *rig) leads(epoch kafka.LeaderEpoch, isr ...kafka.BrokerID) {
	g.t.Helper()
	g.lead(epoch, isr...)
	g.step(&EpochStarted{Epoch: epoch})
}

func (g *rig) batch(p batch.Producer, n int) batch.View {
	g.build.Reset()
	for range n {
		g.build.Append(g.now.Wall, nil, []byte("value"))
	}
	return append(batch.View(nil), g.build.BuildFor(p)...)
}

func (g *rig) produce(request uint64, acks int16, v batch.View) {
	g.t.Helper()
	checked := batch.Check(v, nil, batch.Limits{})
	g.step(&Produce{Ticket: Ticket{Request: request}, Acks: acks, Batch: v, Checked: &checked})
}

func (g *rig) written(end kafka.Offset) {
	g.t.Helper()
	g.step(&Written{Incarnation: g.r.Log.Incarnation, End: end})
	g.step(&Advance{})
}

func (g *rig) synced(end kafka.Offset) {
	g.t.Helper()
	g.step(&Written{Incarnation: g.r.Log.Incarnation, End: end})
	g.step(&Synced{Incarnation: g.r.Log.Incarnation, End: end})
	g.step(&Advance{})
}

// expect takes the answers given since the last call.
func (g *rig) expect(want ...Answer) {
	g.t.Helper()
	if len(g.answers) != len(want) {
		g.t.Fatalf("%d answers, want %d: %+v", len(g.answers), len(want), g.answers)
	}
	for i := range want {
		a, w := g.answers[i], want[i]
		if a.Ticket != w.Ticket || a.Err != w.Err || a.BaseOffset != w.BaseOffset || a.Duplicate != w.Duplicate {
			g.t.Fatalf("answer %d: %+v, want %+v", i, a, w)
		}
	}
	g.answers = g.answers[:0]
}

func ok(request uint64, base kafka.Offset) Answer {
	return Answer{Ticket: Ticket{Request: request}, BaseOffset: base}
}

func duplicate(request uint64, base kafka.Offset) Answer {
	return Answer{Ticket: Ticket{Request: request}, BaseOffset: base, Duplicate: true}
}

func refused(request uint64, code kafka.ErrorCode) Answer {
	return Answer{Ticket: Ticket{Request: request}, Err: code, BaseOffset: kafka.NoOffset}
}

func idempotent(sequence kafka.Sequence) batch.Producer {
	return batch.Producer{ID: 7, Epoch: 0, BaseSequence: sequence}
}
