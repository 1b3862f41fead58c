package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginAddRaftVoter asks the controller to let a node's replica of the metadata
// log vote (KIP-853). It is answered when that is decided; DescribeQuorum shows
// when the replica, having caught up, votes.
func (b *Broker) beginAddRaftVoter(r *request) {
	body := r.body.(*kmsg.AddRaftVoterRequest)
	b.askController(r, &controller.AddVoter{
		ClusterID: deref(body.ClusterID), Node: kafka.BrokerID(body.VoterID), Directory: body.VoterDirectoryID,
	}, body.TimeoutMillis)
}

// beginRemoveRaftVoter asks the controller to take a voter out.
func (b *Broker) beginRemoveRaftVoter(r *request) {
	body := r.body.(*kmsg.RemoveRaftVoterRequest)
	b.askController(r, &controller.RemoveVoter{
		ClusterID: deref(body.ClusterID), Node: kafka.BrokerID(body.VoterID), Directory: body.VoterDirectoryID,
	}, 0)
}

func voterReply(r *request, result *controller.Result) protocol.Body {
	if r.key == keyAddRaftVoter {
		a := kmsg.NewPtrAddRaftVoterResponse()
		a.ErrorCode, a.ErrorMessage = int16(result.Error), message(result, "")
		return a
	}
	a := kmsg.NewPtrRemoveRaftVoterResponse()
	a.ErrorCode, a.ErrorMessage = int16(result.Error), message(result, "")
	return a
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
