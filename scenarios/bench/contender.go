package main

import "context"

// contender is a system with its running server, if there is one.
type contender struct {
	system
	server
	remove func() // what the server keeps on disk
}

// up returns a running server with so many logs. An in-memory one is replaced,
// so that what earlier loads left in it does not add up.
func (c *contender) up(ctx context.Context, r *runner, logs int) (server, error) {
	if c.server != nil && !c.durable() {
		c.discard()
	}
	if c.server != nil {
		if err := c.process().failed(); err != nil {
			return nil, err
		}
		return c.server, nil
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	dir, remove, err := r.fresh("server")
	if err != nil {
		return nil, err
	}
	srv, err := c.start(ctx, dir, logs)
	if err != nil {
		remove()
		return nil, err
	}
	c.server, c.remove = srv, remove
	return srv, nil
}

// discard kills the server and removes what it kept.
func (c *contender) discard() {
	if c.server != nil {
		c.process().kill()
		c.remove()
		c.server, c.remove = nil, nil
	}
}
