package broker

import (
	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/quorum"
)

// joinQuorum asks this node's controller for a replica of the metadata quorum
// for another node. It is not forwarded: who joins is told whom to ask.
func (b *Broker) joinQuorum(in *JoinQuorum) {
	if !b.IsController() {
		b.out.Joins = append(b.out.Joins, Joined{Ref: in.Ref, Answer: quorum.Joined{
			Error: kafka.ErrNotController, Message: "Another node has the controller.", Controller: b.state.Image().Controller(),
		}})
		return
	}
	b.ask(pendingCommand{kind: commandJoin, join: in.Ref}, &controller.JoinQuorum{Node: in.Join.Node, Directory: in.Join.Directory})
}

func (b *Broker) joined(ref kafka.Ref, r *controller.Result) {
	answer := quorum.Joined{Error: r.Error, Message: r.Message, Controller: b.state.Image().Controller()}
	if done, ok := r.Body.(*controller.JoinQuorumResult); ok {
		answer.Replica = done.Replica
	}
	b.out.Joins = append(b.out.Joins, Joined{Ref: ref, Answer: answer})
}
