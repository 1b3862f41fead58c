package history

var kindNames = [...]string{
	Send: "send", Poll: "poll", Scan: "scan", ListOffsets: "list-offsets",
	Assign: "assign", Subscribe: "subscribe", Seek: "seek",
	CreateTopic: "create-topic", DeleteTopic: "delete-topic", CreatePartitions: "create-partitions",
	DeleteRecords: "delete-records", InitProducer: "init-producer",
	CommitOffsets: "commit-offsets", FetchOffsets: "fetch-offsets", Revoke: "revoke", DeleteOffsets: "delete-offsets",
}

var outcomeNames = [...]string{Open: "open", OK: "ok", Fail: "fail", Info: "info"}

var eventNames = [...]string{
	Fault: "fault", Heal: "heal", Crash: "crash", Start: "start", Recovered: "recovered",
	Leader: "leader", ISR: "isr", Truncated: "truncated", LogStart: "log-start",
	Replicated: "replicated", Risk: "risk", Void: "void", Phase: "phase", Note: "note", Replica: "replica",
	ModeChanged: "mode-changed",
}

var faultNames = [...]string{
	FaultNone: "", FaultKill: "kill", FaultPower: "power", FaultPause: "pause", FaultLink: "link",
	FaultDrop: "drop", FaultDelay: "delay", FaultDuplicate: "duplicate", FaultReorder: "reorder",
	FaultReset: "reset", FaultHalfOpen: "half-open", FaultDiskError: "disk-error", FaultDiskDead: "disk-dead",
	FaultDiskFull: "disk-full", FaultDiskShort: "disk-short", FaultDiskStall: "disk-stall",
	FaultDiskFlip: "disk-flip", FaultDiskWiped: "disk-wiped",
	FaultClockStep: "clock-step", FaultClockDrift: "clock-drift", FaultClockFreeze: "clock-freeze",
}

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "?"
}

// find returns the index of a name, or -1. The lists are short, and the
// comparison does not allocate.
func find(names []string, s []byte) int {
	for i, n := range names {
		if n == string(s) {
			return i
		}
	}
	return -1
}

// String names the kind as in the file format.
func (k Kind) String() string { return nameOf(kindNames[:], int(k)) }

// String names the outcome as in the file format.
func (o Outcome) String() string { return nameOf(outcomeNames[:], int(o)) }

// String names the kind of event as in the file format.
func (k EventKind) String() string { return nameOf(eventNames[:], int(k)) }

// String names the fault as in the file format; "" for FaultNone.
func (f FaultKind) String() string { return nameOf(faultNames[:], int(f)) }

// ParseFault finds a fault by its name.
func ParseFault(s string) (FaultKind, bool) {
	i := find(faultNames[:], []byte(s))
	return FaultKind(max(i, 0)), i > 0
}
