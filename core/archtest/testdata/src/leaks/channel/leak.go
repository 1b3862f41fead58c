// Package channel leaks the scheduler through select and channels.
package channel

func first(a, b chan int) int { // want "channel"
	select { // want "select"
	case v := <-a: // want "channel"
		return v
	case v := <-b: // want "channel"
		return v
	}
}

func feed(c chan<- int, list []int) { // want "channel"
	for _, v := range list {
		c <- v // want "channel"
	}
}

func drain(c <-chan int) (n int) { // want "channel"
	for v := range c { // want "channel"
		n += v
	}
	return n
}
