package sim

import (
	"trialog/core/client"
	"trialog/sim/choice"
)

// App is the program on a client host. It is called when the host starts, when
// an instant it asked for has come, and with the outcome of each operation. It
// draws from c only, keeps no time of its own and starts nothing.
type App interface {
	// Start is called when the host's process starts, and again after each
	// restart: then the client is a new one and whatever was open is lost; what the
	// App itself remembers is the test's.
	Start(c *ClientHost)
	// Wake is called at the instant given to c.WakeAt.
	Wake(c *ClientHost)
	// Done is told each outcome. d and what it points to are valid during the call
	// only, but for key and value bytes. It may call c.Do.
	Done(c *ClientHost, d *client.Done)
	// Idle tells whether the application has nothing left to do; it is asked in
	// the last phase.
	Idle() bool
}

// Beater is an App that is told of the heartbeats of its member of the consumer
// protocol. b is valid during the call only.
type Beater interface {
	Beat(c *ClientHost, b *client.Beat)
}

// Name is the host's name.
func (c *ClientHost) Name() string { return c.host.name }

// Index is the host's place in Config.Clients.
func (c *ClientHost) Index() int { return c.index }

// Incarnation counts the processes on the host, from 1.
func (c *ClientHost) Incarnation() int { return int(c.host.incarnation) }

// Now is the virtual time. It is the judge's clock, not the host's own.
func (c *ClientHost) Now() int64 { return c.world.now }

// WallMs is the host's own wall clock, in milliseconds since 1970.
func (c *ClientHost) WallMs() int64 { return int64(c.host.clock.now(c.world.now).Wall) }

// Phase tells in which part of the run we are.
func (c *ClientHost) Phase() Phase { return c.world.phase }

// Choose draws on the application's stream; zero is the dull value.
func (c *ClientHost) Choose(site choice.Site, n uint64) uint64 { return c.draw.Choose(site, n) }

// Between draws from [low, high]; low is the dull value.
func (c *ClientHost) Between(site choice.Site, low, high int64) int64 {
	return c.draw.Between(site, low, high)
}

// Chance is true in ppm of a million draws; false is the dull value.
func (c *ClientHost) Chance(site choice.Site, ppm uint64) bool { return c.draw.Chance(site, ppm) }

// Do gives the client one command. The input is not kept. Its outcome comes
// through App.Done, never before Do has returned.
func (c *ClientHost) Do(in client.Input) { c.step(in) }

// Restart ends the process once what it is being told has been told, and lets
// it start anew: what an application does whose producer cannot go on.
func (c *ClientHost) Restart() { c.dying = true }

// Reconfigure changes the configuration that processes begin with which follow on
// the host: a new release of an application, say. nil: as it was configured.
func (c *ClientHost) Reconfigure(change func(*client.Config)) { c.change = change }

// ClientIdle tells whether no operation awaits its outcome.
func (c *ClientHost) ClientIdle() bool { return c.core == nil || c.core.Idle() }

// WakeAt asks for one call of App.Wake at the virtual time at, or at once when
// that has passed. An earlier request that has not come true is replaced.
func (c *ClientHost) WakeAt(at int64) {
	c.wakes++
	c.world.schedule(c.host, max(at, c.world.now), evWake, c.wakes, 0)
}
