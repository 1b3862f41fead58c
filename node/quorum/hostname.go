package quorum

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"os"
	"path"

	"trialog/core/disk"
)

// The engine's flags: files that it writes in place in its first start and
// relies on later. Each is 8 bytes of the MD5 of what follows, then a message.
const (
	engineFlag = "dragonboat.ds" // under which host name and settings the engine runs
	hostFlag   = "NODEHOST.ID"   // a random name, which nobody uses here

	flagHash = 8
)

// mendFlags removes flags that a power cut left torn: the engine ends for good
// where it meets one that it cannot read. Where there is none it writes another.
func mendFlags(c *Config) error {
	for _, flag := range []string{engineFlag, hostFlag} {
		b, err := c.FS.ReadRange(path.Join(c.Dir, engineDir, flag), 0, 1<<20)
		if errors.Is(err, disk.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if len(b) >= flagHash {
			if sum := md5.Sum(b[flagHash:]); bytes.Equal(sum[len(sum)-flagHash:], b[:flagHash]) {
				continue
			}
		}
		c.Log.Warn("the metadata quorum's engine was interrupted in its first start", "torn", flag)
		if err := removeFlag(c, flag); err != nil {
			return err
		}
	}
	return nil
}

// removeFlag removes a flag, durably.
func removeFlag(c *Config, flag string) error {
	base := path.Join(c.Dir, engineDir)
	if err := c.FS.Remove(path.Join(base, flag)); err != nil && !errors.Is(err, disk.ErrNotExist) {
		return err
	}
	return c.FS.SyncDir(base)
}

// adoptHostname moves the engine's files to where it will look for them. It
// keeps them in a directory named after the host, so a host that got another
// name (a container that was made anew) would begin with an empty log and call
// it a new cluster.
func adoptHostname(c *Config) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	base := path.Join(c.Dir, engineDir)
	names, err := c.FS.ReadDir(base)
	if err != nil {
		return err
	}
	var dirs []string
	for _, n := range names {
		info, err := os.Stat(c.FS.Path(path.Join(base, n)))
		if err != nil {
			return err
		}
		if info.IsDir() {
			dirs = append(dirs, n)
		}
	}
	switch {
	case len(dirs) == 0 || len(dirs) == 1 && dirs[0] == host:
		return nil
	case len(dirs) > 1:
		return fmt.Errorf("%s holds the metadata of several hosts %q; keep the one that is right", c.FS.Path(base), dirs)
	}
	// The flag goes first, since it names the host too: with it gone, a crash in
	// between is repaired here by the next start.
	if err := removeFlag(c, engineFlag); err != nil {
		return err
	}
	if err := c.FS.Rename(path.Join(base, dirs[0]), path.Join(base, host)); err != nil {
		return err
	}
	c.Log.Info("the host has another name now", "before", dirs[0], "now", host)
	return c.FS.SyncDir(base)
}
