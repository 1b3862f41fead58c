package sim

import "trialog/sim/choice"

// App is the program on a client host. It is called when the host starts, when
// an instant it asked for has come, and with everything that its client tells.
// It draws from c.Choose only, keeps no time of its own and starts nothing.
type App interface {
	// Start is called when the host's process starts, and again after each
	// restart: what the process knew is gone, what App keeps is the test's.
	Start(c *ClientHost)
	// Wake is called at the instant given to c.WakeAt.
	Wake(c *ClientHost)
	// Idle tells whether the application has nothing left to do; it is asked in the
	// last phase.
	Idle() bool
}

// ClientHost is a client process as its App sees it.
type ClientHost struct {
	world  *World
	index  int
	node   int
	stream *choice.Stream
	app    App
}

// Name is the host's name.
func (c *ClientHost) Name() string { return c.world.config.Clients[c.index].Name }

// Index is the host's place in Config.Clients.
func (c *ClientHost) Index() int { return c.index }

// Now is the virtual time. It is the judge's clock, not the host's own.
func (c *ClientHost) Now() int64 { return c.world.now }

// Phase tells in which part of the run we are.
func (c *ClientHost) Phase() Phase { return c.world.phase }

// Choose draws on the application's stream; zero is the dull value.
func (c *ClientHost) Choose(site choice.Site, n uint64) uint64 { return c.stream.Choose(site, n) }

// Between draws from [low, high]; low is the dull value.
func (c *ClientHost) Between(site choice.Site, low, high int64) int64 {
	return c.stream.Between(site, low, high)
}

// Chance is true in ppm of a million draws; false is the dull value.
func (c *ClientHost) Chance(site choice.Site, ppm uint64) bool { return c.stream.Chance(site, ppm) }

// WakeAt asks for one call of App.Wake at the virtual time at; an earlier
// request that has not come true is replaced.
func (c *ClientHost) WakeAt(at int64) {}
