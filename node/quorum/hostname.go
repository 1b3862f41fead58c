package quorum

import (
	"errors"
	"fmt"
	"os"
	"path"

	"trialog/core/disk"
)

// engineFlag is the file in which the engine notes under which host name it ran.
const engineFlag = "dragonboat.ds"

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
	// The flag goes first: with it gone, a crash in between is repaired here by
	// the next start.
	data := path.Join(base, dirs[0], fmt.Sprintf("%020d", deploymentID))
	if err := c.FS.Remove(path.Join(data, engineFlag)); err != nil && !errors.Is(err, disk.ErrNotExist) {
		return err
	}
	if err := c.FS.SyncDir(data); err != nil {
		return err
	}
	if err := c.FS.Rename(path.Join(base, dirs[0]), path.Join(base, host)); err != nil {
		return err
	}
	c.Log.Info("the host has another name now", "before", dirs[0], "now", host)
	return c.FS.SyncDir(base)
}
