package node

import (
	"context"
	"log/slog"

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
		for i := range out.Sends {
			n.peers.send(&out.Sends[i])
		}
		for i := range out.Notes {
			n.note(&out.Notes[i])
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

// note logs what the broker has to tell.
func (n *Node) note(note *broker.Note) {
	level := [...]slog.Level{broker.Info: slog.LevelInfo, broker.Warn: slog.LevelWarn, broker.Error: slog.LevelError}[note.Level]
	attrs := make([]slog.Attr, 0, 6)
	if note.Topic != "" {
		attrs = append(attrs, slog.String("topic", note.Topic), slog.Int("partition", int(note.Partition)))
	}
	if e := int64(note.Epoch); note.Topic != "" && e > 0 {
		attrs = append(attrs, slog.Int64("leader_epoch", e))
	}
	if o := int64(note.Offset); note.Topic != "" && o >= 0 {
		attrs = append(attrs, slog.Int64("offset", o))
	}
	if note.Detail != "" {
		attrs = append(attrs, slog.String("detail", note.Detail))
	}
	if n.notes.admit(note.Text + note.Topic) {
		n.log.LogAttrs(context.Background(), level, note.Text, attrs...)
	}
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
