package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// Ask sends a request as it is, once, in the version that it carries, to one
// broker or to any. Done carries the answer, whatever it says; Info: none came.
// Produce and Fetch are not asked like this: their codecs are our own.
type Ask struct {
	Op      OpID
	Broker  kafka.BrokerID // NoBroker: any
	Request kmsg.Request
}

func (*Ask) clientInput() {}

func (c *Client) ask(in *Ask) {
	o := c.newAdminOp(adminAsk, in.Op, "")
	o.brokers, o.question = append(o.brokers, in.Broker), in.Request
}

// askConn chooses who is asked.
func (c *Client) askConn(o *adminOp, out *Effects) *conn {
	for i := range c.brokers {
		if c.brokers[i].id == o.brokers[0] {
			return c.connTo(o.brokers[0], roleMeta, out)
		}
	}
	return c.anyConn(out)
}

// sendQuestion sends what is asked, with the fields that its version has.
func (c *Client) sendQuestion(n *conn, o *adminOp, out *Effects) {
	body := o.question
	plain := kmsg.RequestForKey(body.Key())
	plain.SetVersion(body.GetVersion())
	if err := plain.ReadFrom(body.AppendTo(nil)); err == nil {
		body = plain
	}
	c.send(n, body.Key(), body.GetVersion(), body, out).admin = o
	o.underway = true
	o.attempts++
}

// asked hands an answer over. That a broker throttles is obeyed as ever.
func (c *Client) asked(n *conn, r *request, body protocol.Body, out *Effects) {
	o := r.admin
	if o.ended {
		return
	}
	if a, ok := body.(kmsg.ThrottleResponse); ok {
		ms, _ := a.Throttle()
		c.throttle(n, ms)
	}
	o.underway = false
	d := c.endAdmin(o, OK, out)
	d.Broker, d.Answer, d.Version = n.broker, body, r.version
}

// unheard ends a question that no answer will come to.
func (c *Client) unheard(o *adminOp, why Reason, out *Effects) {
	if !o.ended {
		o.underway, o.maybe, o.reason = false, true, why
		c.endAdmin(o, Info, out)
	}
}
