package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// jetStream is NATS JetStream on one node with file storage. A log is a stream
// with one replica.
type jetStream struct {
	self string // this program
	// always is sync_interval: always; otherwise JetStream's default, which
	// syncs every two minutes.
	always bool
}

func (jetStream) name() string    { return nameJetStream }
func (j jetStream) durable() bool { return j.always }

func (j jetStream) start(ctx context.Context, dir string, logs int) (server, error) {
	mode := "default"
	if j.always {
		mode = "always"
	}
	p, err := startProcess(ctx, j.self, childWord, "jetstream", dir, mode)
	if err != nil {
		return nil, err
	}
	s := &jetStreamServer{p: p}
	if err := s.createLogs(ctx, logs); err != nil {
		p.kill()
		return nil, err
	}
	return s, nil
}

// runJetStream is the child.
func runJetStream(dir string, always bool) error {
	s, err := nats.NewServer(&nats.Options{
		Host: "127.0.0.1", Port: nats.RANDOM_PORT, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true,
		JetStreamMaxStore: 1 << 40, SyncAlways: always, MaxPayload: 8 << 20,
	})
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		return errors.New("the server takes no connections")
	}
	serveUntilKilled(s.Addr().String())
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}

type jetStreamServer struct {
	p        *process // of a cluster, ready.Listen names all nodes
	replicas int      // of each stream; 0: one
}

func (s *jetStreamServer) process() *process { return s.p }

func (s *jetStreamServer) counters(context.Context) (*counters, error) { return nil, nil }

func streamName(log int) string { return fmt.Sprintf("bench-%d", log) }
func subject(log int) string    { return fmt.Sprintf("bench.%d", log) }

func (s *jetStreamServer) connect(opts ...jetstream.JetStreamOpt) (*client.Conn, jetstream.JetStream, error) {
	c, err := client.Connect("nats://"+strings.ReplaceAll(s.p.ready.Listen, ",", ",nats://"), client.MaxReconnects(0))
	if err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(c, opts...)
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	return c, js, nil
}

func (s *jetStreamServer) createLogs(ctx context.Context, n int) error {
	c, js, err := s.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range n {
		config := jetstream.StreamConfig{Name: streamName(i), Subjects: []string{subject(i)}, Storage: jetstream.FileStorage, Replicas: max(s.replicas, 1)}
		if _, err := js.CreateStream(ctx, config); err != nil {
			return err
		}
	}
	return nil
}

func (s *jetStreamServer) producers(_ context.Context, n, window int) ([]producer, error) {
	var list []producer
	for range n {
		p := &jetStreamProducer{waiting: make(map[*client.Msg]func(error)), subjects: make(map[int]string)}
		var err error
		p.c, p.js, err = s.connect(
			jetstream.WithPublishAsyncMaxPending(2*window+1000),
			jetstream.WithPublishAsyncTimeout(30*time.Second),
			jetstream.WithPublishAsyncAckHandler(func(_ jetstream.JetStream, m *client.Msg, _ *jetstream.PubAck) { p.finish(m, nil) }),
			jetstream.WithPublishAsyncErrHandler(func(_ jetstream.JetStream, m *client.Msg, err error) { p.finish(m, err) }),
		)
		if err != nil {
			closeAll(list)
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// jetStreamProducer publishes asynchronously, which is JetStream's fast way.
type jetStreamProducer struct {
	c        *client.Conn
	js       jetstream.JetStream
	subjects map[int]string

	mu      sync.Mutex
	waiting map[*client.Msg]func(error)
}

func (p *jetStreamProducer) send(_ context.Context, log int, value []byte, done func(error)) {
	to, ok := p.subjects[log]
	if !ok {
		to = subject(log)
		p.subjects[log] = to
	}
	m := &client.Msg{Subject: to, Data: value}
	p.mu.Lock()
	p.waiting[m] = done
	p.mu.Unlock()
	if _, err := p.js.PublishMsgAsync(m); err != nil {
		p.finish(m, err)
	}
}

func (p *jetStreamProducer) finish(m *client.Msg, err error) {
	p.mu.Lock()
	done := p.waiting[m]
	delete(p.waiting, m)
	p.mu.Unlock()
	if done != nil {
		done(err)
	}
}

func (p *jetStreamProducer) close() { p.c.Close() }

func (s *jetStreamServer) read(ctx context.Context, log int, each func([]byte) bool) error {
	c, js, err := s.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	reader, err := js.OrderedConsumer(ctx, streamName(log), jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	messages, err := reader.Messages(jetstream.PullMaxMessages(4000))
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		if !each(m.Data()) {
			return nil
		}
	}
}

func (s *jetStreamServer) end(ctx context.Context, log int) (int64, error) {
	c, js, err := s.connect()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	stream, err := js.Stream(ctx, streamName(log))
	if err != nil {
		return 0, err
	}
	info, err := stream.Info(ctx)
	if err != nil {
		return 0, err
	}
	return int64(info.State.Msgs), nil
}
