// Package driver decides what only core may decide.
package driver

import "trialog/core/kafka"

func decide(a, b kafka.Offset, e kafka.LeaderEpoch, code kafka.ErrorCode, at kafka.TimestampMs) bool {
	if a < b { // want "comparison of kafka.Offset"
		return true
	}
	if code == kafka.None { // want "comparison of kafka.ErrorCode"
		return true
	}
	next := a + 1 // want "arithmetic on kafka.Offset"
	next++        // want "arithmetic on kafka.Offset"
	next += 2     // want "arithmetic on kafka.Offset"
	_ = -e        // want "arithmetic on kafka.LeaderEpoch"
	switch code { // want "switch on kafka.ErrorCode"
	case kafka.None:
		return true
	}
	if int64(at) > 5 { // want "comparison of kafka.TimestampMs"
		return true
	}
	if int64(a) != int64(next) { // want "comparison of kafka.Offset"
		return true
	}
	_ = int64(a) + 1         // want "arithmetic on kafka.Offset"
	return min(a, next) == 0 // want "comparison of kafka.Offset" "comparison of kafka.Offset"
}

// record keeps what it saw among quantities of its own.
func record(seen []int64, a kafka.Offset, code kafka.ErrorCode, digest uint64) ([]int64, uint64) {
	if len(seen) == 0 || seen[len(seen)-1] != int64(a) {
		seen = append(seen, max(int64(a), seen[0]))
	}
	return seen, digest*31 ^ uint64(a)<<16 | uint64(code)
}

func carry(a kafka.Offset, me, other kafka.BrokerID, id, of kafka.TopicID, code kafka.ErrorCode) (int64, bool) {
	if me == other || id == of || code.Retriable() {
		return int64(a), a.Before(7)
	}
	return int64(a), me < other // want "comparison of kafka.BrokerID"
}
