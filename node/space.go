package node

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"
	"time"

	"trialog/core/broker"
)

// A call that the disk has no room for is made again every roomEvery. As long
// as one was within fullFor the disk counts as full, whatever it says of itself:
// a quota is not in what it tells, and neither is another process that is quicker.
const (
	roomEvery = 50 * time.Millisecond
	fullFor   = 500 * time.Millisecond
)

// room is what the node knows of a disk that has none.
type room struct {
	calls counter      // made again
	last  atomic.Int64 // when, in Unix nanoseconds
}

// full tells whether the disk had no room a moment ago.
func (r *room) full() bool { return time.Since(time.Unix(0, r.last.Load())) < fullFor }

// awaitRoom is asked by calls that the disk has no room for: they are made
// again, as if the disk were slow, until the node ends. The broker is told at
// once, and refuses what would need more.
func (n *Node) awaitRoom() bool {
	known := n.room.full()
	n.room.calls.add(1)
	n.room.last.Store(time.Now().UnixNano())
	if !known {
		n.inbox.put(&broker.DiskSpace{Free: 0})
		if n.notes.admit("no room") {
			n.log.Error("the disk is full, or a quota is used up: what has to be written waits for room")
		}
	}
	select {
	case <-n.ending:
		return false
	case <-time.After(roomEvery):
		return true
	}
}

// pollSpace tells the broker how much room its disk has, at once and now and then.
func (n *Node) pollSpace() {
	tick := time.NewTicker(n.config.Network.DiskSpaceEvery)
	defer tick.Stop()
	for {
		free, err := n.fs.Free()
		if err != nil {
			n.log.Warn("the free space under the data directory is unknown", "error", err)
		} else {
			if n.room.full() {
				free = 0
			}
			n.inbox.put(&broker.DiskSpace{Free: free})
		}
		select {
		case <-tick.C:
		case <-n.ctx.Done():
			return
		}
	}
}

// entropy returns 64 random bits.
func entropy() (uint64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}
