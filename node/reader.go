package node

import (
	"sync"

	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/partition"
	"trialog/node/osfs"
	"trialog/node/tail"
)

// diskReader carries out reads. One goroutine answers those whose bytes are in
// the tail cache; the others wait for one of a few that read from the disk, so
// that somebody who reads old records delays nobody who reads new ones.
type diskReader struct {
	fs      *osfs.FS
	tail    *tail.Cache
	memory  *memory // for what is read and not sent yet
	inbox   *inbox
	fresh   readQueue // as they come
	cold    readQueue // not in the cache
	large   readQueue // of these, those that take much memory and may have to wait for it
	inputs  sync.Pool // of *broker.ReadDone
	threads sync.WaitGroup
}

func newDiskReader(fs *osfs.FS, cache *tail.Cache, m *memory, in *inbox) *diskReader {
	r := &diskReader{fs: fs, tail: cache, memory: m, inbox: in}
	r.inputs.New = func() any { return new(broker.ReadDone) }
	r.fresh.wake.L, r.cold.wake.L, r.large.wake.L = &r.fresh.mu, &r.cold.mu, &r.large.mu
	return r
}

// put queues a read. It does not wait.
func (r *diskReader) put(read disk.Read) { r.fresh.put(queuedRead{Read: read}) }

// queuedRead is a read that waits for its turn.
type queuedRead struct {
	disk.Read
	missed bool // the tail cache does not have it
}

// start begins the goroutines: n for the disk, and one more for large reads.
func (r *diskReader) start(n int) {
	r.threads.Go(r.serveFresh)
	for range n {
		r.threads.Go(func() { r.serveDisk(&r.cold) })
	}
	r.threads.Go(func() { r.serveDisk(&r.large) })
}

// wait queues a read for the disk.
func (r *diskReader) wait(read queuedRead) {
	if int64(read.Len) > smallTake {
		r.large.put(read)
		return
	}
	r.cold.put(read)
}

// serveFresh answers from the cache. Where memory for replies is short, even
// that waits its turn.
func (r *diskReader) serveFresh() {
	var path []byte
	for {
		read, ok := r.fresh.take()
		if !ok {
			return
		}
		if !r.memory.tryTake(int64(read.Len)) {
			r.wait(read)
			continue
		}
		path = partition.AppendReadPath(path[:0], &read.Read)
		if b, ok := r.tail.Read(path, read.Pos, int(read.Len)); ok {
			r.done(&read, b, nil)
			continue
		}
		r.memory.release(int64(read.Len))
		read.missed = true
		r.wait(read)
	}
}

func (r *diskReader) serveDisk(q *readQueue) {
	var path []byte
	for {
		read, ok := q.take()
		if !ok || !r.memory.take(int64(read.Len)) {
			return
		}
		path = partition.AppendReadPath(path[:0], &read.Read)
		if !read.missed {
			if b, ok := r.tail.Read(path, read.Pos, int(read.Len)); ok {
				r.done(&read, b, nil)
				continue
			}
		}
		// The file is opened anew: names move to other files when a log is
		// truncated or cleaned, and core knows only names.
		b, err := r.fs.ReadRange(string(path), read.Pos, int(read.Len))
		r.done(&read, b, err)
	}
}

// done hands a read's bytes to the loop, which gives their memory back once it
// has looked at them (loop.recycle). From then on the reply that holds them
// counts (connection.answer).
func (r *diskReader) done(read *queuedRead, b []byte, err error) {
	r.memory.release(int64(read.Len) - int64(len(b)))
	in, _ := r.inputs.Get().(*broker.ReadDone)
	*in = broker.ReadDone{Ref: read.Ref, Bytes: b, Err: err}
	r.inbox.put(in)
}

// recycle takes back what done has handed over.
func (r *diskReader) recycle(in *broker.ReadDone) {
	r.memory.release(int64(len(in.Bytes)))
	*in = broker.ReadDone{}
	r.inputs.Put(in)
}

// close ends the goroutines and waits for them.
func (r *diskReader) close() {
	r.fresh.close()
	r.cold.close()
	r.large.close()
	r.threads.Wait()
}

// readQueue holds reads in their order. It has no bound of its own: core has
// few reads under way per request.
type readQueue struct {
	mu      sync.Mutex
	wake    sync.Cond
	waiting []queuedRead
	next    int // the first of waiting that nobody has taken
	closed  bool
}

func (q *readQueue) put(read queuedRead) {
	q.mu.Lock()
	if q.next == len(q.waiting) {
		q.waiting, q.next = q.waiting[:0], 0
	}
	q.waiting = append(q.waiting, read)
	q.mu.Unlock()
	q.wake.Signal()
}

// take waits for a read; false once the queue is closed and empty.
func (q *readQueue) take() (queuedRead, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.next == len(q.waiting) {
		if q.closed {
			return queuedRead{}, false
		}
		q.wake.Wait()
	}
	q.next++
	return q.waiting[q.next-1], true
}

func (q *readQueue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wake.Broadcast()
}
