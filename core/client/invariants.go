package client

import (
	"errors"
	"fmt"
	"slices"

	"trialog/core/batch"
	"trialog/core/kafka"
)

// Invariants checks C1 to C7 of doc.go as far as state shows them: C2 is
// asserted where a batch is numbered, C5 follows from deliver.go.
func (c *Client) Invariants() error {
	open := len(c.producer.flushes) + len(c.consumer.polls)
	for _, p := range c.producer.partitions {
		n, err := p.invariants(c.config.Producer.Idempotent)
		if err != nil {
			return err
		}
		open += n
	}
	for _, o := range c.admin.ops {
		if !o.silent {
			open++
		}
	}
	for _, o := range c.offsets.ops {
		if !o.silent {
			open++
		}
	}
	if c.member.leaveOn {
		open++
	}
	if open != c.open {
		return fmt.Errorf("client C4: %d operations are open, %d are being worked on", c.open, open)
	}
	if err := c.ownsWhatItReads(); err != nil {
		return err
	}
	for _, f := range c.consumer.sessions {
		if err := f.check(); err != nil {
			return err
		}
	}
	for _, n := range c.conns {
		if len(n.underway) > int(c.config.Limits.InFlight) {
			return fmt.Errorf("client C3: %d requests are under way on connection %d", len(n.underway), n.id)
		}
	}
	return nil
}

var errSequences = errors.New("client C1: the sequences of a partition's batches do not rise in the order of its queue")

// invariants checks C1 and counts the operations of a partition.
func (p *producerPartition) invariants(idempotent bool) (ops int, err error) {
	underway := 0
	var last *outBatch
	for _, b := range p.queue {
		ops += len(b.ops)
		if b.underway {
			underway++
		}
		if !b.numbered || !idempotent {
			continue
		}
		if b.producer.ID != p.id || b.producer.Epoch != p.epoch {
			return 0, fmt.Errorf("client C1: a batch of epoch %d is numbered in epoch %d", b.producer.Epoch, p.epoch)
		}
		if last != nil && !follows(last, b.producer.BaseSequence) {
			return 0, errSequences
		}
		last = b
	}
	if underway > p.underway {
		return 0, errors.New("client C1: more batches are under way than were counted")
	}
	if last != nil && !follows(last, p.next) {
		return 0, errSequences
	}
	return ops, nil
}

// follows tells whether a sequence lies behind a batch, if not at once.
func follows(b *outBatch, s kafka.Sequence) bool {
	end := batch.NextSequence(b.producer.BaseSequence, b.count)
	return (int64(s)-int64(end))&0x7fffffff < 1<<30
}

// ownsWhatItReads checks C7.
func (c *Client) ownsWhatItReads() error {
	if c.config.Consumer.Group.ID == "" {
		return nil
	}
	if len(c.consumer.assigned) != len(c.member.owned) {
		return errReadsWithoutOwning
	}
	for _, a := range c.consumer.assigned {
		if !slices.Contains(c.member.owned, ownedPartition{a.topic.name, a.index}) {
			return errReadsWithoutOwning
		}
	}
	return nil
}

var errReadsWithoutOwning = errors.New("client C7: a member does not read just what it owns")
