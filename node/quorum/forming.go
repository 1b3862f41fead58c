package quorum

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// formEvery is how often a voter that waits for the others asks again.
const formEvery = 200 * time.Millisecond

// form returns the identity under which this replica may start. The first
// start of several voters waits until all of them are reachable, agree on who
// the voters are, and hold nothing of an earlier cluster: a voter that was
// wiped must not be counted among those that never held anything. Whoever finds
// a cluster formed without it, or is no voter, joins it.
func form(c *Config, t *transport) (identity, error) {
	id, joins, err := loadIdentity(c, len(t.book.all()) > 0)
	if err != nil {
		return identity{}, err
	}
	if err := t.listen(&id); err != nil {
		return identity{}, err
	}
	if !id.Formed {
		if err := take(c, t, &id, joins); err != nil {
			return identity{}, err
		}
		t.introduce(&id)
	}
	if err := mendFlags(c); err != nil {
		return identity{}, err
	}
	return id, adoptHostname(c)
}

// take finds this replica its place, in a new cluster or in one that there is.
func take(c *Config, t *transport, id *identity, joins bool) (err error) {
	if joins || !c.Voters.Includes(c.Self) {
		return join(c, t, id)
	}
	id.Peers, err = agree(c, t, id)
	if errors.Is(err, errFormedWithoutUs) {
		c.Log.Info("the cluster exists already; joining it", "why", err)
		return join(c, t, id)
	}
	if err != nil {
		return err
	}
	id.Formed = true
	return writeIdentity(c, id)
}

// errFormedWithoutUs says that there is a cluster, and this replica is not in it.
var errFormedWithoutUs = errors.New("has formed a cluster without this replica")

// agree asks the other voters until all have answered.
func agree(c *Config, t *transport, id *identity) (peers map[string]string, err error) {
	peers = make(map[string]string)
	for waited := 0; ; waited++ {
		for _, other := range id.Voters {
			if other == id.Name || peers[other] != "" {
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			peer, err := t.ask(ctx, other)
			cancel()
			if err != nil {
				c.Log.Debug("a voter is not there yet", "voter", other, "error", err)
				continue
			}
			if err := acceptable(id, &peer.identity); err != nil {
				return nil, err
			}
			peers[other] = peer.Nonce
		}
		if len(peers) == len(id.Voters)-1 {
			return peers, nil
		}
		if waited%25 == 0 {
			c.Log.Info("waiting for the other voters before the cluster is formed", "have", len(peers)+1, "of", len(id.Voters))
		}
		select {
		case <-c.stopped():
			return nil, context.Canceled
		case <-time.After(formEvery):
		}
	}
}

// acceptable tells whether a cluster may be formed with a peer.
func acceptable(own, peer *identity) error {
	if peer.Formed && peer.Peers[own.Name] != own.Nonce {
		return fmt.Errorf("%s %w", peer.Name, errFormedWithoutUs)
	}
	if !maps.Equal(own.Voters, peer.Voters) {
		return fmt.Errorf("%s takes %v for the voters, here they are %v", peer.Name, peer.Voters, own.Voters)
	}
	return nil
}

// stopped is closed when the start is given up.
func (c *Config) stopped() <-chan struct{} {
	if c.Context == nil {
		return nil
	}
	return c.Context.Done()
}
