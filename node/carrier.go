package node

import (
	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/must"
	"trialog/core/protocol"
)

// carry carries filled Effects out and gives them back. It waits for nobody:
// everything is put where another goroutine takes it. It returns once the loop
// has ended and everything it emitted has been passed on.
func (n *Node) carry() {
	for out := range n.loop.filled {
		// What others wait for longest goes first.
		if len(out.Appends) > 0 {
			n.writer.put(out.Appends)
		}
		for i := range out.Reads {
			n.reads.put(out.Reads[i])
		}
		for i := range out.Replies {
			n.reply(&out.Replies[i])
		}
		for i := range out.Mutes {
			if c := n.conns.get(out.Mutes[i].Conn); c != nil {
				c.mute(out.Mutes[i].On)
			}
		}
		for i := range out.Jobs {
			n.startJob(out.Jobs[i])
		}
		for i := range out.Proposals {
			n.propose(&out.Proposals[i])
		}
		for i := range out.Reconfigures {
			n.reconfigure(&out.Reconfigures[i])
		}
		for i := range out.Joins {
			n.joins.answer(&out.Joins[i])
		}
		for i := range out.Sends {
			n.peers.send(&out.Sends[i])
		}
		for i := range out.Notes {
			n.speaker.put(out.Notes[i])
		}
		n.watch.add(&out.Watch)
		if out.Halt.Set {
			n.halt(out.Halt)
		}
		out.Reset()
		n.loop.free <- out
	}
}

// reply encodes a reply behind the others of its connection.
func (n *Node) reply(r *broker.Reply) {
	if c := n.conns.get(r.Conn); c != nil {
		n.metrics.replied(r.Key)
		c.answer(r)
	}
}

// startJob runs a job beside everything else.
func (n *Node) startJob(j disk.Job) {
	n.jobs.Go(func() {
		result, err := n.runJob(&j)
		if err != nil {
			n.log.Error("a job on the disk failed", "job", j.Name, "error", err)
		}
		n.inbox.put(&broker.JobDone{Ref: j.Ref, Result: result, Err: err})
	})
}

// watched adds up what Watch has counted.
type watched struct {
	probes  [must.ProbeCount]counter
	beliefs [must.BeliefCount]counter
}

func (w *watched) add(watch *must.Watch) {
	if !watch.Dirty() {
		return
	}
	for i, n := range watch.Probes {
		w.probes[i].add(n)
	}
	for i, n := range watch.Beliefs {
		w.beliefs[i].add(n)
	}
}

// apiName names an API key for a metric.
func apiName(key int16) string { return protocol.APIName(key) }
