package sim

import (
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/sim/choice"
	"trialog/sim/oracle"
)

// players are the brokers that play a role now.
func (w *World) players(aim Aim) []*host {
	switch aim {
	case AimJoining:
		return w.joining()
	case AimAlone:
		return w.alone()
	default:
		// The others are asked of each broker.
	}
	var list []*host
	for _, h := range w.hosts[1 : w.config.Brokers+1] {
		if h.running && h.broker.core != nil && plays(h.broker.core, aim) {
			list = append(list, h)
		}
	}
	return list
}

// joining are the brokers that a leader has asked into an ISR and that have not
// been heard to be in it.
func (w *World) joining() []*host {
	var list []*host
	for _, h := range w.hosts[1 : w.config.Brokers+1] {
		asked := func(v *broker.PartitionView) bool { return !v.Joins(kafka.BrokerID(h.node)) }
		for _, o := range w.hosts[1 : w.config.Brokers+1] {
			if o.running && o.broker.core != nil && !o.broker.core.Each(asked) {
				list = append(list, h)
				break
			}
		}
	}
	return list
}

// alone are the brokers that lead with nobody else in sync, while another one may
// be elected.
func (w *World) alone() []*host {
	image := w.newest()
	if image == nil {
		return nil
	}
	var list []*host
	for _, h := range w.hosts[1 : w.config.Brokers+1] {
		if !h.running {
			continue
		}
		found := false
		image.EachTopic(func(t *metadata.TopicImage) bool {
			for _, p := range t.Partitions.All {
				found = found || p.Leader == kafka.BrokerID(h.node) && len(p.ISR) == 1 && len(p.ELR) > 0
			}
			return !found
		})
		if found {
			list = append(list, h)
		}
	}
	return list
}

func plays(b *broker.Broker, aim Aim) bool {
	if aim == AimController {
		return b.IsController()
	}
	found := false
	b.Partitions(func(v *broker.PartitionView) bool {
		found = v.Leader == (aim == AimLeader)
		return !found
	})
	return found
}

// otherBroker draws another broker than h.
func (w *World) otherBroker(s *strike, h *host) *host {
	among := w.hosts[1 : w.config.Brokers+1]
	i := s.draw.Choose(choice.FaultDetail, uint64(len(among)))
	if among[i] == h {
		i = (i + 1) % uint64(len(among))
	}
	if among[i] == h {
		return nil
	}
	return among[i]
}

// powerCutAll takes the power from every broker at once, or from all but one.
func (w *World) powerCutAll(s *strike, h *host, f *Fault) {
	spared := w.config.Brokers > 2 && s.draw.Choose(choice.FaultDetail, 2) == 1
	for _, o := range w.hosts[1 : w.config.Brokers+1] {
		if spared && o == h {
			continue
		}
		w.crash(o, true, "")
		w.restart(o, f.Until+int64(o.node)*s.draw.Between(choice.FaultDetail, 0, 300*Millisecond))
	}
}

// killAll ends every broker's process at once. Where replicas are compared, and
// no partition loses more copies than it is claimed to bear, half the time the
// power goes on one of them. They come back in any order.
func (w *World) killAll(s *strike, h *host, f *Fault) {
	cut := s.draw.Choose(choice.FaultDetail, 2) == 1 && w.oracle != nil && w.oracle.Spare(h.node)
	for _, o := range w.hosts[1 : w.config.Brokers+1] {
		if cut && o == h || o.running {
			w.crash(o, cut && o == h, "")
			w.restart(o, f.Until+s.draw.Between(choice.FaultDetail, 0, 2*Second))
		}
	}
}

// killInSync ends the processes of every broker in the ISR of one partition, as
// the newest image that any of them has tells it.
func (w *World) killInSync(s *strike, f *Fault) bool {
	var image *metadata.Image
	for _, o := range w.hosts[1 : w.config.Brokers+1] {
		if o.running && o.broker.core != nil && (image == nil || o.broker.core.Image().Index() > image.Index()) {
			image = o.broker.core.Image()
		}
	}
	if image == nil || image.PartitionCount() == 0 {
		return false
	}
	var list []*metadata.Partition
	image.EachTopic(func(t *metadata.TopicImage) bool {
		for _, p := range t.Partitions.All {
			list = append(list, p)
		}
		return true
	})
	p := list[s.draw.Choose(choice.FaultTarget, uint64(len(list)))]
	for _, id := range p.ISR {
		if h := w.hosts[id]; h.running {
			w.crash(h, false, "")
			w.restart(h, f.Until+s.draw.Between(choice.FaultDetail, 0, Second))
		}
	}
	return true
}

// slow makes everything between a host and all others late by so much more.
func (w *World) slow(h *host, by int64) {
	for _, o := range w.hosts[1:] {
		if o != h {
			w.link(h, o).slow += by
			w.link(o, h).slow += by
		}
	}
}

// holdBack lets a request about an ISR arrive late, if a fault wants it, and all
// that follows it on the connection.
func (w *World) holdBack(c *connection, key int16) {
	if key != keyAlterPartition || len(w.nemesis.late) == 0 {
		return
	}
	e := &c.ends[acceptor]
	e.lastAt = max(e.lastAt, w.now+w.nemesis.late[0])
	w.nemesis.late = w.nemesis.late[1:]
	w.trace.current.add2(c.id, uint64(e.lastAt))
}

// keyAlterPartition is what leaders ask the controller with.
const keyAlterPartition = 56

// rollingRestart stops every broker in turn, each some time after the one before.
func (w *World) rollingRestart(s *strike, f *Fault) {
	at := w.now
	draw := w.nemesis.stream(w, FaultShutdown)
	for node := 1; node <= w.config.Brokers; node++ {
		i := len(w.nemesis.strikes)
		w.nemesis.strikes = append(w.nemesis.strikes, strike{
			Strike: Strike{At: at, Kind: FaultShutdown, Target: node, Span: max(f.Until-w.now, Millisecond)}, draw: draw, rolling: true,
		})
		w.scheduleWorld(0, at, evStrike, uint64(i), 0)
		at += s.draw.Between(choice.FaultDetail, 100*Millisecond, 3*Second)
	}
}

// wipe takes a broker's disk away, if a majority of the metadata quorum's disks
// is left and, where replicas are compared, no partition loses more copies than
// it is claimed to bear. The broker comes back on an empty one.
func (w *World) wipe(h *host, f *Fault) bool {
	if w.config.Brokers == 1 || !w.quorum.Spare(h.node-1) || w.oracle != nil && !w.oracle.Spare(h.node) {
		return false
	}
	w.loseDisk(h)
	w.restart(h, f.Until)
	return true
}

// loseLastDisk takes the power from every broker at once, and the disk of one of
// them, if a majority of the metadata quorum's disks is left. It may well be the
// last to come back: whoever it led then has nobody left who vouches for what had
// counted.
func (w *World) loseLastDisk(s *strike, h *host, f *Fault) bool {
	if w.config.Brokers == 1 || !w.quorum.Spare(h.node-1) {
		return false
	}
	for _, o := range w.hosts[1 : w.config.Brokers+1] {
		late := 300 * Millisecond
		if o == h {
			w.loseDisk(h)
			late = 2 * Second
		} else {
			w.crash(o, true, "")
		}
		w.restart(o, f.Until+s.draw.Between(choice.FaultDetail, 0, late))
	}
	return true
}

// loseDisk ends a broker and leaves it an empty disk.
func (w *World) loseDisk(h *host) {
	w.crash(h, true, "its disk was lost")
	h.broker.disk.Wipe()
	if w.oracle != nil {
		w.oracle.Wiped(h.node)
	}
	if w.starts != nil {
		w.starts.Wiped(h.node)
	}
	w.quorumDown(h)
	w.quorum.Wipe(w.instant(), h.node-1)
	h.broker.quorumLife++
	w.armQuorum()
}

// newOracle begins to compare replicas, if that is wanted.
func (w *World) newOracle() {
	tell := func(c oracle.Change) {
		if w.config.Observer != nil {
			w.config.Observer.Changed(w.now, &c)
		}
	}
	if w.config.LogStarts {
		w.starts = oracle.NewStarts(tell)
	}
	if w.config.MinISR == 0 || w.config.Brokers == 1 {
		return
	}
	w.oracle = oracle.New(w.config.Brokers, w.config.MinISR,
		func(node int, path string) []byte { return w.hosts[node].broker.disk.Content(path) }, tell)
}
