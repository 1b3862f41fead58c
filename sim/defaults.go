package sim

import (
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/quorum/model"
)

// fill sets what the caller left at zero.
func (c *Config) fill() {
	if c.Voters == 0 {
		c.Voters = min(c.Brokers, 5)
	}
	if c.Limits.ConnectionRequests == 0 {
		c.Limits = broker.DefaultLimits()
	}
	if c.CheckEvery == 0 {
		c.CheckEvery = 1024
	}
	if c.Network == (Network{}) {
		c.Network = DefaultNetwork()
	}
	if c.Disk == (Disk{}) {
		c.Disk = DefaultDisk()
	}
	if c.Disk.Capacity == 0 {
		c.Disk.Capacity = 1 << 30
	}
	if c.Phases == (Phases{}) {
		c.Phases = Phases{Warmup: 3 * Second, Faults: 40 * Second, Heal: 15 * Second, Extra: 10 * Second}
	}
	if c.Quorum == (model.Limits{}) {
		c.Quorum = DefaultQuorum()
	}
}

// DefaultQuorum is a metadata quorum that now and then does everything it may.
func DefaultQuorum() model.Limits {
	return model.Limits{
		CommitMin: 500 * kafka.Microsecond, CommitSpread: 4 * kafka.Millisecond,
		ApplyMin: 50 * kafka.Microsecond, ApplySpread: 2 * kafka.Millisecond,
		ElectionMin: 100 * kafka.Millisecond, ElectionSpread: 600 * kafka.Millisecond,
		TellMin: 100 * kafka.Microsecond, TellSpread: 20 * kafka.Millisecond,
		ProposeTimeout: 2 * kafka.Second, LateSpread: 4 * kafka.Second,
		LongLag: 3 * kafka.Second, LongAbsence: 4 * kafka.Second,
		SnapshotEvery: 64,
		OddDrop:       100, OddTwice: 50, OddUnknown: 60, OddReorder: 30, OddGap: 5, OddLongLag: 300,
		OddMove: 300, OddIdleMove: 40, OddLongAbsence: 20, OddEarlyLeads: 8, OddLateTell: 8, OddFalseLeads: 60,
		OddOldSnapshot: 4, IdleEvery: kafka.Second,
	}
}

// DefaultNetwork is a network within one building.
func DefaultNetwork() Network {
	return Network{
		DelayMin: 50 * Microsecond, DelayJitter: 400 * Microsecond,
		SpikePpm: 2000, SpikeMax: 60 * Millisecond,
		Connect: 100 * Microsecond, Timeout: 3 * Second,
	}
}

// DefaultDisk is a middling solid-state disk.
func DefaultDisk() Disk {
	return Disk{
		WriteMin: 5 * Microsecond, WriteJitter: 50 * Microsecond,
		SyncMin: 200 * Microsecond, SyncJitter: 3 * Millisecond,
		ReadMin: 20 * Microsecond, ReadJitter: 300 * Microsecond,
		JobMin: 100 * Microsecond, JobJitter: 5 * Millisecond,
		SegmentBytes: 64 << 10,
	}
}
