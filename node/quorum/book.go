package quorum

import (
	"encoding/json"
	"errors"
	"maps"
	"path"
	"sync"

	"trialog/core/disk"
)

// addressFile keeps what was learned of other nodes' addresses, so that a node
// finds those again that stand in nobody's configuration.
const addressFile = "addresses.json"

// book knows where nodes are reached, by logical name. What a node says of
// itself counts more than what this node's configuration says of it.
type book struct {
	mu         sync.Mutex
	config     *Config
	configured map[string]string
	learned    map[string]string
}

// openBook reads what was learned earlier. A damaged file costs only that.
func openBook(c *Config) *book {
	b := &book{config: c, configured: c.Voters.addresses(), learned: make(map[string]string)}
	raw, err := c.FS.ReadRange(path.Join(c.Dir, addressFile), 0, 1<<20)
	if err == nil {
		err = json.Unmarshal(raw, &b.learned)
	}
	if err != nil && !errors.Is(err, disk.ErrNotExist) {
		c.Log.Warn("the addresses of other nodes could not be read", "error", err)
		b.learned = make(map[string]string)
	}
	return b
}

// all returns every known address; where there are two, what was learned.
func (b *book) all() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := maps.Clone(b.configured)
	maps.Copy(known, b.learned)
	delete(known, name(b.config.Self))
	return known
}

// of returns where a node may be reached, the likeliest place first.
func (b *book) of(node string) (addresses []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range []string{b.learned[node], b.configured[node]} {
		if a != "" && (len(addresses) == 0 || addresses[0] != a) {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

// learn takes down addresses that nodes gave of themselves, or of others.
func (b *book) learn(addresses map[string]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed := false
	for node, address := range addresses {
		if address == "" || node == name(b.config.Self) || b.learned[node] == address {
			continue
		}
		if b.learned[node] == "" && b.configured[node] == address {
			continue // known already
		}
		b.learned[node], changed = address, true
	}
	if !changed {
		return
	}
	if err := replaceJSON(b.config, addressFile, b.learned); err != nil {
		b.config.Log.Warn("the addresses of other nodes could not be kept", "error", err)
	}
}
