package node

import (
	"context"
	"errors"
	"sync"

	"trialog/core/broker"
	"trialog/core/kafka"
	port "trialog/core/quorum"
)

// joins are the questions of nodes that join the metadata quorum which the
// broker has not answered yet.
type joins struct {
	inbox *inbox

	mu      sync.Mutex
	last    uint64
	waiting map[kafka.Ref]chan port.Joined
}

func newJoins(in *inbox) *joins {
	return &joins{inbox: in, waiting: make(map[kafka.Ref]chan port.Joined)}
}

// ask passes a question on and waits for the answer.
func (j *joins) ask(ctx context.Context, q *port.Join) (port.Joined, error) {
	answer := make(chan port.Joined, 1)
	j.mu.Lock()
	j.last++
	ref := kafka.Ref(j.last)
	j.waiting[ref] = answer
	j.mu.Unlock()
	defer func() {
		j.mu.Lock()
		delete(j.waiting, ref)
		j.mu.Unlock()
	}()
	if !j.inbox.put(&broker.JoinQuorum{Ref: ref, Join: *q}) {
		return port.Joined{}, errors.New("the node is ending")
	}
	select {
	case a := <-answer:
		return a, nil
	case <-ctx.Done():
		return port.Joined{}, ctx.Err()
	}
}

// answer hands an answer to who waits for it.
func (j *joins) answer(a *broker.Joined) {
	j.mu.Lock()
	answer := j.waiting[a.Ref]
	j.mu.Unlock()
	if answer != nil {
		answer <- a.Answer
	}
}

// reconfigure passes a step of the quorum's membership to the engine.
func (n *Node) reconfigure(r *port.Reconfigure) {
	if e := n.engine.Load(); e != nil {
		e.Reconfigure(r)
	}
}
