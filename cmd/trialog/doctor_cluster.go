package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/node/doctor"
)

// clusterView is what a cluster tells clients.
type clusterView struct {
	ID         string       `json:"id"`
	Bootstrap  []string     `json:"bootstrap"`
	Controller int32        `json:"controller"` // -1: none
	Brokers    []brokerView `json:"brokers"`
	Topics     int          `json:"topics"`
	Partitions int          `json:"partitions"`
}

// brokerView is a broker as clients are told of it, and as it is found there.
type brokerView struct {
	ID         int32     `json:"id"`
	Advertised string    `json:"advertised"`
	Rack       string    `json:"rack,omitempty"`
	Resolved   []string  `json:"resolved,omitempty"`
	Reached    bool      `json:"reached"`
	ConnectMs  float64   `json:"connect_ms"`
	Error      string    `json:"error,omitempty"`
	APIs       []apiView `json:"apis,omitempty"`
	Lacks      []string  `json:"lacks,omitempty"` // what clients cannot do with it

	address netip.Addr
}

// apiView is the range of versions that a broker has of an API.
type apiView struct {
	Key  int16  `json:"key"`
	Name string `json:"name"`
	Min  int16  `json:"min"`
	Max  int16  `json:"max"`
}

// reachWithin is how long a connection to a broker may take.
const reachWithin = 3 * time.Second

// examineCluster asks the bootstrap addresses, each by itself, and then the
// brokers that the first of them tells of, as a client would.
func examineCluster(p *program, d *diagnosis) {
	var meta *kadm.Metadata
	var from string
	silent := make(map[string]error)
	for _, address := range p.client.addresses() {
		m, err := askOne(p, address)
		if err != nil {
			silent[address] = err
			continue
		}
		if meta == nil {
			meta, from = m, address
		} else if m.Cluster != meta.Cluster {
			d.bad("bootstrap address "+address, "other-cluster", "addresses of one cluster",
				"It belongs to cluster %s, and %s to %s: a client takes whichever answers.", m.Cluster, from, meta.Cluster)
		}
	}
	if meta == nil {
		for address, err := range silent {
			d.failed("no answer from "+address, err)
		}
		return
	}
	for address, err := range silent {
		d.bad("bootstrap address "+address, "silent", "", "It does not answer (%v): a client that knows no other finds nobody.", err)
	}
	v := &clusterView{ID: meta.Cluster, Bootstrap: p.client.addresses(), Controller: meta.Controller}
	d.Cluster = v
	for _, b := range meta.Brokers {
		view := brokerView{ID: b.NodeID, Advertised: net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))}
		if b.Rack != nil {
			view.Rack = *b.Rack
		}
		v.Brokers = append(v.Brokers, view)
	}
	v.reach(p.ctx)
	err := p.admin(func(ctx context.Context, a *kadm.Client) error { return v.examine(ctx, a, d, meta, from) })
	if err != nil {
		d.failed("the cluster", err)
	}
}

// askOne gets the metadata that one address tells.
func askOne(p *program, address string) (*kadm.Metadata, error) {
	f := *p.client
	f.Bootstrap = []string{address}
	client, err := f.connect(kgo.RetryTimeout(min(f.Timeout, reachWithin)))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(p.ctx, min(f.Timeout, 2*reachWithin))
	defer cancel()
	m, err := kadm.NewClient(client).Metadata(ctx)
	return &m, err
}

// reach connects to each broker where clients are told that it is.
func (v *clusterView) reach(ctx context.Context) {
	var all sync.WaitGroup
	for i := range v.Brokers {
		all.Go(func() { v.Brokers[i].reach(ctx) })
	}
	all.Wait()
}

func (b *brokerView) reach(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	host, _, err := net.SplitHostPort(b.Advertised)
	if err == nil {
		b.Resolved, err = net.DefaultResolver.LookupHost(ctx, host)
	}
	if err != nil {
		b.Error = err.Error()
		return
	}
	began := time.Now()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", b.Advertised)
	if err != nil {
		b.Error = err.Error()
		return
	}
	b.ConnectMs = float64(time.Since(began).Microseconds()) / 1000
	b.Reached = true
	if at, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		b.address = at.Addr()
	}
	conn.Close()
}

// examine asks what takes a connection to the brokers themselves. from is the
// address by which the cluster was found.
func (v *clusterView) examine(ctx context.Context, a *kadm.Client, d *diagnosis, meta *kadm.Metadata, from string) error {
	var answering []netip.Addr
	var ids []int32
	for i := range v.Brokers {
		b := &v.Brokers[i]
		b.judge(d, from)
		if b.Reached {
			ids = append(ids, b.ID)
		}
	}
	if err := v.versions(ctx, a, d); err != nil {
		return err
	}
	for i := range v.Brokers {
		if len(v.Brokers[i].APIs) > 0 {
			answering = append(answering, v.Brokers[i].address)
		}
	}
	d.found("the cluster", doctor.AdviseCluster(len(v.Brokers), v.Controller >= 0, answering)...)
	if err := v.brokerSettings(ctx, a, d, ids); err != nil {
		return err
	}
	return v.topics(ctx, a, d, meta)
}

// judge says what is wrong with where clients are told that a broker is.
func (b *brokerView) judge(d *diagnosis, from string) {
	subject := fmt.Sprintf("broker %d", b.ID)
	host, _, _ := net.SplitHostPort(b.Advertised) // it was joined from two parts
	way, _, err := net.SplitHostPort(from)
	if err != nil {
		way = from
	}
	ip := net.ParseIP(host)
	switch {
	case ip != nil && ip.IsUnspecified():
		d.bad(subject, "told-nowhere", "--advertise (advertised.listeners) with a name that clients resolve", "Clients are told %s, which is no address to connect to.", b.Advertised)
	case isLoopback(host) && !isLoopback(way):
		d.bad(subject, "told-loopback", "--advertise (advertised.listeners) with a name that clients resolve",
			"It was found at %s, but clients are told %s, where each finds itself.", from, b.Advertised)
	case !b.Reached:
		d.bad(subject, "not-reached", "", "Clients are told %s, which is not reached from here: %s.", b.Advertised, b.Error)
	}
}

// versions asks each broker for its API versions.
func (v *clusterView) versions(ctx context.Context, a *kadm.Client, d *diagnosis) error {
	ctx, cancel := context.WithTimeout(ctx, 2*reachWithin)
	defer cancel()
	all, err := a.ApiVersions(ctx)
	if err != nil && len(all) == 0 {
		return err
	}
	for i := range v.Brokers {
		b := &v.Brokers[i]
		told := all[b.ID]
		switch {
		case !b.Reached:
			continue
		case told.Err != nil:
			d.bad(fmt.Sprintf("broker %d", b.ID), "no-answer", "", "It takes a connection at %s, and does not answer: %v.", b.Advertised, told.Err)
			continue
		}
		told.EachKeySorted(func(key, low, high int16) {
			b.APIs = append(b.APIs, apiView{key, doctor.APIName(key), low, high})
		})
		b.Lacks = doctor.Lacks(func(key int16) bool { _, ok := told.KeyMaxVersion(key); return ok })
	}
	return nil
}

// brokerSettings judges the settings of the brokers that can be reached. A
// broker that another one answers for is told apart by its ID.
func (v *clusterView) brokerSettings(ctx context.Context, a *kadm.Client, d *diagnosis, ids []int32) error {
	if len(ids) == 0 {
		return nil
	}
	all, err := a.DescribeBrokerConfigs(ctx, ids...)
	var shards *kadm.ShardErrors
	if err != nil && !errors.As(err, &shards) {
		return err
	}
	for _, r := range all {
		subject := "broker " + r.Name
		if r.Err != nil {
			d.bad(subject, "settings-refused", "", "It does not tell its settings: %v.", answer(r.Name, r.Err, r.ErrMessage))
			continue
		}
		d.found(subject, doctor.AdviseBroker(plain(r.Configs), len(v.Brokers))...)
	}
	return nil
}

// plain are settings by name, without secrets and what has no value.
func plain(configs []kadm.Config) map[string]string {
	values := make(map[string]string, len(configs))
	for _, c := range configs {
		if c.Value != nil && !c.Sensitive {
			values[c.Key] = *c.Value
		}
	}
	return values
}

// topics judges the topics, internal ones included.
func (v *clusterView) topics(ctx context.Context, a *kadm.Client, d *diagnosis, meta *kadm.Metadata) error {
	v.Topics = len(meta.Topics)
	if v.Topics == 0 {
		return nil
	}
	all, err := a.DescribeTopicConfigs(ctx, meta.Topics.Names()...)
	if err != nil {
		return err
	}
	v.missing(d, meta)
	free := v.freePercent(ctx, a, d)
	for _, t := range meta.Topics.Sorted() {
		v.Partitions += len(t.Partitions)
		facts := doctor.Topic{Brokers: len(v.Brokers), FreePercent: free}
		if r, err := all.On(t.Topic, nil); err == nil && r.Err == nil {
			facts.Values = plain(r.Configs)
		}
		for i, part := range t.Partitions.Sorted() {
			if i == 0 || len(part.Replicas) < facts.Replicas {
				facts.Replicas = len(part.Replicas)
			}
			if i == 0 || len(part.ISR) < facts.InSync {
				facts.InSync = len(part.ISR)
			}
			if len(part.ISR) < len(part.Replicas) {
				facts.Behind++
			}
			if part.Leader < 0 {
				facts.Leaderless++
			}
		}
		d.found("topic "+t.Topic, doctor.AdviseTopic(&facts)...)
	}
	return nil
}

// missing names the brokers that hold replicas, and that clients are not told of.
func (v *clusterView) missing(d *diagnosis, meta *kadm.Metadata) {
	holds := make(map[int32]int)
	for _, t := range meta.Topics {
		for _, part := range t.Partitions {
			for _, id := range part.Replicas {
				holds[id]++
			}
		}
	}
	for i := range v.Brokers {
		delete(holds, v.Brokers[i].ID)
	}
	for _, id := range slices.Sorted(maps.Keys(holds)) {
		d.bad(fmt.Sprintf("broker %d", id), "missing", "start it, or move its replicas", "It holds %s and is not there: it is stopped, fenced or lost.", counted(holds[id], "replica", "replicas"))
	}
}

// freePercent is how much of the fullest disk is free: of the brokers that tell
// (KIP-827), or of the directory that was examined; negative: nobody knows.
func (v *clusterView) freePercent(ctx context.Context, a *kadm.Client, d *diagnosis) int {
	least := -1
	note := func(percent int) {
		if percent >= 0 && (least < 0 || percent < least) {
			least = percent
		}
	}
	if d.Directory != nil {
		note(d.Directory.FreePercent())
	}
	dirs, err := a.DescribeAllLogDirs(ctx, kadm.TopicsSet{})
	if err != nil {
		return least // brokers need not have this API
	}
	dirs.Each(func(dir kadm.DescribedLogDir) {
		if dir.Err != nil {
			d.bad(fmt.Sprintf("broker %d", dir.Broker), "directory-failed", "", "Its directory %s cannot be used: %v.", dir.Dir, dir.Err)
		} else if dir.TotalBytes > 0 {
			note(int(dir.UsableBytes * 100 / dir.TotalBytes))
		}
	})
	return least
}

func (v *clusterView) lacks() string {
	var list []string
	for i := range v.Brokers {
		if len(v.Brokers[i].APIs) > 0 {
			list = v.Brokers[i].Lacks
			break
		}
	}
	return strings.Join(list, ", ")
}
