package broker

import (
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// beginDescribeConfigs lists settings with where their values come from.
func (b *Broker) beginDescribeConfigs(r *request) {
	body := r.body.(*kmsg.DescribeConfigsRequest)
	resp := kmsg.NewPtrDescribeConfigsResponse()
	for i := range body.Resources {
		q := &body.Resources[i]
		out := kmsg.NewDescribeConfigsResponseResource()
		out.ResourceType, out.ResourceName = q.ResourceType, q.ResourceName
		configs, code, why := b.describedConfigs(kafka.ConfigResourceType(q.ResourceType), q.ResourceName)
		if code != kafka.None {
			b.counters.Errors++
			out.ErrorCode, out.ErrorMessage = int16(code), optional(why)
		}
		for j := range configs {
			if len(q.ConfigNames) == 0 || slices.Contains(q.ConfigNames, configs[j].Setting.Name) {
				out.Configs = append(out.Configs, describedConfig(&configs[j], kafka.ConfigResourceType(q.ResourceType), body))
			}
		}
		resp.Resources = append(resp.Resources, out)
	}
	b.finish(r, resp)
}

// describedConfigs resolves all settings of a resource.
func (b *Broker) describedConfigs(kind kafka.ConfigResourceType, name string) ([]kafka.ResolvedConfig, kafka.ErrorCode, string) {
	switch kind {
	case kafka.ResourceTopic:
		if b.state.Image().TopicByName(name) == nil {
			return nil, kafka.ErrUnknownTopicOrPartition, ""
		}
		layers := b.layers(name)
		return kafka.AllTopicConfigs(&layers), kafka.None, ""
	case kafka.ResourceBroker:
		switch name {
		case "":
			return b.clusterDefaults(), kafka.None, ""
		case strconv.Itoa(int(b.config.NodeID)):
			layers := b.layers("")
			return kafka.AllBrokerConfigs(&layers), kafka.None, ""
		}
		return nil, kafka.ErrInvalidRequest, "Unexpected broker id, expected " + strconv.Itoa(int(b.config.NodeID)) + " or empty string, but received " + name
	case kafka.ResourceGroup:
		if name == "" {
			return nil, kafka.ErrInvalidRequest, "Group name must not be empty"
		}
		layers := b.layers("")
		layers.Group = b.state.Image().Configs(kafka.ConfigResource{Type: kafka.ResourceGroup, Name: name})
		return kafka.AllGroupConfigs(&layers), kafka.None, ""
	case kafka.ResourceUnknown:
	}
	return nil, kafka.ErrInvalidRequest, "Settings of this kind of resource are not kept."
}

// clusterDefaults lists what is set dynamically for all brokers, and nothing else.
func (b *Broker) clusterDefaults() []kafka.ResolvedConfig {
	set := b.state.Image().Configs(metadata.ClusterResource())
	layers := kafka.ConfigLayers{ClusterDefault: set}
	return slices.DeleteFunc(kafka.AllBrokerConfigs(&layers), func(c kafka.ResolvedConfig) bool {
		_, there := set.Get(c.Setting.Name)
		return !there
	})
}

func describedConfig(c *kafka.ResolvedConfig, kind kafka.ConfigResourceType, body *kmsg.DescribeConfigsRequest) kmsg.DescribeConfigsResponseResourceConfig {
	out := kmsg.NewDescribeConfigsResponseResourceConfig()
	out.Name, out.Value = c.Setting.Name, shownValue(c)
	out.ReadOnly = kind == kafka.ResourceBroker && c.Setting.Update == kafka.UpdateReadOnly
	out.IsDefault = c.Source == kafka.SourceDefault
	out.Source = kmsg.ConfigSource(c.Source)
	out.IsSensitive = c.Setting.Sensitive
	out.ConfigType = kmsg.ConfigType(c.Setting.Type)
	if body.IncludeDocumentation {
		out.Documentation = optional(c.Setting.Doc)
	}
	if body.IncludeSynonyms {
		for i := range c.Synonyms {
			s := kmsg.NewDescribeConfigsResponseResourceConfigConfigSynonym()
			s.Name, s.Source = c.Synonyms[i].Name, kmsg.ConfigSource(c.Synonyms[i].Source)
			if !c.Setting.Sensitive {
				value := c.Synonyms[i].Value
				s.Value = &value
			}
			out.ConfigSynonyms = append(out.ConfigSynonyms, s)
		}
	}
	return out
}

// shownValue is a value as clients may see it: nothing of a sensitive one.
func shownValue(c *kafka.ResolvedConfig) *string {
	if c.Null || c.Setting.Sensitive {
		return nil
	}
	value := c.Value
	return &value
}
