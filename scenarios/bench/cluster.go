package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// clusterNodes is how many nodes a cluster has, and how many replicas a log.
const clusterNodes = 3

// noLimit is how Kafka spells "never" in flush.messages.
const noLimit = "9223372036854775807"

// freeAddresses finds n addresses of this machine that nobody uses.
func freeAddresses(n int) ([]string, error) {
	var list []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // after the last, so that no address comes twice
		list = append(list, l.Addr().String())
	}
	return list, nil
}

// together makes one process of the nodes of a cluster. In place of a ready
// line it has the addresses for clients.
func together(nodes []*process, listen []string) *process {
	p := nodes[0]
	p.peers = nodes[1:]
	p.ready = ready{Event: "ready", Listen: strings.Join(listen, ",")}
	return p
}

// killAll kills nodes that are no cluster yet.
func killAll(nodes []*process) {
	for _, p := range nodes {
		p.kill()
	}
}

// until tries again and again until something succeeds, the context ends, or
// a node does.
func until(ctx context.Context, p *process, try func(ctx context.Context) error) error {
	for {
		limited, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := try(limited)
		cancel()
		if err == nil {
			return nil
		}
		if failed := p.failed(); failed != nil {
			return failed
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// trialogCluster is three nodes, each a voter.
type trialogCluster struct {
	program string
	synced  bool // flush.messages=1, the default; otherwise never
}

func (trialogCluster) name() string  { return nameTrialog }
func (trialogCluster) durable() bool { return true }

func (t trialogCluster) start(ctx context.Context, dir string, logs int) (server, error) {
	addresses, err := freeAddresses(2 * clusterNodes)
	if err != nil {
		return nil, err
	}
	clients, peers := addresses[:clusterNodes], addresses[clusterNodes:]
	var voters []string
	for i, a := range peers {
		voters = append(voters, fmt.Sprintf("%d@%s", i+1, a))
	}
	var nodes []*process
	for i := range clusterNodes {
		p, err := launch([]string{"TRIALOG_CLUSTER_SECRET=bench"}, t.program, "serve", "--json", "--log-level", "warn",
			"--node-id", fmt.Sprint(i+1), "--data-dir", fmt.Sprintf("%s-%d", dir, i+1), "--listen", clients[i], "--admin-listen", "127.0.0.1:0",
			"--quorum-voters", strings.Join(voters, ","))
		if err != nil {
			killAll(nodes)
			return nil, err
		}
		nodes = append(nodes, p)
	}
	for _, p := range nodes {
		if err := p.await(ctx); err != nil {
			killAll(nodes)
			return nil, err
		}
	}
	return kafkaCluster(ctx, together(nodes, clients), t.synced, logs)
}

// kafkaCluster waits until all brokers of a cluster are known, and makes the topic.
func kafkaCluster(ctx context.Context, p *process, synced bool, logs int) (server, error) {
	flush, minISR := noLimit, "2"
	if synced {
		flush = "1"
	}
	s := &kafkaServer{p: p, replicas: clusterNodes, configs: map[string]*string{"flush.messages": &flush, "min.insync.replicas": &minISR}}
	err := until(ctx, p, func(ctx context.Context) error { return s.brokers(ctx, clusterNodes) })
	if err == nil {
		err = s.createLogs(ctx, logs)
	}
	if err != nil {
		p.kill()
		return nil, err
	}
	return s, nil
}
