package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginDeleteTopics hands the topics to the controller, named by name or, from
// version 6, by ID.
func (b *Broker) beginDeleteTopics(r *request) {
	body := r.body.(*kmsg.DeleteTopicsRequest)
	c := &controller.DeleteTopics{}
	for _, name := range body.TopicNames {
		c.Topics = append(c.Topics, controller.TopicRef{Name: name})
	}
	for i := range body.Topics {
		ref := controller.TopicRef{ID: body.Topics[i].TopicID}
		if body.Topics[i].Topic != nil {
			ref.Name = *body.Topics[i].Topic
		}
		c.Topics = append(c.Topics, ref)
	}
	b.askController(r, c, body.TimeoutMillis)
}

func deleteTopicsReply(r *request, result *controller.Result) protocol.Body {
	body := r.body.(*kmsg.DeleteTopicsRequest)
	done, _ := result.Body.(*controller.DeleteTopicsResult)
	resp := kmsg.NewPtrDeleteTopicsResponse()
	for i := range len(body.TopicNames) + len(body.Topics) {
		out := kmsg.NewDeleteTopicsResponseTopic()
		if i < len(body.TopicNames) {
			out.Topic = &body.TopicNames[i]
		} else {
			asked := &body.Topics[i-len(body.TopicNames)]
			out.Topic, out.TopicID = asked.Topic, asked.TopicID
		}
		t := &controller.DeletedTopic{}
		if done != nil {
			t = &done.Topics[i]
		}
		code := failed(result.Error, t.Error)
		if code == kafka.None {
			out.Topic, out.TopicID = optional(t.Name), t.ID
		}
		out.ErrorCode, out.ErrorMessage = int16(code), message(result, t.Message)
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}
