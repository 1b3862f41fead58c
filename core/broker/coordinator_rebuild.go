package broker

import (
	"fmt"

	"trialog/core/coordinator"
	"trialog/core/disk"
	"trialog/core/group"
	"trialog/core/partition"
)

// RebuildGroups reads the logs of this broker's coordinators again, by a read
// that answers at once, and tells where replay of what counts makes something
// else than what is shown to others; "" for nowhere. It changes nothing, and is
// for checkers.
func (b *Broker) RebuildGroups(read func(*disk.Read) ([]byte, error)) string {
	for _, s := range b.groups.shards {
		if s.phase != shardActive || s.host.replica.HighWatermark() != s.counted {
			continue
		}
		again := group.New(&b.groups.config, 0)
		if err := b.replayAgain(s, again, read); err != nil {
			return fmt.Sprintf("the coordinator's log of partition %d cannot be read again: %v", s.host.tp.Partition, err)
		}
		if name, same := s.machine.SameCommitted(again); !same {
			return fmt.Sprintf("replay of partition %d makes something else of group %q than its coordinator shows", s.host.tp.Partition, name)
		}
	}
	return ""
}

func (b *Broker) replayAgain(s *shard, again *group.Machine, read func(*disk.Read) ([]byte, error)) error {
	log := s.host.replica.Log
	p := coordinator.Replay{Next: log.LogStartOffset, End: s.counted}
	var lookup partition.Lookup
	for !p.Done() {
		log.Fetch(&lookup, p.Next, p.End, loadBytes)
		for more := true; more; {
			var r disk.Read
			if !log.Next(&lookup, &r) {
				break
			}
			bytes, err := read(&r)
			switch progress := log.Feed(&lookup, bytes, err); progress {
			case partition.More:
			case partition.Found:
				more = false
			case partition.Stale, partition.Passed, partition.Unpack, partition.Damaged, partition.Broken:
				return fmt.Errorf("the log from %d on is not there: %w", p.Next, coordinator.ErrReplay)
			}
		}
		before := p.Next
		err := p.Feed(lookup.Records, b.config.Codecs, int(b.cluster.MaxDecompressedBytes), func(r *coordinator.Record) {
			_ = again.Replay(r) // what cannot be read is passed over, as it was
		})
		if err != nil {
			return err
		}
		if p.Next == before {
			p.Next = p.End // the rest has been compacted away
		}
	}
	return nil
}
