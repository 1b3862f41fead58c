package scenarios

import (
	"slices"
	"strconv"
)

// Scenario is one declared trial. Ranges are drawn anew by each seed, so one
// declaration stands for a family of runs (swarm testing).
type Scenario struct {
	Name string
	// Why says what would go unseen without this scenario.
	Why      string
	Cluster  Cluster
	Topics   TopicSettings
	Workload Workload
	// Storage, when not nil, puts the storage of one node on trial without a
	// cluster or clients around it; Cluster, Topics and Workload do not apply.
	Storage *Storage
	Faults  []Fault
	// Paced has faults of real nodes strike one after another, evenly over the
	// time, so that a cluster may recover and its leaders can move; otherwise, and
	// in simulation, they strike at any time.
	Paced bool
	// Needs are what must have happened for a seed to count as evidence.
	Needs  []Need
	Expect Expect
	// Open, when not empty, says what is known to be red here. Such a scenario
	// runs only when it is named.
	Open string
}

// Range is a closed interval of whole numbers, drawn evenly.
type Range struct{ Min, Max int }

// Fixed is a range of one number.
func Fixed(n int) Range { return Range{n, n} }

// Cluster is who serves.
type Cluster struct {
	Brokers int
	// Settings are the brokers' own, under Kafka's names.
	Settings []Setting
	// NoELR has leaders elected as Kafka did before KIP-966.
	NoELR bool
	// Balanced brokers give leadership back to whom a partition prefers, quickly, and
	// in the end every partition is led by it.
	Balanced bool
	// Throttled brokers bound, in some seeds, what throttled replicas are sent that
	// are not in sync.
	Throttled bool
	// Scrubbed brokers read their logs over all the time, at a rate that seeds draw;
	// others do not.
	Scrubbed bool
	// Racks is how many racks the brokers are spread over; each consumer is in one of
	// them and names it. 0: nobody says where it is.
	Racks int
}

// Rack names the rack of a broker, or of a consumer in its place; empty: none.
func (c *Cluster) Rack(node int) string {
	if c.Racks == 0 {
		return ""
	}
	return "rack-" + strconv.Itoa(node%c.Racks)
}

// Setting is one configuration entry under Kafka's name.
type Setting struct{ Name, Value string }

// TopicSettings is what the topics of a run look like.
type TopicSettings struct {
	Topics     Range
	Partitions Range // of each topic
	Configs    []Setting
	// Retention has seeds draw retention.ms and retention.bytes, small enough for
	// records to go while the run lasts.
	Retention bool
	// Keys, when there are any, are how many keys records have, of which seeds draw one:
	// the topics are compacted, and seeds draw how soon, how small the cleaner's map is
	// and how long tombstones stay.
	Keys []int
}

// Has tells whether the topics are made with a setting.
func (t TopicSettings) Has(name, value string) bool {
	return slices.Contains(t.Configs, Setting{name, value})
}

// Replicas is on how many brokers each partition lies.
func (s *Scenario) Replicas() int {
	for _, c := range s.Cluster.Settings {
		if n, err := strconv.Atoi(c.Value); c.Name == "default.replication.factor" && err == nil {
			return n
		}
	}
	return s.Cluster.Brokers
}

// MinISR is the min.insync.replicas of the topics: what they are made with, or
// what a controller gives to topics of so many replicas.
func (s *Scenario) MinISR() int {
	for _, c := range s.Topics.Configs {
		if n, err := strconv.Atoi(c.Value); c.Name == "min.insync.replicas" && err == nil {
			return n
		}
	}
	if s.Replicas() >= 3 {
		return 2
	}
	return 1
}

// Synced tells whether every record is fsynced before it counts.
func (t TopicSettings) Synced() bool {
	for _, c := range t.Configs {
		if c.Name == "flush.messages" {
			return c.Value == "1"
		}
	}
	return true // the default is synced: flush.messages=1
}

// Sets tells whether a setting of topics is declared.
func (t TopicSettings) Sets(name string) bool {
	for _, c := range t.Configs {
		if c.Name == name {
			return true
		}
	}
	return false
}

// Workload is who writes and reads, and how much.
type Workload struct {
	Plain      Range // producers without idempotence
	Idempotent Range // producers with it
	Consumers  Range // each assigns itself some partitions and follows them
	// Seconds is how long clients work under faults, in virtual seconds on the
	// simulator. Then every fault is healed.
	Seconds Range
	// Sends is how many records a producer tries to send, over all its partitions.
	Sends Range
	// BatchRecords and RecordBytes shape one produce request.
	BatchRecords Range
	RecordBytes  Range
	// InFlight is how many produce requests a producer keeps open.
	InFlight Range
	// Hasty is the share of idempotent producers, per cent, that send on before
	// their first batch in a partition is acknowledged, as Kafka's own do.
	Hasty int
	// Lives is how often an idempotent producer is closed and another one opened
	// in its place, once nothing is under way: its first batches then meet faults.
	Lives Range
	// AcksOne is the share of plain producers, per cent, that ask for acks=1.
	AcksOne int
	// OldTimestamps and FutureTimestamps are shares, per mille, of batches that
	// carry a CreateTime days in the past, or up to an hour ahead.
	OldTimestamps, FutureTimestamps int
	// ListOffsets is how often a minute each consumer asks for offsets.
	ListOffsets Range
	// TopicChurn is how often a minute an administrator creates and deletes topics of its own.
	TopicChurn Range
	// Rebirths is how many clients each make a topic, write, read and commit, delete
	// it and make another under its name, again and again. Only the simulator does.
	Rebirths Range
	// Questions is how many requests of any kind, in any version and with any fields,
	// a client of its own asks, one after the other, of topics and groups of its own.
	// Only the simulator does.
	Questions Range
	// Reassignments is how often a minute an administrator gives a partition other
	// replicas, takes that back, or asks for its preferred leader.
	Reassignments Range
	// LeaderMoves is how often a minute an administrator moves the leadership of a
	// partition between replicas that are in sync, several times in quick succession.
	LeaderMoves Range
	// VoterChanges is how often a minute an administrator takes a voter out of the
	// metadata quorum or adds one.
	VoterChanges Range
	// Groups are consumer groups, with so many members each. They read every topic.
	// The members of the first are dynamic, so that in every seed partitions change
	// hands; of the others, Static per cent are groups of static members.
	Groups, Members Range
	Static          int
	// ConsumerProtocol is how many per cent of the groups speak the consumer
	// protocol, in which the coordinator assigns (KIP-848).
	ConsumerProtocol int
	// Migrating is how many per cent of the groups have members of both protocols:
	// every process draws which it speaks.
	Migrating int
	// MemberLives is how often a member leaves and another joins in its place;
	// MassRestarts how often all members of a group die at once.
	MemberLives, MassRestarts Range
	// Anchored: the first member of a group stays all the time, and no session ends.
	Anchored bool
	// SubscriptionChanges is how often a minute a member wants other topics.
	SubscriptionChanges Range
	// GroupSettings is how often a minute an administrator gives a group of the
	// consumer protocol another session timeout and heartbeat interval. Only the
	// simulator does.
	GroupSettings Range
	// Ledgers are clients that write and read committed offsets of a group without
	// members, and read those of the others.
	Ledgers Range
	// NewPartitions is how often a minute an administrator adds one to a topic.
	NewPartitions Range
	// Deletions is how often a minute an administrator deletes the oldest records
	// of a partition.
	Deletions Range
	// DeleteNewest has it delete nearly everything that was read, up to somewhere
	// among the newest of it, in a batch more often than not.
	DeleteNewest bool
	// ModeChanges is how often a minute an administrator sets flush.messages of
	// a topic that is in use. Only the simulator does.
	ModeChanges Range
	// Rescued: once everything has healed an administrator lets any replica lead
	// (unclean.leader.election.enable) in topics of which a partition has nobody left
	// who may. Only the simulator does.
	Rescued bool
}

// Storage is work for the logs of one node.
type Storage struct {
	Logs       Range // at a time
	Operations Range // appends, writes, syncs, jobs, truncations, reads, …
}

// Need is a condition on one seed; a seed that fails one is vacuous.
type Need struct {
	Name string
	// AtLeast is the smallest count that is enough.
	AtLeast int
	// Of says what is counted.
	Of Counted
}

// Counted is what a Need counts.
type Counted uint8

// What a need may count.
const (
	AckedRecords Counted = iota + 1 // records acknowledged to producers
	ReadRecords                     // records read by consumers before the final scan
	FaultsFired                     // faults of any kind
	Restarts                        // broker restarts
	Commits                         // offsets committed by members, acknowledged
	LogStarts                       // moves of a log start
	Cleanings                       // passes of the cleaner that have removed records
	Findings                        // batches, checkpoints and logs that were found to be damaged
	LaterSends                      // sends acknowledged by a topic that another one had the name of before
)

// Expect is the verdict that makes a scenario pass.
type Expect struct {
	// Anomaly, when not empty, names an anomaly that some seed of a run must
	// show; such a scenario is a control, and finding nothing is its failure.
	// No other anomaly is excused by it.
	Anomaly string
	// Within is the number of seeds in which a control must have been caught.
	Within int
	// Reason says why an anomaly is allowed and wanted.
	Reason string
}

// Control tells whether the scenario must be caught.
func (e Expect) Control() bool { return e.Anomaly != "" }

// String is the expectation in words, for lists.
func (e Expect) String() string {
	if e.Control() {
		return "must show " + e.Anomaly + ": " + e.Reason
	}
	return "every claimed property holds"
}
