package kafka

// ConfigType is the type of a setting's value, as DescribeConfigs numbers it
// (KIP-569).
type ConfigType int8

// The types of settings.
const (
	TypeUnknown  ConfigType = 0
	TypeBoolean  ConfigType = 1
	TypeString   ConfigType = 2
	TypeInt      ConfigType = 3
	TypeShort    ConfigType = 4
	TypeLong     ConfigType = 5
	TypeDouble   ConfigType = 6
	TypeList     ConfigType = 7
	TypeClass    ConfigType = 8
	TypePassword ConfigType = 9
)

// ConfigSource says where a value came from, as DescribeConfigs numbers it
// (KIP-226).
type ConfigSource int8

// The sources of a value, strongest first.
const (
	SourceUnknown        ConfigSource = 0
	SourceTopic          ConfigSource = 1 // set on the topic
	SourceBroker         ConfigSource = 2 // set dynamically on this broker
	SourceClusterDefault ConfigSource = 3 // set dynamically for all brokers
	SourceStatic         ConfigSource = 4 // flags, file or environment of this broker
	SourceDefault        ConfigSource = 5 // the registry's default
	SourceGroup          ConfigSource = 8 // set on the group
)

// ConfigResourceType says what a setting is set on, as the wire numbers it.
type ConfigResourceType int8

// The resources whose settings are kept.
const (
	ResourceUnknown ConfigResourceType = 0
	ResourceTopic   ConfigResourceType = 2
	ResourceBroker  ConfigResourceType = 4
	ResourceGroup   ConfigResourceType = 32
)

// ConfigResource names what a setting is set on: a topic or a group by name, a
// broker by its ID in decimal, or, as a broker with the empty name, every broker.
type ConfigResource struct {
	Type ConfigResourceType
	Name string
}

// ConfigOp is one operation of IncrementalAlterConfigs (KIP-339), as the wire
// numbers it.
type ConfigOp int8

// The operations of IncrementalAlterConfigs.
const (
	OpSet      ConfigOp = 0
	OpDelete   ConfigOp = 1
	OpAppend   ConfigOp = 2
	OpSubtract ConfigOp = 3
)

// ConfigScope says on which resources a setting may stand.
type ConfigScope uint8

// The scopes of settings.
const (
	ScopeBroker ConfigScope = 1 << iota
	ScopeTopic
	ScopeGroup
	ScopeBoth = ScopeBroker | ScopeTopic
)

// ConfigUpdate says how a broker-level setting may be changed while running
// (KIP-226). Topic-level settings are always dynamic.
type ConfigUpdate uint8

// The update modes.
const (
	UpdateReadOnly    ConfigUpdate = iota // set at start only
	UpdateClusterWide                     // dynamic, for all brokers at once
	UpdatePerBroker                       // dynamic, for all brokers or for one
)

// Setting is one row of the registry.
type Setting struct {
	Name  string
	Type  ConfigType
	Scope ConfigScope
	// Update applies to the broker level.
	Update ConfigUpdate
	// Default is ours, KafkaDefault Kafka's 4.4; docs/DIVERGENCES.md lists the
	// rows where they differ. NoDefault: null in Kafka, absent here.
	Default      string
	KafkaDefault string
	NoDefault    bool
	Sensitive    bool
	// Synonyms lists, for a topic-level setting, the broker-level settings it
	// falls back to, strongest first; for a broker-level one its weaker spellings.
	Synonyms []ConfigSynonym
	// Valid reports why a parsed value is refused, "" when it is not.
	Valid func(v ConfigValue) string
	Doc   string
}

// ConfigSynonym names a fallback and what its number is multiplied by
// (log.retention.hours → retention.ms). Times is 1 for equals.
type ConfigSynonym struct {
	Name  string
	Times int64
}

// ConfigValue is a parsed value. The field that the setting's type selects is
// set: Int for BOOLEAN (0, 1), INT, SHORT and LONG; Str for STRING; List for LIST.
type ConfigValue struct {
	Int  int64
	Str  string
	List []string
}

// ConfigEntry is one explicitly set value, spelled as Kafka's tools spell it.
type ConfigEntry struct {
	Name  string
	Value string
}

// ConfigMap is a set of explicitly set values, sorted by name, without
// duplicates. It is immutable once shared: With and Without copy.
type ConfigMap []ConfigEntry

// ConfigLayers is everything explicitly set that bears on one topic, group or broker.
// A nil layer is empty.
type ConfigLayers struct {
	Topic          ConfigMap
	Group          ConfigMap
	Broker         ConfigMap
	ClusterDefault ConfigMap
	Static         ConfigMap
}

// ResolvedConfig is one setting's value with its source and, strongest first,
// every value that it hides or is (DescribeConfigs' synonyms).
type ResolvedConfig struct {
	Setting  *Setting
	Value    string
	Null     bool // no value at all (NoDefault and nothing set)
	Source   ConfigSource
	Synonyms []ResolvedSynonym
}

// ResolvedSynonym is one value in a resolution.
type ResolvedSynonym struct {
	Name   string
	Value  string
	Source ConfigSource
}
