package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginIncrementalAlterConfigs hands the operations to the controller (KIP-339).
func (b *Broker) beginIncrementalAlterConfigs(r *request) {
	body := r.body.(*kmsg.IncrementalAlterConfigsRequest)
	c := &controller.AlterConfigs{ValidateOnly: body.ValidateOnly}
	for i := range body.Resources {
		q := &body.Resources[i]
		res := controller.AlterResource{Resource: kafka.ConfigResource{
			Type: kafka.ConfigResourceType(q.ResourceType), Name: q.ResourceName,
		}}
		for j := range q.Configs {
			res.Ops = append(res.Ops, controller.AlterOp{
				Name: q.Configs[j].Name, Op: kafka.ConfigOp(q.Configs[j].Op), Value: q.Configs[j].Value,
			})
		}
		c.Resources = append(c.Resources, res)
	}
	b.askController(r, c, 0)
}

func incrementalAlterConfigsReply(r *request, result *controller.Result) protocol.Body {
	body := r.body.(*kmsg.IncrementalAlterConfigsRequest)
	done, _ := result.Body.(*controller.AlterConfigsResult)
	resp := kmsg.NewPtrIncrementalAlterConfigsResponse()
	for i := range body.Resources {
		out := kmsg.NewIncrementalAlterConfigsResponseResource()
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
