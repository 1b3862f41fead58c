package broker

import (
	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// askController gives the controller what an admin request asks for. It takes
// effect when the quorum commits it, and is answered then.
func (b *Broker) askController(r *request, body controller.Body, timeoutMs int32) {
	timeout := b.limits.RequestTimeout
	if timeoutMs > 0 {
		timeout = kafka.Ms(int64(timeoutMs))
	}
	b.command(pendingCommand{kind: commandRequest, token: r.token}, body, b.now.Mono.Add(timeout))
}

// adminDone answers an admin request with what the controller said.
func (b *Broker) adminDone(r *request, result *controller.Result) {
	if result.Error != kafka.None {
		b.counters.Errors++
	}
	var reply protocol.Body
	switch r.key {
	case keyCreateTopics:
		reply = createTopicsReply(r, result)
	case keyDeleteTopics:
		reply = deleteTopicsReply(r, result)
	case keyCreatePartitions:
		reply = createPartitionsReply(r, result)
	case keyAlterConfigs:
		reply = alterConfigsReply(r, result)
	case keyIncrementalAlterConfigs:
		reply = incrementalAlterConfigsReply(r, result)
	case keyAlterPartition:
		reply = alterPartitionReply(result)
	case keyElectLeaders:
		reply = electLeadersReply(r, result)
	case keyAlterPartitionReassignments:
		reply = alterReassignmentsReply(r, result)
	case keyListPartitionReassignments:
		reply = listReassignmentsReply(result)
	case keyDescribeQuorum:
		reply = b.describeQuorumReply(result)
	case keyUpdateFeatures:
		reply = updateFeaturesReply(r, result)
	case keyUnregisterBroker:
		reply = unregisterBrokerReply(result)
	case keyAddRaftVoter, keyRemoveRaftVoter:
		reply = voterReply(r, result)
	case keyBrokerRegistration:
		reply = registrationReply(result)
	case keyBrokerHeartbeat:
		reply = heartbeatReply(result)
	case keyAllocateProducerIDs:
		reply = producerIDsReply(result)
	case keyAssignReplicasToDirs:
		reply = b.assignDirectoriesReply(r, result)
	}
	b.finish(r, reply)
}

// failed tells whether a part of a request failed, on its own or with all of it.
func failed(whole, part kafka.ErrorCode) kafka.ErrorCode {
	if whole != kafka.None {
		return whole
	}
	return part
}

// message is the reason of a failure as the wire has it, nil for none.
func message(whole *controller.Result, part string) *string {
	if whole.Error != kafka.None {
		return optional(whole.Message)
	}
	return optional(part)
}

func brokerIDs(ids []kafka.BrokerID) []int32 {
	out := make([]int32, len(ids))
	for i, id := range ids {
		out[i] = int32(id)
	}
	return out
}

func brokers(ids []int32) []kafka.BrokerID {
	out := make([]kafka.BrokerID, len(ids))
	for i, id := range ids {
		out[i] = kafka.BrokerID(id)
	}
	return out
}
