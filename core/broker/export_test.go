package broker

import (
	"fmt"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// CheckPassedOver looks, as no fetch does, at every partition that the next fetch
// of its session would pass over, and says which of them has something to tell.
func (b *Broker) CheckPassedOver() error {
	b.out = new(Effects)
	defer func() { b.out = nil }()
	for _, f := range b.fetchSessions.all {
		body := &protocol.FetchRequest{ReplicaID: f.reader.replica, ReadCommitted: f.reader.committed, RackID: f.reader.rack}
		for at := range f.slots {
			slot := &f.slots[at]
			if !slot.used || slot.due {
				continue
			}
			p := fetchPart{asked: slot.asked, host: slot.host}
			b.look(&p, body)
			if p.err != kafka.None || p.bytes > 0 || p.view.Wait || p.view.Diverging.Set || slot.told != boundsOf(&p.view) {
				return fmt.Errorf("session %d passes %+v over, told %+v, of which there is to tell: %v, %d bytes, %+v",
					f.id, slot.asked, slot.told, p.err, p.bytes, p.view)
			}
		}
	}
	return nil
}
