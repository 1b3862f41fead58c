//go:build !linux

package scenarios

import "time"

var began = time.Now()

// ThreadTime stands in for the processor time of the calling thread, which only
// Linux tells: the time that has passed, in nanoseconds.
func ThreadTime() int64 { return int64(time.Since(began)) }
