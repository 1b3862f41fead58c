package onlocal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/checker/history"
	"trialog/scenarios"
)

// member is one life of a member of a group: a franz-go client behind a gate,
// and what it has been given.
type member struct {
	run     *run
	group   *groupPlan
	id      int32
	process int32
	client  *kgo.Client
	cancel  context.CancelFunc
	gate    *gate
	eager   bool // commits after each poll, not now and then

	topics   []string // of the run, of which a narrow member leaves the first out
	narrow   bool
	consumer bool // it speaks the consumer protocol

	mu       sync.Mutex
	dead     bool // it was killed: nothing that it does counts any more
	instance string
	owned    map[partition]*holding
	records  []history.Record
}

// holding is a partition that a member has.
type holding struct {
	lookup    history.OpID // the committed offset is being read; NoOp: it is known
	next      int64
	epoch     int32
	committed int64
}

func (r *run) newMember(g *groupPlan, place int, draw *rand.Rand) (*member, error) {
	m := &member{
		run: r, group: g, id: r.client(), process: r.process(), gate: newGate(r.wire.dial),
		eager: draw.IntN(2) == 0, owned: make(map[partition]*holding),
	}
	for _, t := range r.plan.topics {
		m.topics = append(m.topics, t.name)
	}
	m.consumer = g.consumer(draw)
	balancer := kgo.RangeBalancer()
	if g.cooperative && !m.consumer {
		balancer = kgo.CooperativeStickyBalancer()
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	options := []kgo.Opt{
		kgo.WithContext(ctx), kgo.Dialer(m.gate.dial),
		kgo.ConsumerGroup(g.name), kgo.ConsumeTopics(m.topics...), kgo.Balancers(balancer),
		kgo.SessionTimeout(r.plan.session), kgo.RebalanceTimeout(2 * r.plan.session), kgo.HeartbeatInterval(r.plan.session / 6),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(m.assigned), kgo.OnPartitionsRevoked(m.revoked), kgo.OnPartitionsLost(m.lost),
		kgo.OnOffsetsFetched(m.placed), kgo.FetchMaxWait(200 * time.Millisecond), kgo.FetchMaxPartitionBytes(64 << 10),
		kgo.ClientID("member-" + strconv.Itoa(place)), kgo.MetadataMaxAge(metadataAge),
	}
	if m.consumer {
		options = append(options, kgo.ServerSideBalancer())
	}
	if g.static {
		m.instance = g.name + "-" + strconv.Itoa(place)
		options = append(options, kgo.InstanceID(m.instance))
	}
	m.subscribes()
	client, err := r.newClient(options...)
	m.mu.Lock()
	m.client = client
	m.mu.Unlock()
	return m, err
}

// subscribes puts down that the member joins, or wants other topics.
func (m *member) subscribes() {
	op := history.NewOp(history.Subscribe, m.id, m.process, history.NoPartition)
	op.Group = m.run.record.Name(m.group.name)
	m.instant(&op)
}

// change subscribes to one topic less, or to all again.
func (m *member) change(narrow bool) {
	if narrow == m.narrow || len(m.topics) < 2 {
		return
	}
	m.narrow = narrow
	m.subscribes()
	if narrow {
		m.client.PurgeTopicsFromConsuming(m.topics[0])
	} else {
		m.client.AddConsumeTopics(m.topics[0])
	}
	m.run.tallies.add(tallySubscribed)
}

// operation begins an entry of the history about a partition that it holds.
func (m *member) operation(kind history.Kind, at partition) history.Op {
	r := m.run
	op := history.NewOp(kind, m.id, m.process, r.record.Partition(at.topic, at.index))
	id, generation := m.client.GroupMetadata()
	op.Group, op.Member, op.Instance, op.Generation = r.record.Name(m.group.name), r.record.Name(id), r.record.Name(m.instance), generation
	return op
}

// instant puts an entry down that takes no time.
func (m *member) instant(op *history.Op) {
	res := history.NewResult(history.OK)
	m.run.record.Complete(m.run.now(), m.run.record.Invoke(m.run.now(), op), &res)
}

// assigned takes partitions; what the group has committed there is read after it.
func (m *member) assigned(_ context.Context, c *kgo.Client, given map[string][]int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return
	}
	if m.client == nil {
		m.client = c // newClient has not returned yet
	}
	for topic, list := range given {
		for _, index := range list {
			at := partition{topic, index}
			op := m.operation(history.Assign, at)
			m.instant(&op)
			m.run.assigned(m, at)
			read := m.operation(history.FetchOffsets, at)
			m.owned[at] = &holding{lookup: m.run.record.Invoke(m.run.now(), &read), epoch: -1, committed: -1}
		}
	}
}

// placed takes what the group has committed: reading begins there.
func (m *member) placed(_ context.Context, _ *kgo.Client, a *kmsg.OffsetFetchResponse) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return nil
	}
	for i := range a.Groups {
		for j := range a.Groups[i].Topics {
			t := &a.Groups[i].Topics[j]
			for k := range t.Partitions {
				if p := &t.Partitions[k]; p.ErrorCode == 0 {
					m.place(partition{t.Topic, p.Partition}, p)
				}
			}
		}
	}
	return nil
}

func (m *member) place(at partition, p *kmsg.OffsetFetchResponseGroupTopicPartition) {
	h := m.owned[at]
	if h == nil || h.lookup == history.NoOp {
		return
	}
	res := history.NewResult(history.OK)
	if p.Offset >= 0 {
		res.Offset, h.next, h.committed = p.Offset, p.Offset, p.Offset
		if p.Metadata != nil {
			res.Commit = readMark(*p.Metadata)
		}
	}
	m.run.record.Complete(m.run.now(), h.lookup, &res)
	h.lookup = history.NoOp
	op := m.operation(history.Seek, at)
	op.At = h.next
	if p.Offset < 0 {
		op.Flags |= history.Reset // to the beginning, which is 0: nothing is deleted
	}
	m.instant(&op)
}

// revoked commits what it has read, and gives up partitions.
func (m *member) revoked(ctx context.Context, _ *kgo.Client, taken map[string][]int32) {
	m.commit(ctx, taken)
	m.drop(taken)
}

func (m *member) lost(_ context.Context, _ *kgo.Client, taken map[string][]int32) { m.drop(taken) }

func (m *member) drop(taken map[string][]int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return
	}
	for topic, list := range taken {
		for _, index := range list {
			at := partition{topic, index}
			h := m.owned[at]
			if h == nil {
				continue
			}
			if h.lookup != history.NoOp {
				res := history.NewResult(history.Fail)
				res.Error = "revoked"
				m.run.record.Complete(m.run.now(), h.lookup, &res)
			}
			op := m.operation(history.Revoke, at)
			m.instant(&op)
			delete(m.owned, at)
		}
	}
}

// live polls and commits until it dies, its time has come, or follow ends.
func (m *member) live(work, follow context.Context, until time.Time, draw *rand.Rand) error {
	next := m.group.next(draw)
	for rounds := 0; follow.Err() == nil && m.gate.wait(); rounds++ {
		ending := work.Err() != nil
		if !ending && time.Now().After(until) {
			return nil
		}
		if err := m.poll(follow); err != nil {
			return err
		}
		if m.eager || ending || rounds%8 == 7 {
			m.commit(follow, nil)
		}
		m.client.AllowRebalance()
		switch {
		case ending:
			m.change(false)
		case m.group.fickle > 0 && time.Now().After(next):
			m.change(!m.narrow)
			next = m.group.next(draw)
		}
	}
	return nil
}

// next draws when a member changes what it subscribes to.
func (g *groupPlan) next(draw *rand.Rand) time.Time {
	return time.Now().Add(g.fickle/2 + time.Duration(draw.Int64N(int64(g.fickle)+1)))
}

func (m *member) poll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	fetches := m.client.PollFetches(ctx)
	var failure error
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if lost, ok := errors.AsType[*kgo.ErrDataLoss](p.Err); ok {
			failure = fmt.Errorf("a member of %s lost %s/%d: %w", m.group.name, p.Topic, p.Partition, lost)
		}
		if len(p.Records) > 0 && failure == nil {
			failure = m.note(partition{p.Topic, p.Partition}, p.Records)
		}
	})
	return failure
}

// note puts one partition's share of a poll down, as a follower does.
func (m *member) note(at partition, records []*kgo.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return nil
	}
	h := m.owned[at]
	if h == nil || h.lookup != history.NoOp {
		return fmt.Errorf("a member of %s has records of %s/%d without having been given it", m.group.name, at.topic, at.index)
	}
	op := m.operation(history.Poll, at)
	op.At = h.next
	m.records = m.records[:0]
	for _, r := range records {
		m.records = append(m.records, history.Record{Offset: r.Offset, Value: scenarios.ParsePayload(r.Value)})
	}
	last := records[len(records)-1]
	res := history.NewResult(history.OK)
	res.Records, res.To, res.LeaderEpoch = m.records, last.Offset+1, last.LeaderEpoch
	h.next, h.epoch = res.To, last.LeaderEpoch
	m.run.record.Complete(m.run.now(), m.run.record.Invoke(m.run.now(), &op), &res)
	return nil
}

// commit writes what has been read, of some partitions or of all. The operations
// begin when the request is made: from there on it may be carried out.
func (m *member) commit(ctx context.Context, only map[string][]int32) {
	offsets := m.uncommitted(only)
	if len(offsets) == 0 {
		return
	}
	open := make(map[partition]opened)
	ctx = kgo.PreCommitFnContext(ctx, func(q *kmsg.OffsetCommitRequest) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.dead {
			return errKilled
		}
		for i := range q.Topics {
			for j := range q.Topics[i].Partitions {
				p := &q.Topics[i].Partitions[j]
				at := partition{q.Topics[i].Topic, p.Partition}
				op := m.operation(history.CommitOffsets, at)
				op.Member, op.Generation, op.At = m.run.record.Name(q.MemberID), q.Generation, p.Offset
				open[at] = opened{m.run.record.Invoke(m.run.now(), &op), p.Offset}
				p.Metadata = mark(open[at].id)
			}
		}
		return nil
	})
	m.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, a *kmsg.OffsetCommitResponse, err error) {
		m.committed(open, a, err)
	})
}

var errKilled = errors.New("the member was killed")

// opened is a commit under way.
type opened struct {
	id history.OpID
	at int64
}

// uncommitted lists what has been read and not committed.
func (m *member) uncommitted(only map[string][]int32) map[string]map[int32]kgo.EpochOffset {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make(map[string]map[int32]kgo.EpochOffset)
	for at, h := range m.owned {
		if h.lookup != history.NoOp || h.next <= h.committed || only != nil && !contains(only, at) {
			continue
		}
		if list[at.topic] == nil {
			list[at.topic] = make(map[int32]kgo.EpochOffset)
		}
		list[at.topic][at.index] = kgo.EpochOffset{Epoch: h.epoch, Offset: h.next}
	}
	return list
}

func contains(all map[string][]int32, at partition) bool {
	for _, index := range all[at.topic] {
		if index == at.index {
			return true
		}
	}
	return false
}

// committed ends the operations of a commit. A refusal says nothing of the tries
// before it, of which franz-go does not tell: it is unclear.
func (m *member) committed(open map[partition]opened, a *kmsg.OffsetCommitResponse, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return // what is open stays open
	}
	told := make(map[partition]error)
	if a != nil {
		for i := range a.Topics {
			for _, p := range a.Topics[i].Partitions {
				told[partition{a.Topics[i].Topic, p.Partition}] = kerr.ErrorForCode(p.ErrorCode)
			}
		}
	}
	for at, c := range open {
		failed, answered := told[at]
		if err != nil {
			failed = err
		} else if !answered {
			failed = errors.New("no answer")
		}
		res := history.NewResult(history.OK)
		if failed != nil {
			res = history.NewResult(history.Info)
			res.Error = errorName(failed)
		} else if h := m.owned[at]; h != nil {
			h.committed = max(h.committed, c.at)
		}
		m.run.record.Complete(m.run.now(), c.id, &res)
	}
}

// kill ends the member as kill -9 would: nothing is said to anybody.
func (m *member) kill() {
	m.mu.Lock()
	m.dead = true
	m.mu.Unlock()
	m.gate.kill()
}

// end closes the client. One that is not dead leaves its group.
func (m *member) end() {
	m.mu.Lock()
	dead := m.dead
	m.mu.Unlock()
	if dead {
		m.cancel()
	}
	m.client.CloseAllowingRebalance()
	m.cancel()
}
