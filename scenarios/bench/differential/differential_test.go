package differential

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// Every server answers every request of every trace as the first one does. How
// often kfake differs from Kafka is told; it does not fail.
func TestDifferential(t *testing.T) {
	list := servers(t)
	traces, long, first := number("TRIALOG_TRACES", 3), number("TRIALOG_STEPS", 40), number("TRIALOG_SEED", 1)
	versions := common(t, list)
	differs := make(map[string]int)
	for n := range traces {
		g := newGame(t, list, versions, newTrace(uint64(first+n), long))
		g.run(differs)
		g.end()
	}
	t.Logf("%d traces of %d steps; traces in which a server differs: %v", traces, long, differs)
}

func number(name string, standard int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return standard
}

// common are the newest versions that all servers know.
func common(t *testing.T, list []*server) map[int16]int16 {
	t.Helper()
	newest := map[int16]int16{8: 9, 9: 9, 11: 9, 12: 4, 13: 5, 14: 5, 15: 6, 16: 5, 42: 2, 47: 0, 68: 1, 69: 1}
	for _, s := range list {
		c := s.client(t)
		resp, err := c.SeedBrokers()[0].Request(context.Background(), kmsg.NewPtrApiVersionsRequest())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range resp.(*kmsg.ApiVersionsResponse).ApiKeys {
			if n, known := newest[k.ApiKey]; known {
				newest[k.ApiKey] = min(n, k.MaxVersion)
			}
		}
		c.Close()
	}
	return newest
}

// older are what clients spoke before static members.
var older = map[int16]int16{8: 5, 9: 5, 11: 3, 12: 2, 13: 2, 14: 2, 15: 2, 16: 2, 42: 1}

// game is one trace on all servers.
type game struct {
	t       *testing.T
	trace   *trace
	players []*player
	ctx     context.Context
	cancel  context.CancelFunc
	log     string
	loose   bool // epochs have differed: from there on they are not compared
}

func newGame(t *testing.T, list []*server, versions map[int16]int16, tr *trace) *game {
	t.Helper()
	g := &game{t: t, trace: tr}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	for _, s := range list {
		p := &player{s: s, t: tr, answers: make([]chan result, len(tr.steps))}
		for i := range p.members {
			p.members[i].generation = -1
		}
		v := kversion.Stable()
		for key, newest := range versions {
			if n, has := older[key]; tr.old && has {
				newest = n
			}
			v.SetMaxKeyVersion(key, newest)
		}
		for i := range p.clients {
			p.clients[i] = s.client(t, kgo.MaxVersions(v))
		}
		g.players = append(g.players, p)
	}
	return g
}

func (g *game) end() {
	g.cancel()
	for _, p := range g.players {
		for _, c := range p.clients {
			c.Close()
		}
	}
}

// How long servers may take: to answer where another has, and to show that they
// let a request wait.
const (
	patience = 5 * time.Second
	waits    = 250 * time.Millisecond
)

// run plays the trace until our server differs.
func (g *game) run(differs map[string]int) {
	for i := range g.trace.steps {
		s := &g.trace.steps[i]
		if busy := g.waiting(s.slot, i); busy && s.kind < doCommit {
			continue // the member waits for an answer
		}
		for _, p := range g.players {
			p.play(g.ctx, i)
		}
		for j := 0; j <= i; j++ {
			if !g.compare(j, differs) {
				return
			}
		}
	}
}

// waiting tells whether a slot waits for the answer to an earlier step.
func (g *game) waiting(slot, before int) bool {
	for j := range before {
		if g.players[0].answers[j] != nil && g.trace.steps[j].slot == slot {
			return true
		}
	}
	return false
}

// compare hears the answers to a step, if there are any. False: the trace is over.
func (g *game) compare(i int, differs map[string]int) bool {
	if g.players[0].answers[i] == nil {
		return true
	}
	said := make([]string, len(g.players))
	any := false
	for k, p := range g.players {
		text, there := p.within(i, waits)
		if there {
			said[k], any = text, true
		}
	}
	if !any {
		return true
	}
	for k, p := range g.players {
		if said[k] == "" {
			text, there := p.within(i, patience)
			if said[k] = text; !there {
				said[k] = "(no answer)"
				p.answers[i] = nil
			}
		}
	}
	g.log += fmt.Sprintf("  %2d %s\n       → %s\n", i, &g.trace.steps[i], said[0])
	for k := len(said) - 1; k > 0; k-- {
		if said[k] == said[0] || g.loose && unnumbered(said[k]) == unnumbered(said[0]) {
			continue
		}
		name := g.players[k].s.name
		if name != "kfake" && unnumbered(said[k]) == unnumbered(said[0]) {
			g.loose = true
			differs["epochs"]++
			g.t.Logf("trace %d, step %d, %s: Kafka says %s, we %s; docs/DIVERGENCES.md says when epochs differ", g.trace.seed, i, &g.trace.steps[i], said[0], said[k])
			continue
		}
		differs[name]++
		if g.players[0].s.name != "kfake" && name == "kfake" {
			g.t.Logf("trace %d, step %d, %s: kfake says %s, Kafka %s", g.trace.seed, i, &g.trace.steps[i], said[k], said[0])
			g.players = append(g.players[:k:k], g.players[k+1:]...)
			continue
		}
		g.t.Errorf("trace %d (TRIALOG_SEED=%d TRIALOG_TRACES=1), old versions %v, static members %v:\n%s       ≠ %s (%s)",
			g.trace.seed, g.trace.seed, g.trace.old, g.trace.static, g.log, said[k], name)
		return false
	}
	return true
}

// epochs are the numbers of epochs and generations in an answer.
var epochs = regexp.MustCompile(`(epoch|generation|targets) \d+`)

func unnumbered(said string) string { return epochs.ReplaceAllString(said, "$1") }
