package onsim

import (
	"slices"

	"trialog/checker/history"
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/sim"
	"trialog/sim/oracle"
)

// watch puts what the world tells into the history: faults, crashes, starts,
// and for every log of a restarted broker what it had to keep and what it found.
type watch struct {
	trial  *trial
	world  *sim.World             // nil: nobody asks what brokers hold
	before map[logName]*logBefore // looked up only
	names  []logName              // in the order of their first sight
	fired  int64
	loose  []logName // that were last put down as acknowledging without a sync
	strips *strips   // nil: nobody draws the run
}

// logName names one replica. A broker that has just recovered knows topics by
// their IDs only, and of a damaged log perhaps not even that.
type logName struct {
	node int
	log  kafka.LogID
}

// logBefore is what is known of a log while its broker runs, or since it died.
type logBefore struct {
	topic     string // empty: not told yet
	partition history.Partition
	required  int64 // offsets below it are durable
	appended  int64 // the largest end it had
	fenced    bool  // it was told that it is
	seen      bool  // in the recovery under way
	missing   bool  // not seen in the last one, and nothing was put down for that yet
}

func newWatch(t *trial) *watch {
	t.watch = &watch{trial: t, before: make(map[logName]*logBefore)}
	return t.watch
}

// advance lets the world go on for a while; false: it has ended.
func (w *watch) advance() bool {
	const stretch = 1 << 16
	if w.strips == nil {
		return w.world.Advance(stretch)
	}
	for range stretch / glance {
		if !w.world.Advance(glance) {
			return false
		}
		w.strips.look(w.world.Now())
	}
	return true
}

// role is what a node is in the end: leader of some partition, follower, or client.
func (w *watch) role(node int) string {
	if node > w.trial.scenario.Cluster.Brokers {
		return "client"
	}
	role := "follower"
	w.replicas(func(n int, v *broker.PartitionView) {
		if n == node && v.Leader {
			role = "leader"
		}
	})
	return role
}

// replicas visits what the brokers hold.
func (w *watch) replicas(visit func(node int, v *broker.PartitionView)) {
	if w.world == nil {
		return
	}
	for node := 1; node <= w.trial.scenario.Cluster.Brokers; node++ {
		w.world.Replicas(node, func(v *broker.PartitionView) bool {
			visit(node, v)
			return true
		})
	}
}

// Fault puts a strike down.
func (w *watch) Fault(f *sim.Fault) {
	row, ok := rowOf(f.Kind)
	if !ok {
		return
	}
	w.fired++
	if row.history == history.FaultDiskWiped {
		w.forget(f.Node)
	} else if row.history.LosesDisk() && w.trial.scenario.Replicas() == 1 {
		w.trial.rotten = true
	}
	e := history.NewEvent(history.Fault, int32(f.Node))
	e.Fault = row.history
	if f.Peer > 0 {
		e.Peer = int32(f.Peer)
	}
	e.Note = f.Kind.String()
	if f.Until > f.At {
		e.Until = f.Until
	}
	w.trial.record.Event(f.At, &e)
}

// Node puts a change of a node's state down.
func (w *watch) Node(n *sim.NodeEvent) {
	if n.Node > w.trial.scenario.Cluster.Brokers {
		return // clients' lives stand in their operations
	}
	e := history.NewEvent(history.Start, int32(n.Node))
	e.Note = n.Detail
	switch n.State {
	case sim.NodeEnding:
		w.remember(n.Node, n.At)
		return
	case sim.NodeKilled, sim.NodeHalted:
		e.Kind, e.Fault = history.Crash, history.FaultKill
	case sim.NodePowerCut:
		e.Kind, e.Fault = history.Crash, history.FaultPower
	case sim.NodeStopped:
		e.Kind, e.Fault, e.Clean = history.Crash, history.FaultKill, true
	case sim.NodeStarted:
	case sim.NodeRecovered:
		w.recovered(n)
		return
	default:
		return
	}
	w.trial.record.Event(n.At, &e)
}

// Changed puts a leader, and an in-sync set that is whole again, down.
func (w *watch) Changed(at int64, c *oracle.Change) {
	if !w.trial.lasting(c.Topic) && (c.Topic != offsetsTopic || w.trial.coordinators == 0) {
		return
	}
	if c.LogStart > 0 {
		e := history.NewEvent(history.LogStart, int32(c.Leader))
		e.Partition, e.LogStartOffset, e.Count = w.trial.record.Partition(c.Topic, int32(c.Partition.Partition)), c.LogStart, int32(c.Bytes)
		w.trial.record.Event(at, &e)
		return
	}
	e := history.NewEvent(history.Leader, int32(c.Leader))
	e.Partition, e.LeaderEpoch = w.trial.record.Partition(c.Topic, int32(c.Partition.Partition)), int32(c.Epoch)
	if c.Elected && c.Leader != kafka.NoBroker {
		w.trial.record.Event(at, &e)
	}
	if c.Whole {
		e.Kind, e.Node = history.Replicated, history.Unset
		w.trial.record.Event(at, &e)
	}
}

// Broken is told in the result.
func (w *watch) Broken(int64, int, string) {}

// forget lets go of what a disk held that is no more. Its names are given anew.
func (w *watch) forget(node int) {
	w.names = slices.DeleteFunc(w.names, func(n logName) bool {
		if n.node == node {
			delete(w.before, n)
		}
		return n.node == node
	})
}

// remember looks at a broker's logs at the last moment at which it can be
// asked. A broker that had not recovered yet holds none: what stood before holds on.
func (w *watch) remember(node int, at int64) {
	if w.world == nil {
		return
	}
	// First what is still open about the logs before: a log whose creation a
	// crash undid gives its ID to the next, which counts for itself.
	w.resolve(node, at, false)
	asked := false
	for _, name := range w.names {
		w.before[name].seen = false
	}
	w.world.Replicas(node, func(v *broker.PartitionView) bool {
		b := w.log(node, v)
		asked, b.seen = true, true
		b.required = int64(v.SyncedOffset)
		b.appended = max(b.appended, int64(v.LargestEndOffset))
		if v.Retired || !v.Created {
			// It was given up, and only a read still holds it; or nobody has promised
			// yet that there is such a log, wherever it begins.
			b.required = 0
		}
		return true
	})
	for _, name := range w.names {
		if b := w.before[name]; name.node == node && !b.seen && !b.missing && (asked || w.movedAway(node, b)) {
			// The broker has ended it, and tells no more how far it had come. If the
			// crash undoes the end, it comes back with what was appended until then.
			b.required, b.appended = 0, history.Unset
		}
	}
}

// movedAway tells whether a running broker knows that a log's partition is not
// assigned to it.
func (w *watch) movedAway(node int, b *logBefore) bool {
	image := w.world.Image(node)
	if image == nil || image.TopicByName(b.topic) == nil {
		return false
	}
	for _, p := range image.TopicByName(b.topic).Partitions.All {
		if w.trial.record.Partition(b.topic, int32(p.Index)) == b.partition {
			return !slices.Contains(p.Replicas, kafka.BrokerID(node))
		}
	}
	return false
}

// resolve puts down what became of logs that a recovery did not bring back. The
// broker may have fenced their partitions, once it knew them; before it did, and
// unless this is the end, nothing is to be said.
func (w *watch) resolve(node int, at int64, end bool) {
	for _, name := range w.names {
		b := w.before[name]
		if name.node != node || !b.missing {
			continue
		}
		there, fenced := false, false
		w.world.Replicas(node, func(v *broker.PartitionView) bool {
			if v.Name == b.topic && w.trial.record.Partition(v.Name, int32(v.Partition)) == b.partition {
				there, fenced = true, v.Fenced || v.Replaced
			}
			return !there
		})
		if !there && !end {
			continue
		}
		b.missing = false
		e := history.NewEvent(history.Recovered, int32(node))
		e.Partition, e.RequiredEndOffset, e.AppendedEndOffset, e.FoundEndOffset, e.Fenced = b.partition, b.required, b.appended, 0, fenced
		e.Note = "the log is not there"
		w.trial.record.Event(at, &e)
	}
}

func (w *watch) log(node int, v *broker.PartitionView) *logBefore {
	name := logName{node, v.Log}
	b := w.before[name]
	if b == nil {
		b = &logBefore{partition: history.NoPartition}
		w.before[name] = b
		w.names = append(w.names, name)
	}
	if b.topic == "" && v.Name != "" {
		b.topic, b.partition = v.Name, w.trial.record.Partition(v.Name, int32(v.Partition))
	}
	return b
}

// recovered compares what a broker has found with what it had to keep.
func (w *watch) recovered(n *sim.NodeEvent) {
	if n.Incarnation == 1 || w.world == nil {
		return
	}
	for _, name := range w.names {
		w.before[name].seen = false
	}
	w.world.Replicas(n.Node, func(v *broker.PartitionView) bool {
		b := w.log(n.Node, v)
		b.seen = true
		if b.topic == "" {
			return true // it was made and its broker died before anybody could look
		}
		e := history.NewEvent(history.Recovered, int32(n.Node))
		e.Partition, e.LeaderEpoch = b.partition, int32(v.LeaderEpoch)
		e.RequiredEndOffset, e.AppendedEndOffset = b.required, b.appended
		e.FoundEndOffset, e.LogStartOffset, e.Fenced = int64(v.LogEndOffset), int64(v.LogStartOffset), v.Fenced
		w.trial.record.Event(n.At, &e)
		if !v.Fenced {
			// The log goes on from what was found.
			b.required, b.appended = min(b.required, e.FoundEndOffset), e.FoundEndOffset
		}
		b.fenced = v.Fenced
		return true
	})
	for _, name := range w.names {
		if b := w.before[name]; name.node == n.Node && !b.seen && w.trial.lasting(b.topic) {
			b.missing = true
		}
	}
}

// fence, called at the end, puts the logs down that were fenced while they were served: a reader
// came upon bytes that had rotted.
func (w *watch) fence(at int64) {
	for node := 1; w.world != nil && node <= w.trial.scenario.Cluster.Brokers; node++ {
		w.resolve(node, at, true)
	}
	w.replicas(func(node int, v *broker.PartitionView) {
		if b := w.log(node, v); (v.Fenced || v.Damaged) && !b.fenced && b.topic != "" {
			e := history.NewEvent(history.Recovered, int32(node))
			e.Partition, e.FoundEndOffset, e.Fenced, e.Note = b.partition, int64(v.LogEndOffset), true, "fenced while it was served"
			w.trial.record.Event(at, &e)
		}
	})
}
