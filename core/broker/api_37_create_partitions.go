package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginCreatePartitions hands the topics to grow to the controller.
func (b *Broker) beginCreatePartitions(r *request) {
	body := r.body.(*kmsg.CreatePartitionsRequest)
	c := &controller.CreatePartitions{ValidateOnly: body.ValidateOnly}
	for i := range body.Topics {
		q := &body.Topics[i]
		t := controller.MorePartitions{Name: q.Topic, Count: q.Count}
		if q.Assignment != nil {
			t.Assignments = make([][]kafka.BrokerID, 0, len(q.Assignment))
		}
		for _, a := range q.Assignment {
			t.Assignments = append(t.Assignments, brokers(a.Replicas))
		}
		c.Topics = append(c.Topics, t)
	}
	b.askController(r, c, body.TimeoutMillis)
}

func createPartitionsReply(r *request, result *controller.Result) protocol.Body {
	body := r.body.(*kmsg.CreatePartitionsRequest)
	done, _ := result.Body.(*controller.CreatePartitionsResult)
	resp := kmsg.NewPtrCreatePartitionsResponse()
	for i := range body.Topics {
		out := kmsg.NewCreatePartitionsResponseTopic()
		out.Topic = body.Topics[i].Topic
		t := &controller.NamedError{}
		if done != nil {
			t = &done.Topics[i]
		}
		out.ErrorCode, out.ErrorMessage = int16(failed(result.Error, t.Error)), message(result, t.Message)
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}
