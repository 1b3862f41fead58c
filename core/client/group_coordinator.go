package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// coordinator is the broker that answers for one group.
type coordinator struct {
	group    string
	broker   kafka.BrokerID // NoBroker: not known
	wanted   bool
	underway bool
	retryAt  kafka.Instant
	failures int
}

// coordinatorOf returns what is known of a group's coordinator.
func (c *Client) coordinatorOf(group string) *coordinator {
	for _, k := range c.coordinators {
		if k.group == group {
			return k
		}
	}
	k := &coordinator{group: group, broker: kafka.NoBroker}
	c.coordinators = append(c.coordinators, k)
	return k
}

// coordinatorConn returns a connection to a group's coordinator that takes
// another request, or nil while there is none.
func (c *Client) coordinatorConn(group string, out *Effects) *conn {
	k := c.coordinatorOf(group)
	if k.broker == kafka.NoBroker {
		k.wanted = true
		c.findCoordinators(out)
		return nil
	}
	n := c.connTo(k.broker, roleGroup, out)
	if n == nil || len(n.underway) >= int(c.config.Limits.InFlight) {
		return nil
	}
	return n
}

// noCoordinator forgets who coordinates a group, as an answer or its absence
// put that in doubt.
func (c *Client) noCoordinator(group string) {
	c.coordinatorOf(group).broker = kafka.NoBroker
}

// findCoordinators asks for those that somebody waits for.
func (c *Client) findCoordinators(out *Effects) {
	for _, k := range c.coordinators {
		if !k.wanted || k.underway || k.broker != kafka.NoBroker || !c.due(k.retryAt) {
			continue
		}
		n := c.anyConn(out)
		if n == nil {
			return
		}
		version, ok := n.version(protocol.KeyFindCoordinator)
		if !ok {
			c.seekAgain(k)
			continue
		}
		q := kmsg.NewPtrFindCoordinatorRequest()
		q.CoordinatorKey, q.CoordinatorKeys = k.group, append(q.CoordinatorKeys, k.group)
		c.send(n, protocol.KeyFindCoordinator, version, q, out).coordinator = k
		k.underway = true
	}
}

// seekAgain lets a coordinator be asked for again after a while.
func (c *Client) seekAgain(k *coordinator) {
	k.underway = false
	k.retryAt = c.now.Mono.Add(c.backoff(c.config.Limits.RetryBackoff, k.failures))
	k.failures++
}

// findCoordinatorBatch is the first version that answers for several keys.
const findCoordinatorBatch = 4

func (c *Client) coordinatorAnswered(r *request, body protocol.Body) {
	k := r.coordinator
	a, ok := body.(*kmsg.FindCoordinatorResponse)
	if !ok {
		c.seekAgain(k)
		return
	}
	code, id, host, port := kafka.ErrorCode(a.ErrorCode), a.NodeID, a.Host, a.Port
	if r.version >= findCoordinatorBatch {
		if len(a.Coordinators) != 1 {
			c.seekAgain(k)
			return
		}
		f := &a.Coordinators[0]
		code, id, host, port = kafka.ErrorCode(f.ErrorCode), f.NodeID, f.Host, f.Port
	}
	if code != kafka.None || id < 0 {
		c.seekAgain(k)
		return
	}
	k.underway, k.wanted, k.failures, k.broker = false, false, 0, kafka.BrokerID(id)
	c.learnEndpoint(&protocol.NodeEndpoint{Node: k.broker, Host: host, Port: port})
}

// coordinatorsGone forgets coordinators whose connection has ended.
func (c *Client) coordinatorsGone(n *conn) {
	if n.role != roleGroup {
		return
	}
	for _, k := range c.coordinators {
		if k.broker == n.broker {
			k.broker = kafka.NoBroker
		}
	}
}
