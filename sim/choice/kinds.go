package choice

// Kind says what sort of thing a stream belongs to.
type Kind uint8

// The kinds of streams.
const (
	KindWorld  Kind = iota + 1 // the run as a whole; index 0
	KindFault                  // the nemesis; index is the fault kind
	KindLink                   // a directed pair of hosts
	KindNode                   // a host, brokers first, then clients
	KindDisk                   // a host's disk
	KindQuorum                 // the metadata quorum's model; index 0
	KindApp                    // a client host's application
)

var kindNames = [...]string{"", "world", "fault", "link", "node", "disk", "quorum", "app"}

// String names the kind.
func (k Kind) String() string { return kindNames[k] }

// StreamID names a stream: its kind and its index within the kind.
type StreamID uint32

// ID makes the name of a stream.
func ID(kind Kind, index int) StreamID { return StreamID(uint32(kind)<<24 | uint32(index)&0xffffff) }

// Kind tells what sort of thing the stream belongs to.
func (s StreamID) Kind() Kind { return Kind(s >> 24) }

// Index is the stream's number within its kind.
func (s StreamID) Index() int { return int(s & 0xffffff) }
