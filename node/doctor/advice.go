package doctor

import (
	"net/netip"

	"trialog/core/kafka"
)

// Advice is something that somebody should know.
type Advice struct {
	Rule    string `json:"rule"` // stable, for programs
	Unsafe  bool   `json:"unsafe"`
	Setting string `json:"setting,omitempty"`
	Value   string `json:"value,omitempty"`
	Risk    string `json:"risk"`
	Instead string `json:"instead,omitempty"`
}

// Topic is what is known of a topic.
type Topic struct {
	Values      map[string]string // its settings by Kafka's names
	Brokers     int               // of the cluster
	Replicas    int               // of the partition that has fewest
	InSync      int               // of the partition that has fewest
	Behind      int               // partitions whose ISR lacks a replica
	Leaderless  int               // partitions
	FreePercent int               // of the fullest disk; negative: not known
}

// AdviseTopic says what is weak in a topic.
func AdviseTopic(t *Topic) []Advice {
	return told(kafka.AdviseTopic(&kafka.TopicFacts{
		Values: configMap(t.Values), Brokers: t.Brokers, Replicas: t.Replicas, InSync: t.InSync,
		Behind: t.Behind, Leaderless: t.Leaderless, FreePercent: t.FreePercent,
	}))
}

// AdviseBroker says what is weak in a broker's settings, by Kafka's names.
func AdviseBroker(values map[string]string, brokers int) []Advice {
	return told(kafka.AdviseBroker(&kafka.BrokerFacts{Values: configMap(values), Brokers: brokers}))
}

// AdviseCluster says what is weak in a cluster as a whole. answering are the
// addresses that answered without credentials.
func AdviseCluster(brokers int, controller bool, answering []netip.Addr) []Advice {
	f := kafka.ClusterFacts{Brokers: brokers, Controller: controller, Exposure: kafka.ExposedToNobody}
	for _, a := range answering {
		f.Exposure = f.Exposure.Or(exposure(a))
	}
	return told(kafka.AdviseCluster(&f))
}

func exposure(a netip.Addr) kafka.Exposure {
	a = a.Unmap()
	switch {
	case a.IsLoopback():
		return kafka.ExposedToNobody
	case a.IsPrivate(), a.IsLinkLocalUnicast():
		return kafka.ExposedToNetwork
	}
	return kafka.ExposedToWorld
}

func configMap(values map[string]string) kafka.ConfigMap {
	var m kafka.ConfigMap
	for name, value := range values {
		m = m.With(name, value)
	}
	return m
}

func told(list []kafka.Advice) []Advice {
	var out []Advice
	for _, a := range list {
		out = append(out, Advice{
			Rule: a.Rule, Unsafe: a.Unsafe(), Setting: a.Setting, Value: a.Value, Risk: a.Risk, Instead: a.Instead,
		})
	}
	return out
}
