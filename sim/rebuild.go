package sim

import (
	"fmt"
	"strings"

	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/sim/oracle"
)

// rebuild ends a broker's process when the run is over and lets recovery read its
// disk: what it makes of each log, from checkpoint, journal and segments, must be
// what the broker knew (epochs and producers; O7), and what a coordinator shows of
// its groups must be what replay of its log makes (O9). Not where bits have flipped:
// only a recovery would meet some of that damage.
func (w *World) rebuild(b *brokerHost) {
	core := b.core
	if core == nil || w.broken != "" || w.config.Blind || w.faults[FaultJournalRot]+w.faults[FaultSegmentRot] > 0 {
		return
	}
	if w.oracle != nil {
		if broken := w.oracle.Last(b.host.node, core); broken != "" {
			w.fail(b.host.node, broken)
			return
		}
	}
	broken := oracle.Once(core, &w.codecs, b.disk.Content)
	if broken != "" {
		w.fail(b.host.node, broken)
		return
	}
	broken = core.RebuildGroups(func(r *disk.Read) ([]byte, error) { return w.readFile(b, r) })
	if broken != "" {
		w.fail(b.host.node, "O9: "+broken)
		return
	}
	now, all := b.host.clock.now(w.now), written(core)
	b.mount.Kill()
	fs := b.disk.Mount()
	seen, err := partition.Look(fs)
	if err != nil || !seen.Formatted || seen.Node != kafka.BrokerID(b.host.node) {
		w.fail(b.host.node, fmt.Sprintf("O7: who looks at the disk when all is over sees %+v (%v)", seen, err))
		return
	}
	result, err := partition.Recover(fs, &partition.RecoverArgs{
		Now: now, NodeID: kafka.BrokerID(b.host.node), Limits: &w.config.Limits.Storage, IndexIntervalBytes: 4096,
	})
	if err != nil {
		w.fail(b.host.node, "O7: the disk cannot be recovered when all is over: "+err.Error())
		return
	}
	for _, stray := range result.(*partition.RecoverResult).Strays {
		if all && !known(core, stray) {
			w.fail(b.host.node, fmt.Sprintf("O13: when all is over the disk holds %s, which nothing names", stray))
			return
		}
	}
	logs := result.(*partition.RecoverResult).Logs
	if seen.Logs < len(logs) {
		w.fail(b.host.node, fmt.Sprintf("O7: who looks at the disk when all is over sees %d logs, and recovery finds %d", seen.Logs, len(logs)))
		return
	}
	if why := unlike(core, logs, now); why != "" {
		w.fail(b.host.node, why)
	}
}

// tidy tells whether no broker that runs holds files that are to go.
func (w *World) tidy() bool {
	for _, h := range w.hosts[1:] {
		if b := h.broker; b != nil && b.core != nil && h.running && !b.core.Tidy() {
			return false
		}
	}
	return true
}

// written tells whether a broker has nothing to write and no files that are to go or
// are being made, so that all that lies on its disk has a name.
func written(core *broker.Broker) bool {
	all := core.Tidy() && core.AtRest()
	core.Partitions(func(v *broker.PartitionView) bool {
		all = all && !v.Retired && v.Written()
		return all
	})
	return all
}

// known tells whether a file is one of a segment that a log of a broker has. Of one
// that has just begun and holds nothing yet no recovery knows.
func known(core *broker.Broker, path string) (yes bool) {
	name, _, _ := strings.Cut(path, ".")
	core.Partitions(func(v *broker.PartitionView) bool {
		for i := range v.Segments {
			yes = yes || v.RecordsPath(i) == name+".log"
		}
		return !yes
	})
	return yes
}

// unlike compares a broker's logs with those that recovery has made. What has not
// reached the disk is left out.
func unlike(core *broker.Broker, rebuilt []*partition.Log, now kafka.Now) (why string) {
	again := make(map[kafka.LogID]*partition.Log, len(rebuilt)) // looked up only
	for _, l := range rebuilt {
		again[l.Log] = l
	}
	core.Partitions(func(v *broker.PartitionView) bool {
		if v.Retired || v.Fenced || !v.Settled() {
			return true
		}
		differs := "it is not there"
		if l := again[v.Log]; l != nil {
			differs = v.Unlike(l, now)
		}
		if differs != "" {
			why = fmt.Sprintf("O7: what recovery makes of the log of %s-%d is not what its broker knew: %s", v.Name, v.Partition, differs)
		}
		return differs == ""
	})
	return why
}
