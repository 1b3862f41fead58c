package replication

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
)

// proposal is an ISR that the leader asks the controller for. There is one at a
// time, and it holds for one partition epoch.
type proposal struct {
	open    bool
	members []Member
	// unclear: one of this partition epoch was sent and nobody knows what became of
	// it. Until the epoch moves on it may yet be taken, whatever later ones are told.
	unclear bool
}

// Member is a replica of a proposed ISR, with the broker epoch under which it had
// fetched when it was found to be in sync: one that has come back since may have
// lost what it had, and the controller refuses it (KIP-903, KAFKA-15221).
type Member struct {
	Broker kafka.BrokerID
	Epoch  kafka.BrokerEpoch // NoBrokerEpoch: it has not fetched, or is the leader itself
}

// Proposal is an ISR as the controller is asked for it. The slices are the
// replica's.
type Proposal struct {
	Epoch          kafka.LeaderEpoch
	PartitionEpoch kafka.PartitionEpoch
	ISR            []Member
}

// Proposal returns what the leader asks of the controller now, false for nothing.
func (r *Replica) Proposal() (Proposal, bool) {
	if r.role != RoleLeader || !r.proposal.open {
		return Proposal{}, false
	}
	return Proposal{Epoch: r.epoch, PartitionEpoch: r.partitionEpoch, ISR: r.proposal.members}, true
}

// Joins tells whether the replica leads and has asked a broker into the ISR.
func (r *Replica) Joins(id kafka.BrokerID) bool { return slices.Contains(r.expanding, id) }

// member is a replica as it would stand in a proposal now.
func (r *Replica) member(id kafka.BrokerID) Member {
	if f := r.follower(id); f != nil {
		return Member{id, f.BrokerEpoch}
	}
	return Member{id, kafka.NoBrokerEpoch}
}

// followerFetched takes a follower's progress from its fetch. A fetch of
// another epoch, or of an older incarnation of the follower, counts for nothing:
// it may since have lost what it had (KAFKA-7395, KIP-903). Nor does one whose
// history is not the beginning of ours.
func (r *Replica) followerFetched(now kafka.Now, in *FollowerFetched, out *Effects) {
	if r.role != RoleLeader || in.Epoch != r.epoch {
		return
	}
	f := r.follower(in.Broker)
	if f == nil || in.BrokerEpoch < f.BrokerEpoch {
		return
	}
	if in.BrokerEpoch > f.BrokerEpoch {
		f.FetchOffset, f.DurableEndOffset, f.LogStartOffset = kafka.NoOffset, kafka.NoOffset, kafka.NoOffset
		f.mark, f.Eligible = kafka.NoOffset, false
	}
	f.BrokerEpoch = in.BrokerEpoch
	if diverging, inRange := r.compare(in.FetchOffset, in.LastFetchedEpoch, r.Log.FirstOffset()); diverging.Set || !inRange {
		return
	}
	f.FetchOffset, f.LogStartOffset = in.FetchOffset, in.LogStartOffset
	if in.DurableEndOffset != kafka.NoOffset {
		f.DurableEndOffset = min(in.DurableEndOffset, in.FetchOffset)
	}
	f.Eligible = in.Eligible
	r.caughtUp(now, f)
	r.advance(now, out)
	r.expand(now, out)
}

// caughtUp notes when a follower last had everything that there was. Under load
// it is always a little behind; then it counts when it had what there was at
// some earlier fetch.
func (r *Replica) caughtUp(now kafka.Now, f *FollowerProgress) {
	end, has := r.Log.LogEndOffset, r.countedBy(f)
	switch {
	case has >= end:
		f.LastCaughtUp = now.Mono
	case has >= f.mark:
		f.LastCaughtUp = max(f.LastCaughtUp, f.markAt)
	default:
		return
	}
	f.mark, f.markAt = end, now.Mono
}

// expand asks followers into the ISR that have everything that counts, and
// everything from before this leadership.
func (r *Replica) expand(now kafka.Now, out *Effects) {
	if r.role != RoleLeader || r.proposal.open {
		return
	}
	grown := false
	for i := range r.followers {
		f := &r.followers[i]
		if slices.Contains(r.isr, f.Broker) || !r.joins(now, f) || r.countedBy(f) < max(r.Log.HighWatermark, r.epochStart) {
			continue
		}
		if !grown {
			r.proposal.members = r.proposal.members[:0]
			for _, id := range r.isr {
				r.proposal.members = append(r.proposal.members, r.member(id))
			}
			grown = true
		}
		r.proposal.members = append(r.proposal.members, Member{f.Broker, f.BrokerEpoch})
		if !slices.Contains(r.expanding, f.Broker) {
			r.expanding = append(r.expanding, f.Broker)
		}
	}
	if grown {
		r.propose(out)
	}
}

// checkISR asks followers out of the ISR that have been behind for too long.
func (r *Replica) checkISR(now kafka.Now, out *Effects) {
	if r.role != RoleLeader {
		return
	}
	r.advance(now, out) // it may have waited for a follower outside the ISR
	if r.proposal.open {
		return
	}
	stays := r.proposal.members[:0]
	for _, id := range r.isr {
		f := r.follower(id)
		if f == nil || r.countedBy(f) >= r.Log.LogEndOffset || now.Mono.Sub(f.LastCaughtUp) <= r.lagMax {
			stays = append(stays, r.member(id))
		}
	}
	r.proposal.members = stays
	if len(stays) < len(r.isr) {
		out.Watch.Reached(must.ISRShrinkProposed)
		r.propose(out)
	}
}

func (r *Replica) propose(out *Effects) {
	r.proposal.open = true
	out.Propose = true
}

// altered takes what became of a proposal. What was taken shows in the next
// image. What was refused had no effect then; but if an earlier attempt may
// still be under way, whoever it asks in goes on counting.
func (r *Replica) altered(in *Altered, out *Effects) {
	p := &r.proposal
	if !p.open || in.PartitionEpoch != r.partitionEpoch {
		return
	}
	switch in.Outcome {
	case Taken:
	case Unknown, Again:
		p.unclear = p.unclear || in.Outcome == Unknown
		out.Propose = true
	case Refused:
		p.open = false
		if p.unclear {
			out.Watch.Reached(must.ISRProposalUnclear)
			return
		}
		r.expanding = slices.DeleteFunc(r.expanding, func(id kafka.BrokerID) bool {
			return slices.ContainsFunc(p.members, func(m Member) bool { return m.Broker == id })
		})
	}
}
