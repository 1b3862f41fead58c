package differential

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"
)

// older are what clients spoke before static members.
var older = map[int16]int16{8: 5, 9: 5, 11: 3, 12: 2, 13: 2, 14: 2, 15: 2, 16: 2, 42: 1}

// count is what has come of all traces.
type count struct {
	says    func(string, ...any)
	rules   map[string]int // differences that a rule has taken
	red     []string       // those that none has
	kfake   int            // traces in which kfake differs
	answers int
}

func (c *count) summary(traces, long int, complete bool) string {
	text := fmt.Sprintf("%d traces of %d steps, %d answers; kfake differs in %d traces, we in %d without a rule", traces, long, c.answers, c.kfake, len(c.red))
	var never []string
	for i := range rules {
		if n := c.rules[rules[i].name]; n > 0 {
			text += fmt.Sprintf("; %s %d", rules[i].name, n)
		} else {
			never = append(never, rules[i].name)
		}
	}
	if complete && len(never) > 0 {
		text += "; rules that took nothing: " + strings.Join(never, ", ")
	}
	return text
}

// game is one trace on all servers.
type game struct {
	t       *testing.T
	count   *count
	trace   *trace
	players []*player
	ctx     context.Context
	cancel  context.CancelFunc
	log     string
	before  []told
	loose   bool // epochs have differed: from there on they are not compared
	quiet   time.Time
	now     int // the step that is played
}

func newGame(t *testing.T, list []*server, versions map[int16]int16, tr *trace, c *count) *game {
	t.Helper()
	g := &game{t: t, trace: tr, count: c}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	for _, s := range list {
		if tr.short && s.name == "kfake" {
			continue // it has no settings of groups
		}
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
		if tr.short {
			p.shorten(t, g.ctx)
		}
		g.players = append(g.players, p)
	}
	g.quiet = time.Now()
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
	// settling is how long Kafka's timers may take for a rebalance that nobody waits
	// for: of a group that the last member has left while IDs were given out.
	settling = 50 * time.Millisecond
)

// run plays the trace until our server differs as no rule says.
func (g *game) run() {
	for i := range g.trace.steps {
		s := &g.trace.steps[i]
		if g.trace.short && (s.kind == doSilence || time.Since(g.quiet) > brisk) {
			g.log += fmt.Sprintf("  %2d silence\n", i)
			time.Sleep(silence)
			g.quiet = time.Now()
		}
		g.now = i
		if busy := g.waiting(s.slot, i); busy && s.kind < doCommit || s.kind == doSilence {
			s = nil // the member waits for an answer
		} else {
			for _, p := range g.players {
				p.play(g.ctx, i)
			}
		}
		for j := 0; j <= i; j++ {
			if !g.compare(j) {
				return
			}
		}
		if g.trace.steps[i].kind == doLeave {
			time.Sleep(settling)
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

// hear takes the answers to a step up; nil: nobody has answered.
func (g *game) hear(i int) []string {
	said := make([]string, len(g.players))
	any := false
	for k, p := range g.players {
		text, there := p.within(i, waits)
		if there {
			said[k], any = text, true
		}
	}
	if !any {
		return nil
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
	return said
}

// compare hears the answers to a step, if there are any. False: the trace is over.
func (g *game) compare(i int) bool {
	if g.players[0].answers[i] == nil {
		return true
	}
	said := g.hear(i)
	if said == nil {
		return true
	}
	g.count.answers++
	g.log += fmt.Sprintf("  %2d %s\n       → %s\n", i, &g.trace.steps[i], said[0])
	for k := len(said) - 1; k > 0; k-- {
		if g.players[k].s.name == "kfake" && g.players[0].s.name != "kfake" {
			if said[k] != said[0] {
				g.count.kfake++
				g.count.says("trace %d, step %d, %s: kfake says %s, Kafka %s", g.trace.seed, i, &g.trace.steps[i], said[k], said[0])
				g.players = append(g.players[:k:k], g.players[k+1:]...)
			}
			continue
		}
		if !g.judge(i, g.players[k], said[0], said[k]) {
			return false
		}
		g.before = append(g.before, told{&g.trace.steps[i], g.now, said[0], said[k]})
	}
	return true
}

// judge looks for the rule that takes a difference, if there is one.
func (g *game) judge(i int, p *player, right, ours string) bool {
	if ours == right || g.loose && unnumbered(ours) == unnumbered(right) {
		return true
	}
	d := &difference{trace: g.trace, at: g.now, step: &g.trace.steps[i], right: right, ours: ours, before: g.before, loose: g.loose}
	d.stand = func() (string, string) { return g.players[0].stand(g.ctx, d.step), p.stand(g.ctx, d.step) }
	r := d.rule()
	if r == nil {
		a, b := d.stand()
		g.count.red = append(g.count.red, fmt.Sprintf("trace %d (TRIALOG_SEED=%d TRIALOG_TRACES=1), old versions %v, static members %v, short sessions %v, expression %q:\n%s       ≠ %s (%s)\nthe group stands\n  %s\n  %s (%s)",
			g.trace.seed, g.trace.seed, g.trace.old, g.trace.static, g.trace.short, g.trace.regex, g.log, ours, p.s.name, a, b, p.s.name))
		return false
	}
	g.count.rules[r.name]++
	g.count.says("trace %d, step %d, %s: Kafka says %s, %s %s: rule %s", g.trace.seed, i, d.step, right, p.s.name, ours, r.name)
	g.loose = g.loose || r.then == loosens
	return r.then != ends
}
