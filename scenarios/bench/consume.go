package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"trialog/scenarios/bench/stats"
)

// consume measures reading: a whole log whose pages are not cached, the same
// again from the cache, and how soon a reader at the end has a record.
func (r *runner) consume(ctx context.Context, round int) {
	kase := fmt.Sprintf("%s of 1 KiB records, 1 partition, 1 consumer", sizeText(r.plan.coldBytes))
	limit := 2*time.Minute + time.Duration(r.plan.coldBytes>>20)*50*time.Millisecond // 20 MB/s or more
	for _, s := range rotate([]system{r.trial, jetStream{self: r.self}}, round) {
		where := at{tableRead, kase, s.name()}
		r.do(ctx, where, 2*limit, func(ctx context.Context) error { return r.readLog(ctx, where, s) })
	}
	where := at{tableRead, kase, nameFile}
	r.do(ctx, where, limit, func(ctx context.Context) error { return r.readPlain(ctx, where) })
	c := cell{size: 1 << 10, producers: 1, partitions: 1}
	for _, s := range rotate([]system{r.trial, r.fake, r.always()}, round) {
		where := at{tableTail, fmt.Sprintf("%d records/s of 1 KiB, 1 partition, 1 consumer", tailRate), s.name()}
		r.do(ctx, where, r.plan.tailing.limit()+startLimit, func(ctx context.Context) error { return r.tail(ctx, where, s, c) })
	}
}

// nameFile is the floor of reading.
const nameFile = "plain file"

// readLog reads a log of the plan's size, which the first round writes.
func (r *runner) readLog(ctx context.Context, where at, s system) error {
	dir := filepath.Join(r.dir, "read-"+s.name())
	if !r.filled[dir] {
		if err := r.fillLog(ctx, s, dir); err != nil {
			return err
		}
		r.filled[dir] = true
	}
	srv, err := s.start(ctx, dir, 0)
	if err != nil {
		return err
	}
	defer srv.process().kill()
	cached, err := coolDown(dir)
	if err != nil {
		return err
	}
	r.book.add(where, "still cached", "%", cached*100)
	for _, temperature := range []string{"cold", "cached"} {
		if err := r.readOnce(ctx, where, srv, temperature); err != nil {
			return err
		}
	}
	return srv.process().stop()
}

// fillLog writes the log that is read. How long that takes is not measured.
func (r *runner) fillLog(ctx context.Context, s system, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	srv, err := s.start(ctx, dir, 1)
	if err != nil {
		return err
	}
	defer srv.process().kill()
	c := cell{size: 1 << 10, producers: 4, partitions: 1}
	if err := fill(ctx, srv, c, c.window(), r.plan.coldBytes); err != nil {
		return err
	}
	return srv.process().stop()
}

// coolDown drops a directory's cached pages, and the whole machine's when that
// left much and we may. It returns the share still cached; NaN: unknown.
func coolDown(dir string) (float64, error) {
	const much = 0.05
	cached, err := dropCached(dir)
	if err == nil && cached > much && dropAllCached() == nil {
		cached, err = dropCached(dir)
	}
	return cached, err
}

// readOnce reads log 0 from its first record to its last.
func (r *runner) readOnce(ctx context.Context, where at, srv server, temperature string) error {
	end, err := srv.end(ctx, 0)
	if err != nil {
		return err
	}
	before, err := lookFirst(ctx, srv)
	if err != nil {
		return err
	}
	var records, bytes int64
	began := time.Now()
	err = srv.read(ctx, 0, func(value []byte) bool {
		records, bytes = records+1, bytes+int64(len(value))
		return records < end
	})
	took := time.Since(began)
	if err != nil {
		return fmt.Errorf("%d of %d records: %w", records, end, err)
	}
	after, err := lookLast(ctx, srv)
	if err != nil {
		return err
	}
	used, client, counted := after.since(before)
	gigabytes := float64(bytes) / 1e9
	r.book.add(where, temperature, "MB/s", gigabytes*1e3/took.Seconds())
	r.book.add(where, temperature+", server CPU", "s/GB", used.cpu.Seconds()/gigabytes)
	r.book.add(where, temperature+", client CPU", "s/GB", client.Seconds()/gigabytes)
	if counted != nil {
		r.book.add(where, temperature+", server allocations", "/Fetch request", counted.Mallocs/counted.FetchRequests)
	}
	return nil
}

// readPlain reads a file of the same size.
func (r *runner) readPlain(ctx context.Context, where at) error {
	dir := filepath.Join(r.dir, "read-file")
	path := filepath.Join(dir, "log")
	if !r.filled[dir] {
		if err := writeFile(ctx, path, r.plan.coldBytes); err != nil {
			return err
		}
		r.filled[dir] = true
	}
	cached, err := coolDown(dir)
	if err != nil {
		return err
	}
	r.book.add(where, "still cached", "%", cached*100)
	for _, temperature := range []string{"cold", "cached"} {
		bytes, took, err := readFile(ctx, path)
		if err != nil {
			return err
		}
		r.book.add(where, temperature, "MB/s", float64(bytes)/1e6/took.Seconds())
	}
	return nil
}

// tailRate is how many records a second a tailing reader is given.
const tailRate = 500

// tail measures the time from when a record was due to be sent to when a
// reader at the end of the log has it.
func (r *runner) tail(ctx context.Context, where at, s system, c cell) error {
	one := &contender{system: s}
	defer one.discard()
	srv, err := one.up(ctx, r, 1)
	if err != nil {
		return err
	}
	clients, err := connectAll(ctx, srv, c, tailRate)
	if err != nil {
		return err
	}
	defer closeAll(clients)
	base := time.Now()
	o := &openLoad{clients: clients, cell: c, step: time.Second / tailRate, most: tailRate * openLimit, value: func(due time.Time, keep bool) []byte {
		return stamped(c.size, due.Sub(base), keep)
	}}
	waits := make(chan []time.Duration, 1)
	read := make(chan error, 1)
	reading, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		list, err := awaitStamped(reading, srv, c.size, base, int(r.plan.tailing.measured/o.step))
		waits <- list
		read <- err
	}()
	err = o.run(ctx, r.plan.tailing)
	timer := time.AfterFunc(10*time.Second, cancel) // what was acknowledged should long have come
	defer timer.Stop()
	list := <-waits
	if err = errors.Join(err, o.failure, <-read); err != nil {
		return err
	}
	l := stats.Latencies(list)
	r.book.add(where, "p50", "ms", l.P50)
	r.book.add(where, "p99", "ms", l.P99)
	r.book.add(where, "p99.9", "ms", l.P999)
	r.book.add(where, "max", "ms", l.Max)
	return nil
}

// stamped makes a value that begins with the time at which it was due.
func stamped(size int, due time.Duration, keep bool) []byte {
	value := make([]byte, size)
	binary.LittleEndian.PutUint64(value, uint64(due))
	if keep {
		value[8] = 1
	}
	return value
}

// awaitStamped reads log 0 until n records that were to be kept have come.
func awaitStamped(ctx context.Context, srv server, size int, base time.Time, n int) ([]time.Duration, error) {
	var waits []time.Duration
	err := srv.read(ctx, 0, func(value []byte) bool {
		now := time.Since(base)
		if len(value) == size && value[8] == 1 {
			waits = append(waits, now-time.Duration(binary.LittleEndian.Uint64(value)))
		}
		return len(waits) < n
	})
	if err != nil {
		err = fmt.Errorf("%d of %d records: %w", len(waits), n, err)
	}
	return waits, err
}
