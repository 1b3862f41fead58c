package broker

import (
	"trialog/core/batch"
	"trialog/core/coordinator"
	"trialog/core/group"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/partition"
	"trialog/core/replication"
)

// offsetsTopic holds groups and what they have committed.
const offsetsTopic = "__consumer_offsets"

// internalTopic tells whether a topic is the coordinators' own: clients do not
// write to it.
func internalTopic(name string) bool { return name == offsetsTopic }

// coordinators are the group coordinators of this broker: one for each partition
// of the offsets topic that it leads.
type coordinators struct {
	config   kafka.GroupConfig
	shards   []*shard // that live, in the order in which they began
	effects  group.Effects
	refusal  kafka.ErrorCode // of the last append
	next     kafka.Instant   // when one of them next wants a Tick, or an earlier instant
	creating bool            // the offsets topic is asked for
	topics   groupTopics
	in       groupInputs
}

// groupInputs are the values that Steps of groups point to, so that none is allocated.
type groupInputs struct {
	tick      group.Tick
	appended  group.Appended
	refused   group.Refused
	committed group.Committed
	heartbeat group.Heartbeat
	beat      group.ConsumerHeartbeat
	commit    group.Commit
	confirm   group.Confirm
	produce   replication.Produce
}

// shard is the coordinator of one partition in one leadership. It is built from
// the log and dropped with the role; the next leadership builds another.
type shard struct {
	host    *host
	epoch   kafka.LeaderEpoch
	phase   shardPhase
	machine *group.Machine
	replay  coordinator.Replay
	lookup  partition.Lookup
	retryAt kafka.Instant // while loading: when to read again after a read that failed
	counted kafka.Offset  // how much of the log the machine knows to count
	gone    bool
}

type shardPhase uint8

const (
	// shardWaiting: some of the log does not count yet, and may still be cut off.
	shardWaiting shardPhase = iota
	shardLoading
	shardActive
)

// loadBytes is how much of a log one Step replays, about.
const loadBytes = 256 << 10

// coordinate lets the coordinator of a partition follow its replica.
func (b *Broker) coordinate(h *host) {
	leads := h.replica.Role() == replication.RoleLeader && !h.retired
	if s := h.shard; s != nil && (!leads || s.epoch != h.replica.Epoch()) {
		b.closeShard(s)
	}
	if !leads {
		return
	}
	s := h.shard
	if s == nil {
		s = b.openShard(h)
	}
	hw := h.replica.HighWatermark()
	switch {
	case s.phase == shardWaiting && hw >= s.replay.End:
		s.phase = shardLoading
		b.load(s)
	case s.phase == shardActive && hw > s.counted:
		s.counted = hw
		b.groups.in.committed.HighWatermark = hw
		b.stepShard(s, &b.groups.in.committed)
	}
}

// openShard begins a coordinator. All of the log that is there now has to count
// before it is read, so that nothing is answered that could be taken back.
func (b *Broker) openShard(h *host) *shard {
	log := h.replica.Log
	s := &shard{
		host: h, epoch: h.replica.Epoch(), machine: group.New(&b.groups.config, b.rand.Uint64()),
		replay: coordinator.Replay{Next: log.LogStartOffset, End: log.LogEndOffset}, counted: kafka.NoOffset,
		retryAt: never,
	}
	h.shard = s
	b.groups.shards = append(b.groups.shards, s)
	return s
}

// closeShard drops a coordinator whose role is over. Whoever waits is told to
// look for the next.
func (b *Broker) closeShard(s *shard) {
	s.host.shard, s.gone = nil, true
	for i, other := range b.groups.shards {
		if other == s {
			b.groups.shards = append(b.groups.shards[:i], b.groups.shards[i+1:]...)
			break
		}
	}
	if s.phase == shardActive {
		b.stepShard(s, &group.Closed{Err: kafka.ErrNotCoordinator})
	}
}

// load reads on where replay stands.
func (b *Broker) load(s *shard) {
	s.retryAt = never
	if s.replay.Done() {
		b.shardLoaded(s)
		return
	}
	s.host.replica.Log.Fetch(&s.lookup, s.replay.Next, s.replay.End, loadBytes)
	b.loadOn(s)
}

// loadOn emits the next read of a lookup. Without one nothing is left to read.
func (b *Broker) loadOn(s *shard) {
	if !b.emitReadFor(pendingRead{host: s.host, shard: s}, &s.lookup) {
		s.replay.Next = s.replay.End
		b.shardLoaded(s)
	}
}

// shardRead takes bytes of the log.
func (b *Broker) shardRead(s *shard, in *ReadDone) {
	if s.gone {
		return
	}
	switch progress := s.host.replica.Log.Feed(&s.lookup, in.Bytes, in.Err); progress {
	case partition.More:
		b.loadOn(s)
	case partition.Found:
		b.replay(s)
	case partition.Stale, partition.Passed:
		b.load(s)
	case partition.Unpack: // only a search by time asks for it
	case partition.Damaged, partition.Broken:
		b.readFailed(s.host, &s.lookup, progress, in.Err)
		s.retryAt = b.now.Mono.Add(b.limits.Retry)
		b.groups.next = min(b.groups.next, s.retryAt)
	}
}

// replay takes the records that a read has found.
func (b *Broker) replay(s *shard) {
	if len(s.lookup.Records) == 0 {
		s.replay.Next = s.replay.End // what is left has been compacted away
	}
	malformed := 0
	err := s.replay.Feed(s.lookup.Records, b.config.Codecs, int(b.cluster.MaxDecompressedBytes), func(r *coordinator.Record) {
		if s.machine.Replay(r) != nil {
			malformed++
		}
	})
	s.lookup.Records = nil
	if err != nil || malformed > 0 {
		b.note(Note{Level: Error, Text: "records of a coordinator's log cannot be read and are passed over", Topic: offsetsTopic,
			Partition: s.host.tp.Partition, Epoch: s.epoch, Offset: s.replay.Next})
	}
	if err != nil {
		s.replay.Next = batchAfter(s.replay.Next)
	}
	b.load(s)
}

// batchAfter is where to go on behind a record that cannot be read.
func batchAfter(next kafka.Offset) kafka.Offset { return next + 1 }

// shardLoaded lets a coordinator answer.
func (b *Broker) shardLoaded(s *shard) {
	s.phase = shardActive
	s.counted = s.host.replica.HighWatermark()
	b.stepShard(s, &group.Loaded{})
	b.forgetTopics(s)
	b.note(Note{Level: Info, Text: "coordinator of groups", Topic: offsetsTopic, Partition: s.host.tp.Partition, Epoch: s.epoch, Offset: s.replay.End})
}

// forgetTopics forgets what was committed for topics that are gone. What is not
// in our image is gone: whoever coordinated before us knew less of the metadata
// log than we, whose leadership stands in it behind everything that he saw.
func (b *Broker) forgetTopics(s *shard) {
	for _, t := range s.machine.CommittedTopics() {
		if t.ID != (kafka.TopicID{}) && b.state.Image().Topic(t.ID) == nil {
			b.stepShard(s, &t)
		}
	}
}

// forgetDeleted does so after a change of the image.
func (b *Broker) forgetDeleted(d *metadata.Delta) {
	if len(b.groups.shards) == 0 {
		return
	}
	shards := append([]*shard(nil), b.groups.shards...)
	for _, s := range shards {
		switch {
		case s.phase != shardActive || s.gone:
		case d.Replaced:
			b.forgetTopics(s)
		default:
			for i := range d.Topics {
				if t := &d.Topics[i]; t.Change == metadata.TopicDeleted {
					b.stepShard(s, &group.TopicGone{Topic: t.Name, ID: t.ID})
				}
			}
		}
	}
}

// stepShard gives a coordinator an input and carries on what follows.
func (b *Broker) stepShard(s *shard, in group.Input) {
	e := &b.groups.effects
	e.Watch = &b.out.Watch
	s.machine.Step(b.now, in, e)
	for i := 0; i < len(e.Appends); i++ {
		if end, code := b.appendForShard(s, &e.Appends[i]); code == kafka.None {
			b.groups.in.appended.End = end
			s.machine.Step(b.now, &b.groups.in.appended, e)
		} else {
			b.groups.in.refused.Err = code
			s.machine.Step(b.now, &b.groups.in.refused, e)
		}
	}
	for i := range e.Answers {
		b.answerGroup(&e.Answers[i])
	}
	b.counters.Rebalances += uint64(len(e.Causes))
	e.Reset()
	if at, ok := s.machine.Deadline(); ok && !s.gone {
		b.groups.next = min(b.groups.next, at)
	}
}

// appendForShard appends a batch to a coordinator's partition, if it still leads
// in the coordinator's epoch. It says where the log ends then.
func (b *Broker) appendForShard(s *shard, a *group.Append) (kafka.Offset, kafka.ErrorCode) {
	if s.gone || s.host.replica.Epoch() != s.epoch || b.phase == PhaseHalted || b.session.drained {
		return 0, kafka.ErrNotLeaderOrFollower
	}
	before := s.host.replica.Log.LogEndOffset
	in := &b.groups.in.produce
	*in = replication.Produce{Ticket: replication.Ticket{Request: noRequest}, Acks: -1, Checked: &a.Checked, Batch: a.Batch}
	b.confirmFollowers(s.host)
	b.stepReplica(s.host, in)
	in.Batch, in.Checked = batch.View(nil), nil
	if end := s.host.replica.Log.LogEndOffset; end > before {
		return end, kafka.None
	}
	return 0, b.groups.refusal
}

// noRequest is the ticket of an append that no client's produce has asked for.
const noRequest = 0

// groupsDue lets coordinators do what has become due.
func (b *Broker) groupsDue() {
	if b.now.Mono < b.groups.next {
		return
	}
	b.groups.next = never
	for i := 0; i < len(b.groups.shards); i++ {
		s := b.groups.shards[i]
		switch s.phase {
		case shardWaiting:
		case shardLoading:
			if s.retryAt <= b.now.Mono {
				b.load(s)
			}
			b.groups.next = min(b.groups.next, s.retryAt)
		case shardActive:
			for at, _ := s.machine.Deadline(); at <= b.now.Mono && !s.gone; at, _ = s.machine.Deadline() {
				b.groups.in.tick.Known = b.knownTopics()
				b.stepShard(s, &b.groups.in.tick)
			}
			at, _ := s.machine.Deadline()
			b.groups.next = min(b.groups.next, at)
		}
	}
}

// configureGroups gives coordinators the settings in force.
func (b *Broker) configureGroups() {
	layers := b.layers("")
	b.groups.config = kafka.LoadGroupConfig(&layers)
	b.state.Image().EachConfig(func(r kafka.ConfigResource, set kafka.ConfigMap) bool {
		if r.Type == kafka.ResourceGroup {
			if b.groups.config.Groups == nil {
				b.groups.config.Groups = make(map[string]kafka.GroupSettings)
			}
			layers.Group = set
			b.groups.config.Groups[r.Name] = kafka.LoadGroupSettings(&layers)
		}
		return true
	})
	for _, s := range b.groups.shards {
		s.machine.Configure(&b.groups.config)
	}
}
