package quorum

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
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
	// Voters are the founding voters, replica ID to name; none of a replica that joined.
	Voters map[string]string `json:"voters,omitempty"`
	// Formed says that all founding voters have agreed. Peers are the nonces
	// that they had then.
	Formed bool              `json:"formed"`
	Peers  map[string]string `json:"peers,omitempty"`
	// Joined says that the cluster gave the replica ID, and Voter that the engine's
	// own snapshot knows that such a replica votes.
	Joined bool `json:"joined,omitempty"`
	Voter  bool `json:"voter,omitempty"`
	// Over says that the replica is a member no more and never again.
	Over bool `json:"over,omitempty"`
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
	var nonce [16]byte // a kafka.DirectoryID
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
// A directory that has lost what it held begins anew, if there is somebody who
// can give it another replica ID: joins says so. Otherwise it is refused.
func loadIdentity(c *Config, others bool) (id identity, joins bool, err error) {
	engine := path.Join(c.Dir, engineDir)
	if err := c.FS.MkdirAll(engine); err != nil {
		return identity{}, false, err
	}
	if err := c.FS.SyncDir("."); err != nil {
		return identity{}, false, err
	}
	id, err = readIdentity(c)
	known := !errors.Is(err, disk.ErrNotExist)
	if known && err != nil {
		return identity{}, false, err
	}
	if known && id.Name != name(c.Self) {
		return identity{}, false, fmt.Errorf("%s belongs to %s, this is %s: node IDs are for life", c.FS.Path(c.Dir), id.Name, name(c.Self))
	}
	if id.Over {
		if err := empty(c); err != nil {
			return identity{}, false, err
		}
	}
	files, err := c.FS.ReadDir(engine)
	if err != nil {
		return identity{}, false, err
	}
	switch lost := id.Formed && len(files) == 0; {
	case !known && len(files) > 0:
		return identity{}, false, fmt.Errorf("%s holds metadata but not %s, which says whose it is", c.FS.Path(c.Dir), identityFile)
	case known && !id.Over && (!lost || !c.KnowsCluster):
		// A joiner is given its ID before the engine writes anything.
		return id, !id.Formed && c.KnowsCluster, nil
	case (c.KnowsCluster || id.Over) && !others:
		return identity{}, false, fmt.Errorf("the data directory belongs to a cluster, but its metadata in %s is gone: "+
			"restore it, or name the cluster's voters, so that this node can join them anew", c.FS.Path(c.Dir))
	}
	joins = c.KnowsCluster || id.Over
	if id, err = newIdentity(c); err != nil {
		return identity{}, false, err
	}
	return id, joins, writeIdentity(c, &id)
}

// empty removes what the engine wrote.
func empty(c *Config) error {
	engine := path.Join(c.Dir, engineDir)
	if err := os.RemoveAll(c.FS.Path(engine)); err != nil {
		return err
	}
	if err := c.FS.SyncDir(c.Dir); err != nil {
		return err
	}
	return c.FS.MkdirAll(engine)
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
func writeIdentity(c *Config, id *identity) error { return replaceJSON(c, identityFile, id) }

// replaceJSON replaces a file of the quorum's directory, durably.
func replaceJSON(c *Config, file string, value any) error {
	b, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	file = path.Join(c.Dir, file)
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
