package powercut

import (
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

// Disk is a disk and its file system. It outlives the processes that use it and
// the power that it runs on. All methods may be called at any time by anybody.
type Disk struct {
	mu       sync.Mutex
	draw     *rand.Rand
	root     *inode
	numbers  uint64 // inodes made so far
	sequence uint64 // changes made so far
	capacity int64  // bytes
	used     int64  // bytes
	claimed  int64  // what statfs tells of the free bytes; negative: the truth
	faults   []*Fault
	changes  int // calls that changed something, or tried to, since Survive
	cutAt    int // the power goes at this one; 0: not planned
	hang     bool

	off      bool
	dark     chan struct{} // closed when the power goes
	released chan struct{} // closed when calls that hang are to fail
}

// New makes an empty disk with room for capacity bytes. The seed draws what
// survives power cuts.
func New(seed uint64, capacity int64) *Disk {
	d := &Disk{draw: rand.New(rand.NewPCG(seed, 0x706f776572)), capacity: capacity, claimed: -1}
	d.root = d.newInode(syscall.S_IFDIR | 0o755)
	d.root.links = 1
	d.powerOn()
	return d
}

func (d *Disk) powerOn() {
	d.off, d.changes, d.cutAt = false, 0, 0
	d.dark, d.released = make(chan struct{}), make(chan struct{})
}

// Cut takes the power away. Every call from now on fails with EIO; with hang,
// it does not return before Release. What is in memory stays as it is until Survive.
func (d *Disk) Cut(hang bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.goDark(hang)
}

// CutAfter takes the power away at the n-th call from now that changes
// something; whether that one still happens is drawn. With n = 0 it does not
// after all.
func (d *Disk) CutAfter(n int, hang bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutAt, d.hang = 0, hang
	if n > 0 {
		d.cutAt = d.changes + n
	}
}

// Dark is closed when the power is gone.
func (d *Disk) Dark() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dark
}

// Release lets calls return that hang in the dark. With power it does nothing.
func (d *Disk) Release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.off {
		return
	}
	select {
	case <-d.released:
	default:
		close(d.released)
	}
}

func (d *Disk) goDark(hang bool) {
	if d.off {
		return
	}
	d.off = true
	close(d.dark)
	if !hang {
		close(d.released)
	}
}

// Changes is the number of calls that changed something, or tried to, since the
// disk was made or Survive was called.
func (d *Disk) Changes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changes
}

// call carries out one call on an inode: do, unless the power or a fault is
// against it. It holds the lock while do runs, and at no time while it waits.
func (d *Disk) call(op Op, n *inode, do func() syscall.Errno) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return d.darkness()
	}
	if op.changes() {
		d.changes++
		if d.cutAt != 0 && d.changes >= d.cutAt {
			if d.draw.IntN(2) == 0 {
				_ = do() // whatever it says, the power goes before anybody hears it
			}
			d.goDark(d.hang)
			return d.darkness()
		}
	}
	if f := d.struck(op, n); f != nil {
		if f.Stall > 0 {
			d.wait(f.Stall)
			if d.off {
				return d.darkness()
			}
		}
		if f.Err != 0 {
			if op == OpSync && n != nil {
				d.syncFailed(n)
			}
			return f.Err
		}
	}
	return do()
}

// darkness is how a call ends without power.
func (d *Disk) darkness() syscall.Errno {
	released := d.released
	d.mu.Unlock()
	<-released
	d.mu.Lock()
	return syscall.EIO
}

// wait lets time pass, or the power go.
func (d *Disk) wait(span time.Duration) {
	dark := d.dark
	d.mu.Unlock()
	defer d.mu.Lock()
	select {
	case <-time.After(span):
	case <-dark:
	}
}
