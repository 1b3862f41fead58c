package metadata

import (
	"trialog/core/kafka"
	"trialog/core/quorum"
)

// Record is one fact of the metadata log. The sum is closed: ClusterID,
// FeatureLevel, BrokerRegistration, BrokerChange, BrokerRemoved, Topic,
// TopicRemoved, PartitionRecord, PartitionChange, Config, ProducerIDBlock,
// QuorumReplica, QuorumReplicaRemoved.
//
//sumtype:decl
type Record interface{ metadataRecord() }

// ClusterID is the first committed record of a cluster's life.
type ClusterID struct{ ID kafka.UUID }

// FeatureLevel finalises a feature (KIP-584). Level 0 removes it. Each one
// raises the image's feature epoch.
type FeatureLevel struct {
	Name  string
	Level int16
}

// Listener is one address of a broker.
type Listener struct {
	Name     string // the listener's name, as clients' connections carry it
	Host     string
	Port     uint16
	Security int16 // Kafka's security protocol: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL
}

// BrokerRegistration makes one incarnation of a broker known, fenced.
type BrokerRegistration struct {
	Broker      kafka.BrokerID
	Epoch       kafka.BrokerEpoch // this incarnation's, above every one before
	Incarnation kafka.IncarnationID
	Directory   kafka.DirectoryID
	// Previous is the broker epoch that the directory's clean-shutdown mark
	// named; NoBrokerEpoch after an unclean stop.
	Previous kafka.BrokerEpoch
	// KeptSince is the incarnation since whose start the directory has lost nothing
	// that was written to it, synced or not. Two registrations with the same one
	// tell that no power cut came between them.
	KeptSince kafka.IncarnationID
	Rack      string
	Listeners []Listener
}

// BrokerChange fences, unfences or begins the shutdown of one incarnation.
type BrokerChange struct {
	Broker       kafka.BrokerID
	Epoch        kafka.BrokerEpoch
	Fenced       bool
	ShuttingDown bool
}

// BrokerRemoved forgets a broker.
type BrokerRemoved struct {
	Broker kafka.BrokerID
	Epoch  kafka.BrokerEpoch
}

// Topic begins the life of a topic.
type Topic struct {
	ID   kafka.TopicID
	Name string
}

// TopicRemoved ends it, with its partitions and its settings.
type TopicRemoved struct{ ID kafka.TopicID }

// RecoveryState tells whether a leader was elected uncleanly and has yet to
// recover (KIP-704).
type RecoveryState int8

// The recovery states, as AlterPartition numbers them.
const (
	Recovered  RecoveryState = 0
	Recovering RecoveryState = 1
)

// PartitionState is everything the cluster decided about a partition.
type PartitionState struct {
	Replicas []kafka.BrokerID // in preferred order
	Adding   []kafka.BrokerID
	Removing []kafka.BrokerID
	// Directories[i] is the data directory that held Replicas[i] when it was last
	// given the role: another directory is another, empty, replica.
	Directories []kafka.DirectoryID
	ISR         []kafka.BrokerID
	ELR         []kafka.BrokerID // KIP-966
	// LastKnownELR is who would still have the data when ISR and ELR are empty;
	// the first is the last leader.
	LastKnownELR   []kafka.BrokerID
	Leader         kafka.BrokerID // NoBroker when there is none
	LeaderEpoch    kafka.LeaderEpoch
	PartitionEpoch kafka.PartitionEpoch
	Recovery       RecoveryState
	Mode           kafka.DurabilityMode
}

// PartitionRecord begins the life of a partition.
type PartitionRecord struct {
	Topic     kafka.TopicID
	Partition kafka.PartitionIndex
	State     PartitionState
}

// PartitionFields selects what a PartitionChange sets.
type PartitionFields uint16

// The fields of a PartitionChange.
const (
	FieldReplicas PartitionFields = 1 << iota
	FieldAdding
	FieldRemoving
	FieldDirectories
	FieldISR
	FieldELR
	FieldLastKnownELR
	FieldLeader // sets Leader and raises the leader epoch, also when the leader stays
	FieldRecovery
	FieldMode

	fieldEnd // must stay last
)

// PartitionChange changes the fields that Fields selects, and raises the
// partition epoch.
type PartitionChange struct {
	Topic     kafka.TopicID
	Partition kafka.PartitionIndex
	Fields    PartitionFields
	State     PartitionState // the selected fields; epochs are not taken from here
}

// Config sets a value of a resource, or removes it.
type Config struct {
	Resource kafka.ConfigResource
	Name     string
	Value    string
	Remove   bool
}

// ProducerIDBlock hands a block of producer IDs to a broker; Next is the first
// ID of the next block.
type ProducerIDBlock struct {
	Broker kafka.BrokerID
	Epoch  kafka.BrokerEpoch
	Next   kafka.ProducerID
}

// QuorumReplica says who shall be a member of the metadata quorum: a new replica
// ID, or another role for one that is there. The engine follows by steps.
type QuorumReplica struct {
	Replica quorum.ReplicaID // above every one before, when it is new
	Node    kafka.BrokerID
	// Directory is the quorum's directory on that node; zero for a founder.
	Directory kafka.DirectoryID
	Voter     bool
}

// QuorumReplicaRemoved says that a replica shall be a member no more. Its ID is
// not given again.
type QuorumReplicaRemoved struct{ Replica quorum.ReplicaID }

func (*ClusterID) metadataRecord()            {}
func (*FeatureLevel) metadataRecord()         {}
func (*BrokerRegistration) metadataRecord()   {}
func (*BrokerChange) metadataRecord()         {}
func (*BrokerRemoved) metadataRecord()        {}
func (*Topic) metadataRecord()                {}
func (*TopicRemoved) metadataRecord()         {}
func (*PartitionRecord) metadataRecord()      {}
func (*PartitionChange) metadataRecord()      {}
func (*Config) metadataRecord()               {}
func (*ProducerIDBlock) metadataRecord()      {}
func (*QuorumReplica) metadataRecord()        {}
func (*QuorumReplicaRemoved) metadataRecord() {}
