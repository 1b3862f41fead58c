package broker

import (
	"trialog/core/controller"
	"trialog/core/kafka"
)

// commandKind says for whom a command to the controller was given.
type commandKind uint8

const (
	commandRegister     commandKind = iota + 1
	commandHeartbeat                // of this broker
	commandProducerID               // a block of producer IDs for this broker
	commandISR                      // proposals of partitions that this broker leads
	commandRequest                  // a client's or another broker's request
	commandOffsetsTopic             // the topic for groups and their offsets
	commandJoin                     // a node that joins the metadata quorum
	commandDirectories              // where replicas of this broker lie
)

// pendingCommand is a command to the controller that has not been answered.
type pendingCommand struct {
	kind  commandKind
	token token     // of a commandRequest
	join  kafka.Ref // of a commandJoin
}

// ask gives the local controller a command on the broker's own behalf.
func (b *Broker) ask(p pendingCommand, body controller.Body) {
	b.command(p, body, b.now.Mono.Add(b.limits.RequestTimeout))
}

// command gives a command to the controller of this node or, when that is not
// active, to the broker whose controller is. When nobody's is, or cannot be
// reached, the answer is NOT_CONTROLLER.
func (b *Broker) command(p pendingCommand, body controller.Body, deadline kafka.Instant) {
	if !b.IsController() && b.sendToController(p, body) {
		return
	}
	ref, slot := b.commands.add()
	*slot = p
	if b.controller == nil {
		b.commandDone(controller.Result{Ref: ref, Error: kafka.ErrNotController, Message: "This broker has no controller."})
		return
	}
	b.stepController(&controller.Command{Ref: ref, Deadline: deadline, Body: body})
}

// commandDone hands the controller's answer to whom it is for.
func (b *Broker) commandDone(r controller.Result) {
	slot := b.commands.get(r.Ref)
	if slot == nil {
		return
	}
	p := *slot
	b.commands.finish(r.Ref)
	switch p.kind {
	case commandRegister:
		b.registrationDone(r.Error, r.Message)
	case commandHeartbeat:
		body, _ := r.Body.(*controller.HeartbeatResult)
		b.heartbeatDone(r.Error, body)
	case commandProducerID:
		body, _ := r.Body.(*controller.AllocateProducerIDsResult)
		b.producerIDsDone(r.Error, body)
	case commandOffsetsTopic:
		message := r.Message
		code := r.Error
		if done, ok := r.Body.(*controller.CreateTopicsResult); ok && code == kafka.None && len(done.Topics) == 1 {
			code, message = done.Topics[0].Error, done.Topics[0].Message
		}
		b.offsetsTopicDone(code, message)
	case commandJoin:
		b.joined(p.join, &r)
	case commandISR:
		body, _ := r.Body.(*controller.AlterPartitionResult)
		b.isrAnswered(r.Error, body)
	case commandDirectories:
		body, _ := r.Body.(*controller.AssignDirectoriesResult)
		b.healAnswered(body)
	case commandRequest:
		if q := b.requests.get(p.token); q != nil && q.state == requestRunning {
			b.adminDone(q, &r)
		}
	}
}
