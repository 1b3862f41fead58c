package client

import "trialog/core/kafka"

// Client is one client process. Make one with New; a restarted process is a
// new one.
type Client struct {
	config Config
}

// New returns a client that does nothing until Start.
func New(config Config) *Client { return &Client{config: config} }

// Step is the only way to change a client. See core/doc.go.
func (c *Client) Step(now kafka.Now, in Input, out *Effects) {
	_ = now
	_ = in
	_ = out
}

// Deadline says when the client next wants a Tick; false: only when something
// else happens.
func (c *Client) Deadline() (kafka.Instant, bool) { return 0, false }

// Invariants checks C1 to C5 of doc.go.
func (c *Client) Invariants() error { return nil }

// Idle tells whether no operation awaits its outcome.
func (c *Client) Idle() bool { return true }
