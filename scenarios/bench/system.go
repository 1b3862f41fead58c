package main

import (
	"context"
	"time"
)

// The systems that are measured, as the report names them.
const (
	nameTrialog   = "Trialog"
	nameKfake     = "kfake, in memory"
	nameJetStream = "JetStream"
	nameDisk      = "append + fdatasync"
	nameKafka     = "Apache Kafka"
)

// system is something that acknowledges records.
type system interface {
	name() string
	// start runs a server on what dir holds and makes logs more logs:
	// partitions of one topic, or streams.
	start(ctx context.Context, dir string, logs int) (server, error)
	// durable tells whether an acknowledged record is in files, and so outlives
	// the server's process.
	durable() bool
}

// server is a running system, in a process of its own.
type server interface {
	process() *process
	// producers connects n clients, each with a connection of its own. The
	// caller keeps at most window records in flight on each.
	producers(ctx context.Context, n, window int) ([]producer, error)
	// read hands over the values of a log, first one first, until each returns
	// false, with one client.
	read(ctx context.Context, log int, each func(value []byte) bool) error
	// end is how many records a log holds.
	end(ctx context.Context, log int) (int64, error)
	// counters reads what the server counts; nil when it shows nothing.
	counters(ctx context.Context) (*counters, error)
}

// producer is a client that writes. Its methods are called by one goroutine.
type producer interface {
	// send writes a value to a log. done is called once, from any goroutine,
	// when it is acknowledged or will never be. The value is not changed before.
	send(ctx context.Context, log int, value []byte, done func(error))
	close()
}

// counters are totals that a server shows.
type counters struct {
	Mallocs         float64 // heap objects allocated
	ProduceRequests float64
	FetchRequests   float64
	Syncs           float64 // of the journal
	BytesIn         float64 // bytes of batches appended
	JournalBytes    float64 // at present
}

func (c *counters) since(before *counters) counters {
	return counters{
		Mallocs: c.Mallocs - before.Mallocs, ProduceRequests: c.ProduceRequests - before.ProduceRequests,
		FetchRequests: c.FetchRequests - before.FetchRequests, Syncs: c.Syncs - before.Syncs,
		BytesIn: c.BytesIn - before.BytesIn, JournalBytes: c.JournalBytes,
	}
}

// startLimit bounds how long a server may take to serve.
const startLimit = 2 * time.Minute

// firstAcked starts a system, writes one record and returns the server and how
// long after its exec it served and had acknowledged the record.
func firstAcked(ctx context.Context, s system, dir string, logs int) (srv server, served, acked time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if srv, err = s.start(ctx, dir, logs); err != nil {
		return nil, 0, 0, err
	}
	if err := writeOne(ctx, srv); err != nil {
		srv.process().kill()
		return nil, 0, 0, err
	}
	return srv, srv.process().served, time.Since(srv.process().began), nil
}

func writeOne(ctx context.Context, srv server) error {
	writers, err := srv.producers(ctx, 1, 1)
	if err != nil {
		return err
	}
	defer writers[0].close()
	return sendAndWait(ctx, writers[0], 0, []byte("first"))
}

func sendAndWait(ctx context.Context, p producer, log int, value []byte) error {
	done := make(chan error, 1)
	p.send(ctx, log, value, func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
