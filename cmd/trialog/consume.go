package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// consumeCommand prints records.
type consumeCommand struct {
	Topic     string `arg:"" help:"The topic."`
	From      string `short:"o" name:"from" default:"start" placeholder:"WHERE" help:"start, end, an offset, -N (the last N of each partition), or @TIME (RFC 3339, or milliseconds)."`
	Partition int32  `short:"p" default:"-1" help:"One partition; -1: all."`
	Count     int64  `short:"n" placeholder:"N" help:"Stop after so many records."`
	Follow    bool   `short:"f" help:"Wait for more at the end instead of stopping."`
	Keys      bool   `short:"k" help:"Print key, tab, value."`
	Committed bool   `help:"Leave out records of transactions that were not committed."`
}

// Run carries out the command.
func (c *consumeCommand) Run(p *program) error {
	at, ends, err := c.positions(p)
	if err != nil {
		return p.client.explain(err)
	}
	if !c.Follow {
		for partition, o := range at {
			if o >= ends[partition] {
				delete(at, partition)
			}
		}
		if len(at) == 0 {
			return nil
		}
	}
	offsets := make(map[int32]kgo.Offset, len(at))
	for partition, o := range at {
		offsets[partition] = kgo.NewOffset().At(o)
	}
	options := []kgo.Opt{
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{c.Topic: offsets}),
		kgo.FetchMaxWait(500 * time.Millisecond),
		kgo.KeepRetryableFetchErrors(), // among them what is damaged for good: see final
	}
	if c.Committed {
		options = append(options, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	client, err := p.client.connect(options...)
	if err != nil {
		return usage{err}
	}
	defer client.Close()
	return p.client.explain(c.copy(p, client, at, ends))
}

// positions finds where to begin, and where the partitions end now.
func (c *consumeCommand) positions(p *program) (at, ends map[int32]int64, err error) {
	at, ends = make(map[int32]int64), make(map[int32]int64)
	err = p.admin(func(ctx context.Context, a *kadm.Client) error {
		starting, err := a.ListStartOffsets(ctx, c.Topic)
		if err != nil {
			return err
		}
		ending, err := a.ListEndOffsets(ctx, c.Topic)
		if err != nil {
			return err
		}
		if err := errors.Join(starting.Error(), ending.Error()); err != nil {
			return answer(c.Topic, err, "")
		}
		from, err := c.from(ctx, a)
		if err != nil {
			return err
		}
		ending.Each(func(o kadm.ListedOffset) {
			if c.Partition < 0 || o.Partition == c.Partition {
				s, _ := starting.Lookup(c.Topic, o.Partition)
				ends[o.Partition] = o.Offset
				at[o.Partition] = min(max(from(o.Partition, s.Offset, o.Offset), s.Offset), o.Offset)
			}
		})
		if len(at) == 0 {
			return notSo{fmt.Errorf("%s has no partition %d", c.Topic, c.Partition)}
		}
		return nil
	})
	return at, ends, err
}

// from reads the flag: a function of the partition, its start and its end.
func (c *consumeCommand) from(ctx context.Context, a *kadm.Client) (func(partition int32, start, end int64) int64, error) {
	switch {
	case c.From == "start":
		return func(_ int32, start, _ int64) int64 { return start }, nil
	case c.From == "end":
		return func(_ int32, _, end int64) int64 { return end }, nil
	case strings.HasPrefix(c.From, "@"):
		ms, err := milliseconds(c.From[1:])
		if err != nil {
			return nil, usage{err}
		}
		listed, err := a.ListOffsetsAfterMilli(ctx, ms, c.Topic)
		if err != nil {
			return nil, err
		}
		return func(partition int32, _, end int64) int64 {
			if o, ok := listed.Lookup(c.Topic, partition); ok && o.Err == nil && o.Offset >= 0 {
				return o.Offset
			}
			return end
		}, nil
	}
	n, err := strconv.ParseInt(c.From, 10, 64)
	if err != nil {
		return nil, usage{fmt.Errorf("--from %s: not start, end, an offset, -N or @TIME", c.From)}
	}
	if n < 0 {
		return func(_ int32, _, end int64) int64 { return end + n }, nil
	}
	return func(int32, int64, int64) int64 { return n }, nil
}

func milliseconds(text string) (int64, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return ms, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, fmt.Errorf("time %q is neither RFC 3339 nor milliseconds since 1970", text)
	}
	return t.UnixMilli(), nil
}

// copy prints records until there is enough.
func (c *consumeCommand) copy(p *program, client *kgo.Client, at, ends map[int32]int64) (err error) {
	out := bufio.NewWriter(p.out)
	defer func() {
		if flushed := out.Flush(); err == nil {
			err = flushed
		}
	}()
	left := len(at)
	for printed := int64(0); ; {
		ctx, cancel := p.ctx, context.CancelFunc(func() {})
		if !c.Follow {
			ctx, cancel = context.WithTimeout(p.ctx, p.client.Timeout)
		}
		fetches := client.PollFetches(ctx)
		cancel()
		if p.ctx.Err() != nil {
			return nil // interrupted: that is how following ends
		}
		if err := final(fetches.Errors()); err != nil {
			return err
		}
		for i := fetches.RecordIter(); !i.Done(); {
			r := i.Next()
			if !c.Follow && r.Offset >= ends[r.Partition] {
				continue
			}
			if err := c.print(p, out, r); err != nil {
				return err
			}
			if printed++; printed == c.Count {
				return nil
			}
			if r.Offset+1 >= ends[r.Partition] && at[r.Partition] < ends[r.Partition] {
				at[r.Partition] = ends[r.Partition]
				left--
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
		if !c.Follow && left == 0 {
			return nil
		}
	}
}

// final is the first error that will not pass. CORRUPT_MESSAGE counts as one that
// may, so that the client would ask for ever: but nobody has what a broker says it of.
func final(errs []kgo.FetchError) error {
	for _, e := range errs {
		switch {
		case errors.Is(e.Err, kerr.CorruptMessage):
			return fmt.Errorf("partition %d: %w (trialog topic describe says what is damaged)", e.Partition, e.Err)
		case !kerr.IsRetriable(e.Err):
			return e.Err
		}
	}
	return nil
}

// recordView is a record as JSON. Bytes that are not UTF-8 come as base64
// under the other name.
type recordView struct {
	Topic       string            `json:"topic"`
	Partition   int32             `json:"partition"`
	Offset      int64             `json:"offset"`
	Timestamp   int64             `json:"timestamp"` // milliseconds since 1970
	Key         *string           `json:"key"`
	KeyBase64   []byte            `json:"key_base64,omitempty"`
	Value       *string           `json:"value"`
	ValueBase64 []byte            `json:"value_base64,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
}

func (c *consumeCommand) print(p *program, out *bufio.Writer, r *kgo.Record) error {
	if !p.json {
		if c.Keys {
			_, _ = out.Write(r.Key) // an error stays with out: the last write tells it
			_ = out.WriteByte('\t')
		}
		_, _ = out.Write(r.Value)
		return out.WriteByte('\n')
	}
	v := recordView{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp.UnixMilli()}
	v.Key, v.KeyBase64 = text(r.Key)
	v.Value, v.ValueBase64 = text(r.Value)
	if len(r.Headers) > 0 {
		v.Headers = make(map[string]string, len(r.Headers))
		for _, h := range r.Headers {
			v.Headers[h.Key] = string(h.Value)
		}
	}
	return json.NewEncoder(out).Encode(v)
}

// text returns bytes as a string where they are one, otherwise as bytes.
func text(b []byte) (*string, []byte) {
	if b == nil {
		return nil, nil
	}
	if !utf8.Valid(b) {
		return nil, b
	}
	s := string(b)
	return &s, nil
}
