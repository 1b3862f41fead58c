package node

import (
	"bytes"
	"net"
	"sync"
	"time"

	"trialog/core/broker"
	"trialog/core/protocol"
)

// writeTimeout is how long a client may take none of what it is sent.
const writeTimeout = 2 * time.Minute

// keptBytes is how much memory for encoded replies a connection keeps;
// partBytes is how much it writes at a time; pinnedBytes is how much of a read
// beside its records a reply may hold.
const (
	keptBytes   = 64 << 10
	partBytes   = 256 << 10
	pinnedBytes = 16 << 10
)

// outgoing holds the encoded replies of one connection that its writer has not
// taken yet. The carrier appends, so it never waits for a client.
type outgoing struct {
	mu      sync.Mutex
	wake    sync.Cond
	head    []byte // what we encoded
	cuts    []cut  // record bytes, and where in head they belong
	due     []pledge
	spent   []protocol.Body // of answered requests, for the reader to use again
	ready   int             // how many of due have their reply in head, or need none
	last    bool            // the connection ends after these
	ended   bool
	sending bool  // the writer has taken something and is not done with it
	held    int64 // bytes of replies that have not been sent, of the node's memory for them
	gather  protocol.Scatter
}

// cut says that records stand before head[at].
type cut struct {
	at      int
	records []byte
}

// expect notes that a reply is due, and gives the reader bodies back.
func (o *outgoing) expect(p pledge, free *protocol.FreeList) {
	o.mu.Lock()
	o.due = append(o.due, p)
	for i, body := range o.spent {
		free.Put(body)
		o.spent[i] = nil
	}
	o.spent = o.spent[:0]
	o.mu.Unlock()
}

// answer encodes a reply. Record bytes are not copied.
func (c *connection) answer(r *broker.Reply) {
	o := &c.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return
	}
	size := -len(o.head)
	switch body := r.Body.(type) {
	case nil:
	case *protocol.FetchResponse:
		// Segments alternate between ours and records; the last is ours.
		for i, s := range o.gather.EncodeFetchResponse(r.Version, r.CorrelationID, body) {
			if i%2 == 1 {
				o.cuts = append(o.cuts, cut{at: len(o.head), records: apart(s)})
				size += len(s)
				continue
			}
			o.head = append(o.head, s...)
		}
	default:
		o.head = protocol.AppendResponse(o.head, r.Key, r.Version, r.CorrelationID, body)
	}
	size += len(o.head)
	o.held += int64(size)
	c.node.replies.hold(int64(size))
	c.node.metrics.answered(r.Key, time.Since(o.due[o.ready].began))
	if r.Request != nil {
		o.spent = append(o.spent, r.Request)
	}
	o.ready++
	o.last = o.last || r.Close
	o.wake.Signal()
}

// apart returns records that hold no more than about twice their own memory:
// few ones at the front of a large read are copied out of it.
func apart(records []byte) []byte {
	if cap(records)-len(records) > len(records)+pinnedBytes {
		return bytes.Clone(records)
	}
	return records
}

// sent gives memory back for n bytes that are out.
func (o *outgoing) sent(m *memory, n int) {
	o.mu.Lock()
	o.held -= int64(n)
	o.mu.Unlock()
	m.release(int64(n))
}

// abandon gives back what is left when the connection has ended.
func (o *outgoing) abandon(m *memory) {
	o.mu.Lock()
	o.ended = true
	left := o.held
	o.held, o.head, o.cuts = 0, nil, nil
	o.mu.Unlock()
	m.release(left)
}

// busy tells whether there is something that has not been sent.
func (o *outgoing) busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.ended && (o.ready > 0 || o.sending)
}

// end lets the writer stop without sending what is left.
func (o *outgoing) end() {
	o.mu.Lock()
	o.ended = true
	o.mu.Unlock()
	o.wake.Broadcast()
}

// shipment is what the writer took to send.
type shipment struct {
	head    []byte
	cuts    []cut
	replies int
	sum     pledge
	last    bool
}

// take waits for replies and exchanges the memory of s for them; false once ended.
func (o *outgoing) take(s *shipment) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sending = false
	for o.ready == 0 && !o.last && !o.ended {
		o.wake.Wait()
	}
	if o.ended {
		return false
	}
	clear(s.cuts)
	if cap(s.head) > keptBytes {
		s.head = nil
	}
	o.head, s.head = s.head[:0], o.head
	o.cuts, s.cuts = s.cuts[:0], o.cuts
	s.replies, s.sum, s.last = o.ready, pledge{}, o.last
	for _, p := range o.due[:o.ready] {
		s.sum.reply += p.reply
		s.sum.frame += p.frame
	}
	o.due = o.due[:copy(o.due, o.due[o.ready:])]
	o.ready, o.sending = 0, true
	return true
}

// write sends replies until the connection ends.
func (c *connection) write() {
	var s shipment
	var buffers net.Buffers
	for c.out.take(&s) {
		buffers = s.buffers(buffers[:0])
		if err := c.send(buffers); err != nil {
			c.close()
			return
		}
		c.settle(s.replies, s.sum)
		if s.last {
			c.close()
			return
		}
	}
}

// buffers lists what goes on the wire, in order.
func (s *shipment) buffers(dst net.Buffers) net.Buffers {
	from := 0
	for _, c := range s.cuts {
		if c.at > from {
			dst = append(dst, s.head[from:c.at])
		}
		dst = append(dst, c.records)
		from = c.at
	}
	if from < len(s.head) {
		dst = append(dst, s.head[from:])
	}
	return dst
}

// send writes buffers out, a part at a time: the time limit is for a client
// that takes nothing, not for one that takes long.
func (c *connection) send(buffers net.Buffers) error {
	defer c.sending.end()
	for len(buffers) > 0 {
		now := time.Now()
		if err := c.socket.SetWriteDeadline(now.Add(writeTimeout)); err != nil {
			return err
		}
		n := 0
		var err error
		if len(buffers[0]) > partBytes {
			c.sending.begin(now, partBytes)
			n, err = c.socket.Write(buffers[0][:partBytes])
			buffers[0] = buffers[0][n:]
		} else {
			count, size := fitting(buffers)
			part := buffers[:count]
			buffers = buffers[count:]
			c.sending.begin(now, size)
			var sent int64
			sent, err = part.WriteTo(c.socket)
			n = int(sent)
		}
		c.out.sent(c.node.replies, n)
		c.node.metrics.sent(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// fitting tells how many buffers make up one part, at least one, and their size.
func fitting(buffers net.Buffers) (count, size int) {
	for i, b := range buffers {
		if i > 0 && size+len(b) > partBytes {
			return i, size
		}
		size += len(b)
	}
	return len(buffers), size
}
