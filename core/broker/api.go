package broker

import (
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// The keys that this package treats by name.
const (
	keyProduce                     = protocol.KeyProduce
	keyFetch                       = protocol.KeyFetch
	keyListOffsets                 = protocol.KeyListOffsets
	keyMetadata                    = protocol.KeyMetadata
	keyOffsetCommit                = protocol.KeyOffsetCommit
	keyOffsetFetch                 = protocol.KeyOffsetFetch
	keyFindCoordinator             = protocol.KeyFindCoordinator
	keyJoinGroup                   = protocol.KeyJoinGroup
	keyHeartbeat                   = protocol.KeyHeartbeat
	keyLeaveGroup                  = protocol.KeyLeaveGroup
	keySyncGroup                   = protocol.KeySyncGroup
	keyDescribeGroups              = protocol.KeyDescribeGroups
	keyListGroups                  = protocol.KeyListGroups
	keyDeleteGroups                = protocol.KeyDeleteGroups
	keyConsumerGroupHeartbeat      = protocol.KeyConsumerGroupHeartbeat
	keyConsumerGroupDescribe       = protocol.KeyConsumerGroupDescribe
	keyOffsetDelete                = protocol.KeyOffsetDelete
	keyApiVersions                 = protocol.KeyApiVersions
	keyCreateTopics                = protocol.KeyCreateTopics
	keyDeleteTopics                = protocol.KeyDeleteTopics
	keyDeleteRecords               = protocol.KeyDeleteRecords
	keyInitProducerID              = protocol.KeyInitProducerID
	keyOffsetForLeaderEpoch        = protocol.KeyOffsetForLeaderEpoch
	keyDescribeConfigs             = protocol.KeyDescribeConfigs
	keyAlterConfigs                = protocol.KeyAlterConfigs
	keyDescribeLogDirs             = protocol.KeyDescribeLogDirs
	keyCreatePartitions            = protocol.KeyCreatePartitions
	keyElectLeaders                = protocol.KeyElectLeaders
	keyIncrementalAlterConfigs     = protocol.KeyIncrementalAlterConfigs
	keyAlterPartitionReassignments = protocol.KeyAlterPartitionReassignments
	keyListPartitionReassignments  = protocol.KeyListPartitionReassignments
	keyDescribeQuorum              = protocol.KeyDescribeQuorum
	keyAlterPartition              = protocol.KeyAlterPartition
	keyUpdateFeatures              = protocol.KeyUpdateFeatures
	keyEnvelope                    = protocol.KeyEnvelope
	keyDescribeCluster             = protocol.KeyDescribeCluster
	keyBrokerRegistration          = protocol.KeyBrokerRegistration
	keyBrokerHeartbeat             = protocol.KeyBrokerHeartbeat
	keyUnregisterBroker            = protocol.KeyUnregisterBroker
	keyAllocateProducerIDs         = protocol.KeyAllocateProducerIDs
	keyAssignReplicasToDirs        = protocol.KeyAssignReplicasToDirs
	keyListConfigResources         = protocol.KeyListConfigResources
	keyDescribeTopicPartitions     = protocol.KeyDescribeTopicPartitions
	keyAddRaftVoter                = protocol.KeyAddRaftVoter
	keyRemoveRaftVoter             = protocol.KeyRemoveRaftVoter
)

// begin lets a request take effect. It is finished when this returns, or goes
// on when a disk, the quorum or another broker answers.
func (b *Broker) begin(r *request) {
	if r.err != kafka.None || r.body == nil {
		b.beginUndecoded(r)
		return
	}
	switch r.key {
	case keyProduce:
		b.beginProduce(r)
	case keyFetch:
		b.beginFetch(r)
	case keyListOffsets:
		b.beginListOffsets(r)
	case keyMetadata:
		b.beginMetadata(r)
	case keyApiVersions:
		b.beginApiVersions(r)
	case keyCreateTopics:
		b.beginCreateTopics(r)
	case keyDeleteTopics:
		b.beginDeleteTopics(r)
	case keyDeleteRecords:
		b.beginDeleteRecords(r)
	case keyInitProducerID:
		b.beginInitProducerID(r)
	case keyOffsetForLeaderEpoch:
		b.beginOffsetForLeaderEpoch(r)
	case keyDescribeConfigs:
		b.beginDescribeConfigs(r)
	case keyAlterConfigs:
		b.beginAlterConfigs(r)
	case keyCreatePartitions:
		b.beginCreatePartitions(r)
	case keyIncrementalAlterConfigs:
		b.beginIncrementalAlterConfigs(r)
	case keyDescribeCluster:
		b.beginDescribeCluster(r)
	case keyDescribeTopicPartitions:
		b.beginDescribeTopicPartitions(r)
	case keyDescribeLogDirs:
		b.beginDescribeLogDirs(r)
	case keyElectLeaders:
		b.beginElectLeaders(r)
	case keyAlterPartitionReassignments:
		b.beginAlterPartitionReassignments(r)
	case keyListPartitionReassignments:
		b.beginListPartitionReassignments(r)
	case keyDescribeQuorum:
		b.beginDescribeQuorum(r)
	case keyUpdateFeatures:
		b.beginUpdateFeatures(r)
	case keyUnregisterBroker:
		b.beginUnregisterBroker(r)
	case keyListConfigResources:
		b.beginListConfigResources(r)
	case keyAddRaftVoter:
		b.beginAddRaftVoter(r)
	case keyRemoveRaftVoter:
		b.beginRemoveRaftVoter(r)
	default:
		b.beginGroups(r)
	}
}

// beginGroups does so for requests to coordinators of groups.
func (b *Broker) beginGroups(r *request) {
	switch r.key {
	case keyOffsetCommit:
		b.beginOffsetCommit(r)
	case keyOffsetFetch:
		b.beginOffsetFetch(r)
	case keyFindCoordinator:
		b.beginFindCoordinator(r)
	case keyJoinGroup:
		b.beginJoinGroup(r)
	case keyHeartbeat:
		b.beginHeartbeat(r)
	case keyLeaveGroup:
		b.beginLeaveGroup(r)
	case keySyncGroup:
		b.beginSyncGroup(r)
	case keyDescribeGroups:
		b.beginDescribeGroups(r)
	case keyConsumerGroupHeartbeat:
		b.beginConsumerGroupHeartbeat(r)
	case keyConsumerGroupDescribe:
		b.beginConsumerGroupDescribe(r)
	case keyListGroups:
		b.beginListGroups(r)
	case keyDeleteGroups:
		b.beginDeleteGroups(r)
	case keyOffsetDelete:
		b.beginOffsetDelete(r)
	default:
		b.beginOfBrokers(r)
	}
}

// beginOfBrokers lets a request take effect that brokers send to one another.
func (b *Broker) beginOfBrokers(r *request) {
	switch r.key {
	case keyAlterPartition:
		b.beginAlterPartition(r)
	case keyEnvelope:
		b.beginEnvelope(r)
	case keyBrokerRegistration:
		b.beginBrokerRegistration(r)
	case keyBrokerHeartbeat:
		b.beginBrokerHeartbeat(r)
	case keyAllocateProducerIDs:
		b.beginAllocateProducerIDs(r)
	case keyAssignReplicasToDirs:
		b.beginAssignReplicasToDirs(r)
	default:
		b.refuse(r)
	}
}

// beginUndecoded answers what the driver could not decode. Only ApiVersions has
// an answer to a version that we do not know (KIP-511); anything else ends the
// connection, as Kafka does.
func (b *Broker) beginUndecoded(r *request) {
	b.counters.Malformed++
	if r.key == keyApiVersions && r.err == kafka.ErrUnsupportedVersion {
		b.finish(r, protocol.UnsupportedApiVersions())
		return
	}
	b.note(Note{Level: Warn, Text: "a request could not be read, its connection is closed", Detail: protocol.APIName(r.key) + " from " + r.conn.host,
		Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset})
	b.refuse(r)
}
