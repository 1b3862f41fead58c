package sim

import (
	"trialog/core/kafka"
	"trialog/sim/oracle"
)

// Observer is told what happens while a run goes. Times are virtual
// nanoseconds. Pointers are valid during the call only. It must not touch the
// world; what clients do and see is App's to record.
type Observer interface {
	// Fault is told when a fault begins; f.Until says when it ends.
	Fault(f *Fault)
	// Node is told when a broker or client starts, dies, halts or serves.
	Node(n *NodeEvent)
	// Changed is told when a partition has another leader or in-sync set; only with
	// Config.MinISR.
	Changed(at int64, c *oracle.Change)
	// Mode is told when a log begins to acknowledge in another durability mode;
	// what it acknowledged before a change to synced may not be durable yet.
	Mode(at int64, node int, log kafka.LogID, synced bool)
	// Broken is told of an invariant that does not hold; the run ends.
	Broken(at int64, node int, what string)
}

// Fault is one strike.
type Fault struct {
	At     int64
	Until  int64 // equal to At for a momentary one
	Kind   FaultKind
	Node   int // host: brokers are 1..N, clients follow; 0: none in particular
	Peer   int // the other host of a link; 0: none
	Detail int64
}

// NodeState is what has become of a node.
type NodeState uint8

// The states of a node.
const (
	NodeStarted   NodeState = iota + 1 // a process begins
	NodeServing                        // a broker answers clients
	NodeKilled                         // the process died; the page cache lives
	NodePowerCut                       // the power went
	NodeHalted                         // a broker ended itself (Detail: the reason)
	NodeStopped                        // a controlled shutdown has finished
	NodePaused                         // the process stands still
	NodeResumed                        // and goes on
	NodeRecovered                      // a broker has recovered what its disk holds, and has changed nothing since
	NodeEnding                         // a broker's process is about to end: World.Replicas answers for the last time
)

var nodeStateNames = [...]string{"", "started", "serving", "killed", "power-cut", "halted", "stopped", "paused", "resumed", "recovered", "ending"}

// String names the state.
func (s NodeState) String() string { return nodeStateNames[s] }

// NodeEvent is a change of a node's state.
type NodeEvent struct {
	At          int64
	Node        int // host number
	Incarnation int // counted from 1
	State       NodeState
	Detail      string
	// LostBytes is, for a power cut, how many unsynced bytes did not survive.
	LostBytes int64
}
