package node

import (
	"sync"
	"time"

	"trialog/core/broker"
	"trialog/core/disk"
)

// batchBytes bounds what one sync covers, so that a backlog becomes several
// acknowledgements instead of one late one.
const batchBytes = 8 << 20

// appendWriter is core's partition.Writer.
type appendWriter interface {
	Write(appends []disk.Append) error
	Sync() error
	Close() error
}

// diskWriter carries out appends in their order. While one sync runs, the next
// batch gathers: that is all there is to group commit, and no timer takes part.
type diskWriter struct {
	mu      sync.Mutex
	wake    sync.Cond
	waiting []disk.Append
	closed  bool
	done    chan struct{}

	inbox   *inbox
	metrics *metrics
}

func newDiskWriter(in *inbox, m *metrics) *diskWriter {
	w := &diskWriter{inbox: in, metrics: m, done: make(chan struct{})}
	w.wake.L = &w.mu
	return w
}

// put queues appends. It does not wait.
func (w *diskWriter) put(appends []disk.Append) {
	w.mu.Lock()
	w.waiting = append(w.waiting, appends...)
	w.mu.Unlock()
	w.wake.Signal()
}

// take waits for appends and returns the oldest of them, at most batchBytes;
// none once the writer is closed and everything was taken.
func (w *diskWriter) take(batch []disk.Append) []disk.Append {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.waiting) == 0 && !w.closed {
		w.wake.Wait()
	}
	size, n := 0, 0
	for n < len(w.waiting) && size < batchBytes {
		size += len(w.waiting[n].Bytes)
		n++
	}
	batch = append(batch, w.waiting[:n]...)
	rest := copy(w.waiting, w.waiting[n:])
	clear(w.waiting[rest:])
	w.waiting = w.waiting[:rest]
	return batch
}

// run carries out appends until close. After an error nothing is carried out
// any more: what reached the disk is unknown.
func (w *diskWriter) run(files appendWriter) {
	defer close(w.done)
	var batch []disk.Append
	for {
		clear(batch)
		batch = w.take(batch[:0])
		if len(batch) == 0 {
			return
		}
		last := batch[len(batch)-1].Ref
		if err := files.Write(batch); err != nil {
			w.inbox.put(&broker.Failed{Err: err})
			return
		}
		w.inbox.put(&broker.Written{Ref: last})
		start := time.Now()
		if err := files.Sync(); err != nil {
			w.inbox.put(&broker.Failed{Err: err})
			return
		}
		w.metrics.synced(len(batch), time.Since(start))
		w.inbox.put(&broker.Synced{Ref: last})
	}
}

// close lets run end once everything queued has been carried out.
func (w *diskWriter) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.wake.Signal()
}
