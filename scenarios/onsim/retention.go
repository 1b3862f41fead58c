package onsim

import (
	"strconv"

	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/sim"
	"trialog/sim/choice"
)

// policySlack is how far a wall clock of the simulation may be ahead before
// retention doubts it, and with it what the judge allows.
const policySlack = 1500 * kafka.Millisecond

// retention makes clocks agree, so that true time is what they say until a fault
// sets them, and has brokers doubt a clock for longer than a run lasts.
func (d drawer) retention(config *sim.Config) {
	config.Clock = sim.Clock{}
	config.LogStarts = true
	config.Limits.Storage.ClockSlack = policySlack
	config.Limits.Storage.ClockGrace = kafka.Hour
}

// shortLives draws how long and how much a topic keeps.
func (d drawer) shortLives(list []client.TopicSetting, compacted bool) []client.TopicSetting {
	bySize := d.stream.Choose(choice.SwarmSetting, 3) == 1 // never by both: the judge could not tell what went by which
	ms := oneOf(d, choice.SwarmSetting, "10000", "6000", "15000")
	bytes := oneOf(d, choice.SwarmSetting, "20000", "1", "4000", "60000")
	if compacted { // the cleaner is to have its turn first
		ms, bytes = oneOf(d, choice.SwarmCleaner, "15000", "10000"), oneOf(d, choice.SwarmCleaner, "100000", "150000")
	}
	if bySize {
		ms = "-1"
	} else {
		bytes = "-1"
	}
	fresh := list[:0]
	for _, s := range list {
		if s.Name != "segment.bytes" && s.Name != "segment.ms" {
			fresh = append(fresh, s)
		}
	}
	return append(fresh,
		client.TopicSetting{Name: "retention.ms", Value: ms},
		client.TopicSetting{Name: "retention.bytes", Value: bytes},
		client.TopicSetting{Name: "segment.bytes", Value: oneOf(d, choice.SwarmSetting, "4096", "1600", "16384")},
		client.TopicSetting{Name: "segment.ms", Value: oneOf(d, choice.SwarmSetting, "3000", "1000")})
}

// keeps tells the judge what a topic deletes by.
func (t *trialTopic) keeps(h *history.Topic) {
	h.Retention, h.SkewMs = true, int64(policySlack/kafka.Millisecond)+1000
	for _, s := range t.settings {
		n, _ := strconv.ParseInt(s.Value, 10, 64)
		switch s.Name {
		case "retention.ms":
			h.RetentionMs = n
		case "retention.bytes":
			h.RetentionBytes = n
		case "message.timestamp.type":
			h.AppendTime = s.Value == "LogAppendTime"
		}
	}
}

// deleteRecords deletes the oldest records of a partition: up to somewhere among
// those that were read, or all that count.
func (a *administrator) deleteRecords(c *sim.ClientHost) {
	a.deleteAt = c.Now() + a.deleteEvery/2 + int64(c.Choose(choice.AppGap, uint64(a.deleteEvery)+1))
	at := &a.trial.places[c.Choose(choice.AppTarget, uint64(len(a.trial.places)))]
	before := int64(history.Unset)
	if c.Choose(choice.AppOp, 4) < 3 {
		before = 0
		for _, k := range a.trial.consumers {
			if f := k.find(at.topic, at.index); f != nil {
				before = max(before, f.next)
			}
		}
		if a.deleteNewest {
			before -= int64(c.Choose(choice.AppSize, uint64(min(before, 15))+1))
		} else {
			before = int64(c.Choose(choice.AppSize, uint64(before)+1))
		}
	}
	op := history.NewOp(history.DeleteRecords, a.id, a.process, at.partition)
	op.Incarnation, op.At = int32(c.Incarnation()), before
	command := a.next()
	a.await(command, a.trial.record.Invoke(c.Now(), &op), tagDelete)
	c.Do(&client.DeleteRecords{Op: command, Topic: at.topic, Partition: kafka.PartitionIndex(at.index), Before: kafka.Offset(before)})
}
