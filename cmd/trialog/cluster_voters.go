package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// voterCommands are the commands on the metadata quorum's voters.
type voterCommands struct {
	List   voterList   `cmd:"" default:"1" help:"Print who is in the quorum, and how far."`
	Add    voterAdd    `cmd:"" help:"Let a node vote that is in the quorum without a vote."`
	Remove voterRemove `cmd:"" help:"Take a voter out; its node joins again, without a vote."`
}

type voterList struct{}

// Run carries out the command.
func (*voterList) Run(p *program) error {
	return p.ask(func(ctx context.Context, client *kgo.Client) error {
		v, err := describeQuorum(ctx, client)
		if err != nil {
			return err
		}
		if p.json {
			return json.NewEncoder(p.out).Encode(v)
		}
		return p.showQuorum(v)
	})
}

type voterAdd struct {
	Node int32 `arg:"" help:"The node's ID."`
}

// Run carries out the command.
func (c *voterAdd) Run(p *program) error {
	return p.ask(func(ctx context.Context, client *kgo.Client) error {
		q := kmsg.NewPtrAddRaftVoterRequest()
		q.VoterID = c.Node
		a, err := q.RequestWith(ctx, client)
		if err == nil {
			err = answer(fmt.Sprintf("node %d", c.Node), kerr.ErrorForCode(a.ErrorCode), optional(a.ErrorMessage))
		}
		if err != nil {
			return err
		}
		p.say(map[string]any{"node": c.Node, "voter": true}, "Node %d votes once it has caught up.", c.Node)
		return nil
	})
}

type voterRemove struct {
	Node int32 `arg:"" help:"The node's ID."`
}

// Run carries out the command.
func (c *voterRemove) Run(p *program) error {
	return p.ask(func(ctx context.Context, client *kgo.Client) error {
		q := kmsg.NewPtrRemoveRaftVoterRequest()
		q.VoterID = c.Node
		a, err := q.RequestWith(ctx, client)
		if err == nil {
			err = answer(fmt.Sprintf("node %d", c.Node), kerr.ErrorForCode(a.ErrorCode), optional(a.ErrorMessage))
		}
		if err != nil {
			return err
		}
		p.say(map[string]any{"node": c.Node, "voter": false}, "Node %d is no voter any more.", c.Node)
		return nil
	})
}

// optional is a text that may be missing.
func optional(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
