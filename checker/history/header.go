package history

// Version is the version of the file format that this package writes.
const Version = 1

// Mode is a topic's durability mode.
type Mode string

// The durability modes.
const (
	// ModeSynced: a record counts once it is on disk (flush.messages=1).
	ModeSynced Mode = "synced"
	// ModeReplicated: a record counts once the in-sync replicas hold it in
	// memory (flush.messages=9223372036854775807, Kafka's default).
	ModeReplicated Mode = "replicated"
)

// Arm says where a history comes from.
type Arm string

// The arms.
const (
	ArmSimulator Arm = "sim"
	ArmLocal     Arm = "local"
	ArmAddress   Arm = "address"
)

// Header says what was run and what was promised.
type Header struct {
	Version    int    `json:"history"`
	Scenario   string `json:"scenario,omitempty"`
	Arm        Arm    `json:"arm,omitempty"`
	Seed       uint64 `json:"seed,omitempty"`
	Commit     string `json:"commit,omitempty"`
	ConfigHash string `json:"config_hash,omitempty"`
	TraceHash  string `json:"trace_hash,omitempty"`
	Nodes      int    `json:"nodes,omitempty"`
	// EpochMs is what true clocks showed at time 0, in milliseconds since 1970; 0: not told.
	EpochMs int64 `json:"epoch_ms,omitempty"`

	// Config is what the run was configured with, in an order of the writer's.
	Config []Setting `json:"config,omitempty"`
	// Topics are those that claims are derived from. A partition whose topic
	// is not listed counts as one replica, synced, never deleting.
	Topics []Topic `json:"topics,omitempty"`
	// Groups are the consumer groups of which more is known than their name.
	Groups []Group `json:"groups,omitempty"`
	// Claims overrides what the checker derives from Topics and faults.
	Claims []Claim `json:"claims,omitempty"`
	// Expect names anomalies that must be found: a control.
	Expect []Expectation `json:"expect,omitempty"`
	// Replay and Shrink are the commands that a failing run prints.
	Replay string `json:"replay,omitempty"`
	Shrink string `json:"shrink,omitempty"`
}

// Setting is one configured value.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Topic is what a topic promises.
type Topic struct {
	Name       string `json:"name"`
	Partitions int    `json:"partitions"`
	Replicas   int    `json:"replicas"`
	MinISR     int    `json:"min_isr"`
	Mode       Mode   `json:"mode"`
	// UncleanElection: a replica that may lack acknowledged records may lead.
	UncleanElection bool `json:"unclean_election,omitempty"`
	// Retention: the broker may delete old records by itself, so a log start
	// that it reports is believed.
	Retention bool `json:"retention,omitempty"`
	// RetentionMs and RetentionBytes are what the broker deletes by, in
	// milliseconds and bytes; 0: not told, -1: without bound. A broker's clock may be
	// SkewMs off, and as much again for each time that it was started.
	RetentionMs    int64 `json:"retention_ms,omitempty"`
	RetentionBytes int64 `json:"retention_bytes,omitempty"`
	SkewMs         int64 `json:"skew_ms,omitempty"`
	// AppendTime: records carry the time of their append, not one of their producers'.
	AppendTime bool `json:"append_time,omitempty"`
	// Compacted: records may vanish when a later one has their key; a missing
	// record is judged by its own property, not as a lost write.
	Compacted bool `json:"compacted,omitempty"`
	// Keys is how many keys the topic's records have (Value.KeyOf); 0: they are not
	// known. DeleteRetentionMs is how long tombstones stay at least.
	Keys              int   `json:"keys,omitempty"`
	DeleteRetentionMs int64 `json:"delete_retention_ms,omitempty"`
}

// Group is what a consumer group promises.
type Group struct {
	Name string `json:"name"`
	// Classic: its members speak the classic protocol only, so that one generation
	// holds for all of them.
	Classic bool `json:"classic,omitempty"`
	// Loose: a coordinator that was deposed may answer reads until it learns so, as
	// Kafka's do.
	Loose bool `json:"loose,omitempty"`
	// Coordinator is the partition, "topic/3", whose leader coordinates the group,
	// if the history tells who leads it.
	Coordinator string `json:"coordinator,omitempty"`
}

// Claim says that a property is claimed in this run or is not, and why.
type Claim struct {
	Property Property `json:"property"`
	Claimed  bool     `json:"claimed"`
	Reason   string   `json:"reason"`
}

// Expectation is an anomaly that the run is declared to show. The run passes
// only if the property's verdict names that anomaly.
type Expectation struct {
	Property Property `json:"property"`
	Anomaly  string   `json:"anomaly,omitempty"` // empty: any of the property
	Reason   string   `json:"reason"`
}
