package history

// KeyOf is the key, below keys, of a record in a workload that compaction is
// tried with, and whether the record is a tombstone. It follows from the value,
// so that a history need not tell it.
func (v Value) KeyOf(keys int) (key int, tombstone bool) {
	h := uint64(v) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return int(h >> 33 % uint64(keys)), h>>8%6 == 0
}
