package broker

import (
	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
	"trialog/core/replication"
)

// produceState is a produce request that has begun.
type produceState struct {
	parts   []producePart
	pending int // parts without an answer
	silent  bool
}

type producePart struct {
	tp     kafka.TopicPartition
	answer replication.Answer
	done   bool
	errors []protocol.RecordError // the records that made the answer a refusal, where one can name them
}

func (s *produceState) reset() { *s = produceState{parts: s.parts[:0]} }

// beginProduce appends the request's batches, in its order. From here on later
// requests of the connection may begin: their batches land behind these.
func (b *Broker) beginProduce(r *request) {
	body := r.body.(*protocol.ProduceRequest)
	s := &r.produce
	r.applied = true
	s.pending = len(body.Partitions)
	s.silent = body.Acks == 0
	for range body.Partitions {
		s.parts = append(s.parts, producePart{})
	}
	b.counters.WaitingProduces++
	for i := range body.Partitions {
		p := &body.Partitions[i]
		tp, code := b.locate(p.Topic, p.TopicID, p.Partition, r.version >= 13)
		s.parts[i].tp = tp
		if code == kafka.None {
			code = b.admitProduce(body, p)
		}
		if code != kafka.None {
			b.concludeProduce(r, i, &replication.Answer{
				Err: code, BaseOffset: kafka.NoOffset, AppendTime: kafka.NoTimestamp, LogStartOffset: kafka.NoOffset,
			})
			continue
		}
		b.appendBatch(r, i, p, body.Acks)
	}
	switch {
	case s.pending > 0:
		b.deadlines.add(r, b.now.Mono.Add(kafka.Ms(int64(max(0, body.TimeoutMs)))))
	case len(body.Partitions) == 0:
		b.produceDone(r)
	}
}

// admitProduce refuses what no replica needs to look at.
func (b *Broker) admitProduce(body *protocol.ProduceRequest, p *protocol.ProducePartition) kafka.ErrorCode {
	must.True(p.Checked.Done, "B13 records have been checked before they come in")
	switch {
	case body.Acks < -1 || body.Acks > 1:
		return kafka.ErrInvalidRequiredAcks
	case body.HasTransactionalID:
		return kafka.ErrTransactionalIDAuthorizationFailed // see api_22
	case b.phase != PhaseServing:
		return kafka.ErrNotLeaderOrFollower
	case b.internal(p):
		return kafka.ErrInvalidTopicException
	case b.diskLow:
		b.counters.ProduceRefusedFull++
		return kafka.ErrKafkaStorageError
	case p.Checked.Err != kafka.None:
		return p.Checked.Err
	case batch.View(p.Records).Transactional():
		return kafka.ErrInvalidTxnState
	}
	return kafka.None
}

// internal tells whether somebody wants to write to a topic of the coordinators.
func (b *Broker) internal(p *protocol.ProducePartition) bool {
	if p.Topic != "" {
		return internalTopic(p.Topic)
	}
	t := b.state.Image().Topic(p.TopicID)
	return t != nil && internalTopic(t.Name)
}

// appendBatch gives one batch to its replica, which answers when it counts.
func (b *Broker) appendBatch(r *request, place int, p *protocol.ProducePartition, acks int16) {
	h := b.find(r.produce.parts[place].tp)
	if h == nil {
		b.concludeProduce(r, place, &replication.Answer{
			Err: kafka.ErrNotLeaderOrFollower, BaseOffset: kafka.NoOffset, AppendTime: kafka.NoTimestamp, LogStartOffset: kafka.NoOffset,
		})
		return
	}
	in := &b.in.produce
	in.Ticket = replication.Ticket{Request: uint64(r.token), Place: int32(place)}
	in.Acks, in.Checked, in.Batch = acks, &p.Checked, p.Records
	before := h.replica.Log.LogEndOffset
	size := len(in.Batch)
	b.confirmFollowers(h)
	b.stepReplica(h, in)
	in.Batch, in.Checked = nil, nil
	if h.replica.Log.LogEndOffset > before {
		b.counters.ProduceBatches++
		b.counters.ProduceBytes += uint64(size)
		b.counters.ProduceRecords += uint64(h.replica.Log.LogEndOffset - before)
	}
}

// answerProduce takes a replica's answer to one batch.
func (b *Broker) answerProduce(a *replication.Answer) {
	if a.Ticket.Request == noRequest {
		b.groups.refusal = a.Err
		return
	}
	r := b.requests.get(token(a.Ticket.Request))
	if r == nil || r.state != requestRunning {
		return // its time was up, and it has been answered
	}
	b.concludeProduce(r, int(a.Ticket.Place), a)
}

func (b *Broker) concludeProduce(r *request, place int, a *replication.Answer) {
	s := &r.produce
	p := &s.parts[place]
	if p.done {
		return
	}
	p.answer, p.done = *a, true
	switch {
	case a.Err != kafka.None:
		b.counters.ProduceRefused++
		b.explainRefusal(r, place)
	case a.Duplicate:
		b.counters.Duplicates++
	}
	if s.pending--; s.pending == 0 {
		b.produceDone(r)
	}
}

// produceDone ends a produce request. With acks=0 nothing is sent; an error
// closes the connection, so that the client looks for the leader anew.
func (b *Broker) produceDone(r *request) {
	if b.counters.WaitingProduces--; b.counters.WaitingProduces == 0 && b.phase == PhaseStopping {
		b.session.retryAt = b.now.Mono // the roles may go
	}
	if r.produce.silent {
		for i := range r.produce.parts {
			if r.produce.parts[i].answer.Err != kafka.None {
				r.close = true
			}
		}
	}
	b.finish(r, nil)
}

// explainRefusal names the records that made a batch be refused and says why
// (KIP-467), where it was for what it holds.
func (b *Broker) explainRefusal(r *request, place int) {
	p := &r.produce.parts[place]
	q := &r.body.(*protocol.ProduceRequest).Partitions[place]
	if p.answer.Err != kafka.ErrInvalidTimestamp && p.answer.Err != kafka.ErrInvalidRecord {
		return
	}
	if q.Checked.Err != kafka.None {
		p.answer.Message = q.Checked.Why
		if q.Checked.BadRecord > 0 {
			p.errors = []protocol.RecordError{{Index: q.Checked.BadRecord - 1, Message: q.Checked.Why}}
		}
		return
	}
	h := b.find(p.tp)
	if h == nil {
		return
	}
	for _, u := range h.replica.AppendUnfit(nil, b.now, q.Records, b.config.Codecs) {
		p.errors = append(p.errors, protocol.RecordError{Index: u.Place, Message: unfit(u.Err)})
	}
	p.answer.Message = unfit(p.answer.Err)
}

func unfit(code kafka.ErrorCode) string {
	if code == kafka.ErrInvalidTimestamp {
		return "Timestamp outside the topic's message.timestamp.before.max.ms and message.timestamp.after.max.ms."
	}
	return "A compacted topic takes no record without a key."
}

// expireProduce ends the wait of what has not come to count in time: nobody
// can say yet whether it will.
func (b *Broker) expireProduce(r *request) {
	b.out.Watch.Reached(must.ProduceTimedOut)
	for i := range r.produce.parts {
		if p := &r.produce.parts[i]; !p.done {
			b.concludeProduce(r, i, &replication.Answer{
				Err: kafka.ErrRequestTimedOut, BaseOffset: kafka.NoOffset, AppendTime: kafka.NoTimestamp, LogStartOffset: kafka.NoOffset,
			})
		}
	}
}

// produceReply builds the response in the effects' memory; nil for acks=0.
func (b *Broker) produceReply(r *request) protocol.Body {
	if r.produce.silent {
		return nil
	}
	body := r.body.(*protocol.ProduceRequest)
	resp := b.out.produce.next()
	*resp = protocol.ProduceResponse{Partitions: resp.Partitions[:0], Nodes: resp.Nodes[:0]}
	for i := range r.produce.parts {
		p, q := &r.produce.parts[i], &body.Partitions[i]
		a := &p.answer
		out := protocol.ProducePartitionResponse{
			Topic: q.Topic, TopicID: q.TopicID, Partition: q.Partition,
			Err: a.Err, BaseOffset: a.BaseOffset, LogAppendTime: a.AppendTime,
			LogStartOffset: a.LogStartOffset, ErrMessage: a.Message, RecordErrors: p.errors,
		}
		if a.Err != kafka.None {
			b.counters.Errors++
			out.BaseOffset, out.LogAppendTime = kafka.NoOffset, kafka.NoTimestamp
			out.CurrentLeader = b.hint(p.tp, a.Err)
			resp.Nodes = b.hintNode(resp.Nodes, r.conn, out.CurrentLeader)
		}
		resp.Partitions = append(resp.Partitions, out)
	}
	return resp
}
