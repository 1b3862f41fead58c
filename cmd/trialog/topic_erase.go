package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type topicErase struct {
	Topic      string        `arg:"" help:"The topic."`
	Key        string        `required:"" help:"The key, as text."`
	Within     time.Duration `default:"5m" help:"How long it may take until every replica has shown that it has none of them."`
	Tombstones bool          `help:"Also take out the tombstone that deletes the key, at once: who reads behind it misses deletions, of other keys too."`
}

// erasure is what is being erased, and where.
type erasure struct {
	*topicErase
	client     *kgo.Client
	admin      *kadm.Client
	id         [16]byte // the topic's
	partitions []erasedPartition
}

// erasedPartition is a partition that has, or had, records of the key.
type erasedPartition struct {
	Partition int32          `json:"partition"`
	Records   int            `json:"records"` // of the key, on the leader, when the command began
	Below     int64          `json:"below"`   // the tombstone's offset: what lies before it goes
	Replicas  []provenCopies `json:"replicas"`

	leader  int32
	holders []int32
	newest  int64
}

// provenCopies is what a scan of one replica has shown.
type provenCopies struct {
	Broker     int32 `json:"broker"`
	From       int64 `json:"from"` // the scan was of everything from here
	To         int64 `json:"to"`   // to here
	Records    int   `json:"records"`
	Tombstones int   `json:"tombstones"`
}

// Run carries out the command.
func (c *topicErase) Run(p *program) error {
	client, err := p.client.connect(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return usage{err}
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(p.ctx, c.Within)
	defer cancel()
	e := &erasure{topicErase: c, client: client, admin: kadm.NewClient(client)}
	began := time.Now()
	settings, err := e.settings(ctx)
	if err != nil {
		return p.client.explain(err)
	}
	if err := e.find(ctx); err != nil {
		return p.client.explain(err)
	}
	if policy := settings["cleanup.policy"]; !strings.Contains(policy.value, "compact") {
		return notSo{e.plain()}
	}
	if err := e.erase(ctx, settings); err != nil {
		return p.client.explain(err)
	}
	records, left := 0, 0
	for _, d := range e.partitions {
		records += d.Records
		for _, r := range d.Replicas {
			left += r.Tombstones
		}
	}
	took := time.Since(began).Round(time.Millisecond)
	p.say(map[string]any{"topic": c.Topic, "key": c.Key, "erased": true, "partitions": e.partitions, "seconds": took.Seconds()},
		"Erased %q from %s: %d records in %d partitions; every replica was read to the end and has none of them (%v). %s",
		c.Key, c.Topic, records, len(e.partitions), took, e.remark(left, settings))
	return nil
}

// remark says what of the key is still there.
func (e *erasure) remark(tombstones int, settings map[string]topicSetting) string {
	if tombstones == 0 {
		return "No tombstone of it is left."
	}
	return fmt.Sprintf("Tombstones, which hold the key and no value, go delete.retention.ms (%s) after they are cleaned.", settings["delete.retention.ms"].value)
}

// plain says what can be done with a topic whose records go by age, size and
// offset only.
func (e *erasure) plain() error {
	if len(e.partitions) == 0 {
		return fmt.Errorf("%s is not compacted, and has no record of %q", e.Topic, e.Key)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s is not compacted: the records of one key cannot be taken out of it, only with all that lie before them", e.Topic)
	for _, d := range e.partitions {
		fmt.Fprintf(&b, "\n  partition %d has %d records of %q, the newest at offset %d: DeleteRecords up to offset %d takes them, and everything older, from all replicas",
			d.Partition, d.Records, e.Key, d.newest, d.newest+1)
	}
	b.WriteString("\n  otherwise they go by retention.ms or retention.bytes, a sealed segment at a time")
	return errors.New(b.String())
}

// erase writes tombstones, has every replica clean its log, and waits until each
// has shown that nothing of the key lies before them.
func (e *erasure) erase(ctx context.Context, settings map[string]topicSetting) (err error) {
	if len(e.partitions) == 0 {
		return e.prove(ctx)
	}
	if err := e.bury(ctx, true); err != nil {
		return err
	}
	hurry := [][2]string{
		{"min.cleanable.dirty.ratio", "0"}, {"min.compaction.lag.ms", "0"}, {"max.compaction.lag.ms", "1000"}, {"segment.ms", "1000"},
	}
	if e.Tombstones {
		hurry = append(hurry, [2]string{"delete.retention.ms", "0"})
	}
	defer func() { err = errors.Join(err, e.restore(hurry, settings)) }()
	if err := e.alter(ctx, hurry); err != nil {
		return err
	}
	// Whoever writes next begins another segment, so that all that lay before can be
	// cleaned.
	if !pause(ctx, 1500*time.Millisecond) {
		return ctx.Err()
	}
	if err := e.bury(ctx, false); err != nil {
		return err
	}
	return e.prove(ctx)
}

// bury writes a tombstone into each of the partitions. What lies before the first
// is to go.
func (e *erasure) bury(ctx context.Context, first bool) error {
	for i := range e.partitions {
		d := &e.partitions[i]
		r := e.client.ProduceSync(ctx, &kgo.Record{Topic: e.Topic, Partition: d.Partition, Key: []byte(e.Key)})
		if err := r.FirstErr(); err != nil {
			return fmt.Errorf("writing a tombstone to partition %d: %w", d.Partition, err)
		}
		if first {
			d.Below = r[0].Record.Offset
		}
	}
	return nil
}

// prove scans every replica until none has what is to go.
func (e *erasure) prove(ctx context.Context) error {
	for i := range e.partitions {
		d := &e.partitions[i]
		for _, broker := range d.holders {
			proven, err := e.proveReplica(ctx, d, broker)
			if err != nil {
				return notSo{fmt.Errorf("not erased, or not proven, within %v: partition %d on broker %d: %w", e.Within, d.Partition, broker, err)}
			}
			d.Replicas = append(d.Replicas, proven)
		}
	}
	return nil
}

// proveReplica reads one replica again and again, from where it last had a record
// of the key, and once it has none, from the beginning.
func (e *erasure) proveReplica(ctx context.Context, d *erasedPartition, broker int32) (provenCopies, error) {
	from, last := int64(0), error(nil)
	for {
		s := scan{topic: e.Topic, id: e.id, partition: d.Partition, broker: broker, key: e.Key, from: from, to: d.Below + 1}
		err := s.run(ctx, e.client)
		gone := err == nil && s.values == 0 && (!e.Tombstones || s.tombstones == 0)
		switch {
		case gone && s.whole:
			return provenCopies{Broker: broker, From: s.begun, To: s.next, Tombstones: s.tombstones}, nil
		case gone:
			from = 0
			continue
		case err == nil:
			from, last = s.first, fmt.Errorf("%d records and %d tombstones of the key are left, the first at offset %d", s.values, s.tombstones, s.first)
		case ctx.Err() == nil:
			last = err
		}
		if !pause(ctx, 300*time.Millisecond) {
			if last == nil {
				last = ctx.Err()
			}
			return provenCopies{}, last
		}
	}
}
