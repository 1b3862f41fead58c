package protocol

import "trialog/core/kafka"

// appendNoTags ends a struct that has no tagged field to say.
func appendNoTags(dst []byte, flex bool) []byte {
	if flex {
		return append(dst, 0)
	}
	return dst
}

// appendLeaderHint appends KIP-951's CurrentLeader as a tagged field.
func appendLeaderHint(dst []byte, tag uint32, h LeaderHint) []byte {
	dst = appendUvarint(dst, tag)
	dst = append(dst, 4+4+1)
	dst = appendInt32(dst, int32(h.Leader))
	dst = appendInt32(dst, int32(h.Epoch))
	return append(dst, 0)
}

func decodeLeaderHint(r *reader) LeaderHint {
	h := LeaderHint{Set: true, Leader: kafka.BrokerID(r.int32()), Epoch: kafka.LeaderEpoch(r.int32())}
	r.skipTags()
	return h
}

// appendNodesTag appends the tagged fields of a response that may carry
// KIP-951's NodeEndpoints as its only one, tag 0.
func appendNodesTag(dst []byte, allowed bool, nodes []NodeEndpoint) []byte {
	if !allowed || len(nodes) == 0 {
		return append(dst, 0)
	}
	size := uvarintLen(uint32(len(nodes)) + 1)
	for i := range nodes {
		n := &nodes[i]
		size += 4 + compactLen(n.Host) + 4 + 1 + 1
		if n.Rack != "" {
			size += compactLen(n.Rack) - 1
		}
	}
	dst = append(dst, 1, 0)
	dst = appendUvarint(dst, uint32(size))
	dst = appendArrayLen(dst, true, len(nodes))
	for i := range nodes {
		n := &nodes[i]
		dst = appendInt32(dst, int32(n.Node))
		dst = appendString(dst, true, n.Host)
		dst = appendInt32(dst, n.Port)
		dst = appendNullableString(dst, true, n.Rack, n.Rack != "")
		dst = append(dst, 0)
	}
	return dst
}

// compactLen is how many bytes a compact string takes.
func compactLen(s string) int { return uvarintLen(uint32(len(s))+1) + len(s) }

func decodeNodes(dst []NodeEndpoint, r *reader) []NodeEndpoint {
	for range r.arrayLen(4 + 1 + 4 + 1 + 1) {
		var n NodeEndpoint
		n.Node = kafka.BrokerID(r.int32())
		n.Host = r.string("")
		n.Port = r.int32()
		n.Rack, _ = r.nullableString("")
		r.skipTags()
		if r.bad {
			break
		}
		dst = append(dst, n)
	}
	return dst
}
