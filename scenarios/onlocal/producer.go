package onlocal

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/checker/history"
	"trialog/scenarios"
)

// produce sends records until ctx ends, then waits for what is under way. One
// record is one operation: franz-go packs batches as it likes.
func (r *run) produce(ctx context.Context, p producerPlan, seed uint64) {
	acks := kgo.AllISRAcks()
	if p.acksOne {
		acks = kgo.LeaderAck()
	}
	options := []kgo.Opt{
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.RequiredAcks(acks),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerLinger(0), kgo.MetadataMaxAge(metadataAge),
		kgo.ClientID("producer-" + strconv.FormatUint(seed, 10)),
	}
	if !p.idempotent {
		options = append(options, kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(p.inFlight))
	}
	client, err := r.newClient(options...)
	if err != nil {
		r.fail(err)
		return
	}
	defer client.Close()
	w := &writer{
		run: r, plan: p, client: client, draw: rand.New(rand.NewPCG(seed, 1)),
		name: uint32(r.writers.Add(1) - 1), id: r.client(), room: make(chan struct{}, 64*p.inFlight),
	}
	w.process = r.process()
	for ctx.Err() == nil {
		w.burst(ctx)
	}
	w.drain()
}

// writer is one producer at work.
type writer struct {
	run    *run
	plan   producerPlan
	client *kgo.Client
	draw   *rand.Rand
	name   uint32
	id     int32
	sent   uint64
	room   chan struct{} // bounds what is under way

	mu      sync.Mutex
	process int32 // another one after every unclear outcome
	open    sync.WaitGroup
}

// burst sends some records to one partition, then rests a little.
func (w *writer) burst(ctx context.Context) {
	topics := w.run.plan.topics
	n := w.draw.IntN(len(topics))
	t, partition := topics[n], w.draw.Int32N(w.run.width(n))
	for range between(w.draw, w.plan.batch) {
		select {
		case w.room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		w.send(t.name, partition)
	}
	time.Sleep(time.Duration(w.draw.Int64N(int64(4 * time.Millisecond))))
}

func (w *writer) send(topic string, partition int32) {
	v := history.MakeValue(w.name, w.sent)
	w.sent++
	w.mu.Lock()
	op := history.NewOp(history.Send, w.id, w.process, w.run.record.Partition(topic, partition))
	w.mu.Unlock()
	if w.plan.acksOne {
		op.Acks = 1
	}
	if w.plan.idempotent {
		op.Flags |= history.Idempotent
		w.run.open.Add(1)
	}
	record := &kgo.Record{Topic: topic, Partition: partition, Value: scenarios.AppendPayload(nil, v, between(w.draw, w.plan.recordSize))}
	id := w.run.record.Invoke(w.run.now(), &op, v)
	w.open.Add(1)
	// The record's own context never ends: a cancelled record would be one whose fate nobody knows.
	w.client.Produce(context.Background(), record, func(record *kgo.Record, err error) {
		w.done(id, record, err)
		if w.plan.idempotent {
			w.run.open.Add(-1)
		}
		<-w.room
		w.open.Done()
	})
}

func (w *writer) done(id history.OpID, record *kgo.Record, err error) {
	if err == nil {
		w.run.restarts.acknowledged()
		res := history.NewResult(history.OK)
		res.Offset, res.ProducerID, res.ProducerEpoch = record.Offset, record.ProducerID, record.ProducerEpoch
		w.run.record.Complete(w.run.now(), id, &res)
		return
	}
	res := history.NewResult(outcomeOf(err))
	res.Error = errorName(err)
	w.run.record.Complete(w.run.now(), id, &res)
	w.mu.Lock()
	w.process = w.run.process()
	w.mu.Unlock()
}

// drain waits for the outcomes of everything under way, and gives up after a
// minute: what is open then stays open in the history.
func (w *writer) drain() {
	done := make(chan struct{})
	go func() { w.open.Wait(); close(done) }()
	timer := time.NewTimer(time.Minute)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		w.run.fail(errors.New("a producer still waited for outcomes a minute after everything had healed"))
	}
}

// outcomeOf is Fail only for what a broker refuses before it appends, and only
// because franz-go does not retry these.
func outcomeOf(err error) history.Outcome {
	for _, refused := range []error{kerr.MessageTooLarge, kerr.InvalidTopicException, kerr.TopicAuthorizationFailed, kerr.InvalidRecord} {
		if errors.Is(err, refused) {
			return history.Fail
		}
	}
	return history.Info
}

// errorName is Kafka's name of an error, or the client's words.
func errorName(err error) string {
	if e, ok := errors.AsType[*kerr.Error](err); ok {
		return e.Message
	}
	return err.Error()
}
