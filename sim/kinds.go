package sim

// EventKind is what happened.
type EventKind uint16

// The kinds of events. The numbers stand in traces: append only.
const (
	evPhase    EventKind = iota + 1 // a: the phase that begins
	evStart                         // a process starts
	evTimer                         // a machine's deadline
	evDeliver                       // a: connection, b: end; the head of a stream arrives
	evFlush                         // effects of several Steps are carried out
	evWrite                         // the writer takes what has gathered; b: as for a read
	evSync                          // an fsync ends; b: as for a read
	evRead                          // a: slot of a read; b: how much of its time is a stall's
	evJob                           // a: slot of a job; b: as for a read
	evQuorum                        // the quorum model has something to do
	evStrike                        // a: strike
	evFaultEnd                      // a: fault under way
	evWake                          // an App asked for it
	evSpace                         // a broker is told of its disk's free space
	evDialLost                      // a: connection; nobody answered
	evPeerLate                      // a: connection; a peer has not answered
	evIdleConn                      // a: connection; nothing was heard on it
	evPeerLost                      // a: ref; there is no such host
	evStop                          // a broker is asked to stop
	evJoin                          // a broker without a replica of the metadata log asks for one

	evKindCount
)

var eventNames = [evKindCount]string{
	evPhase: "phase", evStart: "start", evTimer: "timer", evDeliver: "deliver", evFlush: "flush",
	evWrite: "write", evSync: "sync", evRead: "read", evJob: "job", evQuorum: "quorum",
	evStrike: "strike", evFaultEnd: "fault-end", evWake: "wake", evSpace: "space",
	evDialLost: "dial-lost", evPeerLate: "peer-late", evIdleConn: "idle-connection", evPeerLost: "peer-lost", evStop: "stop", evJoin: "join",
}

// String names the kind.
func (k EventKind) String() string { return eventNames[k] }
