package onsim

import (
	"bytes"
	"strconv"

	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/scenarios"
	"trialog/sim"
	"trialog/sim/choice"
)

// cleaner draws how small the cleaner's steps are, and makes clocks agree, so
// that the age of a tombstone is what they say until a fault sets them. Where records
// go before the final scan, too, a map that takes hours to get round would leave
// nothing to judge.
func (d drawer) cleaner(config *sim.Config, deleted bool) {
	smallest := int64(300)
	if deleted {
		smallest = 4000
	}
	config.Clock = sim.Clock{}
	storage := &config.Limits.Storage
	storage.ClockSlack, storage.ClockGrace = policySlack, kafka.Hour
	storage.CleanerMapBytes = oneOf[int64](d, choice.SwarmLimit, 1<<20, smallest, 1<<10)
	storage.CleanBytes = oneOf[int64](d, choice.SwarmLimit, 1<<20, 8000, 40_000)
	config.Settings["log.cleaner.backoff.ms"] = oneOf(d, choice.SwarmSetting, "50", "200")
}

// compacted draws when a topic is cleaned, and how long its tombstones stay: of
// several replicas one that is away for longer keeps what they have deleted, as
// Kafka's do, so that they stay for good there.
func (d drawer) compacted(list []client.TopicSetting, replicas int, deleted bool) []client.TopicSetting {
	policy, lag, segment := "compact", "1500", oneOf(d, choice.SwarmSetting, "4096", "1600", "2500")
	if deleted { // a record stays for seconds: the cleaner must be there before
		policy, lag, segment = "compact,delete", "300", oneOf(d, choice.SwarmCleaner, "8192", "4096", "16384")
	}
	tombstones := oneOf(d, choice.SwarmSetting, "3600000", "20000", "2000", "500")
	if replicas > 1 {
		tombstones = "3600000"
	}
	fresh := list[:0]
	for _, s := range list {
		if s.Name != "segment.bytes" && s.Name != "segment.ms" {
			fresh = append(fresh, s)
		}
	}
	for _, s := range []client.TopicSetting{
		{Name: "cleanup.policy", Value: policy},
		{Name: "segment.bytes", Value: segment},
		{Name: "segment.ms", Value: oneOf(d, choice.SwarmSetting, "3000", "1000")},
		{Name: "min.cleanable.dirty.ratio", Value: oneOf(d, choice.SwarmSetting, "0.2", "0.01", "0.5")},
		{Name: "min.compaction.lag.ms", Value: oneOf(d, choice.SwarmSetting, "", "", lag)},
		{Name: "max.compaction.lag.ms", Value: oneOf(d, choice.SwarmSetting, "", "", "3000")},
		{Name: "delete.retention.ms", Value: tombstones},
	} {
		if s.Value != "" {
			fresh = append(fresh, s)
		}
	}
	return fresh
}

// compacts tells the judge what a topic keeps.
func (t *trialTopic) compacts(h *history.Topic, keys int) {
	h.Compacted, h.Keys, h.SkewMs = true, keys, int64(policySlack/kafka.Millisecond)+1000
	for _, s := range t.settings {
		if s.Name == "delete.retention.ms" {
			h.DeleteRetentionMs, _ = strconv.ParseInt(s.Value, 10, 64)
		}
	}
}

// label gives a record its key, takes the value of a tombstone away, and keeps
// whose record it is in a header. The bytes go behind those in b.
func label(b []byte, v history.Value, keys int, r *client.Record) []byte {
	key, tombstone := v.KeyOf(keys)
	began := len(b)
	b = strconv.AppendInt(append(b, "key-"...), int64(key), 10)
	end := len(b)
	b = v.Append(b)
	b = strconv.AppendInt(append(b, '/'), int64(keys), 10)
	r.Key, r.Header = b[began:end:end], b[end:len(b):len(b)]
	if tombstone {
		r.Value = nil
	}
	return b
}

// valueOf finds the value of a record that was read. One whose key or value is
// not what its header says is nobody's.
func valueOf(r *client.Record) history.Value {
	id, keys, labelled := bytes.Cut(r.Header, []byte{'/'})
	if !labelled {
		return scenarios.ParsePayload(r.Value)
	}
	n, _ := strconv.Atoi(string(keys))
	v, err := history.ParseValue(string(id))
	if err != nil || n <= 0 {
		return scenarios.ParsePayload(nil)
	}
	key, tombstone := v.KeyOf(n)
	if string(r.Key) != "key-"+strconv.Itoa(key) || tombstone != (r.Value == nil) || !tombstone && scenarios.ParsePayload(r.Value) != v {
		return scenarios.ParsePayload(r.Key)
	}
	return v
}
