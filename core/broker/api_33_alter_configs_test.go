package broker_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// alterConfigs asks for exactly the settings given by name and value.
func alterConfigs(kind kmsg.ConfigResourceType, resource string, configs ...string) *kmsg.AlterConfigsRequest {
	q := kmsg.NewPtrAlterConfigsRequest()
	r := kmsg.NewAlterConfigsRequestResource()
	r.ResourceType, r.ResourceName = kind, resource
	for i := 0; i+1 < len(configs); i += 2 {
		r.Configs = append(r.Configs, kmsg.AlterConfigsRequestResourceConfig{Name: configs[i], Value: &configs[i+1]})
	}
	q.Resources = append(q.Resources, r)
	return q
}

func TestAlterConfigsReplaces(t *testing.T) {
	const topic, server = kmsg.ConfigResourceTypeTopic, kmsg.ConfigResourceTypeBroker
	for version := int16(0); version <= 2; version++ {
		w := newWorld(t)
		w.start()
		w.mustCreate("orders", 1, "retention.ms", "5", "segment.ms", "9")
		settings := func() kafka.ConfigMap { return w.b.Image().Configs(metadata.TopicResource("orders")) }
		cases := []struct {
			what string
			q    *kmsg.AlterConfigsRequest
			want kafka.ErrorCode
			left int // settings of the topic afterwards
		}{
			{"unknown topic", alterConfigs(topic, "nowhere", "retention.ms", "1"), kafka.ErrUnknownTopicOrPartition, 2},
			{"unknown setting", alterConfigs(topic, "orders", "no.such", "1"), kafka.ErrInvalidConfig, 2},
			{"refused value", alterConfigs(topic, "orders", "retention.ms", "x"), kafka.ErrInvalidConfig, 2},
			{"read only", alterConfigs(server, "1", "num.partitions", "3"), kafka.ErrInvalidRequest, 2},
			{"unknown kind", alterConfigs(8, "1", "a", "b"), kafka.ErrInvalidRequest, 2},
			{"all brokers", alterConfigs(server, "", "log.retention.ms", "1000"), kafka.None, 2},
			{"the topic", alterConfigs(topic, "orders", "retention.ms", "7"), kafka.None, 1},
			{"back to the defaults", alterConfigs(topic, "orders"), kafka.None, 0},
		}
		for _, c := range cases {
			a := w.ask(version, c.q).(*kmsg.AlterConfigsResponse).Resources
			r := c.q.Resources[0]
			if len(a) != 1 || kafka.ErrorCode(a[0].ErrorCode) != c.want || a[0].ResourceName != r.ResourceName || a[0].ResourceType != r.ResourceType {
				t.Errorf("v%d, %s: %+v, want %v", version, c.what, a, c.want)
			}
			if failed := c.want != kafka.None; failed != (a[0].ErrorMessage != nil) {
				t.Errorf("v%d, %s: message %v", version, c.what, a[0].ErrorMessage)
			}
			if n := len(settings()); n != c.left {
				t.Errorf("v%d, %s: the topic has %v", version, c.what, settings())
			}
		}
		if v, _ := w.b.Image().Configs(metadata.ClusterResource()).Get("log.retention.ms"); v != "1000" {
			t.Errorf("v%d: all brokers have %q", version, v)
		}
		q := alterConfigs(topic, "orders", "retention.ms", "8")
		q.ValidateOnly = true
		if a := w.ask(version, q).(*kmsg.AlterConfigsResponse).Resources[0]; a.ErrorCode != 0 || len(settings()) != 0 {
			t.Errorf("v%d: validated only: %+v, the topic has %v", version, a, settings())
		}
	}
}

func TestAlterConfigsReachesTheController(t *testing.T) {
	worlds := cluster(t, 2)
	corr := worlds[1].queue(1, 7, createTopic("orders", 1, "retention.ms", "5"))
	settleAll(worlds)
	worlds[1].answer(corr)
	corr = worlds[1].queue(1, 1, alterConfigs(kmsg.ConfigResourceTypeTopic, "orders", "segment.ms", "9"))
	settleAll(worlds)
	if a := worlds[1].answer(corr).(*kmsg.AlterConfigsResponse).Resources[0]; a.ErrorCode != 0 {
		t.Fatalf("through broker 2: %+v", a)
	}
	for _, w := range worlds {
		m := w.b.Image().Configs(metadata.TopicResource("orders"))
		if v, _ := m.Get("segment.ms"); len(m) != 1 || v != "9" {
			t.Errorf("broker %d has %v", w.config.NodeID, m)
		}
	}
}
