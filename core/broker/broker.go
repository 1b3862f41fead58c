package broker

import "trialog/core/kafka"

// Broker is the machine. One driver goroutine owns it.
type Broker struct {
	config Config
	limits Limits
}

// New makes a broker that waits for Start. It copies config.
func New(config Config, limits Limits) *Broker {
	return &Broker{config: config, limits: limits}
}

// Step is the only way to change the broker.
func (b *Broker) Step(now kafka.Now, in Input, out *Effects) {}

// Deadline says when the broker next wants a Tick.
func (b *Broker) Deadline() (kafka.Instant, bool) { return 0, false }

// Invariants checks everything; see doc.go for the numbers.
func (b *Broker) Invariants() error { return nil }
