package quorum

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	port "trialog/core/quorum"
	"trialog/core/quorum/model"
	"trialog/node/osfs"
)

// TestTracesInABubble runs three voters on virtual time and a network in
// memory, with links that are cut and voters that stop and come back, and asks
// whether the model could have done the same. In every third life nothing goes wrong:
// leadership that moves then moves without a fault. TRIALOG_BUBBLES=N runs N lives.
func TestTracesInABubble(t *testing.T) {
	lives := 3
	if n, err := strconv.Atoi(os.Getenv("TRIALOG_BUBBLES")); err == nil {
		lives = n
	}
	sum := make(map[string]int)
	events, calm, began := 0, 0, time.Now()
	for seed := range lives {
		dirs := []string{t.TempDir(), t.TempDir(), t.TempDir()}
		synctest.Test(t, func(t *testing.T) {
			b := &bubble{t: t, dirs: dirs, calm: seed%3 == 2, net: newPipes(), rand: rand.New(rand.NewPCG(uint64(seed), 7)), record: newRecording()}
			b.live()
			judgeTrace(t, b.record.trace)
			for what, n := range weaknesses(b.record.trace) {
				sum[what] += n
			}
			events += len(b.record.trace)
			if b.calm {
				calm++
				sum["leadership moves without a fault"] += moves(b.record.trace)
			}
		})
	}
	t.Logf("%d lives, %d of them calm, %d events, %v", lives, calm, events, time.Since(began))
	logWeaknesses(t, sum)
}

// bubble is a cluster of three voters in a synctest bubble.
type bubble struct {
	t       *testing.T
	dirs    []string
	calm    bool // nothing goes wrong
	net     *pipes
	rand    *rand.Rand
	record  *recording
	engines [3]*Engine
	lives   [3]int
	number  uint64
}

func (b *bubble) live() {
	started := make(chan struct{})
	for i := range 3 {
		go func() {
			b.start(i)
			started <- struct{}{}
		}()
	}
	for range 3 {
		<-started
	}
	for range 60 {
		if !b.calm {
			b.act()
		}
		b.propose(1 + b.rand.IntN(8))
		time.Sleep(time.Duration(b.rand.IntN(700)) * time.Millisecond)
	}
	for from := range 3 {
		for to := range 3 {
			b.net.cut(from, to, false, true)
		}
		if b.engines[from] == nil {
			b.start(from)
		}
	}
	for waited := 0; ; waited++ {
		if time.Sleep(time.Second); b.record.quiet([]int{0, 1, 2}) {
			break
		}
		if waited > 120 {
			b.t.Fatal("two minutes after everything was mended somebody has not caught up")
		}
	}
	for i := range 3 {
		b.stop(i)
	}
}

// act does one thing that may go wrong with a cluster.
func (b *bubble) act() {
	i, k := b.rand.IntN(3), b.rand.IntN(3)
	switch b.rand.IntN(8) {
	case 0:
		b.net.cut(i, k, true, false)
	case 1:
		b.net.cut(i, k, true, false)
		b.net.cut(k, i, true, false)
	case 2, 3:
		for to := range 3 {
			b.net.cut(i, to, false, b.rand.IntN(2) == 0)
			b.net.cut(to, i, false, b.rand.IntN(2) == 0)
		}
	case 4:
		if b.engines[i] != nil {
			b.stop(i)
		}
	case 5:
		if b.engines[i] == nil {
			b.start(i)
		}
	case 6:
		if e := b.engines[i]; e != nil { // it fails unless this one leads
			_ = e.host.RequestLeaderTransfer(shardID, replicaID(uint64(k+1)))
		}
	}
}

func (b *bubble) start(i int) {
	b.lives[i]++
	b.record.add(model.TraceEvent{Kind: model.KindUp, Node: i})
	var voters Voters
	for n := range 3 {
		voters = append(voters, Voter{ID: uint64(n + 1), Address: fmt.Sprint(n)})
	}
	e, err := Start(Config{
		FS: osfs.New(b.dirs[i]), Dir: "quorum", Voters: voters, Self: uint64(i + 1), Listen: fmt.Sprint(i), Secret: "s",
		Network: b.net.of(i), KnowsCluster: b.lives[i] > 1, StallsAfter: time.Hour, Log: silent(), SnapshotEntries: 40,
		Fail: func(err error) { b.t.Errorf("voter %d: %v", i, err) },
		Deliver: func(e port.Event) {
			if _, members := e.(*port.Members); !members {
				b.record.add(model.Trace(i, e))
			}
		},
	})
	if err != nil {
		b.t.Fatalf("voter %d does not start: %v", i, err)
	}
	b.engines[i] = e
}

func (b *bubble) stop(i int) {
	b.engines[i].Close()
	b.engines[i] = nil
	b.record.add(model.TraceEvent{Kind: model.KindDown, Node: i})
}

// propose lets every voter that is up propose entries, without waiting.
func (b *bubble) propose(n int) {
	for i, e := range b.engines {
		if e == nil {
			continue
		}
		for range n {
			b.number++
			p := &port.Propose{Ref: refOf(b.number), Entry: entry(i, uint64(b.lives[i]), b.number)}
			b.record.add(model.TracePropose(i, p))
			e.Propose(p)
		}
	}
}
