package node

import (
	"errors"
	"fmt"
	"runtime/debug"

	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/partition"
	port "trialog/core/quorum"
	"trialog/node/journal"
	"trialog/node/quorum"
)

// runJob carries a job out. The recovery job's result says where the journal
// goes on, so the writer is opened with it, and whose data this is, so the
// metadata quorum is started after it.
func (n *Node) runJob(j *disk.Job) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the job panicked: %v\n%s", r, debug.Stack())
		}
	}()
	result, err = j.Run(n.tail.FS(n.fs, false, partition.HoldsRecords), j.Args)
	if recovered, ok := result.(*partition.RecoverResult); ok && err == nil {
		err = n.recovered(recovered)
	}
	return result, err
}

func (n *Node) recovered(r *partition.RecoverResult) error {
	sink := journal.New(n.fs, partition.GenerationDir, n.config.Network.JournalSegmentBytes)
	files, err := partition.NewWriter(n.tail.FS(n.fs, true, partition.HoldsRecords), sink, r.Salt, r.Journal.Generation(), &n.limits.Storage)
	if err != nil {
		return err
	}
	n.files = files
	go n.writer.run(files)
	return n.startQuorum(r.ClusterID != "")
}

// startQuorum starts the metadata quorum. It replays its log into the inbox,
// which the loop empties.
func (n *Node) startQuorum(knowsCluster bool) error {
	engine, err := quorum.Start(quorum.Config{
		Context: n.ctx, FS: n.fs, Dir: "quorum",
		Voters: n.voters, Self: uint64(n.config.NodeID), KnowsCluster: knowsCluster,
		Listen: n.quorumListen(), Secret: n.config.ClusterSecret, Others: n.servePeer,
		Deliver:         func(e port.Event) { n.inbox.put(&broker.Quorum{Event: e}) },
		Fail:            n.fail,
		StallsAfter:     n.config.Network.QuorumStallsAfter,
		SnapshotEntries: n.config.Network.QuorumSnapshotEvery,
		Log:             n.log,
	})
	if err != nil {
		return err
	}
	if n.ctx.Err() != nil { // the node ended meanwhile
		engine.Close()
		return errors.New("the node is ending")
	}
	n.engine.Store(engine)
	return nil
}
