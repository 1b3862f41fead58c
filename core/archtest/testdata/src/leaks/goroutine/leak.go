// Package goroutine leaks the scheduler.
package goroutine

func run(f func()) {
	go f() // want "goroutine"
}
