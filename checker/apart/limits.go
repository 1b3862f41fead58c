package apart

import (
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
)

// Limits bound the process that answers. Zero values are the usual ones.
type Limits struct {
	// Memory is how many bytes it may have beyond those that it begins with (0: 1 GiB).
	Memory uint64 `json:"memory"`
	// CPU is the processor time of one question (0: a minute), which is the same whether
	// the machine is busy or not.
	CPU time.Duration `json:"cpu_ns"`
	// Patience is for what hangs without working (0: ten times CPU), in seconds in which
	// the process that asks was not itself stopped.
	Patience time.Duration `json:"patience_ns"`
}

func (l Limits) withDefaults() Limits {
	if l.Memory == 0 {
		l.Memory = 1 << 30
	}
	if l.CPU == 0 {
		l.CPU = time.Minute
	}
	if l.Patience == 0 {
		l.Patience = 10 * l.CPU
	}
	return l
}

// impose bounds this process: the collector works harder from three quarters of the
// memory on, and beyond all of it there is none to be had.
func (l Limits) impose() error {
	debug.SetMemoryLimit(int64(l.Memory / 4 * 3))
	had := addressSpace()
	if had == 0 {
		return nil // this system does not tell: the collector's bound and the time remain
	}
	most := had + l.Memory
	return syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: most, Max: most})
}

// addressSpace is how many bytes of it this process has; 0: not told. Much of that is
// only set aside, by the race detector above all.
func addressSpace() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _, _ := bytes.Cut(text, []byte(" "))
	n, err := strconv.ParseUint(string(pages), 10, 64)
	if err != nil {
		return 0
	}
	return n * uint64(os.Getpagesize())
}

// processorTime is that of this process so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
