package coordinator

import "trialog/core/kafka"

// Key names a group or a transactional ID within its tenant.
type Key struct {
	Tenant string // empty: the only one
	ID     string
}

// Name is the key as it stands in records: the ID, with the tenant before it
// where there is one. No ID that a client of no tenant sends begins with a NUL.
func (k Key) Name() string {
	if k.Tenant == "" {
		return k.ID
	}
	return "\x00" + k.Tenant + "\x00" + k.ID
}

// Partition is the partition, of so many, in which the key is kept: Kafka's
// choice for the same ID, so that its logs can be taken over.
func (k Key) Partition(partitions int) kafka.PartitionIndex {
	h := hashCode(k.Name())
	switch {
	case h == -1<<31:
		h = 0
	case h < 0:
		h = -h
	}
	return kafka.PartitionIndex(int(h) % partitions)
}

// hashCode is Java's String.hashCode: a polynomial over UTF-16 units.
func hashCode(s string) int32 {
	h := int32(0)
	for _, r := range s {
		if r >= 0x10000 {
			r -= 0x10000
			h = 31*h + 0xd800 + r>>10
			r = 0xdc00 + r&0x3ff
		}
		h = 31*h + r
	}
	return h
}
