package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// request is one request under way. Its memory is reused.
type request struct {
	correlation int32
	key         int16
	version     int16
	deadline    kafka.Instant
	batches     []*outBatch // Produce: what it carries, in its order
	reads       []sentFetch // Fetch
	serial      uint64      // Fetch: its number
	admin       *adminOp    // whatever serves an operation of the administrator
	coordinator *coordinator
	offsets     *offsetOp
	call        uint64 // a member's: which of its calls it belongs to
}

// send puts a request on a ready connection. The caller fills what answering
// it needs.
func (c *Client) send(n *conn, key, version int16, body protocol.Body, out *Effects) *request {
	n.correlation++
	if k, ok := body.(kmsg.Request); ok {
		k.SetVersion(version)
	}
	out.Sends = append(out.Sends, Send{Conn: n.id, Key: key, Version: version, CorrelationID: n.correlation, Body: body})
	r := c.newRequest()
	r.correlation, r.key, r.version = n.correlation, key, version
	r.deadline = c.now.Mono.Add(c.config.Limits.RequestTimeout)
	n.underway = append(n.underway, r)
	if len(n.underway) == 1 {
		c.wakeAt(r.deadline)
	}
	return r
}

// unawaited takes back the newest request, which gets no answer (acks=0).
func (n *conn) unawaited() *request {
	r := n.underway[len(n.underway)-1]
	n.underway = n.underway[:len(n.underway)-1]
	return r
}

// answered hands an answer to whom it is for.
func (c *Client) answered(n *conn, r *request, body protocol.Body, out *Effects) {
	if r.admin != nil && r.admin.kind == adminAsk {
		c.asked(n, r, body, out)
		return
	}
	switch r.key {
	case protocol.KeyApiVersions:
		c.negotiated(n, r.version, body, out)
	case protocol.KeyMetadata:
		if r.admin != nil {
			c.adminAnswered(n, r, body, out)
		} else {
			c.metadataAnswered(r.version, body)
		}
	case protocol.KeyProduce:
		c.produced(n, r, body, out)
	case protocol.KeyFetch:
		c.fetched(n, r, body, out)
	case protocol.KeyInitProducerID:
		c.producerIDAnswered(body)
	case protocol.KeyFindCoordinator:
		c.coordinatorAnswered(r, body)
	case protocol.KeyJoinGroup, protocol.KeySyncGroup, protocol.KeyHeartbeat, protocol.KeyLeaveGroup, protocol.KeyConsumerGroupHeartbeat:
		c.memberAnswered(n, r, body, out)
	case protocol.KeyOffsetCommit, protocol.KeyOffsetFetch:
		c.offsetsAnswered(n, r, body, out)
	default:
		c.adminAnswered(n, r, body, out)
	}
}

// unanswered tells that no answer will come: the request has been carried out
// or not.
func (c *Client) unanswered(n *conn, r *request, why Reason, out *Effects) {
	if r.admin != nil && r.admin.kind == adminAsk {
		c.unheard(r.admin, why, out)
		return
	}
	switch r.key {
	case protocol.KeyApiVersions:
	case protocol.KeyProduce:
		c.produceUnanswered(r, why, out)
	case protocol.KeyFetch:
		c.fetchUnanswered(n, r)
	case protocol.KeyInitProducerID:
		c.producerIDFailed()
	case protocol.KeyFindCoordinator:
		c.seekAgain(r.coordinator)
	case protocol.KeyJoinGroup, protocol.KeySyncGroup, protocol.KeyHeartbeat, protocol.KeyLeaveGroup, protocol.KeyConsumerGroupHeartbeat:
		c.memberUnanswered(r)
	case protocol.KeyOffsetCommit, protocol.KeyOffsetFetch:
		c.offsetsUnanswered(r, why, out)
	default:
		if r.admin != nil {
			c.adminUnanswered(r.admin, why)
		} else {
			c.metadataFailed()
		}
	}
}

func (c *Client) newRequest() *request {
	if last := len(c.requests) - 1; last >= 0 {
		r := c.requests[last]
		c.requests = c.requests[:last]
		return r
	}
	return new(request)
}

func (c *Client) release(r *request) {
	clear(r.batches)
	clear(r.reads)
	*r = request{batches: r.batches[:0], reads: r.reads[:0]}
	c.requests = append(c.requests, r)
}

// throttle keeps a connection quiet for as long as its broker asks (KIP-219).
func (c *Client) throttle(n *conn, ms int32) {
	if ms > 0 {
		n.mutedUntil = c.now.Mono.Add(kafka.Ms(int64(ms)))
	}
}
