package choice

// Site says what is decided. The list is closed and append-only within a
// group: a tape names sites by number.
type Site uint16

// The sites, grouped by who draws.
const (
	// The run as a whole (stream KindWorld): what the seed uses, and how hard.
	SwarmFault    Site = iota // which kinds of faults are on
	SwarmDose                 // how often an enabled kind strikes
	SwarmLimit                // limits and timeouts
	SwarmNetwork              // base delay and jitter of links
	SwarmDisk                 // latencies and capacity of disks
	SwarmWire                 // whether messages pass as bytes
	SwarmBatching             // how many Steps share one Effects
	SwarmSetting              // broker, topic and client settings (scenarios)
	SwarmWorkload             // the shape of the workload (scenarios)
	EntropySeed               // seeds given to machines

	// The nemesis (stream KindFault, one per fault kind).
	FaultGap    // time to the next strike
	FaultFire   // whether it strikes at all
	FaultTarget // whom
	FaultSpan   // for how long
	FaultDetail // what exactly
	FaultAmount // how much

	// Links (stream KindLink, one per directed pair of hosts).
	LinkDelay // jitter of one message
	LinkSpike // one message is late
	LinkChunk // where a byte stream is cut

	// Nodes (stream KindNode).
	NodeBatch   // whether effects are carried out at once
	NodeRestart // time to the restart of a dead process
	NodeReboot  // time to the restart after a power cut
	NodeJob     // how long a job takes

	// Disks (stream KindDisk).
	DiskWrite   // latency of a write
	DiskSync    // latency of an fsync
	DiskRead    // latency of a read
	DiskKeep    // power cut: what becomes of an unsynced write
	DiskSector  // power cut: which sectors of a torn write survive
	DiskSize    // power cut: what becomes of an unsynced size
	DiskEntry   // power cut: whether an unsynced directory change survives
	DiskShort   // how much of a failing write is done
	DiskCrash   // whether the call in which a process dies has its effect
	DiskEntries // power cut: how the unsynced directory changes of one directory survive

	SwarmLarge // which batches are large (stream KindWorld)

	ExploreFault // what befalls a broker before one of its events (stream KindNode); 0: nothing
	ExploreDelay // past how many others a delivery is held (stream KindWorld); 0: none

	SwarmProtocol // which protocol the members of groups speak, and their sessions (scenarios)
	AppProtocol   // which protocol the next process of a member speaks

	SwarmCleaner // what the cleaner has to go over, and how (scenarios)

	CheckInPieces // whether compressed batches are checked as they are unpacked (stream KindWorld)
	AcceptQuorum  // whether the metadata quorum's trace is judged (stream KindWorld)

	lastOwnSite
)

// QuorumFirst is the first of the 32 sites of the metadata quorum's model
// (stream KindQuorum), which numbers its own from 0.
const QuorumFirst Site = 64

// The sites of applications (stream KindApp, one per client host). Their
// meaning is the scenario's.
const (
	AppGap    Site = iota + QuorumFirst + 32 // time to the next operation
	AppOp                                    // which operation; 0: none
	AppTarget                                // topic, partition, group
	AppSize                                  // records, bytes
	AppDetail
	AppTime // record timestamps
	AppKey
	AppExtra0
	AppExtra1
	AppExtra2
	AppExtra3

	SiteCount // must stay last
)

// The simulator's own sites end below the model's.
const _ = uint(QuorumFirst - lastOwnSite)
