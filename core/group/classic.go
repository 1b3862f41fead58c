package group

import (
	"bytes"
	"slices"

	"trialog/core/kafka"
)

// ClassicState is the state of a classic group.
type ClassicState uint8

// The states, by Kafka's names.
const (
	Empty               ClassicState = iota // no members
	PreparingRebalance                      // members are to join again
	CompletingRebalance                     // the leader is to assign
	Stable                                  // every member has, or may fetch, its assignment
)

// String names the state as DescribeGroups does.
func (s ClassicState) String() string {
	return [...]string{"Empty", "PreparingRebalance", "CompletingRebalance", "Stable"}[s]
}

const (
	noGeneration int32 = -1
	// newMemberTimeout is how long one may wait who joins a group for the first
	// time: it does not send heartbeats meanwhile.
	newMemberTimeout = 5 * kafka.Minute
	// consumerProtocolType is the one whose metadata Kafka's coordinator reads.
	consumerProtocolType = "consumer"
	// keptCauses is how many causes of rebalances a group remembers.
	keptCauses = 10
)

// classic is a classic group: what its members and the coordinator have agreed
// on and the log does not need to know, and what it does. A group that has only
// offsets is one without a protocol type.
type classic struct {
	id           string
	state        ClassicState
	stateAt      kafka.TimestampMs
	protocolType string
	protocol     string
	generation   int32
	leader       string
	members      []*member // in the order in which they came
	byID         map[string]*member
	byInstance   map[string]*member
	pending      map[string]*timer // IDs that were given out and have not come back
	joining      int               // members whose Join waits
	unsynced     int               // members that have not sent Sync in CompletingRebalance
	supported    map[string]int    // protocols, and how many members know them
	wasEmpty     bool              // PreparingRebalance began in Empty
	newcomers    bool              // somebody has come since the initial delay began
	initialEnd   kafka.Instant     // when that delay ends at the latest
	join         timer             // timerInitial or timerJoin
	sync         timer
	subscribed   []string // sorted; of a consumer group, once known
	knowsTopics  bool
	causes       []Cause
}

// member is one member of a classic group.
type member struct {
	id, instance       string
	client             Client
	rebalanceTimeoutMs int32
	sessionTimeoutMs   int32
	protocols          []Protocol
	assignment         []byte
	joining            Ticket // waits for the join phase to end
	awaitsJoin         bool
	maySkip            bool
	syncing            Ticket // waits for the leader's assignment
	awaitsSync         bool
	synced             bool // has sent Sync in this generation
	isNew              bool // joins for the first time
	nameless           bool // does not know its ID before the answer to its first Join
	session            timer
}

// Cause is why a group began to rebalance.
type Cause struct {
	At     kafka.TimestampMs
	Member string // empty: nobody in particular
	Client Client
	Text   string
}

func (m *Machine) newClassic(id string) *classic {
	g := &classic{
		id: id, stateAt: m.now.Wall, generation: 0,
		byID: make(map[string]*member), byInstance: make(map[string]*member),
		pending: make(map[string]*timer), supported: make(map[string]int),
	}
	g.join.group = g
	g.sync.group, g.sync.kind = g, timerSync
	m.groups[id] = g
	return g
}

// loadClassic makes a group of what the log says. Its members have a session's
// time to be heard of.
func (m *Machine) loadClassic(id string, v *ClassicValue) {
	g := m.newClassic(id)
	if v == nil {
		g.stateAt = kafka.NoTimestamp
		return
	}
	g.protocolType, g.protocol, g.generation = v.ProtocolType, v.Protocol, v.Generation
	g.leader, g.stateAt = v.Leader, v.StateAt
	for i := range v.Members {
		p := &v.Members[i]
		one := &member{
			id: p.ID, instance: p.InstanceID, client: Client{p.ClientID, p.ClientHost},
			rebalanceTimeoutMs: p.RebalanceTimeoutMs, sessionTimeoutMs: p.SessionTimeoutMs,
			protocols:  []Protocol{{Name: v.Protocol, Metadata: p.Subscription}},
			assignment: p.Assignment, synced: true,
		}
		g.insert(one)
		m.alive(one)
	}
	if len(g.members) > 0 {
		g.state = Stable
	}
	g.learnTopics()
	if len(g.members) > 0 && v.Leader == "" {
		m.rebalance(g, nil, "the group went back to the classic protocol")
	}
}

// insert takes a member in.
func (g *classic) insert(one *member) {
	one.session.group, one.session.member = g, one
	g.members = append(g.members, one)
	g.byID[one.id] = one
	if one.instance != "" {
		g.byInstance[one.instance] = one
	}
	if g.leader == "" {
		g.leader = one.id
	}
	g.vote(one, 1)
}

// vote counts, or with -1 discounts, what a member supports. What it names twice
// counts once: a group has a protocol when as many support it as are members.
func (g *classic) vote(one *member, by int) {
	for i := range one.protocols {
		name := one.protocols[i].Name
		if slices.ContainsFunc(one.protocols[:i], func(p Protocol) bool { return p.Name == name }) {
			continue
		}
		if g.supported[name] += by; g.supported[name] == 0 {
			delete(g.supported, name)
		}
	}
}

// remove takes a member out. Whoever waits in its name has been answered.
func (m *Machine) remove(g *classic, one *member) {
	i := slices.Index(g.members, one)
	g.members = slices.Delete(g.members, i, i+1)
	m.detach(g, one)
}

// detach lets go of a member that no longer stands in the list.
func (m *Machine) detach(g *classic, one *member) {
	m.timers.stop(&one.session)
	delete(g.byID, one.id)
	if one.instance != "" && g.byInstance[one.instance] == one {
		delete(g.byInstance, one.instance)
	}
	g.vote(one, -1)
	if one.awaitsJoin {
		g.joining--
		one.awaitsJoin = false
	}
	if g.state == CompletingRebalance && !one.synced {
		g.unsynced--
	}
	if g.leader == one.id {
		g.leader = ""
		if len(g.members) > 0 {
			g.leader = g.members[0].id
		}
	}
}

// validate tells whether a member is one, and who it says it is.
func (g *classic) validate(who *Member) (*member, kafka.ErrorCode) {
	if who.InstanceID != "" {
		switch one := g.byInstance[who.InstanceID]; {
		case one == nil:
			return nil, kafka.ErrUnknownMemberID
		case one.id != who.ID:
			return nil, kafka.ErrFencedInstanceID
		}
	}
	if one := g.byID[who.ID]; one != nil {
		return one, kafka.None
	}
	return nil, kafka.ErrUnknownMemberID
}

// supports tells whether somebody with these protocols can be a member.
func (g *classic) supports(in *Join) bool {
	if len(in.Protocols) == 0 || in.ProtocolType == "" {
		return false
	}
	if slices.ContainsFunc(in.Protocols, func(p Protocol) bool { return p.Name == "" }) {
		return false // a group whose protocol has no name would have none
	}
	if g.state == Empty || len(g.members) == 0 && g.state != Stable {
		return g.state == Empty || g.protocolType == in.ProtocolType
	}
	if g.protocolType != in.ProtocolType {
		return false
	}
	for i := range in.Protocols {
		if g.supported[in.Protocols[i].Name] == len(g.members) {
			return true
		}
	}
	return false
}

// choose picks the protocol that all members support and most prefer; of equals
// the one that the longest-standing member prefers.
func (g *classic) choose() string {
	votes := make(map[string]int)
	best := ""
	for _, one := range g.members {
		for i := range one.protocols {
			if name := one.protocols[i].Name; g.supported[name] == len(g.members) {
				votes[name]++
				break
			}
		}
	}
	for _, one := range g.members {
		for i := range one.protocols {
			if name := one.protocols[i].Name; votes[name] > votes[best] {
				best = name
			}
		}
	}
	return best
}

// same tells whether a member asks for what it asked for before.
func (one *member) same(protocols []Protocol) bool {
	return slices.EqualFunc(one.protocols, protocols, func(a, b Protocol) bool {
		return a.Name == b.Name && bytes.Equal(a.Metadata, b.Metadata)
	})
}

// metadata is what a member says under a protocol.
func (one *member) metadata(protocol string) []byte {
	for i := range one.protocols {
		if one.protocols[i].Name == protocol {
			return one.protocols[i].Metadata
		}
	}
	return nil
}

// rebalanceTimeout is the longest that a member asks for.
func (g *classic) rebalanceTimeout() kafka.Duration {
	longest := int32(0)
	for _, one := range g.members {
		longest = max(longest, one.rebalanceTimeoutMs)
	}
	return kafka.Ms(int64(longest))
}

// learnTopics finds out what a consumer group reads. A group that speaks
// something else is not known to read anything.
func (g *classic) learnTopics() {
	g.subscribed, g.knowsTopics = g.subscribed[:0], false
	if g.protocolType != consumerProtocolType || g.protocol == "" && len(g.members) > 0 {
		return
	}
	for _, one := range g.members {
		topics, ok := subscribedTopics(one.metadata(g.protocol))
		if !ok {
			return
		}
		g.subscribed = append(g.subscribed, topics...)
	}
	slices.Sort(g.subscribed)
	g.subscribed, g.knowsTopics = slices.Compact(g.subscribed), true
}

// reads tells whether a group reads a topic, as far as one can tell.
func (g *classic) reads(topic string) bool {
	if !g.knowsTopics {
		return g.protocolType == consumerProtocolType
	}
	_, found := slices.BinarySearch(g.subscribed, topic)
	return found
}

// enter brings a group into a state.
func (m *Machine) enter(g *classic, s ClassicState) {
	g.state, g.stateAt = s, m.now.Wall
}

// value is what the log is to say of a group. assign gives the members'
// assignments in their order, nil: what they have.
func (g *classic) value(assign [][]byte) *ClassicValue {
	v := &ClassicValue{
		ProtocolType: g.protocolType, Generation: g.generation, Protocol: g.protocol, Leader: g.leader, StateAt: g.stateAt,
	}
	if len(g.members) == 0 {
		v.Protocol, v.Leader = "", ""
	}
	for i, one := range g.members {
		p := ClassicMember{
			ID: one.id, InstanceID: one.instance, ClientID: one.client.ID, ClientHost: one.client.Host,
			RebalanceTimeoutMs: one.rebalanceTimeoutMs, SessionTimeoutMs: one.sessionTimeoutMs,
			Subscription: one.metadata(g.protocol), Assignment: one.assignment,
		}
		if assign != nil {
			p.Assignment = assign[i]
		}
		v.Members = append(v.Members, p)
	}
	return v
}
