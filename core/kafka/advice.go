package kafka

import (
	"strconv"
	"strings"
)

// Weight says how much a piece of advice matters.
type Weight uint8

// The weights.
const (
	WeightNote   Weight = 1 // worth knowing; it may be meant
	WeightUnsafe Weight = 2 // records can be lost or disclosed, or less is promised than it looks
)

// Advice is what is said about one setting, or about a state when Setting is "".
type Advice struct {
	Rule    string // which rule speaks; stable, for programs
	Weight  Weight
	Setting string // Kafka's name
	Value   string // what it is set to
	Risk    string // what can happen
	Instead string // what to do about it; "" when there is nothing to set
}

// Unsafe tells whether records can be lost or disclosed.
func (a *Advice) Unsafe() bool { return a.Weight == WeightUnsafe }

// TopicFacts are what the rules for topics look at.
type TopicFacts struct {
	Values      ConfigMap // what the topic's settings resolve to, as the broker tells it
	Brokers     int       // of the cluster
	Replicas    int       // of the partition that has fewest
	InSync      int       // of the partition that has fewest; its leader counts
	Behind      int       // partitions whose ISR lacks a replica
	Leaderless  int       // partitions
	FreePercent int       // of the fullest disk; negative: not known
}

// BrokerFacts are what the rules for brokers look at.
type BrokerFacts struct {
	Values  ConfigMap // what the broker's settings resolve to
	Brokers int       // of the cluster
}

// ClusterFacts are what the rules for a cluster as a whole look at.
type ClusterFacts struct {
	Brokers    int
	Controller bool     // there is one
	Exposure   Exposure // of the most exposed address that answers without credentials
}

// Exposure says who can reach an address.
type Exposure uint8

// The exposures, least first.
const (
	ExposedToNobody  Exposure = 0 // this machine only
	ExposedToNetwork Exposure = 1 // a private network
	ExposedToWorld   Exposure = 2 // a public address
)

// Or returns the wider exposure of two.
func (e Exposure) Or(other Exposure) Exposure { return max(e, other) }

// rule speaks when its setting is known and broken says so. A rule without a
// setting looks at the other facts only.
type rule[F any] struct {
	name    string
	weight  Weight
	setting string
	broken  func(f *F, v ConfigValue) bool
	risk    string
	instead string
}

// AdviseTopic returns what is to be said about a topic, in the table's order.
func AdviseTopic(f *TopicFacts) []Advice { return advise(topicRules, f, f.Values) }

// AdviseBroker returns what is to be said about a broker, in the table's order.
func AdviseBroker(f *BrokerFacts) []Advice { return advise(brokerRules, f, f.Values) }

// AdviseCluster returns what is to be said about a cluster, in the table's order.
func AdviseCluster(f *ClusterFacts) []Advice { return advise(clusterRules, f, nil) }

func advise[F any](rules []rule[F], f *F, values ConfigMap) []Advice {
	var list []Advice
	for i := range rules {
		r := &rules[i]
		var v ConfigValue
		text := ""
		if r.setting != "" {
			var known bool
			if text, known = values.Get(r.setting); !known {
				continue
			}
			if v, known = read(r.setting, text); !known {
				continue
			}
		}
		if r.broken(f, v) {
			list = append(list, Advice{Rule: r.name, Weight: r.weight, Setting: r.setting, Value: text, Risk: r.risk, Instead: r.instead})
		}
	}
	return list
}

// read parses the value of a setting that another implementation may have
// told: by the registry where that has a row, otherwise by what it looks like.
func read(name, text string) (ConfigValue, bool) {
	if s := LookupSetting(name, ScopeBoth); s != nil {
		v, why := s.Parse(text)
		return v, why == ""
	}
	if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
		return ConfigValue{Int: n}, true
	}
	if n, why := parseBoolean(text); why == "" {
		return ConfigValue{Int: n}, true
	}
	return ConfigValue{Str: text}, text != ""
}

// number is a setting's value as a number, otherwise when it is not known.
func number(values ConfigMap, name string, otherwise int64) int64 {
	text, set := values.Get(name)
	if !set {
		return otherwise
	}
	v, ok := read(name, text)
	if !ok {
		return otherwise
	}
	return v.Int
}

// minISR is the effective min.insync.replicas of a topic (KIP-966).
func (f *TopicFacts) minISR() int {
	return min(int(number(f.Values, "min.insync.replicas", 1)), f.Replicas)
}
