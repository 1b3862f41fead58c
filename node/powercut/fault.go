package powercut

import (
	"strings"
	"syscall"
	"time"
)

// Op is a kind of call.
type Op uint8

// The kinds of calls.
const (
	OpLook    Op = iota // lookups, attributes, listings, opening and closing
	OpRead              //
	OpWrite             // writes and changes of a file's size
	OpSync              // of a file
	OpCreate            // of a file or directory
	OpRemove            //
	OpRename            //
	OpSyncDir           //
)

func (o Op) changes() bool { return o >= OpWrite }

// Fault is something wrong with calls of one kind below a path.
type Fault struct {
	Op    Op
	Under string // a path's beginning, such as "data/journal/"; empty: everywhere
	After int    // so many calls pass before it strikes
	Times int    // it strikes so often; 0: from then on
	Err   syscall.Errno
	Stall time.Duration

	seen, struck int
}

// Inject adds a fault, until Heal. Only the first that strikes counts.
//
// A sync that fails with an error leaves what it had to write in memory only: a
// random part of it has reached the platter, and later syncs do not try again.
func (d *Disk) Inject(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, &f)
}

// Heal removes all faults.
func (d *Disk) Heal() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = nil
}

// Struck is how often faults have struck since Heal.
func (d *Disk) Struck() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.faults {
		n += f.struck
	}
	return n
}

// SetCapacity changes the room on the disk, in bytes. What is there stays.
func (d *Disk) SetCapacity(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.capacity = bytes
}

// Claim makes statfs tell so many free bytes whatever the truth is: a quota, or
// another process that is quicker. A negative number: the truth.
func (d *Disk) Claim(free int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.claimed = free
}

// Used is the number of bytes in files.
func (d *Disk) Used() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used
}

// struck finds the fault that a call runs into.
func (d *Disk) struck(op Op, n *inode) *Fault {
	if len(d.faults) == 0 || n == nil {
		return nil
	}
	path := n.path()
	for _, f := range d.faults {
		if f.Op != op || !strings.HasPrefix(path, f.Under) {
			continue
		}
		if f.seen++; f.seen <= f.After || f.Times > 0 && f.struck >= f.Times {
			continue
		}
		f.struck++
		return f
	}
	return nil
}
