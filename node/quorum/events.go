package quorum

import "github.com/lni/dragonboat/v4/raftio"

type nodeInfo = raftio.NodeInfo

// silentEvents implements raftio.ISystemEventListener and does nothing.
type silentEvents struct{}

// The events of the engine that nobody here needs.
func (silentEvents) NodeHostShuttingDown()                       {}
func (silentEvents) NodeUnloaded(nodeInfo)                       {}
func (silentEvents) NodeDeleted(nodeInfo)                        {}
func (silentEvents) NodeReady(nodeInfo)                          {}
func (silentEvents) MembershipChanged(nodeInfo)                  {}
func (silentEvents) ConnectionEstablished(raftio.ConnectionInfo) {}
func (silentEvents) ConnectionFailed(raftio.ConnectionInfo)      {}
func (silentEvents) SendSnapshotStarted(raftio.SnapshotInfo)     {}
func (silentEvents) SendSnapshotCompleted(raftio.SnapshotInfo)   {}
func (silentEvents) SendSnapshotAborted(raftio.SnapshotInfo)     {}
func (silentEvents) SnapshotReceived(raftio.SnapshotInfo)        {}
func (silentEvents) SnapshotRecovered(raftio.SnapshotInfo)       {}
func (silentEvents) SnapshotCreated(raftio.SnapshotInfo)         {}
func (silentEvents) SnapshotCompacted(raftio.SnapshotInfo)       {}
func (silentEvents) LogCompacted(raftio.EntryInfo)               {}
func (silentEvents) LogDBCompacted(raftio.EntryInfo)             {}
