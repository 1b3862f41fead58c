package onlocal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"trialog/checker/history"
	"trialog/scenarios"
)

// groupPlan is one consumer group of a run.
type groupPlan struct {
	name        string
	members     int
	static      bool // its members have instance IDs
	cooperative bool // its classic members rebalance by KIP-429
	speaks      speaks
	fickle      time.Duration // between changes of what a member subscribes to; 0: none
}

// speaks is which protocol the members of a group speak.
type speaks uint8

const (
	speaksClassic  speaks = iota
	speaksConsumer        // KIP-848
	speaksEither          // each member what it draws
)

// consumer draws whether the next life of a member speaks the consumer protocol.
func (g *groupPlan) consumer(draw *rand.Rand) bool {
	return g.speaks == speaksConsumer || g.speaks == speaksEither && draw.IntN(2) == 0
}

// groupArgs let sessions be short and groups begin at once, on servers of ours.
var groupArgs = []string{
	"--set", "group.min.session.timeout.ms=100", "--set", "group.initial.rebalance.delay.ms=500",
	"--set", "group.consumer.session.timeout.ms=3000", "--set", "group.consumer.heartbeat.interval.ms=500",
}

const (
	// memberSession is a member's session where the servers are ours; others may
	// take none below their group.min.session.timeout.ms, which is 6 s.
	memberSession  = 3 * time.Second
	foreignSession = 8 * time.Second
	// membersPatience is how long groups may take to come to the end of what was
	// written, once everything has healed.
	membersPatience = 90 * time.Second
	auditEvery      = 2 * time.Second
	// metadataAge is how long clients may know nothing of new partitions.
	metadataAge = 2 * time.Second
)

// ofMember tells the faults of a group's members.
func ofMember(kind scenarios.Kind) bool {
	return kind == scenarios.ClientKill || kind == scenarios.ClientPause
}

// crowd is the members of all groups that live now.
type crowd struct {
	mu     sync.Mutex
	draw   *rand.Rand
	living []*member
}

func newCrowd(seed uint64) *crowd { return &crowd{draw: rand.New(rand.NewPCG(seed, 6))} }

func (c *crowd) enter(m *member) {
	c.mu.Lock()
	c.living = append(c.living, m)
	c.mu.Unlock()
}

func (c *crowd) leave(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.living {
		if c.living[i] == m {
			c.living = append(c.living[:i], c.living[i+1:]...)
			return
		}
	}
}

// strike kills a member, or lets one hang for a while; false when there is none.
func (c *crowd) strike(k strike) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.living) == 0 {
		return false
	}
	m := c.living[c.draw.IntN(len(c.living))]
	if k.kind == scenarios.ClientKill {
		m.kill()
	} else {
		m.gate.hang(k.span)
	}
	return true
}

// join keeps one place in a group taken until follow ends: when a member dies, or
// leaves because its time has come, another one follows. After work has ended they
// stay, and read to the end.
func (r *run) join(work, follow context.Context, g *groupPlan, place int, seed uint64) {
	draw := rand.New(rand.NewPCG(seed, uint64(place)))
	for follow.Err() == nil {
		m, err := r.newMember(g, place, draw)
		if err != nil {
			r.fail(err)
			return
		}
		life := time.Duration(1 << 62)
		if r.plan.memberLife > 0 {
			life = r.plan.memberLife/2 + time.Duration(draw.Int64N(int64(r.plan.memberLife)))
		}
		r.crowd.enter(m)
		err = m.live(work, follow, time.Now().Add(life), draw)
		r.crowd.leave(m)
		m.end()
		if err != nil {
			r.fail(err)
			return
		}
		sleep(follow, time.Duration(draw.Int64N(int64(2*time.Second))))
	}
}

// audit reads what every group has committed, again and again: whoever reads it
// after a commit was acknowledged must see that commit or a later one.
func (r *run) audit(ctx context.Context) {
	client, err := r.newClient()
	if err != nil {
		r.fail(err)
		return
	}
	defer client.Close()
	a := auditor{run: r, admin: kadm.NewClient(client), id: r.client(), process: r.process()}
	for sleep(ctx, auditEvery) {
		for i := range r.plan.groups {
			_, _ = a.read(ctx, r.plan.groups[i].name) // an unclear answer is in the history
		}
	}
}

type auditor struct {
	run         *run
	admin       *kadm.Client
	id, process int32
}

// read asks for the offsets of a group, one operation for each partition.
func (a *auditor) read(ctx context.Context, group string) (map[partition]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r := a.run
	calls := make(map[partition]history.OpID)
	for _, p := range r.partitions() {
		op := history.NewOp(history.FetchOffsets, a.id, a.process, r.record.Partition(p.topic, p.index))
		op.Group = r.record.Name(group)
		calls[p] = r.record.Invoke(r.now(), &op)
	}
	all, err := a.admin.FetchOffsets(ctx, group)
	found := make(map[partition]int64)
	for p, id := range calls {
		res := history.NewResult(history.OK)
		o, has := all.Lookup(p.topic, p.index)
		switch {
		case err != nil:
			res = history.NewResult(history.Info)
			res.Error = errorName(err)
		case has && o.Err != nil:
			res = history.NewResult(history.Info)
			res.Error = errorName(o.Err)
		case has && o.At >= 0:
			res.Offset, res.Commit = o.At, readMark(o.Metadata)
			found[p] = o.At
		}
		r.record.Complete(r.now(), id, &res)
	}
	return found, err
}

// catchUp waits until every group has committed the end of every partition.
func (r *run) catchUp(ctx context.Context) error {
	if len(r.plan.groups) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, membersPatience)
	defer cancel()
	client, err := r.newClient()
	if err != nil {
		return err
	}
	defer client.Close()
	a := auditor{run: r, admin: kadm.NewClient(client), id: r.client(), process: r.process()}
	ends := make(map[partition]int64)
	for _, p := range r.partitions() {
		if ends[p], err = r.listEnd(ctx, a.admin, p); err != nil {
			return err
		}
	}
	for i := range r.plan.groups {
		if err := a.await(ctx, r.plan.groups[i].name, ends); err != nil {
			return err
		}
	}
	return nil
}

func (a *auditor) await(ctx context.Context, group string, ends map[partition]int64) error {
	for {
		found, err := a.read(ctx, group)
		late := err
		for p, end := range ends {
			if found[p] < end && late == nil {
				late = fmt.Errorf("group %s has committed %d of %d in %s/%d, long after everything had healed", group, found[p], end, p.topic, p.index)
			}
		}
		if late == nil {
			return nil
		}
		if !sleep(ctx, auditEvery/4) {
			return errors.Join(late, err)
		}
	}
}

// mark is what stands beside a committed offset: whose it is.
func mark(id history.OpID) *string {
	s := strconv.FormatInt(int64(id), 10)
	return &s
}

func readMark(s string) history.OpID {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return history.NoOp
	}
	return history.OpID(n)
}

// drawGroups draws the groups of a run. The members of the first are dynamic.
func (p *plan) drawGroups(r *rand.Rand, s *scenarios.Scenario, by means, run string) {
	for n := range between(r, s.Workload.Groups) {
		g := groupPlan{
			name:        "group-" + run + "-" + strconv.Itoa(n),
			members:     between(r, s.Workload.Members),
			static:      n > 0 && r.IntN(100) < s.Workload.Static,
			cooperative: r.IntN(2) == 0,
		}
		switch chance := r.IntN(100); {
		case chance < s.Workload.ConsumerProtocol:
			g.speaks = speaksConsumer
		case chance < s.Workload.ConsumerProtocol+s.Workload.Migrating && by.process:
			g.speaks = speaksEither // others may number epochs anew in between
		}
		if changes := between(r, s.Workload.SubscriptionChanges); changes > 0 {
			g.fickle = time.Minute / time.Duration(changes)
		}
		p.groups = append(p.groups, g)
	}
	p.session = foreignSession
	if by.process {
		p.session = memberSession
	}
	if lives := between(r, s.Workload.MemberLives); lives > 0 {
		p.memberLife = p.length / time.Duration(lives+1)
	}
}
