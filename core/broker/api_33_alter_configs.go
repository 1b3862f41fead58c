package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginAlterConfigs hands the settings to the controller (KIP-133). Java's
// admin client sends it no more; kafkajs, aiokafka and old tools do.
func (b *Broker) beginAlterConfigs(r *request) {
	body := r.body.(*kmsg.AlterConfigsRequest)
	c := &controller.ReplaceConfigs{ValidateOnly: body.ValidateOnly}
	for i := range body.Resources {
		q := &body.Resources[i]
		res := controller.ReplaceResource{Resource: kafka.ConfigResource{
			Type: kafka.ConfigResourceType(q.ResourceType), Name: q.ResourceName,
		}}
		for j := range q.Configs {
			res.Configs = append(res.Configs, controller.NewConfig{Name: q.Configs[j].Name, Value: q.Configs[j].Value})
		}
		c.Resources = append(c.Resources, res)
	}
	b.askController(r, c, 0)
}

func alterConfigsReply(r *request, result *controller.Result) protocol.Body {
	body := r.body.(*kmsg.AlterConfigsRequest)
	done, _ := result.Body.(*controller.AlterConfigsResult)
	resp := kmsg.NewPtrAlterConfigsResponse()
	for i := range body.Resources {
		out := kmsg.NewAlterConfigsResponseResource()
		out.ResourceType, out.ResourceName = body.Resources[i].ResourceType, body.Resources[i].ResourceName
		t := &controller.AlteredResource{}
		if done != nil {
			t = &done.Resources[i]
		}
		out.ErrorCode, out.ErrorMessage = int16(failed(result.Error, t.Error)), message(result, t.Message)
		resp.Resources = append(resp.Resources, out)
	}
	return resp
}
