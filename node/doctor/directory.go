package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"trialog/core/broker"
	"trialog/core/partition"
	"trialog/node/osfs"
)

// Directory is what is known of a data directory. Sizes are in bytes.
type Directory struct {
	Path         string `json:"path"`
	Exists       bool   `json:"exists"`
	InUse        bool   `json:"in_use"` // a node holds it
	Writable     bool   `json:"writable"`
	FileSystem   string `json:"file_system,omitempty"`
	Options      string `json:"mount_options,omitempty"`
	Bytes        int64  `json:"bytes"`      // of the whole file system
	FreeBytes    int64  `json:"free_bytes"` // that this user may write
	FreeFiles    int64  `json:"free_files"` // negative: as many as there is room for
	ReserveBytes int64  `json:"reserve_bytes"`
	Sync         Sync   `json:"sync"`

	Formatted    bool   `json:"formatted"` // a node has run in it
	NodeID       int32  `json:"node_id"`   // negative: none yet
	ClusterID    string `json:"cluster_id,omitempty"`
	Clean        bool   `json:"clean"` // the last node in it ended by a controlled shutdown
	JournalBytes int64  `json:"journal_bytes"`
	Logs         int    `json:"logs"`
	QuorumLost   bool   `json:"quorum_lost"` // it knows a cluster, and the quorum's files are gone
}

// quorumDir is where a node keeps the metadata quorum's files.
const quorumDir = "quorum"

// LookAt examines a data directory; syncFor is how long syncs are timed. What
// does not exist is judged by the directory that it would be made in.
func LookAt(path string, syncFor time.Duration) (Directory, error) {
	d := Directory{Path: path, NodeID: -1, ReserveBytes: broker.DefaultLimits().DiskReserve}
	info, err := os.Stat(path)
	place := path
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if place, err = nearest(path); err != nil {
			return d, err
		}
	case err != nil:
		return d, err
	case !info.IsDir():
		return d, &fs.PathError{Op: "open", Path: path, Err: unix.ENOTDIR}
	default:
		d.Exists = true
		if d.InUse, err = locked(path); err != nil {
			return d, err
		}
	}
	if err := d.fileSystem(place); err != nil {
		return d, err
	}
	d.Sync, err = timeSyncs(place, syncFor)
	d.Writable = err == nil
	if d.Exists {
		return d, d.look()
	}
	return d, nil
}

// nearest is the directory above path that exists.
func nearest(path string) (string, error) {
	path, err := filepath.Abs(path)
	for err == nil {
		if info, e := os.Stat(path); e == nil && info.IsDir() {
			return path, nil
		}
		up := filepath.Dir(path)
		if up == path {
			return "", fs.ErrNotExist
		}
		path = up
	}
	return "", err
}

// locked tells whether a node holds a directory, by trying the lock for a
// moment, and for reading only, so that two of these do not mislead each other.
func locked(path string) (bool, error) {
	dir, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer dir.Close()
	err = unix.Flock(int(dir.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

func (d *Directory) look() error {
	seen, err := partition.Look(osfs.New(d.Path))
	if err != nil {
		return err
	}
	d.Formatted, d.ClusterID, d.Clean = seen.Formatted, seen.ClusterID, seen.Clean
	d.JournalBytes, d.Logs = seen.JournalBytes, seen.Logs
	if seen.Formatted {
		d.NodeID = int32(seen.Node)
	}
	names, err := os.ReadDir(filepath.Join(d.Path, quorumDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d.QuorumLost = d.ClusterID != "" && len(names) == 0
	return nil
}

// FreePercent is how much of the file system is free.
func (d *Directory) FreePercent() int {
	if d.Bytes <= 0 {
		return -1
	}
	return int(d.FreeBytes * 100 / d.Bytes)
}
