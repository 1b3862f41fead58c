package scenarios

// Kind is a kind of fault.
type Kind uint8

// The kinds of faults.
const (
	ProcessKill    Kind = iota + 1 // the process dies, the page cache lives
	PowerCut                       // what was not synced may be lost, torn, or persisted out of order
	CrashInCall                    // the process or the power dies inside a call to the file system
	Shutdown                       // a controlled shutdown and restart
	Pause                          // the process stands still, then goes on
	WriteError                     // one write fails with EIO
	ReadError                      // one read fails with EIO
	SyncError                      // one fsync fails; what it covered may be lost
	NoSpace                        // the disk is full for a while
	ShortWrite                     // a write stops half way, then fails
	DiskStall                      // the disk answers late
	JournalRot                     // a bit flips in the journal
	SegmentRot                     // a bit flips in a segment
	ClockStep                      // the wall clock jumps, either way
	ClockDrift                     // the clocks run fast or slow
	ClockFreeze                    // the clocks stand still for a while
	Reset                          // a connection is reset
	HalfOpen                       // a connection goes silent without an end
	Delay                          // messages of a connection are late
	Cut                            // nothing passes between two hosts for a while
	CutOneWay                      // nothing passes from one host to another for a while
	Isolate                        // nothing passes to or from one host for a while
	LostResponse                   // a request arrives, its response does not
	ClientKill                     // a client process dies and starts anew
	ClientPause                    // a client process stands still, then goes on
	PowerCutAll                    // the power goes on every broker at once, or on all but one
	DiskWiped                      // a broker comes back on an empty disk
	RollingRestart                 // every broker in turn is stopped in a controlled way and started again
	GarbledRequest                 // a request arrives that the broker cannot read
	KillInSync                     // every broker in the ISR of a partition dies at once
	SlowHost                       // everything to and from one broker is late for a while
	LateRequest                    // what a leader asks about an ISR arrives late
	KillAll                        // every broker dies at once, one of them perhaps by a power cut
	LastDiskLost                   // the power goes on every broker at once, and one comes back on an empty disk
	KindCount                      // must stay last
)

var kindNames = [KindCount]string{
	ProcessKill: "process-kill", PowerCut: "power-cut", CrashInCall: "crash-in-call", Shutdown: "shutdown", Pause: "pause",
	WriteError: "write-error", ReadError: "read-error", SyncError: "sync-error", NoSpace: "no-space",
	ShortWrite: "short-write", DiskStall: "disk-stall", JournalRot: "journal-rot", SegmentRot: "segment-rot",
	ClockStep: "clock-step", ClockDrift: "clock-drift", ClockFreeze: "clock-freeze",
	Reset: "reset", HalfOpen: "half-open", Delay: "delay", Cut: "cut", CutOneWay: "cut-one-way", Isolate: "isolate", LostResponse: "lost-response",
	ClientKill: "client-kill", ClientPause: "client-pause",
	PowerCutAll: "power-cut-all", DiskWiped: "disk-wiped", RollingRestart: "rolling-restart", GarbledRequest: "garbled-request",
	KillAll: "kill-all", KillInSync: "kill-in-sync", SlowHost: "slow-host", LateRequest: "late-request",
	LastDiskLost: "last-disk-lost",
}

// String names the kind.
func (k Kind) String() string { return kindNames[k] }

// Kinds lists every kind of fault.
func Kinds() []Kind {
	kinds := make([]Kind, 0, KindCount-1)
	for k := Kind(1); k < KindCount; k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

// Fault is one kind of fault and its dose.
type Fault struct {
	Kind Kind
	// Times is how often it strikes in one run of the scenario.
	Times Range
	// Share is the per cent of seeds in which it is on at all; 0 means all.
	Share int
	// SpanMs is how long it lasts, in milliseconds: until a dead process is
	// started again, a full disk has room. Zero: the arm's own.
	SpanMs Range
	// Aim says whom among the brokers it hits.
	Aim Aim
	// Claimed: what takes copies away strikes only within what is claimed to be borne.
	Claimed bool
	// Lurking: it waits, in simulation, for somebody to play the role that it is aimed at.
	Lurking bool
}

// Aim is a role that the target of a fault plays at the time.
type Aim uint8

// The aims.
const (
	Anybody    Aim = iota
	Leader         // a broker that leads a partition
	Follower       // a broker that follows in one
	Controller     // the active controller
	Joining        // a broker that is about to be in the ISR
	Alone          // a broker that is alone in an ISR, while another one may be elected
)

// For gives a fault a span, in milliseconds.
func (f Fault) For(least, most int) Fault {
	f.SpanMs = Range{least, most}
	return f
}

// At aims a fault.
func (f Fault) At(aim Aim) Fault {
	f.Aim = aim
	return f
}

// WithinClaims keeps a fault that takes copies away within what is claimed.
func (f Fault) WithinClaims() Fault {
	f.Claimed = true
	return f
}

// Patient has a fault wait for somebody to play the role that it is aimed at.
func (f Fault) Patient() Fault {
	f.Lurking = true
	return f
}

// Has tells whether the scenario may inject a kind.
func (s *Scenario) Has(kind Kind) bool {
	for _, f := range s.Faults {
		if f.Kind == kind {
			return true
		}
	}
	return false
}
