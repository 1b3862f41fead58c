package node

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"trialog/core/broker"
)

// pollSpace tells the broker how much room its disk has, at once and now and then.
func (n *Node) pollSpace() {
	tick := time.NewTicker(n.config.Network.DiskSpaceEvery)
	defer tick.Stop()
	for {
		free, err := n.fs.Free()
		if err != nil {
			n.log.Warn("the free space under the data directory is unknown", "error", err)
		} else {
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
