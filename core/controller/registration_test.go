package controller

import (
	"testing"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

var (
	synced     = NewConfig{"flush.messages", text("1")}
	replicated = NewConfig{"flush.messages", text("9223372036854775807")}
	minISR2    = NewConfig{"min.insync.replicas", text("2")}
	unclean    = NewConfig{"unclean.leader.election.enable", text("true")}
)

func TestFirstBatchNamesTheCluster(t *testing.T) {
	b := newBench(t)
	if !b.m.Active() || b.image().ClusterID() == (kafka.UUID{}) || b.image().FeatureLevel("metadata.version") != 30 {
		t.Fatalf("active %v, cluster %v, features %v", b.m.Active(), b.image().ClusterID(), b.image().Features())
	}
	if len(b.log) != 2 || !b.log[0].IsClaim() || b.log[1].Seq != 1 {
		t.Fatalf("the log begins with %+v", b.log)
	}
	b.step(&LeadsNot{})
	b.step(&Leads{})
	if len(b.log) != 3 {
		t.Fatalf("a second term of a named cluster wrote %d entries", len(b.log)-2)
	}
}

func TestRegistration(t *testing.T) {
	b := newBench(t)
	first := b.register(1, 1, 1, kafka.NoBrokerEpoch)
	if again := b.register(1, 1, 1, kafka.NoBrokerEpoch); again != first {
		t.Fatalf("a repeated registration got epoch %d after %d", again, first)
	}
	if next := b.register(1, 2, 1, first); next <= first {
		t.Fatalf("the next life got epoch %d after %d", next, first)
	}
	reg := func(change func(*RegisterBroker)) Result {
		r := RegisterBroker{Broker: 1, Incarnation: life(9), Directory: dir(1), Previous: -1, Listeners: []metadata.Listener{{Name: "P"}}}
		change(&r)
		got, _ := b.ask(&r)
		return got
	}
	for what, c := range map[string]struct {
		change func(*RegisterBroker)
		want   kafka.ErrorCode
	}{
		"another cluster":              {func(r *RegisterBroker) { r.ClusterID[0] = 1 }, kafka.ErrInconsistentClusterID},
		"no incarnation":               {func(r *RegisterBroker) { r.Incarnation = kafka.IncarnationID{} }, kafka.ErrInvalidRequest},
		"no listener":                  {func(r *RegisterBroker) { r.Listeners = nil }, kafka.ErrInvalidRegistration},
		"live on another directory":    {func(r *RegisterBroker) { r.Directory = dir(2) }, kafka.ErrDuplicateBrokerRegistration},
		"same life, another directory": {func(r *RegisterBroker) { r.Incarnation, r.Directory = life(2), dir(2) }, kafka.ErrInvalidRequest},
	} {
		r := reg(c.change)
		wantCode(t, what, r.Error, c.want, r.Message)
	}
	b.silence()
	if r := reg(func(r *RegisterBroker) { r.Directory = dir(2) }); r.Error != kafka.None {
		t.Fatalf("a new directory after the session: %v", r.Error)
	}
}

// TestRestart tells what a partition goes through when its brokers come back.
func TestRestart(t *testing.T) {
	const never = kafka.NoBrokerEpoch
	clean := func(b *bench, id kafka.BrokerID) kafka.BrokerEpoch { return b.image().Broker(id).Epoch }
	cases := []struct {
		name     string
		replicas []kafka.BrokerID
		configs  []NewConfig
		do       func(b *bench)
		want     string
	}{
		{"created", ids(1, 2, 3), nil, func(b *bench) {}, "1@0 isr[1 2 3] elr[] last[]"},
		{"alone, clean: fenced, not lost", ids(1), nil,
			func(b *bench) { b.register(1, 2, 1, clean(b, 1)) }, "-1@1 isr[] elr[1] last[1]"},
		{"alone, back", ids(1), nil,
			func(b *bench) { b.register(1, 2, 1, clean(b, 1)); b.beat(1) }, "1@2 isr[1] elr[] last[]"},
		{"alone, synced, unclean: the disk has it all", ids(1), []NewConfig{synced},
			func(b *bench) { b.register(1, 2, 1, never); b.beat(1) }, "1@2 isr[1] elr[] last[]"},
		{"alone, replicated, unclean: only the last known leader is left", ids(1), []NewConfig{replicated},
			func(b *bench) { b.register(1, 2, 1, never) }, "-1@1 isr[] elr[] last[1]"},
		{"alone, replicated, unclean, back", ids(1), []NewConfig{replicated},
			func(b *bench) { b.register(1, 2, 1, never); b.beat(1) }, "1@2 isr[1] elr[] last[] recovering"},
		{"alone, another disk: nothing is left", ids(1), nil,
			func(b *bench) { b.silence(2, 3); b.register(1, 2, 9, never); b.beat(1) }, "-1@1 isr[] elr[] last[]"},
		{"alone, another disk, unclean elections", ids(1), []NewConfig{unclean},
			func(b *bench) { b.silence(2, 3); b.register(1, 2, 9, never); b.beat(1) }, "1@2 isr[1] elr[] last[] recovering"},
		{"the leader's next life gives the lead away", ids(1, 2, 3), nil,
			func(b *bench) { b.register(1, 2, 1, never) }, "2@1 isr[2 3] elr[] last[]"},
		{"a follower's next life leaves the ISR", ids(1, 2, 3), nil,
			func(b *bench) { b.register(3, 2, 3, never); b.beat(3) }, "1@0 isr[1 2] elr[] last[]"},
		{"below min ISR who leaves is eligible", ids(1, 2, 3), []NewConfig{minISR2},
			func(b *bench) { b.silence(1) }, "1@0 isr[1] elr[3] last[]"},
		{"the ELR leads", ids(1, 2, 3), []NewConfig{minISR2},
			func(b *bench) { b.silence(1); b.silence(); b.beat(3) }, "3@2 isr[3] elr[1] last[]"},
		{"all at once", ids(1, 2, 3), []NewConfig{minISR2},
			func(b *bench) { b.silence() }, "-1@3 isr[] elr[2 3] last[3]"},
		{"replicated, unclean: out of the ELR", ids(1, 2, 3), []NewConfig{minISR2, replicated},
			func(b *bench) { b.silence(1); b.register(3, 2, 3, never); b.beat(3) }, "1@0 isr[1] elr[] last[]"},
		{"synced, unclean: stays in the ELR", ids(1, 2, 3), []NewConfig{minISR2, synced},
			func(b *bench) { b.silence(1); b.register(3, 2, 3, never); b.beat(3) }, "1@0 isr[1] elr[3] last[]"},
		{"another disk: out of the ELR", ids(1, 2, 3), []NewConfig{minISR2, synced},
			func(b *bench) { b.silence(1); b.register(3, 2, 9, never); b.beat(3) }, "1@0 isr[1] elr[] last[]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.up(1, 2, 3)
			b.create("t", c.replicas, c.configs...)
			c.do(b)
			b.wantShape("t", c.want)
		})
	}
}

// TestKept: in replicated mode an unclean stop costs ISR and ELR unless the
// broker's kernel has gone on since the registration before.
func TestKept(t *testing.T) {
	again := func(b *bench, id kafka.BrokerID, incarnation, directory, since int) {
		b.must(&RegisterBroker{
			Broker: id, Incarnation: life(incarnation), Directory: dir(directory), Previous: kafka.NoBrokerEpoch, KeptSince: life(since),
			Listeners: []metadata.Listener{{Name: "P"}},
		})
	}
	for _, c := range []struct {
		name string
		do   func(b *bench)
		want string
	}{
		{"killed", func(b *bench) { again(b, 1, 2, 1, 1) }, "-1@1 isr[] elr[1] last[1]"},
		{"killed, and led again", func(b *bench) { again(b, 1, 2, 1, 1); b.beat(1) }, "1@2 isr[1] elr[] last[]"},
		{"killed twice", func(b *bench) { again(b, 1, 2, 1, 1); again(b, 1, 3, 1, 1) }, "-1@1 isr[] elr[1] last[1]"},
		{"cut", func(b *bench) { again(b, 1, 2, 1, 2) }, "-1@1 isr[] elr[] last[1]"},
		{"cut, then killed before it led", func(b *bench) { again(b, 1, 2, 1, 2); again(b, 1, 3, 1, 2) }, "-1@1 isr[] elr[] last[1]"},
		{"killed, then cut", func(b *bench) { again(b, 1, 2, 1, 1); again(b, 1, 3, 1, 3) }, "-1@1 isr[] elr[] last[1]"},
		{"another directory", func(b *bench) { b.silence(); again(b, 1, 2, 2, 1) }, "-1@1 isr[] elr[] last[]"},
		{"not told", func(b *bench) { b.register(1, 2, 1, kafka.NoBrokerEpoch) }, "-1@1 isr[] elr[] last[1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			again(b, 1, 1, 1, 1)
			b.beat(1)
			b.create("t", ids(1), replicated)
			c.do(b)
			b.wantShape("t", c.want)
		})
	}
}

func TestHeartbeat(t *testing.T) {
	b := newBench(t)
	epoch := b.register(1, 1, 1, kafka.NoBrokerEpoch)
	r, _ := b.ask(&Heartbeat{Broker: 2, Epoch: 1})
	wantCode(t, "unknown broker", r.Error, kafka.ErrBrokerIDNotRegistered, r.Message)
	r, _ = b.ask(&Heartbeat{Broker: 1, Epoch: epoch + 1})
	wantCode(t, "another epoch", r.Error, kafka.ErrStaleBrokerEpoch, r.Message)

	at := b.image().Broker(1).RegisteredAt
	h := b.must(&Heartbeat{Broker: 1, Epoch: epoch, AppliedIndex: at - 1}).(*HeartbeatResult)
	if h.CaughtUp || !h.Fenced {
		t.Fatalf("before its registration: %+v", h)
	}
	h = b.must(&Heartbeat{Broker: 1, Epoch: epoch, AppliedIndex: at, WantFence: true}).(*HeartbeatResult)
	if !h.CaughtUp || !h.Fenced {
		t.Fatalf("wanting a fence: %+v", h)
	}
	h = b.must(&Heartbeat{Broker: 1, Epoch: epoch, AppliedIndex: at}).(*HeartbeatResult)
	if h.Fenced || b.image().Broker(1).Fenced {
		t.Fatalf("caught up: %+v", h)
	}
	entries := len(b.log)
	b.beat(1)
	if len(b.log) != entries {
		t.Fatal("an idle heartbeat was written down")
	}
}

func TestControlledShutdown(t *testing.T) {
	b := newBench(t)
	b.up(1, 2)
	b.create("t", ids(1, 2))
	epoch := b.image().Broker(1).Epoch
	stop := func() *HeartbeatResult {
		return b.must(&Heartbeat{Broker: 1, Epoch: epoch, AppliedIndex: b.image().Index(), WantShutdown: true}).(*HeartbeatResult)
	}
	if h := stop(); h.ShouldStop {
		t.Fatal("told to stop before anybody could know")
	}
	b.wantShape("t", "2@1 isr[2] elr[] last[]")
	if h := stop(); h.ShouldStop {
		t.Fatal("told to stop before broker 2 has applied the change")
	}
	b.beat(2)
	if h := stop(); !h.ShouldStop {
		t.Fatal("not told to stop")
	}
	b.register(1, 2, 1, epoch)
	if k := b.image().Broker(1); k.ShuttingDown || !k.Fenced {
		t.Fatalf("after the restart: %+v", k)
	}
}

func TestStoppedControllerGrantsSessions(t *testing.T) {
	b := newBench(t)
	b.up(1)
	b.now.Mono = b.now.Mono.Add(kafka.Hour)
	b.step(&Tick{})
	if b.image().Broker(1).Fenced {
		t.Fatal("a controller that slept fenced a broker for it")
	}
	b.silence()
	if !b.image().Broker(1).Fenced {
		t.Fatal("a silent broker was not fenced")
	}
}
