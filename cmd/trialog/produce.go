package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// lineLimit bounds a line of input, in bytes.
const lineLimit = 64 << 20

// produceCommand writes records from standard input.
type produceCommand struct {
	Topic       string   `arg:"" help:"The topic."`
	Key         string   `short:"k" placeholder:"KEY" help:"The key of every record."`
	Separator   string   `short:"K" name:"key-separator" placeholder:"TEXT" help:"What stands between a line's key and its value."`
	Partition   int32    `short:"p" default:"-1" help:"The partition; -1: by key, or spread."`
	Header      []string `short:"H" placeholder:"NAME=VALUE" sep:"none" help:"A header of every record; may be given often."`
	Acks        string   `enum:"all,1,0" default:"all" help:"Who must have a record before it counts: all, 1 or 0."`
	Plain       bool     `help:"Without idempotence: a retry may write a record twice."`
	Compression string   `short:"z" enum:"none,gzip,snappy,lz4,zstd" default:"none" help:"none, gzip, snappy, lz4 or zstd."`
	Whole       bool     `help:"All of standard input is one record."`
	Quiet       bool     `short:"q" help:"Do not tell how many records were written."`
}

// Run carries out the command.
func (c *produceCommand) Run(p *program) error {
	options, err := c.options(p.client.Timeout)
	if err != nil {
		return err
	}
	client, err := p.client.connect(options...)
	if err != nil {
		return usage{err}
	}
	defer client.Close()
	s := sending{command: c, client: client}
	began := time.Now()
	err = s.all(p)
	if flushed := client.Flush(p.ctx); flushed != nil && err == nil {
		err = flushed
	}
	if err == nil {
		err = s.failed()
	}
	if !c.Quiet {
		p.say(map[string]any{"topic": c.Topic, "records": s.written.Load(), "seconds": time.Since(began).Seconds()},
			"%d records written to %s in %v.", s.written.Load(), c.Topic, time.Since(began).Round(time.Millisecond))
	}
	return p.client.explain(err)
}

func (c *produceCommand) options(timeout time.Duration) ([]kgo.Opt, error) {
	options := []kgo.Opt{
		kgo.RecordDeliveryTimeout(timeout),
		kgo.ProducerLinger(0),
		kgo.MaxBufferedRecords(10_000),
		kgo.UnknownTopicRetries(1),
	}
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	options = append(options, kgo.ProducerBatchCompression(codecs[c.Compression]))
	if c.Partition >= 0 {
		options = append(options, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	plain := c.Plain
	switch c.Acks {
	case "all":
		options = append(options, kgo.RequiredAcks(kgo.AllISRAcks()))
	case "1":
		options, plain = append(options, kgo.RequiredAcks(kgo.LeaderAck())), true
	case "0":
		options, plain = append(options, kgo.RequiredAcks(kgo.NoAck())), true
	}
	if plain {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	return options, nil
}

// sending writes records and keeps the first failure.
type sending struct {
	command *produceCommand
	client  *kgo.Client
	written atomic.Int64
	mu      sync.Mutex
	err     error
}

func (s *sending) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// all reads records and gives them to the client until one fails.
func (s *sending) all(p *program) error {
	headers, err := s.headers()
	if err != nil {
		return err
	}
	if s.command.Whole {
		b, err := io.ReadAll(p.in)
		if err != nil {
			return err
		}
		return s.one(p, string(b), headers)
	}
	lines := bufio.NewScanner(p.in)
	lines.Buffer(make([]byte, 0, 64<<10), lineLimit)
	for lines.Scan() {
		if err := s.one(p, lines.Text(), headers); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (s *sending) headers() ([]kgo.RecordHeader, error) {
	var headers []kgo.RecordHeader
	for _, h := range s.command.Header {
		name, value, ok := strings.Cut(h, "=")
		if !ok {
			return nil, usage{fmt.Errorf("--header %s: not NAME=VALUE", h)}
		}
		headers = append(headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	return headers, nil
}

func (s *sending) one(p *program, line string, headers []kgo.RecordHeader) error {
	if p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	r := &kgo.Record{Topic: s.command.Topic, Partition: s.command.Partition, Headers: headers, Value: []byte(line)}
	if s.command.Key != "" {
		r.Key = []byte(s.command.Key)
	}
	if sep := s.command.Separator; sep != "" {
		if key, value, ok := strings.Cut(line, sep); ok {
			r.Key, r.Value = []byte(key), []byte(value)
		}
	}
	s.client.Produce(p.ctx, r, func(_ *kgo.Record, err error) {
		if err == nil {
			s.written.Add(1)
			return
		}
		s.mu.Lock()
		if s.err == nil {
			s.err = fmt.Errorf("a record was not written to %s: %w", s.command.Topic, told(err))
		}
		s.mu.Unlock()
	})
	return s.failed()
}

// told replaces a client's own words by the broker's code where it has one.
func told(err error) error {
	if errors.Is(err, kgo.ErrRecordTimeout) || errors.Is(err, kgo.ErrRecordRetries) {
		return err
	}
	var code *kerr.Error
	if errors.As(err, &code) {
		return code
	}
	return err
}
