package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"
)

// jetStreamCluster is three servers; every stream has three replicas.
type jetStreamCluster struct {
	self   string // this program
	synced bool   // sync_interval: always; otherwise the default, two minutes
}

func (jetStreamCluster) name() string  { return nameJetStream }
func (jetStreamCluster) durable() bool { return true }

func (j jetStreamCluster) start(ctx context.Context, dir string, logs int) (server, error) {
	addresses, err := freeAddresses(2 * clusterNodes)
	if err != nil {
		return nil, err
	}
	clients, routes := addresses[:clusterNodes], addresses[clusterNodes:]
	mode := "default"
	if j.synced {
		mode = "always"
	}
	var nodes []*process
	for i := range clusterNodes {
		p, err := launch(nil, j.self, childWord, "jetstream-node", fmt.Sprintf("%s-%d", dir, i+1), mode, clients[i], routes[i], strings.Join(routes, ","))
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
	s := &jetStreamServer{p: together(nodes, clients), replicas: clusterNodes}
	// The first streams wait until the servers have chosen who decides.
	if err := until(ctx, s.p, func(ctx context.Context) error { return s.createLogs(ctx, logs) }); err != nil {
		s.p.kill()
		return nil, err
	}
	return s, nil
}

// runJetStreamNode is the child: one server of a cluster.
func runJetStreamNode(dir string, always bool, listen, route, routes string) error {
	clientPort, err := strconv.Atoi(port(listen))
	if err != nil {
		return err
	}
	routePort, err := strconv.Atoi(port(route))
	if err != nil {
		return err
	}
	options := &nats.Options{
		ServerName: "node-" + port(route), Host: "127.0.0.1", Port: clientPort, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true,
		JetStreamMaxStore: 1 << 40, SyncAlways: always, MaxPayload: 8 << 20,
		Cluster: nats.ClusterOpts{Name: "bench", Host: "127.0.0.1", Port: routePort},
	}
	for r := range strings.SplitSeq(routes, ",") {
		if r != route {
			options.Routes = append(options.Routes, &url.URL{Scheme: "nats-route", Host: r})
		}
	}
	s, err := nats.NewServer(options)
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
