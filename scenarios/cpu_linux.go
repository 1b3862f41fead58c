package scenarios

import "golang.org/x/sys/unix"

// threadTime is the processor time of the calling thread, in nanoseconds.
func threadTime() int64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
