package doctor

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// FileLimit is how many files a process started from here may open (ulimit -n):
// the hard limit, since a Go program raises the soft one to it.
func FileLimit() (int64, error) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0, err
	}
	return int64(min(l.Max, 1<<62)), nil
}

// Bounds of what suits a node.
const (
	fewFiles    = 4096          // fewer are soon used up by connections and segments
	enoughFiles = 16384         // more than the default of 10,000 connections
	slowSync    = 20_000        // µs
	quickSync   = 15            // µs: no disk that survives a power cut is so quick
	lowFiles    = int64(10_000) // inodes
)

// Advise says what is wrong with a directory for a node with an ID; a negative
// ID is not compared.
func (d *Directory) Advise(nodeID int32) []Advice {
	var list []Advice
	say := func(unsafe bool, rule, instead, risk string, args ...any) {
		list = append(list, Advice{Rule: rule, Unsafe: unsafe, Risk: fmt.Sprintf(risk, args...), Instead: instead})
	}
	if !d.Writable {
		say(true, "not-writable", "the right owner, as with chown", "A node started by this user cannot write there.")
	}
	switch {
	case slices.Contains([]string{"tmpfs", "ramfs", "devtmpfs"}, d.FileSystem):
		say(true, "in-memory", "a directory on a disk", "The file system is %s: everything is gone with the power.", d.FileSystem)
	case remote(d.FileSystem):
		say(false, "remote-disk", "a local disk", "The file system is %s: a sync means what its server makes of it.", d.FileSystem)
	}
	for _, option := range strings.Split(d.Options, ",") {
		if slices.Contains([]string{"nobarrier", "barrier=0", "barrier=none"}, option) {
			say(true, "no-barrier", "mounting it without "+option, "It is mounted with %s: a sync does not reach the disk, and a power cut loses what was acknowledged.", option)
		}
	}
	switch {
	case d.FreeBytes < d.ReserveBytes:
		say(true, "disk-full", "", "%d MiB are free, less than the reserve of %d MiB: a node refuses to take records.", d.FreeBytes>>20, d.ReserveBytes>>20)
	case d.FreeBytes < 8*d.ReserveBytes:
		say(false, "disk-low", "", "%d MiB are free; below %d MiB a node refuses to take records.", d.FreeBytes>>20, d.ReserveBytes>>20)
	}
	if d.FreeFiles >= 0 && d.FreeFiles < lowFiles {
		say(false, "few-inodes", "", "The file system has room for %d more files; each partition takes several.", d.FreeFiles)
	}
	switch {
	case d.Sync.Count == 0:
	case d.Sync.MedianMicros > slowSync:
		say(false, "slow-sync", "", "A sync takes %.1f ms: each record waits for one, together with all that came meanwhile.", float64(d.Sync.MedianMicros)/1000)
	case d.Sync.MedianMicros < quickSync:
		say(false, "quick-sync", "a disk whose cache survives a power cut", "A sync takes %d µs: this disk, or what it is simulated by, does not wait until the bytes are safe.", d.Sync.MedianMicros)
	}
	d.adviseIdentity(nodeID, say)
	return list
}

func (d *Directory) adviseIdentity(nodeID int32, say func(unsafe bool, rule, instead, risk string, args ...any)) {
	if d.Formatted && nodeID >= 0 && d.NodeID != nodeID {
		say(true, "other-node", fmt.Sprintf("--node-id %d, or another directory", d.NodeID), "It belongs to node %d: node %d will not start in it.", d.NodeID, nodeID)
	}
	if d.QuorumLost {
		say(true, "quorum-lost", "the directory's "+quorumDir+", from where it was lost", "It knows cluster %s, and %s is empty: a node will not start in it, since it must not vote under an identity that it has lost.", d.ClusterID, quorumDir)
	}
	if d.Formatted && !d.Clean && !d.InUse {
		say(false, "not-clean", "", "The last node in it did not shut down: the next redoes up to %d MiB of its journal before it serves.", (d.JournalBytes+1<<20-1)>>20)
	}
}

// AdviseFiles says what is wrong with a limit of open files.
func AdviseFiles(limit int64) []Advice {
	switch {
	case limit < fewFiles:
		return []Advice{{
			Rule: "few-files", Unsafe: true, Setting: "ulimit -n", Value: fmt.Sprint(limit), Instead: "ulimit -n 100000, or LimitNOFILE= in the unit",
			Risk: "Connections and segments need a file each: a node that has used them up takes no more clients, and cannot open more logs.",
		}}
	case limit < enoughFiles:
		return []Advice{{
			Rule: "some-files", Setting: "ulimit -n", Value: fmt.Sprint(limit), Instead: "ulimit -n 100000, or LimitNOFILE= in the unit",
			Risk: "Enough for some thousand connections and segments together.",
		}}
	}
	return nil
}

// remote tells whether a file system lies on another machine, or in a process
// of this one.
func remote(kind string) bool {
	for _, r := range []string{"nfs", "cifs", "smb", "9p", "fuse", "ceph", "glusterfs", "vboxsf", "virtiofs"} {
		if strings.HasPrefix(kind, r) {
			return true
		}
	}
	return false
}
