package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// clientFlags say how a cluster is reached. They stand before or behind a
// command, since they belong to the program: commands find them there.
type clientFlags struct {
	Bootstrap []string      `short:"b" name:"bootstrap-server" env:"TRIALOG_BOOTSTRAP_SERVER" placeholder:"HOST:PORT" help:"Any brokers of the cluster (localhost:9092)."`
	Timeout   time.Duration `default:"15s" help:"How long to wait for an answer."`
}

// defaultBootstrap is where a node of this machine listens unless told otherwise.
const defaultBootstrap = "localhost:9092"

// addresses are the brokers to begin with.
func (f *clientFlags) addresses() []string {
	if len(f.Bootstrap) == 0 {
		return []string{defaultBootstrap}
	}
	return f.Bootstrap
}

// connect makes a client.
func (f *clientFlags) connect(options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(f.addresses()...),
		kgo.ClientID("trialog"),
		kgo.DialTimeout(min(f.Timeout, 5*time.Second)),
		kgo.RetryTimeout(f.Timeout),
		kgo.DisableClientMetrics(),
	}, options...)...)
}

// admin runs do with an admin client and the time limit.
func (p *program) admin(do func(context.Context, *kadm.Client) error) error {
	client, err := p.client.connect()
	if err != nil {
		return usage{err}
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(p.ctx, p.client.Timeout)
	defer cancel()
	return p.client.explain(do(ctx, kadm.NewClient(client)))
}

// explain tells an answer of the broker from no answer at all.
func (f *clientFlags) explain(err error) error {
	var code *kerr.Error
	var no notSo
	switch {
	case err == nil, errors.As(err, &no):
		return err
	case errors.As(err, &code):
		return notSo{err}
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer from %s within %v: %w", strings.Join(f.addresses(), ","), f.Timeout, err)
	}
	return err
}

// answer makes an error of a response's code, with the broker's words.
func answer(what string, err error, message string) error {
	if err == nil {
		return nil
	}
	if message != "" && !strings.Contains(err.Error(), message) {
		err = fmt.Errorf("%w (%s)", err, message)
	}
	return fmt.Errorf("%s: %w", what, err)
}
