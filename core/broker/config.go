package broker

import (
	"trialog/core/batch"
	"trialog/core/kafka"
)

// Config is what a driver knows before the first Step. Nothing in it changes
// during an incarnation.
type Config struct {
	// NodeID is the broker's stable number.
	NodeID kafka.BrokerID
	// Incarnation names this run of the process; never all zero.
	Incarnation kafka.IncarnationID
	// Boot is another text after every start of the machine: the kernel's boot ID.
	// Empty: not known, and every unclean stop may then have taken what was not
	// synced.
	Boot string
	// Seed feeds the broker's own generator (directory, cluster and topic IDs,
	// nonces): entropy in production, a choice in simulation. It differs between
	// incarnations.
	Seed uint64
	// Listeners are where clients and brokers reach this node, in the order in
	// which Metadata prefers them. At least one.
	Listeners []Listener
	// Rack is broker.rack; empty: none.
	Rack string
	// Voter says that a voter of the metadata quorum runs on this node.
	Voter bool
	// Settings are the broker's static settings by Kafka's names (log.segment.bytes,
	// num.partitions, …), resolved through the registry of core/kafka. Names that
	// the registry does not know are ignored; the driver has checked them.
	Settings map[string]string
	// Codecs decompress batches for searches by timestamp.
	Codecs *batch.Codecs
}

// Listener is one advertised address.
type Listener struct {
	Name     string // "PLAINTEXT", "EXTERNAL", …; ConnectionOpened names it
	Host     string // as clients are told
	Port     int32  // as clients are told
	Security kafka.SecurityProtocol
	// InterBroker marks the listener on which inter-broker APIs are accepted.
	InterBroker bool
}
