package client

import (
	"slices"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/must"
)

// decompressLimit bounds what one batch may unpack to.
const decompressLimit = 64 << 20

// deliver answers a poll with everything that has arrived.
func (c *Client) deliver(p *poll, out *Effects) {
	events := len(out.rebalances)
	out.rebalances = append(out.rebalances, c.member.told...)
	c.member.told = c.member.told[:0]
	first := len(out.fetched)
	left := p.max
	if left <= 0 {
		left = 1<<31 - 1
	}
	for _, a := range c.consumer.assigned {
		if a.arrived.present && left > 0 {
			left -= c.deliverShare(a, p, left, out)
		}
	}
	c.takeTurns(out.fetched[first:])
	d := c.done(p.op, OK, out)
	d.Member, d.Generation = c.member.id, c.member.generation
	if c.member.state == expelled {
		d.Outcome, d.Err, d.Dead = Fail, c.member.err, true
	}
	d.Rebalances = out.rebalances[events:len(out.rebalances):len(out.rebalances)]
	d.Fetched = out.fetched[first:len(out.fetched):len(out.fetched)]
}

// takeTurns puts the partitions that have returned records behind the others,
// as a fetch may have no room for all of them.
func (c *Client) takeTurns(shares []Fetched) {
	list := c.consumer.assigned
	for i := range shares {
		f := &shares[i]
		at := slices.IndexFunc(list, func(a *assigned) bool { return a.index == f.Partition && a.topic.name == f.Topic })
		if len(f.Records) > 0 && at >= 0 {
			a := list[at]
			copy(list[at:], list[at+1:])
			list[len(list)-1] = a
		}
	}
}

// deliverShare returns one partition's records, at most max, and moves its
// position past them (C5). What is left stays for the next poll.
func (c *Client) deliverShare(a *assigned, p *poll, max int32, out *Effects) int32 {
	f := a.arrived.share
	f.Topic, f.Partition, f.Broker = a.topic.name, a.index, a.arrived.broker
	f.FromFollower = a.arrived.behind
	f.Fresh = a.arrived.serial > p.since && !a.arrived.told
	f.LeaderEpoch = kafka.NoLeaderEpoch
	if !f.Reset {
		f.From = a.position
	}
	first := len(out.records)
	for len(a.arrived.records) > 0 && int32(len(out.records)-first) < max {
		v := batch.View(a.arrived.records)
		if !v.Whole() {
			a.arrived.records = nil // a batch cut off by the size limit
			break
		}
		if !v.Intact() {
			f.Reason, a.state, a.arrived.records = ReasonCorrupt, stopped, nil
			break
		}
		whole, ok := c.readBatch(a, v[:v.Size()], max-int32(len(out.records)-first), out)
		if !ok {
			f.Reason, a.state, a.arrived.records = ReasonCorrupt, stopped, nil
			break
		}
		f.LeaderEpoch, a.epoch = v.LeaderEpoch(), v.LeaderEpoch()
		if !whole {
			break
		}
		a.arrived.records = a.arrived.records[v.Size():]
	}
	f.Records = out.records[first:len(out.records):len(out.records)]
	f.To = a.position
	out.fetched = append(out.fetched, f)
	if len(a.arrived.records) == 0 {
		a.arrived.present = false
	}
	a.arrived.told = true
	return int32(len(f.Records))
}

// readBatch appends the records of a batch from the position on, and moves the
// position. whole is false when max stopped it; ok is false when the records do
// not parse.
func (c *Client) readBatch(a *assigned, v batch.View, max int32, out *Effects) (whole, ok bool) {
	if v.NextOffset() <= a.position {
		return true, true
	}
	if v.Control() {
		a.endTransaction(v)
		a.position = v.NextOffset()
		return true, true
	}
	if c.aborted(a, v) {
		a.position = v.NextOffset()
		return true, true
	}
	plain, err := c.unpack(v, out)
	if err != nil {
		return false, false
	}
	it := batch.Iterate(plain, v.Count())
	var r batch.Record
	for it.Next(&r) {
		offset := v.BaseOffset() + kafka.Offset(r.OffsetDelta)
		if offset < a.position {
			continue
		}
		if max == 0 {
			return false, true
		}
		max--
		timestamp := v.BaseTimestamp() + kafka.TimestampMs(r.TimestampDelta)
		if v.LogAppendTime() {
			timestamp = v.MaxTimestamp()
		}
		header, _ := r.Headers.Next()
		out.records = append(out.records, Record{Offset: offset, Timestamp: timestamp, Key: r.Key, Value: r.Value, Header: header.Value})
		a.position = offset + 1
	}
	if it.Err() != nil {
		return false, false
	}
	a.position = v.NextOffset()
	return true, true
}

// unpack returns the records of a batch as they were before compression, in
// memory that is never written to again.
func (c *Client) unpack(v batch.View, out *Effects) ([]byte, error) {
	plain, unpacked, err := v.Decompress(&c.config.Codecs, decompressLimit, c.unpacked)
	if err != nil || v.Codec() == batch.Uncompressed {
		return plain, err
	}
	out.Watch.Reached(must.CompressedRead)
	c.unpacked = unpacked
	return c.slab.keep(unpacked), nil
}

// aborted tells whether a read_committed reader skips a batch: its producer
// has, in the response's list, a transaction that began at or below it and
// whose marker has not come yet.
func (c *Client) aborted(a *assigned, v batch.View) bool {
	if !c.config.Consumer.ReadCommitted || !v.Transactional() {
		return false
	}
	for _, t := range a.arrived.aborted {
		if t.ProducerID == v.ProducerID() && t.FirstOffset <= v.LastOffset() {
			return true
		}
	}
	return false
}

// endTransaction takes the transaction that a marker ends off the list.
func (a *assigned) endTransaction(marker batch.View) {
	for i, t := range a.arrived.aborted {
		if t.ProducerID == marker.ProducerID() && t.FirstOffset <= marker.LastOffset() {
			a.arrived.aborted = append(a.arrived.aborted[:i], a.arrived.aborted[i+1:]...)
			return
		}
	}
}
