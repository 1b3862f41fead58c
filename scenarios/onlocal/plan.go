package onlocal

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"trialog/checker/history"
	"trialog/scenarios"
)

// plan is what one seed draws from a scenario.
type plan struct {
	topics    []topic
	producers []producerPlan
	consumers int
	groups    []groupPlan
	// memberLife is how long a member stays in its group, about; 0: until the end.
	memberLife time.Duration
	session    time.Duration // of members
	racks      []string      // a consumer's is one of these; none: it names none
	length     time.Duration // of the faulty phase
	strikes    []strike
	loses      bool  // records may be lost: a control
	replicas   int16 // of each topic; -1: the cluster's default
	churn      int   // topics made and deleted by the administrator
	listEvery  time.Duration
	growEvery  time.Duration // between new partitions; 0: none
}

type topic struct {
	name       string
	partitions int32
	configs    map[string]*string
}

type producerPlan struct {
	idempotent bool
	acksOne    bool // only the leader is asked
	inFlight   int
	recordSize scenarios.Range
	batch      scenarios.Range
}

// strike is one fault at a time since the workload began, or later: one of the
// process waits until that serves, and then for a while.
type strike struct {
	at    time.Duration
	kind  scenarios.Kind
	span  time.Duration
	after time.Duration
	aim   scenarios.Aim
}

// mostAfter bounds how long a process that serves is left alone before it is struck.
const mostAfter = 800 * time.Millisecond

// Supports tells whether this arm can inject a kind of fault.
func Supports(kind scenarios.Kind) bool {
	return ofProcess(kind) || ofWire(kind) || ofCluster(kind) || ofPower(kind) || ofMember(kind)
}

// ofPower tells the faults that take disks whose power can go, and several nodes.
func ofPower(kind scenarios.Kind) bool {
	return kind == scenarios.PowerCut || kind == scenarios.PowerCutAll
}

// means are what an arm has to strike with.
type means struct {
	process bool // the processes are ours
	power   bool // and their disks' power can be cut
}

// ofCluster tells the faults that take several nodes.
func ofCluster(kind scenarios.Kind) bool {
	switch kind {
	case scenarios.Cut, scenarios.CutOneWay, scenarios.Isolate, scenarios.RollingRestart, scenarios.KillAll:
		return true
	default:
		return false
	}
}

func ofProcess(kind scenarios.Kind) bool {
	return kind == scenarios.ProcessKill || kind == scenarios.Shutdown || kind == scenarios.Pause
}

func ofWire(kind scenarios.Kind) bool {
	switch kind {
	case scenarios.Reset, scenarios.HalfOpen, scenarios.Delay, scenarios.LostResponse:
		return true
	default:
		return false
	}
}

// injects tells whether a fault of a scenario can be carried out.
func injects(s *scenarios.Scenario, kind scenarios.Kind, by means) bool {
	switch {
	case s.Storage != nil, s.Workload.ModeChanges.Max > 0, s.Workload.Rescued, s.Cluster.NoELR: // nobody does this work here
		return false
	case ofMember(kind):
		return s.Workload.Groups.Min > 0
	case ofCluster(kind):
		return by.process && s.Cluster.Brokers > 1
	case ofPower(kind):
		return by.process && by.power && s.Cluster.Brokers > 1
	case ofProcess(kind):
		return by.process
	}
	return ofWire(kind)
}

// outside lists the faults of a scenario that this arm cannot inject.
func outside(s *scenarios.Scenario, by means) []string {
	var list []string
	for _, f := range s.Faults {
		if !injects(s, f.Kind, by) {
			list = append(list, f.Kind.String())
		}
	}
	return list
}

// draw makes the plan of a seed. What there are no means for is left out.
func draw(s *scenarios.Scenario, seed uint64, by means) *plan {
	r := rand.New(rand.NewPCG(seed, 0x7472696c6f67))
	p := &plan{
		racks:     racksOf(s),
		length:    time.Duration(between(r, s.Workload.Seconds)) * time.Second,
		consumers: between(r, s.Workload.Consumers),
		loses:     s.Expect.Control(),
		replicas:  -1,
	}
	if n := s.Replicas(); !by.process && n > 1 {
		p.replicas = int16(n) // nobody has told the cluster
	}
	run := strconv.FormatUint(seed, 36)
	for i := range between(r, s.Topics.Topics) {
		p.topics = append(p.topics, topic{
			name:       "trial-" + run + "-" + strconv.Itoa(i),
			partitions: int32(between(r, s.Topics.Partitions)),
			configs:    configs(s.Topics.Configs),
		})
	}
	for range between(r, s.Workload.Plain) {
		p.producers = append(p.producers, drawProducer(r, s, false))
	}
	for range between(r, s.Workload.Idempotent) {
		p.producers = append(p.producers, drawProducer(r, s, true))
	}
	minutes := func(perMinute int) int { return perMinute * int(p.length/time.Second) / 60 }
	p.churn = minutes(between(r, s.Workload.TopicChurn))
	if n := minutes(between(r, s.Workload.ListOffsets)); n > 0 {
		p.listEvery = p.length / time.Duration(n)
	}
	p.drawStrikes(r, s, by)
	p.drawGroups(r, s, by, run)
	if n := between(r, s.Workload.NewPartitions); n > 0 {
		p.growEvery = time.Minute / time.Duration(n)
	}
	return p
}

func drawProducer(r *rand.Rand, s *scenarios.Scenario, idempotent bool) producerPlan {
	inFlight := between(r, s.Workload.InFlight)
	if !idempotent {
		inFlight = 1 // without sequences, order takes one request at a time
	}
	acksOne := !idempotent && s.Workload.AcksOne > 0 && r.IntN(100) < s.Workload.AcksOne
	return producerPlan{idempotent: idempotent, acksOne: acksOne, inFlight: inFlight, recordSize: s.Workload.RecordBytes, batch: s.Workload.BatchRecords}
}

func (p *plan) drawStrikes(r *rand.Rand, s *scenarios.Scenario, by means) {
	for _, f := range s.Faults {
		if !injects(s, f.Kind, by) {
			continue
		}
		if f.Share > 0 && r.IntN(100) >= f.Share {
			continue
		}
		for range between(r, f.Times) {
			p.strikes = append(p.strikes, strike{
				at:    time.Duration(r.Int64N(int64(p.length))),
				kind:  f.Kind,
				span:  spanOf(r, &f),
				after: time.Duration(r.Int64N(int64(mostAfter))),
				aim:   f.Aim,
			})
		}
	}
	if s.Paced {
		p.pace(r)
	}
	slices.SortFunc(p.strikes, func(a, b strike) int { return cmp.Compare(a.at, b.at) })
}

// pace gives each fault of a node a stretch of time of its own, in which it
// strikes early, in an order that is drawn.
func (p *plan) pace(r *rand.Rand) {
	var nodes []*strike
	for i := range p.strikes {
		if !ofWire(p.strikes[i].kind) && !ofMember(p.strikes[i].kind) {
			nodes = append(nodes, &p.strikes[i])
		}
	}
	r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	stretch := p.length / time.Duration(max(1, len(nodes)))
	for i, k := range nodes {
		k.at = time.Duration(i)*stretch + time.Duration(r.Int64N(int64(stretch)/3+1))
	}
}

// spanOf draws how long a fault lasts: until a dead process is started again,
// a paused one goes on, a connection wakes up.
func spanOf(r *rand.Rand, f *scenarios.Fault) time.Duration {
	if f.SpanMs.Max > 0 {
		return time.Duration(between(r, f.SpanMs)) * time.Millisecond
	}
	most := 500 * time.Millisecond
	switch f.Kind {
	case scenarios.ProcessKill, scenarios.KillAll, scenarios.Shutdown, scenarios.PowerCut, scenarios.PowerCutAll:
		most = 200 * time.Millisecond
	case scenarios.Pause:
		most = 2 * time.Second
	case scenarios.HalfOpen:
		most = 3 * time.Second
	case scenarios.ClientPause:
		most = 3 * memberSession
	case scenarios.Cut, scenarios.CutOneWay, scenarios.Isolate:
		most = 6 * time.Second
	default:
		// The wire's other faults are short.
	}
	return time.Duration(r.Int64N(int64(most)))
}

func between(r *rand.Rand, n scenarios.Range) int { return n.Min + r.IntN(n.Max-n.Min+1) }

func configs(list []scenarios.Setting) map[string]*string {
	m := make(map[string]*string, len(list))
	for _, c := range list {
		m[c.Name] = &c.Value
	}
	return m
}

// header tells the checker what was promised.
func (p *plan) header(s *scenarios.Scenario, seed uint64, arm history.Arm) history.Header {
	mode := history.ModeReplicated // what others do unless they are told
	if s.Topics.Synced() && (arm != history.ArmAddress || s.Topics.Has("flush.messages", "1")) {
		mode = history.ModeSynced
	}
	h := history.Header{Scenario: s.Name, Arm: arm, Seed: seed, Nodes: s.Cluster.Brokers}
	for _, t := range p.topics {
		h.Topics = append(h.Topics, history.Topic{Name: t.name, Partitions: int(t.partitions), Replicas: s.Replicas(), MinISR: s.MinISR(), Mode: mode,
			UncleanElection: s.Topics.Has("unclean.leader.election.enable", "true")})
	}
	for i := range p.groups {
		h.Groups = append(h.Groups, history.Group{Name: p.groups[i].name, Classic: p.groups[i].speaks == speaksClassic})
	}
	for _, c := range s.Topics.Configs {
		h.Config = append(h.Config, history.Setting{Name: c.Name, Value: c.Value})
	}
	if s.Workload.AcksOne == 100 && s.Replicas() > 1 {
		for _, property := range []history.Property{
			history.OffsetConsistency, history.ProducerOrder, history.AppendRealtime, history.LogLinearizable, history.SessionMonotonicReads,
		} {
			h.Claims = append(h.Claims, history.Claim{Property: property, Reason: "acks=1: an offset that was told may be given again"})
		}
	}
	h.Claims = append(h.Claims, history.Claim{
		Property: history.CrashConsistency, Reason: "nobody looks into a real process",
	})
	return h
}

// racksOf are the racks of a scenario's brokers.
func racksOf(s *scenarios.Scenario) (racks []string) {
	for i := range s.Cluster.Racks {
		racks = append(racks, s.Cluster.Rack(i))
	}
	return racks
}
