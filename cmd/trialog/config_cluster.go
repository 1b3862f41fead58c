package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/twmb/franz-go/pkg/kadm"
)

// resourceArgs name what settings stand on.
type resourceArgs struct {
	Kind string `arg:"" enum:"topic,broker" help:"topic or broker."`
	Name string `arg:"" optional:"" help:"The topic, or the broker's ID; no name: what is set for all brokers at once."`
}

// check refuses what names nothing.
func (a *resourceArgs) check() error {
	if a.Kind == "topic" && a.Name == "" {
		return usage{errors.New("which topic?")}
	}
	if a.Kind == "broker" && a.Name != "" {
		if n, err := strconv.ParseInt(a.Name, 10, 32); err != nil || n < 0 {
			return usage{fmt.Errorf("broker %q: an ID is a number from 0 on", a.Name)}
		}
	}
	return nil
}

// brokers is the argument of kadm's functions on brokers.
func (a *resourceArgs) brokers() []int32 {
	if a.Name == "" {
		return nil
	}
	n, _ := strconv.ParseInt(a.Name, 10, 32) // check has read it
	return []int32{int32(n)}
}

func (a *resourceArgs) String() string {
	if a.Kind == "broker" && a.Name == "" {
		return "all brokers"
	}
	return a.Kind + " " + a.Name
}

// configDescribe prints settings of a cluster.
type configDescribe struct {
	resourceArgs
	Setting []string `short:"s" placeholder:"NAME" help:"Only these settings."`
	Changed bool     `help:"Only what is not the default."`
}

// Run carries out the command.
func (c *configDescribe) Run(p *program) error {
	if err := c.check(); err != nil {
		return err
	}
	return p.admin(func(ctx context.Context, a *kadm.Client) error {
		var all kadm.ResourceConfigs
		var err error
		if c.Kind == "topic" {
			all, err = a.DescribeTopicConfigs(ctx, c.Name)
		} else {
			all, err = a.DescribeBrokerConfigs(ctx, c.brokers()...)
		}
		if err != nil {
			return err
		}
		list := []setting{}
		for _, resource := range all {
			if resource.Err != nil {
				return answer(c.String(), resource.Err, resource.ErrMessage)
			}
			for _, s := range resource.Configs {
				if c.wants(&s) {
					list = append(list, setting{Name: s.Key, Value: valueOf(&s), Source: strings.ToLower(s.Source.String())})
				}
			}
		}
		slices.SortFunc(list, func(a, b setting) int { return strings.Compare(a.Name, b.Name) })
		return c.print(p, list)
	})
}

func (c *configDescribe) wants(s *kadm.Config) bool {
	if len(c.Setting) > 0 && !slices.Contains(c.Setting, s.Key) {
		return false
	}
	return !c.Changed || s.Source.String() != "DEFAULT_CONFIG"
}

// valueOf is a value as it may be shown: brokers tell nothing of a secret.
func valueOf(s *kadm.Config) string {
	if s.Sensitive {
		return hidden
	}
	return s.MaybeValue()
}

func (c *configDescribe) print(p *program, list []setting) error {
	for _, name := range c.Setting {
		if !c.Changed && !slices.ContainsFunc(list, func(s setting) bool { return s.Name == name }) {
			return notSo{fmt.Errorf("%s has no setting %s", c.String(), name)}
		}
	}
	if p.json {
		return json.NewEncoder(p.out).Encode(map[string]any{"resource": c.String(), "settings": list})
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, s := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, shown(s.Value), s.Source)
	}
	return w.Flush()
}

// configAlter changes settings of a cluster.
type configAlter struct {
	resourceArgs
	Set      []string `placeholder:"NAME=VALUE" sep:"none" help:"Give a setting a value; may be given often."`
	Unset    []string `placeholder:"NAME" help:"Take a setting's own value away, so that the weaker one holds."`
	Append   []string `placeholder:"NAME=ITEM" sep:"none" help:"Add an item to a list."`
	Subtract []string `placeholder:"NAME=ITEM" sep:"none" help:"Remove an item from a list."`
	DryRun   bool     `help:"Only ask whether it could be done."`
}

// Run carries out the command.
func (c *configAlter) Run(p *program) error {
	if err := c.check(); err != nil {
		return err
	}
	changes, err := c.changes()
	if err != nil {
		return err
	}
	return p.admin(func(ctx context.Context, a *kadm.Client) error {
		var done kadm.AlterConfigsResponses
		var err error
		switch {
		case c.Kind == "topic" && c.DryRun:
			done, err = a.ValidateAlterTopicConfigs(ctx, changes, c.Name)
		case c.Kind == "topic":
			done, err = a.AlterTopicConfigs(ctx, changes, c.Name)
		case c.DryRun:
			done, err = a.ValidateAlterBrokerConfigs(ctx, changes, c.brokers()...)
		default:
			done, err = a.AlterBrokerConfigs(ctx, changes, c.brokers()...)
		}
		if err != nil {
			return err
		}
		for _, d := range done {
			if d.Err != nil {
				return answer(c.String(), d.Err, d.ErrMessage)
			}
		}
		text := "Changed %s."
		if c.DryRun {
			text = "%s could be changed so."
		}
		p.say(map[string]any{"resource": c.String(), "changed": !c.DryRun}, text, c.String())
		return nil
	})
}

// changes reads the flags.
func (c *configAlter) changes() ([]kadm.AlterConfig, error) {
	var list []kadm.AlterConfig
	for _, f := range []struct {
		op    kadm.IncrementalOp
		flag  string
		items []string
	}{{kadm.SetConfig, "set", c.Set}, {kadm.AppendConfig, "append", c.Append}, {kadm.SubtractConfig, "subtract", c.Subtract}} {
		for _, item := range f.items {
			name, value, ok := strings.Cut(item, "=")
			if !ok || name == "" {
				return nil, usage{fmt.Errorf("--%s %s: not NAME=VALUE", f.flag, item)}
			}
			list = append(list, kadm.AlterConfig{Op: f.op, Name: name, Value: &value})
		}
	}
	for _, name := range c.Unset {
		list = append(list, kadm.AlterConfig{Op: kadm.DeleteConfig, Name: name})
	}
	if len(list) == 0 {
		return nil, usage{errors.New("nothing to change: --set, --unset, --append or --subtract says what")}
	}
	return list, nil
}
