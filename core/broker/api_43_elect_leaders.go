package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// The kinds of election that ElectLeaders may ask for (KIP-460).
const (
	electPreferred int8 = 0
	electUnclean   int8 = 1
)

// beginElectLeaders hands the partitions that shall have another leader to the controller.
func (b *Broker) beginElectLeaders(r *request) {
	body := r.body.(*kmsg.ElectLeadersRequest)
	kind := electPreferred // version 0 knows no other
	if r.version > 0 {
		kind = body.ElectionType
	}
	if kind != electPreferred && kind != electUnclean {
		b.adminDone(r, &controller.Result{Error: kafka.ErrInvalidRequest, Message: "Unknown kind of election."})
		return
	}
	c := &controller.ElectLeaders{Unclean: kind == electUnclean, All: body.Topics == nil}
	for i := range body.Topics {
		for _, p := range body.Topics[i].Partitions {
			tp := kafka.TopicPartition{Partition: kafka.PartitionIndex(p)}
			if t := b.state.Image().TopicByName(body.Topics[i].Topic); t != nil {
				tp.Topic = t.ID
			}
			c.Partitions = append(c.Partitions, tp)
		}
	}
	b.askController(r, c, body.TimeoutMillis)
}

// electLeadersReply names each partition that was asked for; where all were, each
// one that needed an election.
func electLeadersReply(r *request, result *controller.Result) protocol.Body {
	body := r.body.(*kmsg.ElectLeadersRequest)
	a := kmsg.NewPtrElectLeadersResponse()
	a.ErrorCode = int16(result.Error)
	done, _ := result.Body.(*controller.ElectLeadersResult)
	add := func(topic string, partition int32, code kafka.ErrorCode, why *string) {
		if n := len(a.Topics); n == 0 || a.Topics[n-1].Topic != topic {
			t := kmsg.NewElectLeadersResponseTopic()
			t.Topic = topic
			a.Topics = append(a.Topics, t)
		}
		p := kmsg.NewElectLeadersResponseTopicPartition()
		p.Partition, p.ErrorCode, p.ErrorMessage = partition, int16(code), why
		t := &a.Topics[len(a.Topics)-1]
		t.Partitions = append(t.Partitions, p)
	}
	if body.Topics == nil && done != nil {
		for i := range done.Partitions {
			e := &done.Partitions[i]
			add(e.TopicName, int32(e.Partition.Partition), e.Error, message(result, e.Message))
		}
		return a
	}
	at := 0
	for i := range body.Topics {
		for _, p := range body.Topics[i].Partitions {
			e := &controller.ElectedPartition{}
			if done != nil {
				e = &done.Partitions[at]
			}
			at++
			add(body.Topics[i].Topic, p, failed(result.Error, e.Error), message(result, e.Message))
		}
	}
	return a
}
