package node

import (
	"sync"

	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/partition"
	"trialog/node/osfs"
)

// diskReader carries out reads, a few at a time. The queue has no bound of its
// own: core has few reads under way per request.
type diskReader struct {
	mu      sync.Mutex
	wake    sync.Cond
	waiting []disk.Read
	next    int // the first of waiting that nobody has taken
	closed  bool

	fs      *osfs.FS
	inbox   *inbox
	threads sync.WaitGroup
}

func newDiskReader(fs *osfs.FS, in *inbox) *diskReader {
	r := &diskReader{fs: fs, inbox: in}
	r.wake.L = &r.mu
	return r
}

// put queues a read. It does not wait.
func (r *diskReader) put(read disk.Read) {
	r.mu.Lock()
	if r.next == len(r.waiting) {
		r.waiting, r.next = r.waiting[:0], 0
	}
	r.waiting = append(r.waiting, read)
	r.mu.Unlock()
	r.wake.Signal()
}

func (r *diskReader) take() (disk.Read, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.next == len(r.waiting) {
		if r.closed {
			return disk.Read{}, false
		}
		r.wake.Wait()
	}
	r.next++
	return r.waiting[r.next-1], true
}

// start begins n threads.
func (r *diskReader) start(n int) {
	for range n {
		r.threads.Go(func() {
			for {
				read, ok := r.take()
				if !ok {
					return
				}
				// The file is opened anew: names move to other files when a log is
				// truncated or cleaned, and core knows only names.
				b, err := r.fs.ReadRange(partition.ReadPath(&read), read.Pos, int(read.Len))
				r.inbox.put(&broker.ReadDone{Ref: read.Ref, Bytes: b, Err: err})
			}
		})
	}
}

// close ends the threads and waits for them.
func (r *diskReader) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.wake.Broadcast()
	r.threads.Wait()
}
