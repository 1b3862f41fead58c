package sim

import (
	"trialog/core/protocol"
	"trialog/sim/choice"
)

// sendRequest puts a request on the wire. body is the network's from now on.
func (w *World) sendRequest(c *connection, key, version int16, correlationID int32, clientID string, body protocol.Body) {
	if !c.wire {
		w.travel(c, acceptor, message{
			kind: msgRequest, key: key, version: version, correlationID: correlationID, clientID: clientID, body: body,
		}, 0)
		return
	}
	w.scratch = protocol.AppendRequest(w.scratch[:0], key, version, correlationID, clientID, body)
	w.free.Put(body)
	w.travelBytes(c, acceptor, w.scratch)
}

// travelBytes sends a frame in pieces that are cut anywhere.
func (w *World) travelBytes(c *connection, to int, frame []byte) {
	l := w.link(c.ends[1-to].host, c.ends[to].host)
	w.wireBytes += uint64(len(frame))
	frame = append(w.memory.bytes(len(frame))[:0], frame...)
	for len(frame) > 0 {
		n := uint64(len(frame))
		if l.draw.Choose(choice.LinkChunk, 4) != 0 {
			n -= l.draw.Choose(choice.LinkChunk, n)
		}
		w.travel(c, to, message{kind: msgBytes, bytes: frame[:n:n]}, 0)
		frame = frame[n:]
	}
}

// arriveBytes cuts frames out of a byte stream and hands them on.
func (w *World) arriveBytes(c *connection, at int, p []byte) {
	id := c.id
	for len(p) > 0 {
		frame, rest, err := c.ends[at].splitter.Next(p)
		if err != nil {
			w.fail(c.ends[at].host.node, "a byte stream does not parse: "+err.Error())
			return
		}
		if frame == nil {
			return
		}
		p = rest
		if at == acceptor {
			w.arriveRequest(c, frame)
		} else {
			w.arriveResponse(c, frame)
		}
		if w.net.connections[id] != c || !c.ends[at].open {
			return
		}
	}
}

func (w *World) arriveRequest(c *connection, frame []byte) {
	h, body, code, err := protocol.DecodeRequest(frame, &w.free)
	if err != nil {
		w.fail(c.ends[acceptor].host.node, "a request's header does not parse: "+err.Error())
		return
	}
	m := message{key: h.Key, version: h.Version, correlationID: h.CorrelationID, clientID: h.ClientID, body: body}
	w.request(c, &m, code)
}

// arriveResponse decodes as what the oldest waiting request asked for.
func (w *World) arriveResponse(c *connection, frame []byte) {
	if c.waiting() == 0 {
		w.fail(c.ends[initiator].host.node, "a response that answers no request")
		return
	}
	s := c.versions[c.sentHead]
	correlationID, body, _ := protocol.DecodeResponse(frame, s.key, s.version, &w.free)
	if c.peer != nil {
		w.peerReply(c, correlationID, body)
	} else {
		w.clientResponse(c.ends[initiator].host.client, c, correlationID, body)
	}
}

// digestBody folds a response into the trace.
func (w *World) digestBody(body protocol.Body, key, version int16) {
	d := &w.trace.current
	switch b := body.(type) {
	case nil:
	case *protocol.ProduceResponse:
		for i := range b.Partitions {
			p := &b.Partitions[i]
			d.add2(uint64(p.BaseOffset)<<16^uint64(uint16(p.Err)), uint64(p.LogAppendTime)<<20^uint64(uint32(p.Partition)))
		}
	case *protocol.FetchResponse:
		d.add2(uint64(uint16(b.Err)), uint64(uint32(b.SessionID)))
		for i := range b.Partitions {
			p := &b.Partitions[i]
			d.add2(uint64(p.HighWatermark)<<16^uint64(uint16(p.Err)), uint64(p.LogStartOffset)<<20^uint64(uint32(p.Partition)))
			d.add2(uint64(len(p.Records)), uint64(p.LastStableOffset))
		}
	default:
		w.digestBuf = protocol.AppendResponse(w.digestBuf[:0], key, version, 0, body)
		d.bytes(w.digestBuf)
	}
}

// digestRequest folds a request into the trace.
func (w *World) digestRequest(body protocol.Body, version int16) {
	d := &w.trace.current
	switch b := body.(type) {
	case nil:
	case *protocol.ProduceRequest:
		d.add(uint64(uint16(b.Acks)))
		for i := range b.Partitions {
			p := &b.Partitions[i]
			d.add(uint64(uint32(p.Partition)))
			d.bytes(p.Records[:min(len(p.Records), 64)])
		}
	case *protocol.FetchRequest:
		d.add2(uint64(uint32(b.SessionID)), uint64(uint32(b.SessionEpoch)))
		for i := range b.Partitions {
			p := &b.Partitions[i]
			d.add2(uint64(p.FetchOffset)<<20^uint64(uint32(p.Partition)), uint64(uint32(p.CurrentLeaderEpoch)))
		}
	default:
		w.digestBuf = protocol.AppendRequest(w.digestBuf[:0], body.Key(), version, 0, "", body)
		d.bytes(w.digestBuf)
	}
}
