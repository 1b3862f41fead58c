package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginCreateTopics hands the topics to the controller.
func (b *Broker) beginCreateTopics(r *request) {
	body := r.body.(*kmsg.CreateTopicsRequest)
	c := &controller.CreateTopics{ValidateOnly: body.ValidateOnly}
	for i := range body.Topics {
		q := &body.Topics[i]
		t := controller.NewTopic{Name: q.Topic, Partitions: q.NumPartitions, ReplicationFactor: q.ReplicationFactor}
		for _, a := range q.ReplicaAssignment {
			t.Assignments = append(t.Assignments, controller.Assignment{
				Partition: kafka.PartitionIndex(a.Partition), Replicas: brokers(a.Replicas),
			})
		}
		for _, c := range q.Configs {
			t.Configs = append(t.Configs, controller.NewConfig{Name: c.Name, Value: c.Value})
		}
		c.Topics = append(c.Topics, t)
	}
	b.askController(r, c, body.TimeoutMillis)
}

func createTopicsReply(r *request, result *controller.Result) protocol.Body {
	body := r.body.(*kmsg.CreateTopicsRequest)
	done, _ := result.Body.(*controller.CreateTopicsResult)
	resp := kmsg.NewPtrCreateTopicsResponse()
	for i := range body.Topics {
		out := kmsg.NewCreateTopicsResponseTopic()
		out.Topic = body.Topics[i].Topic
		t := &controller.CreatedTopic{}
		if done != nil {
			t = &done.Topics[i]
		}
		code := failed(result.Error, t.Error)
		out.ErrorCode, out.ErrorMessage = int16(code), message(result, t.Message)
		out.TopicID = t.ID
		if code == kafka.None {
			out.NumPartitions, out.ReplicationFactor = t.Partitions, t.ReplicationFactor
			out.Configs = createdConfigs(t.Configs)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

// createdConfigs lists the settings that a new topic has (KIP-525).
func createdConfigs(configs []kafka.ResolvedConfig) []kmsg.CreateTopicsResponseTopicConfig {
	var out []kmsg.CreateTopicsResponseTopicConfig
	for i := range configs {
		c := kmsg.NewCreateTopicsResponseTopicConfig()
		c.Name, c.Source = configs[i].Setting.Name, int8(configs[i].Source)
		c.Value = shownValue(&configs[i])
		c.IsSensitive = configs[i].Setting.Sensitive
		out = append(out, c)
	}
	return out
}
