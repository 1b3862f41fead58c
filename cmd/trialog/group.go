package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// groupCommands are the commands on consumer groups.
type groupCommands struct {
	List         groupList     `cmd:"" help:"List groups."`
	Describe     groupDescribe `cmd:"" help:"Describe groups: members, lag, and why they rebalanced last."`
	ResetOffsets groupReset    `cmd:"" name:"reset-offsets" help:"Move what a group without members has committed."`
	Delete       groupDelete   `cmd:"" help:"Delete groups without members, and what they have committed."`
}

type groupList struct{}

// Run carries out the command.
func (c *groupList) Run(p *program) error {
	return p.admin(func(ctx context.Context, a *kadm.Client) error {
		groups, err := a.ListGroups(ctx)
		if err != nil {
			return err
		}
		type row struct {
			Group        string `json:"group"`
			ProtocolType string `json:"protocol_type"`
			State        string `json:"state"`
			Coordinator  int32  `json:"coordinator"`
		}
		rows := []row{}
		for _, g := range groups.Sorted() {
			rows = append(rows, row{g.Group, g.ProtocolType, g.State, g.Coordinator})
		}
		if p.json {
			return json.NewEncoder(p.out).Encode(map[string]any{"groups": rows})
		}
		w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "GROUP\tPROTOCOL\tSTATE\tCOORDINATOR")
		for _, r := range rows {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\n", r.Group, r.ProtocolType, r.State, r.Coordinator)
		}
		return w.Flush()
	})
}

type groupDescribe struct {
	Names []string `arg:"" name:"name" help:"The groups."`
}

// groupView is a described group.
type groupView struct {
	Group       string       `json:"group"`
	State       string       `json:"state"`
	Protocol    string       `json:"protocol"`
	Coordinator int32        `json:"coordinator"`
	Lag         int64        `json:"lag"` // of all partitions
	Members     []memberView `json:"members"`
	Partitions  []lagView    `json:"partitions"`
	// Rebalances say why the group rebalanced last, oldest first. Only Trialog tells.
	Rebalances []causeView `json:"rebalances"`
}

type memberView struct {
	ID         string `json:"id"`
	InstanceID string `json:"instance_id,omitempty"`
	ClientID   string `json:"client_id"`
	Host       string `json:"host"`
	Partitions int    `json:"partitions"`
}

type lagView struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Committed int64  `json:"committed"` // -1: nothing
	End       int64  `json:"end_offset"`
	Lag       int64  `json:"lag"` // -1: unknown
	Member    string `json:"member"`
}

type causeView struct {
	At       time.Time `json:"at"`
	Member   string    `json:"member"`
	ClientID string    `json:"client_id"`
	Host     string    `json:"host"`
	Why      string    `json:"why"`
}

// Run carries out the command.
func (c *groupDescribe) Run(p *program) error {
	return p.ask(func(ctx context.Context, client *kgo.Client) error {
		a := kadm.NewClient(client)
		lags, err := a.Lag(ctx, c.Names...)
		if err != nil && len(lags) == 0 {
			return err
		}
		var failed []error
		views := []groupView{}
		for _, g := range lags.Sorted() {
			switch {
			case g.State == "Dead", errors.Is(g.Error(), kerr.GroupIDNotFound):
				v, err := viewConsumerGroup(ctx, client, a, g.Group)
				if err != nil {
					failed = append(failed, answer(g.Group, err, ""))
					continue
				}
				views = append(views, v)
			case g.Error() != nil:
				failed = append(failed, answer(g.Group, g.Error(), ""))
			default:
				v := viewGroup(&g)
				v.Rebalances = causes(ctx, client, g.Group)
				views = append(views, v)
			}
		}
		if p.json {
			return errors.Join(append(failed, json.NewEncoder(p.out).Encode(map[string]any{"groups": views}))...)
		}
		for i := range views {
			failed = append(failed, p.printGroup(&views[i]))
		}
		return errors.Join(failed...)
	})
}

func viewGroup(g *kadm.DescribedGroupLag) groupView {
	v := groupView{
		Group: g.Group, State: g.State, Protocol: g.Protocol, Coordinator: g.Coordinator.NodeID, Lag: g.Lag.Total(),
		Members: []memberView{}, Partitions: []lagView{},
	}
	owned := make(map[string]int)
	for _, l := range g.Lag.Sorted() {
		one := lagView{Topic: l.Topic, Partition: l.Partition, Committed: l.Commit.At, End: l.End.Offset, Lag: l.Lag}
		if l.Member != nil {
			one.Member = l.Member.MemberID
			owned[one.Member]++
		}
		v.Partitions = append(v.Partitions, one)
	}
	for i := range g.Members {
		m := &g.Members[i]
		one := memberView{ID: m.MemberID, ClientID: m.ClientID, Host: m.ClientHost, Partitions: owned[m.MemberID]}
		if m.InstanceID != nil {
			one.InstanceID = *m.InstanceID
		}
		v.Members = append(v.Members, one)
	}
	return v
}

// tagCauses is the tagged field in which Trialog says why a group rebalanced:
// lines of time in milliseconds, member, client ID, host and cause.
const tagCauses = 10_000

// causes asks why a group rebalanced last; empty where the broker does not say.
func causes(ctx context.Context, client *kgo.Client, group string) []causeView {
	q := kmsg.NewPtrDescribeGroupsRequest()
	q.Groups = []string{group}
	r, err := q.RequestWith(ctx, client)
	if err != nil || len(r.Groups) == 0 {
		return []causeView{}
	}
	return causesIn(&r.Groups[0].UnknownTags)
}

// causesIn reads them from the tagged fields of a described group.
func causesIn(tags *kmsg.Tags) []causeView {
	all := []causeView{}
	tags.Each(func(tag uint32, b []byte) {
		if tag != tagCauses {
			return
		}
		for line := range strings.Lines(string(b)) {
			f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 5)
			at, err := strconv.ParseInt(f[0], 10, 64)
			if err != nil || len(f) < 5 {
				continue
			}
			all = append(all, causeView{At: time.UnixMilli(at), Member: f[1], ClientID: f[2], Host: f[3], Why: f[4]})
		}
	})
	return all
}

func (p *program) printGroup(v *groupView) error {
	fmt.Fprintf(p.out, "%s: %s, protocol %s, coordinator %d, lag %d\n", v.Group, v.State, dash(v.Protocol), v.Coordinator, v.Lag)
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	if len(v.Members) > 0 {
		fmt.Fprintln(w, "  MEMBER\tINSTANCE\tCLIENT\tHOST\tPARTITIONS")
	}
	for _, m := range v.Members {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%d\n", m.ID, dash(m.InstanceID), m.ClientID, m.Host, m.Partitions)
	}
	if len(v.Partitions) > 0 {
		fmt.Fprintln(w, "  TOPIC\tPARTITION\tCOMMITTED\tEND\tLAG\tMEMBER")
	}
	for _, l := range v.Partitions {
		fmt.Fprintf(w, "  %s\t%d\t%s\t%d\t%s\t%s\n", l.Topic, l.Partition, known(l.Committed), l.End, known(l.Lag), dash(l.Member))
	}
	if len(v.Rebalances) > 0 {
		fmt.Fprintln(w, "  REBALANCED AT\tBECAUSE\tCLIENT\tHOST\tMEMBER")
	}
	for _, r := range v.Rebalances {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", r.At.UTC().Format(time.RFC3339), r.Why, dash(r.ClientID), dash(r.Host), dash(r.Member))
	}
	return w.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

type groupDelete struct {
	Names []string `arg:"" name:"name" help:"The groups."`
}

// Run carries out the command.
func (c *groupDelete) Run(p *program) error {
	return p.admin(func(ctx context.Context, a *kadm.Client) error {
		deleted, err := a.DeleteGroups(ctx, c.Names...)
		if err != nil && len(deleted) == 0 {
			return err
		}
		var failed []error
		for _, g := range deleted.Sorted() {
			if g.Err != nil {
				failed = append(failed, answer(g.Group, g.Err, ""))
				continue
			}
			p.say(map[string]any{"group": g.Group, "deleted": true}, "Deleted %s.", g.Group)
		}
		return errors.Join(failed...)
	})
}
