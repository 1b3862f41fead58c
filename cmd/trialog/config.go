package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"trialog/node"
)

// settingFlags are the flags that serve and config share.
type settingFlags struct {
	ConfigFile   string   `name:"config" placeholder:"FILE" help:"Settings: YAML, or Kafka's server.properties."`
	DataDir      *string  `placeholder:"DIR" help:"Where everything is kept (./trialog-data)."`
	Listen       *string  `placeholder:"HOST:PORT" help:"Where clients connect (localhost:9092); port 0 picks a free one."`
	Advertise    *string  `placeholder:"HOST:PORT" help:"What clients are told; as --listen when not given."`
	NodeID       *string  `name:"node-id" placeholder:"N" help:"This node's ID, for as long as its cluster lives (1)."`
	AdminListen  *string  `placeholder:"HOST:PORT" help:"Where /healthz, /readyz and /metrics are (localhost:9644); empty: nowhere."`
	QuorumVoters *string  `placeholder:"ID@HOST:PORT,..." help:"The metadata quorum's voters; this node alone when not given."`
	QuorumListen *string  `placeholder:"HOST:PORT" help:"Where the metadata quorum's transport listens."`
	LogLevel     *string  `placeholder:"LEVEL" help:"debug, info, warn or error (info)."`
	Set          []string `placeholder:"NAME=VALUE" sep:"none" help:"A broker setting by Kafka's name; may be given often."`
}

// load resolves the settings.
func (f *settingFlags) load(env []string) (*settings, error) {
	given := make(map[string]string)
	for name, value := range map[string]*string{
		"data-dir": f.DataDir, "listen": f.Listen, "advertise": f.Advertise, "node-id": f.NodeID,
		"admin-listen": f.AdminListen, "quorum-voters": f.QuorumVoters,
		"quorum-listen": f.QuorumListen, "log-level": f.LogLevel,
	} {
		if value != nil {
			given[name] = *value
		}
	}
	for _, item := range f.Set {
		name, value, ok := strings.Cut(item, "=")
		if !ok {
			return nil, usage{fmt.Errorf("--set %s: not NAME=VALUE", item)}
		}
		given[name] = value
	}
	s, err := loadSettings(f.ConfigFile, env, given)
	if err != nil {
		return nil, err
	}
	for _, u := range s.unknown {
		if strings.HasSuffix(u, "("+fromFlag+")") {
			return nil, usage{fmt.Errorf("unknown setting %s", strings.TrimSuffix(u, " ("+fromFlag+")"))}
		}
	}
	return s, nil
}

// configCommands are the commands on settings.
type configCommands struct {
	Show     configShow     `cmd:"" default:"withargs" help:"Print each setting that a node would start with, and where its value came from."`
	Describe configDescribe `cmd:"" help:"Print the settings of topics or brokers of a cluster, and where each value came from."`
	Alter    configAlter    `cmd:"" help:"Change settings of a topic or of brokers while they run."`
}

// configShow prints the settings that serve would start with.
type configShow struct {
	settingFlags
	Changed bool `help:"Only what is not the default."`
	Doc     bool `help:"Say what each setting does."`
}

// lonely implements lonely.
func (*configShow) lonely() {}

// Run carries out the command.
func (c *configShow) Run(p *program) error {
	s, err := c.load(p.env)
	if err != nil {
		return err
	}
	secret := make(map[string]bool)
	for _, b := range node.Settings() {
		secret[b.Name] = b.Sensitive
	}
	for _, name := range secretSettings {
		secret[name] = true
	}
	list := []setting{}
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		v := s.values[name]
		if c.Changed && v.Source == fromDefault {
			continue
		}
		if !c.Doc {
			v.Doc = ""
		}
		if secret[v.Name] && v.Value != "" {
			v.Value = hidden
		}
		list = append(list, v)
	}
	for _, u := range s.unknown {
		fmt.Fprintf(p.err, "trialog: nobody knows the setting %s\n", u)
	}
	if p.json {
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"settings": list, "unknown": s.unknown})
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, v := range list {
		source := v.Source
		if v.Where != "" {
			source += " " + v.Where
		}
		fmt.Fprintf(w, "%s\t%s\t%s", v.Name, shown(v.Value), source)
		if v.Doc != "" {
			fmt.Fprintf(w, "\t%s", v.Doc)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// shown makes an empty value visible.
func shown(value string) string {
	if value == "" {
		return `""`
	}
	return value
}
