package main

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"trialog/node"
)

// The layers of settings, weakest first.
const (
	fromDefault = "default"
	fromFile    = "file"
	fromEnv     = "environment"
	fromFlag    = "flag"
)

// own is a setting of this program that is not in the broker's registry, or
// that the registry has under Kafka's name.
type own struct {
	name  string // as in YAML; the flag is --name
	kafka string // as in server.properties; empty: Kafka has none
	value string // default
	doc   string
}

// controllerNames is Kafka's setting that tells listeners for controllers from
// those for clients.
const controllerNames = "controller.listener.names"

// ownSettings, sorted by name.
var ownSettings = []own{
	{"admin-listen", "", "localhost:9644", "host:port of /healthz, /readyz and /metrics; empty: none."},
	{"advertise", "advertised.listeners", "", "host:port that clients are told; empty: what listen turned out to be."},
	{"cluster-secret", "", "", "What all nodes of a cluster know, and nobody else; needed as soon as there is a second node."},
	{"data-dir", "log.dirs", "./trialog-data", "Where everything is kept."},
	{"listen", "listeners", "localhost:9092", "host:port that clients connect to; port 0 picks a free one."},
	{"log-level", "", "info", "debug, info, warn or error."},
	{"node-id", "node.id", "1", "This node's ID, for as long as its cluster lives."},
	{"quorum-listen", "", "", "host:port of the metadata quorum's transport; empty: this node's address in quorum-voters."},
	{"quorum-voters", "controller.quorum.voters", "", "The metadata quorum's voters, id@host:port each; empty: this node alone, and no port for it."},
}

// secretSettings are those of ownSettings that nobody is shown.
var secretSettings = []string{"cluster-secret"}

// hidden stands for the value of a setting that is a secret.
const hidden = "[hidden]"

// setting is a resolved value.
type setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
	Where  string `json:"where,omitempty"` // the file, variable or flag
	Doc    string `json:"doc,omitempty"`
}

// settings are all values by name: our own by theirs, the broker's by Kafka's.
type settings struct {
	values   map[string]setting
	unknown  []string // names that nobody knows, with their source
	merged   *koanf.Koanf
	kafkaOwn map[string]string // Kafka's name to ours
}

// layer is one source of values.
type layer struct {
	source string
	values map[string]string
	where  func(name string) string
}

// loadSettings resolves flags over the environment over a file over defaults.
// flags holds the flags that were given, by setting name.
func loadSettings(configFile string, env []string, flags map[string]string) (*settings, error) {
	s := &settings{values: make(map[string]setting), merged: koanf.New("\x00"), kafkaOwn: make(map[string]string)}
	docs := make(map[string]string)
	defaults := make(map[string]string)
	for _, o := range ownSettings {
		defaults[o.name], docs[o.name] = o.value, o.doc
		if o.kafka != "" {
			s.kafkaOwn[o.kafka] = o.name
		}
	}
	for _, b := range node.Settings() {
		if s.kafkaOwn[b.Name] == "" {
			docs[b.Name] = b.Doc
			if b.HasDefault {
				defaults[b.Name] = b.Default
			}
		}
	}
	layers := []layer{{fromDefault, defaults, nil}}
	if configFile == "" {
		configFile, _ = lookup(env, "TRIALOG_CONFIG")
	}
	if configFile != "" {
		values, err := readFile(configFile)
		if err != nil {
			return nil, usage{err}
		}
		layers = append(layers, layer{fromFile, values, func(string) string { return configFile }})
	}
	layers = append(layers,
		layer{fromEnv, readEnv(env, docs), variable},
		layer{fromFlag, flags, func(name string) string { return flagOf(name, docs) }})
	for _, l := range layers {
		if err := s.add(l, docs); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// add puts a layer over what is there.
func (s *settings) add(l layer, docs map[string]string) error {
	merge := make(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(l.values)) {
		value := l.values[name]
		canonical := name
		if ours := s.kafkaOwn[name]; ours != "" {
			canonical = ours
			var err error
			if value, err = fromKafka(name, value, l.values); err != nil {
				return usage{fmt.Errorf("%s: %w", name, err)}
			}
		}
		doc, known := docs[canonical]
		if name == controllerNames { // it only says what listeners means
			continue
		}
		if !known {
			s.unknown = append(s.unknown, name+" ("+l.source+")")
			continue
		}
		if err := node.CheckSetting(canonical, value); err != nil && !errors.Is(err, node.ErrUnknownSetting) {
			return usage{err}
		}
		where := ""
		if l.where != nil {
			where = l.where(name)
		}
		merge[canonical] = value
		s.values[canonical] = setting{Name: canonical, Value: value, Source: l.source, Where: where, Doc: doc}
	}
	return s.merged.Load(confmap.Provider(merge, ""), nil)
}

// get is a value.
func (s *settings) get(name string) string { return s.merged.String(name) }

// broker are the values that differ from the registry's defaults, by Kafka's names.
func (s *settings) broker() map[string]string {
	out := make(map[string]string)
	for name, v := range s.values {
		if node.CheckSetting(name, v.Value) == nil && v.Source != fromDefault {
			out[name] = v.Value
		}
	}
	return out
}

// readFile reads YAML, or Kafka's properties when the name ends so.
func readFile(name string) (map[string]string, error) {
	if strings.HasSuffix(name, ".properties") {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		return readProperties(string(b)), nil
	}
	k := koanf.New(".")
	if err := k.Load(file.Provider(name), yaml.Parser()); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	out := make(map[string]string)
	for key, value := range k.All() {
		if list, ok := value.([]any); ok {
			parts := make([]string, len(list))
			for i, item := range list {
				parts[i] = fmt.Sprint(item)
			}
			out[key] = strings.Join(parts, ",")
			continue
		}
		if value != nil {
			out[key] = fmt.Sprint(value)
		}
	}
	return out, nil
}

// readProperties reads Java's properties, as far as Kafka's files use them:
// name=value or name: value, comments with # and !, a \ at the end of a line.
func readProperties(text string) map[string]string {
	out := make(map[string]string)
	text = strings.ReplaceAll(text, "\r\n", "\n")
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimLeft(lines[i], " \t\f")
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			line = line[:len(line)-1] + strings.TrimLeft(lines[i], " \t\f")
		}
		at := strings.IndexAny(line, "=: \t")
		if at < 0 {
			out[line] = ""
			continue
		}
		name, value := line[:at], strings.TrimLeft(line[at:], " \t")
		if value != "" && (value[0] == '=' || value[0] == ':') {
			value = value[1:]
		}
		out[name] = strings.TrimSpace(value)
	}
	return out
}

// readEnv picks the TRIALOG_* variables that name a setting.
func readEnv(env []string, known map[string]string) map[string]string {
	out := make(map[string]string)
	for name := range known {
		if value, ok := lookup(env, variable(name)); ok {
			out[name] = value
		}
	}
	return out
}

// variable is the environment variable of a setting.
func variable(name string) string {
	return "TRIALOG_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(name))
}

// flagOf is the flag of a setting.
func flagOf(name string, known map[string]string) string {
	if _, ok := known[name]; ok && !strings.Contains(name, ".") {
		return "--" + name
	}
	return "--set " + name
}

func lookup(env []string, name string) (string, bool) {
	for i := len(env) - 1; i >= 0; i-- {
		if k, v, ok := strings.Cut(env[i], "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// fromKafka turns Kafka's spelling of one of our settings into ours. layer
// holds what the same source says otherwise.
func fromKafka(name, value string, layer map[string]string) (string, error) {
	switch name {
	case "listeners", "advertised.listeners":
		return clientListener(value, layer[controllerNames])
	case "log.dirs":
		if strings.Contains(value, ",") {
			return "", errors.New("several data directories are not supported")
		}
	}
	return value, nil
}

// clientListener picks the address of the one listener for clients from
// NAME://HOST:PORT items, leaving out those for controllers.
func clientListener(value, controllers string) (string, error) {
	var found []string
	for item := range strings.SplitSeq(value, ",") {
		name, address, ok := strings.Cut(strings.TrimSpace(item), "://")
		if !ok {
			name, address = "", strings.TrimSpace(item)
		}
		if name != "" && slices.Contains(strings.Split(controllers, ","), name) {
			continue
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			return "", err
		}
		found = append(found, address)
	}
	if len(found) != 1 {
		return "", fmt.Errorf("one listener for clients is supported, not %d", len(found))
	}
	return found[0], nil
}
