package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// clusterCommands are the commands on a cluster as a whole.
type clusterCommands struct {
	Describe clusterDescribe `cmd:"" help:"Print brokers, partitions that are not well, and the metadata quorum."`
	Reassign clusterReassign `cmd:"" help:"Move partitions to other brokers, see how far that is, or take it back."`
	Elect    clusterElect    `cmd:"" help:"Let preferred replicas lead, or any that is left."`
	Voters   voterCommands   `cmd:"" help:"The metadata quorum's voters."`
}

// clusterState is a described cluster.
type clusterState struct {
	ClusterID  string        `json:"cluster_id"`
	Controller int32         `json:"controller"`
	Brokers    []brokerState `json:"brokers"`
	Topics     int           `json:"topics"`
	Partitions int           `json:"partitions"`
	// Offline partitions have no leader, under-replicated ones a replica that is
	// not in sync.
	Offline         []string    `json:"offline"`
	UnderReplicated []string    `json:"under_replicated"`
	Quorum          *quorumView `json:"quorum,omitempty"`
}

type brokerState struct {
	ID       int32  `json:"id"`
	Address  string `json:"address"`
	Rack     string `json:"rack,omitempty"`
	Fenced   bool   `json:"fenced"`
	Leads    int    `json:"leads"`    // partitions
	Replicas int    `json:"replicas"` // of partitions
}

// client runs do with a plain client and the time limit.
func (p *program) ask(do func(context.Context, *kgo.Client) error) error {
	return p.admin(func(ctx context.Context, _ *kadm.Client) error {
		client, err := p.client.connect()
		if err != nil {
			return err
		}
		defer client.Close()
		return do(ctx, client)
	})
}

type clusterDescribe struct{}

// Run carries out the command.
func (*clusterDescribe) Run(p *program) error {
	return p.ask(func(ctx context.Context, client *kgo.Client) error {
		v, err := describeCluster(ctx, client)
		if err != nil {
			return err
		}
		if p.json {
			return json.NewEncoder(p.out).Encode(v)
		}
		return p.showCluster(v)
	})
}

func describeCluster(ctx context.Context, client *kgo.Client) (*clusterState, error) {
	q := kmsg.NewPtrDescribeClusterRequest()
	q.IncludeFencedBrokers = true
	a, err := q.RequestWith(ctx, client)
	if err == nil {
		err = kerr.ErrorForCode(a.ErrorCode)
	}
	if err != nil {
		return nil, err
	}
	v := &clusterState{ClusterID: a.ClusterID, Controller: a.ControllerID, Offline: []string{}, UnderReplicated: []string{}}
	for i := range a.Brokers {
		b := &a.Brokers[i]
		view := brokerState{ID: b.NodeID, Address: fmt.Sprintf("%s:%d", b.Host, b.Port), Fenced: b.IsFenced}
		if b.Rack != nil {
			view.Rack = *b.Rack
		}
		v.Brokers = append(v.Brokers, view)
	}
	slices.SortFunc(v.Brokers, func(x, y brokerState) int { return int(x.ID) - int(y.ID) })
	topics, err := kadm.NewClient(client).ListTopicsWithInternal(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range topics.Sorted() {
		v.count(&t)
	}
	// A cluster that is not Trialog or of KRaft has no quorum to describe.
	v.Quorum, _ = describeQuorum(ctx, client)
	return v, nil
}

// count adds a topic's partitions.
func (v *clusterState) count(t *kadm.TopicDetail) {
	v.Topics++
	for _, d := range t.Partitions.Sorted() {
		v.Partitions++
		name := fmt.Sprintf("%s-%d", t.Topic, d.Partition)
		if d.Leader < 0 {
			v.Offline = append(v.Offline, name)
		}
		if len(d.ISR) < len(d.Replicas) {
			v.UnderReplicated = append(v.UnderReplicated, name)
		}
		for i := range v.Brokers {
			b := &v.Brokers[i]
			if b.ID == d.Leader {
				b.Leads++
			}
			if slices.Contains(d.Replicas, b.ID) {
				b.Replicas++
			}
		}
	}
}

func (p *program) showCluster(v *clusterState) error {
	fmt.Fprintf(p.out, "Cluster %s, controller on broker %s.\n", v.ClusterID, known(int64(v.Controller)))
	w := tabwriter.NewWriter(p.out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  broker\taddress\track\tstate\tleads\treplicas")
	for _, b := range v.Brokers {
		state := "serves"
		if b.Fenced {
			state = "fenced"
		}
		fmt.Fprintf(w, "  %d\t%s\t%s\t%s\t%d\t%d\n", b.ID, b.Address, shown(b.Rack), state, b.Leads, b.Replicas)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%d topics, %d partitions; %d offline%s, %d under-replicated%s.\n", v.Topics, v.Partitions,
		len(v.Offline), some(v.Offline), len(v.UnderReplicated), some(v.UnderReplicated))
	if v.Quorum == nil {
		return nil
	}
	return p.showQuorum(v.Quorum)
}

// some names the first of a list.
func some(names []string) string {
	const most = 5
	switch {
	case len(names) == 0:
		return ""
	case len(names) > most:
		return fmt.Sprintf(" (%s …)", joined(names[:most]))
	}
	return fmt.Sprintf(" (%s)", joined(names))
}

// quorumView is the metadata quorum.
type quorumView struct {
	Leader    int32         `json:"leader"`
	Epoch     int32         `json:"epoch"`
	Committed int64         `json:"committed"`
	Replicas  []replicaView `json:"replicas"`
}

type replicaView struct {
	Node    int32     `json:"node"`
	Voter   bool      `json:"voter"`
	End     int64     `json:"end"`
	Lag     int64     `json:"lag"`
	HeardAt time.Time `json:"heard_at,omitzero"`
}

// metadataTopic is what the protocol calls the metadata log.
const metadataTopic = "__cluster_metadata"

func describeQuorum(ctx context.Context, client *kgo.Client) (*quorumView, error) {
	q := kmsg.NewPtrDescribeQuorumRequest()
	t := kmsg.NewDescribeQuorumRequestTopic()
	t.Topic, t.Partitions = metadataTopic, []kmsg.DescribeQuorumRequestTopicPartition{kmsg.NewDescribeQuorumRequestTopicPartition()}
	q.Topics = append(q.Topics, t)
	a, err := q.RequestWith(ctx, client)
	if err == nil {
		err = kerr.ErrorForCode(a.ErrorCode)
	}
	if err == nil && (len(a.Topics) != 1 || len(a.Topics[0].Partitions) != 1) {
		err = errors.New("no metadata quorum was described")
	}
	if err != nil {
		return nil, err
	}
	p := &a.Topics[0].Partitions[0]
	v := &quorumView{Leader: p.LeaderID, Epoch: p.LeaderEpoch, Committed: p.HighWatermark}
	add := func(replicas []kmsg.DescribeQuorumResponseTopicPartitionReplicaState, voter bool) {
		for i := range replicas {
			r := replicaView{Node: replicas[i].ReplicaID, Voter: voter, End: replicas[i].LogEndOffset}
			r.Lag = max(0, v.Committed-r.End)
			if ms := replicas[i].LastFetchTimestamp; ms > 0 {
				r.HeardAt = time.UnixMilli(ms).UTC()
			}
			v.Replicas = append(v.Replicas, r)
		}
	}
	add(p.CurrentVoters, true)
	add(p.Observers, false)
	slices.SortFunc(v.Replicas, func(x, y replicaView) int { return int(x.Node) - int(y.Node) })
	return v, nil
}

func (p *program) showQuorum(v *quorumView) error {
	fmt.Fprintf(p.out, "Metadata quorum: led by broker %d in epoch %d, %d entries.\n", v.Leader, v.Epoch, v.Committed)
	w := tabwriter.NewWriter(p.out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  broker\trole\tlag\tlast heard of")
	for _, r := range v.Replicas {
		role, heard := "voter", "-"
		if !r.Voter {
			role = "observer"
		}
		if !r.HeardAt.IsZero() {
			heard = r.HeardAt.Format(time.RFC3339)
		}
		fmt.Fprintf(w, "  %d\t%s\t%d\t%s\n", r.Node, role, r.Lag, heard)
	}
	return w.Flush()
}
