package model

import (
	"strconv"

	"trialog/core/quorum"
)

// The kinds of trace events.
const (
	KindUp        = "up"        // an incarnation of Node begins
	KindDown      = "down"      // it ends
	KindPropose   = "propose"   // it proposes Ref with the entry
	KindCommitted = "committed" // it is told of the entry at Index, Ref if it is its own
	KindSnapshot  = "snapshot"  // its state is replaced by State at Index
	KindUnknown   = "unknown"   // it is told that Ref's fate is not known
	KindLeads     = "leads"
	KindLeadsNot  = "leads-not"
	KindMembers   = "members" // it is told Members of Version
	// KindReconfigure: it asks the engine for Step of Replica from Version.
	KindReconfigure = "reconfigure"
	KindState       = "state" // its own fold of the entries up to Index is State
	// KindQuiet: the recorder has waited until whoever is up has caught up. Node is -1.
	KindQuiet = "quiet"
)

// TraceEvent is one line of a trace, in the order in which things happened: a
// recorder of many processes orders lines by one machine's monotonic clock,
// takes a proposal's time before it hands it to the engine, and a delivery's
// after it was told. Entries are told apart by a digest of their records.
type TraceEvent struct {
	Kind     string `json:"kind"`
	Node     int    `json:"node"`
	At       int64  `json:"at,omitempty"` // nanoseconds; for people, the judge goes by the order
	Index    uint64 `json:"index,omitempty"`
	Ref      uint64 `json:"ref,omitempty"`
	Proposer int32  `json:"proposer,omitempty"`
	Nonce    uint64 `json:"nonce,omitempty"`
	Epoch    int32  `json:"epoch,omitempty"`
	Seq      uint64 `json:"seq,omitempty"`
	Records  string `json:"records,omitempty"` // Digest of the entry's records
	State    string `json:"state,omitempty"`   // Digest of a state's encoding
	Version  uint64 `json:"version,omitempty"`
	Members  string `json:"members,omitempty"` // replica IDs, those that vote with a "+"
	Step     uint8  `json:"step,omitempty"`
	Replica  uint64 `json:"replica,omitempty"`
}

// Digest names bytes in a trace (FNV-1a, 64 bits, in hexadecimal).
func Digest(b []byte) string {
	h := uint64(0xcbf29ce484222325)
	for _, c := range b {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return strconv.FormatUint(h, 16)
}

// TracePropose records a proposal.
func TracePropose(node int, p *quorum.Propose) TraceEvent {
	t := TraceEvent{Kind: KindPropose, Node: node, Ref: uint64(p.Ref)}
	t.entry(&p.Entry)
	return t
}

// TraceReconfigure records a step that is asked for.
func TraceReconfigure(node int, r *quorum.Reconfigure) TraceEvent {
	return TraceEvent{Kind: KindReconfigure, Node: node, Version: r.Version, Step: uint8(r.Step), Replica: uint64(r.Replica)}
}

// writeMembers names a membership in a trace: "1+ 2+ 5".
func writeMembers(members []quorum.Member) string {
	var b []byte
	for i, m := range members {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendUint(b, uint64(m.Replica), 10)
		if m.Voter {
			b = append(b, '+')
		}
	}
	return string(b)
}

// Trace records what a node was told.
func Trace(node int, e quorum.Event) TraceEvent {
	t := TraceEvent{Node: node}
	switch e := e.(type) {
	case *quorum.Leads:
		t.Kind = KindLeads
	case *quorum.LeadsNot:
		t.Kind = KindLeadsNot
	case *quorum.Committed:
		t.Kind, t.Index, t.Ref = KindCommitted, e.Index, uint64(e.Ref)
		t.entry(&e.Entry)
	case *quorum.SnapshotLoaded:
		t.Kind, t.Index, t.State = KindSnapshot, e.Index, Digest(e.State)
	case *quorum.Unknown:
		t.Kind, t.Ref = KindUnknown, uint64(e.Ref)
	case *quorum.Members:
		t.Kind, t.Version, t.Members = KindMembers, e.Version, writeMembers(e.Members)
	}
	return t
}

func (t *TraceEvent) entry(e *quorum.Entry) {
	t.Proposer, t.Nonce = int32(e.Proposer), e.Nonce
	t.Epoch, t.Seq, t.Records = int32(e.Epoch), e.Seq, Digest(e.Records)
}
