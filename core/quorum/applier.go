package quorum

import "trialog/core/kafka"

// Verdict says what became of a committed entry.
type Verdict uint8

// The verdicts. Every replica reaches the same one at the same index.
const (
	Accepted   Verdict = iota + 1
	StaleClaim         // a claim of an epoch that is not the last plus one
	StaleEpoch         // a batch of an epoch that is not current, or before any claim
	Repeated           // a batch whose sequence has been applied
	Gap                // a batch beyond the next sequence
	Impostor           // a batch under the current epoch by somebody who does not hold it
)

// Applier decides which committed entries count. It is part of the replicated
// state: equal on every replica at an equal index. Its zero value is the start.
type Applier struct {
	Epoch   kafka.ControllerEpoch // the last claim accepted; 0 before the first
	LastSeq uint64                // the last batch accepted in Epoch
	Holder  kafka.BrokerID        // who claimed Epoch
	Nonce   uint64                // the holder's incarnation
}

// Take judges an entry and, when it is accepted, moves on.
//
//  1. A claim counts only if it asks for the last epoch plus one: of two rival
//     claims, the first committed wins.
//  2. A batch counts only under the current epoch, from that epoch's holder,
//     with the sequence last plus one: a retry is harmless, a gap impossible, and
//     whatever a deposed controller still has in flight is void.
func (a *Applier) Take(e *Entry) Verdict {
	if e.IsClaim() {
		if e.Epoch != a.Epoch+1 {
			return StaleClaim
		}
		*a = Applier{Epoch: e.Epoch, Holder: e.Proposer, Nonce: e.Nonce}
		return Accepted
	}
	switch {
	case e.Epoch != a.Epoch || a.Epoch == 0:
		return StaleEpoch
	case e.Proposer != a.Holder || e.Nonce != a.Nonce:
		return Impostor
	case e.Seq <= a.LastSeq:
		return Repeated
	case e.Seq != a.LastSeq+1:
		return Gap
	}
	a.LastSeq = e.Seq
	return Accepted
}

// String names the verdict.
func (v Verdict) String() string {
	switch v {
	case Accepted:
		return "accepted"
	case StaleClaim:
		return "stale claim"
	case StaleEpoch:
		return "stale epoch"
	case Repeated:
		return "repeated"
	case Gap:
		return "gap"
	case Impostor:
		return "impostor"
	}
	return "unknown verdict"
}
