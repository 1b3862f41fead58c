package metadata

import (
	"bytes"
	"strings"

	"trialog/core/kafka"
)

// The keys of the image's trees: topic names, topic IDs, config resources.
type (
	nameKey     string
	idKey       kafka.TopicID
	resourceKey kafka.ConfigResource
)

func (a nameKey) compare(b nameKey) int { return strings.Compare(string(a), string(b)) }
func (a nameKey) scatter() uint64       { return scatter(string(a), 0) }

func (a idKey) compare(b idKey) int { return bytes.Compare(a[:], b[:]) }
func (a idKey) scatter() uint64     { return scatter(string(a[:]), 0) }

func (a resourceKey) compare(b resourceKey) int {
	if a.Type != b.Type {
		return int(a.Type) - int(b.Type)
	}
	return strings.Compare(a.Name, b.Name)
}
func (a resourceKey) scatter() uint64 { return scatter(a.Name, uint64(a.Type)) }

// scatter hashes a key (FNV-1a, then splitmix64's finalizer).
func scatter(s string, salt uint64) uint64 {
	h := uint64(0xcbf29ce484222325) + salt
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return kafka.Mix64(h)
}
