package quorum

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"

	"trialog/core/disk"
)

// Names below the quorum's directory.
const (
	identityFile = "replica.json"
	engineDir    = "engine"
)

const identityVersion = 1

// identity says which replica lives in a directory. It is written before the
// engine begins and outlives every change of address or host name.
type identity struct {
	Version   int    `json:"version"`
	Name      string `json:"name"`
	ReplicaID uint64 `json:"replica_id"`
	// Nonce names this directory's contents: a directory that was lost and made
	// again has another.
	Nonce string `json:"nonce"`
	// Voters are the founding voters, replica ID to name.
	Voters map[string]string `json:"voters"`
	// Formed says that all founding voters have agreed. Peers are the nonces
	// that they had then.
	Formed bool              `json:"formed"`
	Peers  map[string]string `json:"peers,omitempty"`
}

// members is the founding membership in the engine's terms.
func (id *identity) members() map[uint64]string {
	m := make(map[uint64]string, len(id.Voters))
	for replica, name := range id.Voters {
		n, _ := strconv.ParseUint(replica, 10, 64) // checked by readIdentity
		m[n] = name
	}
	return m
}

func newIdentity(c *Config) (identity, error) {
	var nonce [12]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return identity{}, err
	}
	id := identity{
		Version:   identityVersion,
		Name:      name(c.Self),
		ReplicaID: replicaID(c.Self),
		Nonce:     hex.EncodeToString(nonce[:]),
		Voters:    make(map[string]string, len(c.Voters)),
	}
	for _, v := range c.Voters {
		id.Voters[strconv.FormatUint(replicaID(v.ID), 10)] = name(v.ID)
	}
	return id, nil
}

// loadIdentity reads the directory's identity, or gives a new directory one.
// It refuses a directory that has lost what it held.
func loadIdentity(c *Config) (identity, error) {
	if err := c.FS.MkdirAll(path.Join(c.Dir, engineDir)); err != nil {
		return identity{}, err
	}
	if err := c.FS.SyncDir("."); err != nil {
		return identity{}, err
	}
	files, err := c.FS.ReadDir(path.Join(c.Dir, engineDir))
	if err != nil {
		return identity{}, err
	}
	id, err := readIdentity(c)
	known := !errors.Is(err, disk.ErrNotExist)
	switch {
	case known && err != nil:
		return identity{}, err
	case c.KnowsCluster && (!known || len(files) == 0):
		return identity{}, fmt.Errorf("the data directory belongs to a cluster, but its metadata in %s is gone: "+
			"restore it, or take the node out of the cluster and start it with an empty data directory", c.FS.Path(c.Dir))
	case !known && len(files) > 0:
		return identity{}, fmt.Errorf("%s holds metadata but not %s, which says whose it is", c.FS.Path(c.Dir), identityFile)
	case !known:
		if id, err = newIdentity(c); err != nil {
			return identity{}, err
		}
		return id, writeIdentity(c, &id)
	case id.Name != name(c.Self):
		return identity{}, fmt.Errorf("%s belongs to %s, this is %s: node IDs are for life", c.FS.Path(c.Dir), id.Name, name(c.Self))
	}
	return id, nil
}

func readIdentity(c *Config) (identity, error) {
	file := path.Join(c.Dir, identityFile)
	b, err := c.FS.ReadRange(file, 0, 1<<20)
	if err != nil {
		return identity{}, err
	}
	var id identity
	if err := json.Unmarshal(b, &id); err != nil {
		return identity{}, fmt.Errorf("%s: %w", c.FS.Path(file), err)
	}
	if id.Version != identityVersion {
		return identity{}, fmt.Errorf("%s is of version %d, this program knows %d", c.FS.Path(file), id.Version, identityVersion)
	}
	for replica := range id.Voters {
		if _, err := strconv.ParseUint(replica, 10, 64); err != nil {
			return identity{}, fmt.Errorf("%s: %w", c.FS.Path(file), err)
		}
	}
	return id, nil
}

// writeIdentity replaces the identity file, durably.
func writeIdentity(c *Config, id *identity) error {
	b, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	file := path.Join(c.Dir, identityFile)
	temporary := file + ".tmp"
	if err := c.FS.Remove(temporary); err != nil && !errors.Is(err, disk.ErrNotExist) {
		return err
	}
	f, err := c.FS.Create(temporary)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(append(b, '\n'), 0); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := c.FS.Rename(temporary, file); err != nil {
		return err
	}
	return c.FS.SyncDir(c.Dir)
}
