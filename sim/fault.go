package sim

// FaultKind is a kind of fault.
type FaultKind uint8

// The kinds of faults.
const (
	FaultProcessKill    FaultKind = iota + 1 // the process dies, the page cache lives
	FaultPowerCut                            // what was not synced may be lost, torn, or persisted out of order
	FaultPowerCutAll                         // the power goes on every broker at once, or on all but one
	FaultShutdown                            // a controlled shutdown, then a restart
	FaultPause                               // the process stands still, then goes on
	FaultCrashInCall                         // the process or the power dies inside the k-th call to the file system, or between two effects
	FaultWriteError                          // one write fails with EIO
	FaultReadError                           // one read fails with EIO
	FaultSyncError                           // one fsync fails, and what it covered may be lost
	FaultDiskBroken                          // every call fails with EIO until the disk is replaced by a restart
	FaultNoSpace                             // the disk is full for a while
	FaultShortWrite                          // a write stops half way, then fails
	FaultDiskStall                           // the disk answers late for a while
	FaultJournalRot                          // a bit flips in the synced journal
	FaultSegmentRot                          // a bit flips in a synced segment
	FaultClockStep                           // the wall clock jumps, either way
	FaultClockDrift                          // the clocks run fast or slow for a while
	FaultClockFreeze                         // the clocks stand still for a while
	FaultReset                               // a connection is reset
	FaultHalfOpen                            // a connection goes silent without an end
	FaultDelay                               // messages between two hosts are late for a while
	FaultCutOneWay                           // nothing passes from one host to another for a while
	FaultCut                                 // nothing passes between two hosts for a while
	FaultIsolate                             // nothing passes to or from one host for a while
	FaultLostResponse                        // a response is lost and its connection ends
	FaultClientKill                          // a client process dies and starts anew
	FaultClientPause                         // a client process stands still, then goes on
	FaultDiskWiped                           // the power goes, and the broker comes back on an empty disk
	FaultRollingRestart                      // every broker in turn is stopped in a controlled way and started again
	FaultGarbledRequest                      // a client's request arrives, and cannot be read
	FaultKillInSync                          // every broker in the ISR of a partition dies at once
	FaultSlowHost                            // everything between one broker and all other hosts is late for a while
	FaultLateRequest                         // what a leader next asks of the controller about an ISR arrives late, and whatever follows on the connection
	FaultKillAll                             // every broker dies at once, one of them perhaps by a power cut, if that is claimed to be borne
	FaultLastDiskLost                        // the power goes on every broker, and one of them comes back on an empty disk

	FaultKindCount // must stay last
)

var faultNames = [FaultKindCount]string{
	FaultProcessKill: "process-kill", FaultPowerCut: "power-cut", FaultPowerCutAll: "power-cut-all",
	FaultShutdown: "shutdown", FaultPause: "pause", FaultCrashInCall: "crash-in-call",
	FaultWriteError: "write-error", FaultReadError: "read-error", FaultSyncError: "sync-error",
	FaultDiskBroken: "disk-broken", FaultNoSpace: "no-space", FaultShortWrite: "short-write",
	FaultDiskStall: "disk-stall", FaultJournalRot: "journal-rot", FaultSegmentRot: "segment-rot",
	FaultClockStep: "clock-step", FaultClockDrift: "clock-drift", FaultClockFreeze: "clock-freeze",
	FaultReset: "reset", FaultHalfOpen: "half-open", FaultDelay: "delay", FaultCutOneWay: "cut-one-way",
	FaultCut: "cut", FaultIsolate: "isolate", FaultLostResponse: "lost-response",
	FaultClientKill: "client-kill", FaultClientPause: "client-pause",
	FaultDiskWiped: "disk-wiped", FaultRollingRestart: "rolling-restart", FaultGarbledRequest: "garbled-request",
	FaultKillAll: "kill-all", FaultKillInSync: "kill-in-sync", FaultSlowHost: "slow-host", FaultLateRequest: "late-request",
	FaultLastDiskLost: "last-disk-lost",
}

// String names the kind.
func (k FaultKind) String() string { return faultNames[k] }

// Faults is the fault plan: which kinds may strike, and how hard. Each seed
// draws which of them it uses.
type Faults struct {
	Doses []Dose
	// Script strikes at given times, whatever is drawn.
	Script []Strike
}

// Dose is how hard one kind of fault may strike in a run.
type Dose struct {
	Kind FaultKind
	// Share is the per cent of seeds in which the kind is on; 0: all.
	Share uint64
	// TimesMin and TimesMax bound how often it strikes during Phases.Faults; the
	// number is drawn, the strikes are spread over the phase.
	TimesMin, TimesMax int
	// SpanMin and SpanMax bound how long a fault that lasts does so: the time until
	// a dead process is started again, a cut link heals. 0, 0: the kind's own.
	SpanMin, SpanMax int64
	// Aim says whom among the brokers it hits.
	Aim Aim
	// Claimed: where replicas are compared, what takes copies away strikes only as
	// long as no partition loses more of them than it is claimed to bear.
	Claimed bool
	// Patient: it waits for somebody to play the role of Aim, and for its turn.
	Patient bool
}

// Aim is a role that the target of a fault plays at the time. Where nobody
// plays it anybody is hit.
type Aim uint8

// The aims.
const (
	AimAnybody    Aim = iota
	AimLeader         // a broker that leads a partition
	AimFollower       // a broker in the ISR of a partition that another one leads
	AimController     // the active controller
	AimJoining        // a broker that a leader has asked into an ISR
	AimAlone          // a broker that is alone in an ISR, while another one may be elected
)

// Strike is one fault at a given time.
type Strike struct {
	At   int64
	Kind FaultKind
	// Target is a broker's node ID, or, for FaultClientKill and FaultClientPause,
	// 1 + the client's index; 0: drawn.
	Target int
	Span   int64 // 0: drawn
}
