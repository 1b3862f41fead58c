package scenarios

import "syscall"

// thisThread is RUSAGE_THREAD of getrusage(2), which package syscall lacks.
const thisThread = 1

// ThreadTime is the processor time of the calling thread, in nanoseconds.
func ThreadTime() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(thisThread, &u) != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
