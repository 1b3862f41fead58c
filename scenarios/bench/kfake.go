package main

import (
	"context"

	"github.com/twmb/franz-go/pkg/kfake"
)

// fake is franz-go's in-memory Kafka: what protocol and client cost without
// any disk.
type fake struct {
	self string // this program
}

func (fake) name() string  { return nameKfake }
func (fake) durable() bool { return false }

func (f fake) start(ctx context.Context, _ string, logs int) (server, error) {
	p, err := startProcess(ctx, f.self, childWord, "kfake")
	if err != nil {
		return nil, err
	}
	s := &kafkaServer{p: p}
	if err := s.createLogs(ctx, logs); err != nil {
		p.kill()
		return nil, err
	}
	return s, nil
}

// runKfake is the child.
func runKfake() error {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(0))
	if err != nil {
		return err
	}
	defer c.Close()
	serveUntilKilled(c.ListenAddrs()[0])
	return nil
}
