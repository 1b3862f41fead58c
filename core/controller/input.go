package controller

import (
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/quorum"
)

// Input is what the broker tells its controller. The sum is closed: Tick,
// Leads, LeadsNot, Unknown, Applied, Loaded, Members, Command.
//
//sumtype:decl
type Input interface{ controllerInput() }

// Tick says that time has passed.
type Tick struct{}

// Leads passes on quorum.Leads.
type Leads struct{}

// LeadsNot passes on quorum.LeadsNot.
type LeadsNot struct{}

// Unknown passes on quorum.Unknown, for every Ref of this machine's proposals.
type Unknown struct{ Ref kafka.Ref }

// Applied says that the broker's metadata.State has taken a committed entry.
// It is given for every entry, accepted or not, in order.
type Applied struct {
	Entry    *quorum.Entry
	Accepted bool
	Image    *metadata.Image // after the entry
}

// Loaded says that the broker's metadata.State was replaced by a snapshot.
type Loaded struct{ Image *metadata.Image }

// Command asks the controller for something. Result answers it with the same
// Ref, exactly once.
type Command struct {
	Ref kafka.Ref
	// Deadline is when the asker stops waiting; 0 for never.
	Deadline kafka.Instant
	Body     Body
}

func (*Tick) controllerInput()     {}
func (*Leads) controllerInput()    {}
func (*LeadsNot) controllerInput() {}
func (*Unknown) controllerInput()  {}
func (*Applied) controllerInput()  {}
func (*Loaded) controllerInput()   {}
func (*Command) controllerInput()  {}

// Body is what a command asks. The sum is closed; bodies are kept until the
// command is answered and must not be changed.
//
//sumtype:decl
type Body interface{ controllerBody() }

// RegisterBroker asks for a broker epoch (API 62). A repeat with the same
// incarnation gets the same one.
type RegisterBroker struct {
	Broker      kafka.BrokerID
	ClusterID   kafka.UUID // zero when the broker does not know it yet
	Incarnation kafka.IncarnationID
	Directory   kafka.DirectoryID
	// Previous is the broker epoch in the clean-shutdown mark, NoBrokerEpoch when
	// there is no mark.
	Previous kafka.BrokerEpoch
	// KeptSince is the incarnation since whose start everything is there that was
	// written to the directory (the broker's kernel has run ever since); Incarnation
	// or zero when nothing vouches for what was there before.
	KeptSince kafka.IncarnationID
	Rack      string
	Listeners []metadata.Listener
}

// Heartbeat keeps a session alive (API 63).
type Heartbeat struct {
	Broker kafka.BrokerID
	Epoch  kafka.BrokerEpoch
	// AppliedIndex is the index of the image that the broker acts on.
	AppliedIndex uint64
	// ModesIndex is that of the newest image known to be one whose durability modes
	// its disk has: what was acknowledged in memory before has been synced.
	ModesIndex   uint64
	WantFence    bool
	WantShutdown bool
}

// CreateTopics creates topics (API 19), each on its own.
type CreateTopics struct {
	Topics       []NewTopic
	ValidateOnly bool
}

// NewTopic is one topic of CreateTopics.
type NewTopic struct {
	Name              string
	Partitions        int32 // -1: num.partitions, or as Assignments say
	ReplicationFactor int16 // -1: default.replication.factor, or as Assignments say
	Assignments       []Assignment
	Configs           []NewConfig
}

// Assignment places one partition by hand.
type Assignment struct {
	Partition kafka.PartitionIndex
	Replicas  []kafka.BrokerID
}

// NewConfig is a setting with its value; Value nil is refused.
type NewConfig struct {
	Name  string
	Value *string
}

// DeleteTopics deletes topics (API 20), each by name or by ID.
type DeleteTopics struct{ Topics []TopicRef }

// TopicRef names a topic: by Name, or by ID when Name is empty.
type TopicRef struct {
	Name string
	ID   kafka.TopicID
}

// CreatePartitions adds partitions (API 37).
type CreatePartitions struct {
	Topics       []MorePartitions
	ValidateOnly bool
}

// MorePartitions is one topic of CreatePartitions. Assignments, when not nil,
// places each new partition.
type MorePartitions struct {
	Name        string
	Count       int32 // the new total
	Assignments [][]kafka.BrokerID
}

// AlterConfigs is IncrementalAlterConfigs (API 44), each resource on its own.
type AlterConfigs struct {
	Resources    []AlterResource
	ValidateOnly bool
}

// AlterResource is one resource of AlterConfigs.
type AlterResource struct {
	Resource kafka.ConfigResource
	Ops      []AlterOp
}

// AlterOp is one operation on one setting; Value is nil for OpDelete.
type AlterOp struct {
	Name  string
	Op    kafka.ConfigOp
	Value *string
}

// ReplaceConfigs is AlterConfigs of the wire (API 33), each resource on its own:
// afterwards exactly the given settings are set. Its result is AlterConfigsResult.
type ReplaceConfigs struct {
	Resources    []ReplaceResource
	ValidateOnly bool
}

// ReplaceResource is one resource of ReplaceConfigs.
type ReplaceResource struct {
	Resource kafka.ConfigResource
	Configs  []NewConfig
}

// AllocateProducerIDs asks for a block of producer IDs (API 67).
type AllocateProducerIDs struct {
	Broker kafka.BrokerID
	Epoch  kafka.BrokerEpoch
}

// AlterPartition asks for ISR changes of partitions that a broker leads (API 56).
type AlterPartition struct {
	Broker     kafka.BrokerID
	Epoch      kafka.BrokerEpoch
	Partitions []NewISR
}

// NewISR is one partition of AlterPartition.
type NewISR struct {
	Partition      kafka.TopicPartition
	LeaderEpoch    kafka.LeaderEpoch
	PartitionEpoch kafka.PartitionEpoch
	ISR            []ISRMember
	Recovery       metadata.RecoveryState
}

// ISRMember names a replica with the broker epoch of its fetches (KIP-903);
// NoBrokerEpoch when the leader does not say.
type ISRMember struct {
	Broker kafka.BrokerID
	Epoch  kafka.BrokerEpoch
}

// ElectLeaders asks for elections (API 43). No partitions at all means every one.
type ElectLeaders struct {
	Unclean    bool // false: make the preferred replica the leader
	All        bool
	Partitions []kafka.TopicPartition
}

// AssignDirectories tells where a broker's replicas lie (API 73): in its directory,
// or nowhere (kafka.LostDirectory), as their bytes are damaged.
type AssignDirectories struct {
	Broker   kafka.BrokerID
	Epoch    kafka.BrokerEpoch
	Replicas []AssignedReplica
}

// AssignedReplica is one replica of AssignDirectories.
type AssignedReplica struct {
	Partition kafka.TopicPartition
	// LeaderEpoch is the partition's, as the broker knows it: what was said in an
	// older one is of a replica that may have been made anew since.
	LeaderEpoch kafka.LeaderEpoch
	Directory   kafka.DirectoryID
}

func (*RegisterBroker) controllerBody()      {}
func (*Heartbeat) controllerBody()           {}
func (*CreateTopics) controllerBody()        {}
func (*DeleteTopics) controllerBody()        {}
func (*CreatePartitions) controllerBody()    {}
func (*AlterConfigs) controllerBody()        {}
func (*ReplaceConfigs) controllerBody()      {}
func (*AllocateProducerIDs) controllerBody() {}
func (*AlterPartition) controllerBody()      {}
func (*ElectLeaders) controllerBody()        {}
func (*AssignDirectories) controllerBody()   {}
