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
	files := n.fs
	if j.Hasty {
		files = files.Hasty()
	}
	var fs disk.FS = n.tail.FS(files, false, partition.HoldsRecords)
	if !j.Closing {
		fs = turns{fs, &n.segments}
	}
	result, err = j.Run(fs, j.Args)
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
		Listen: n.quorumListen(), Advertise: n.quorumAdvertise(), Secret: n.config.ClusterSecret,
		Others: n.servePeer, Join: n.joins.ask, Over: n.replicaOver,
		Deliver:         n.tell,
		Fail:            n.fail,
		StallsAfter:     n.config.Network.QuorumStallsAfter,
		Full:            n.room.full,
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

// tell passes an event of the metadata quorum to the broker. A replica that
// was started again begins from its start or its snapshot; the broker is not
// told twice.
func (n *Node) tell(e port.Event) {
	switch e := e.(type) {
	case *port.Committed:
		if e.Index <= n.told {
			return
		}
		n.told = e.Index
	case *port.SnapshotLoaded:
		if e.Index <= n.told {
			return
		}
		n.told = e.Index
	default:
		// Hints, answers and members may come at any time.
	}
	n.inbox.put(&broker.Quorum{Event: e})
}

// replicaOver begins another life in the metadata quorum: this node's replica
// is a member no more. The broker goes on meanwhile with what it knows.
func (n *Node) replicaOver() {
	n.jobs.Go(func() {
		if e := n.engine.Swap(nil); e != nil {
			e.Close()
			n.tell(&port.LeadsNot{}) // nobody else would say so
		}
		if n.ctx.Err() != nil {
			return
		}
		if err := n.startQuorum(true); err != nil {
			n.fail(err)
		}
	})
}

// Votes tells whether this node's replica votes in the metadata quorum.
func (n *Node) Votes() bool {
	e := n.engine.Load()
	return e != nil && e.Votes()
}
