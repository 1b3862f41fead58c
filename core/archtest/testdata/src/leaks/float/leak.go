// Package float leaks how a processor rounds.
package float

type meter struct {
	load float64 // want "floating point"
}

func share(a, b int) int {
	return int(0.5 * float32(a) / float32(b)) // want "floating point"
}

const second = 1e9 // want "floating point"

const nanos int64 = 1e9
