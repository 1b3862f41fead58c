package group

import "trialog/core/kafka"

// reconciliation brings what one member has towards what it shall have. There is
// no barrier: a member first gives up what others shall have, then it is told the
// new epoch, and it is given what nobody else has any more, heartbeat by heartbeat.
type reconciliation struct {
	epoch  int32 // of the targets
	target Partitions
	// owned is what the member says that it has, if it says so.
	owned    Partitions
	hasOwned bool
	// fresh: it has just joined, and has nothing.
	fresh bool
	// replaces: what it keeps was another's, under whose ID nobody commits any more.
	replaces bool
	// held tells whether somebody else has a partition.
	held func(kafka.TopicPartition) bool
}

// next is what the member has after this heartbeat; the same Current: nothing changes.
func (r *reconciliation) next(c *Current) *Current {
	switch {
	case c.State == MemberStable && c.Epoch == r.epoch:
		return c
	case r.fresh:
		return r.advance(c, c.Epoch)
	case c.State == MemberUnrevoked:
		if !r.hasOwned || r.owned.touches(c.Revoking) {
			return c
		}
		// It has given up what it was told to. In the new epoch a commit of before
		// is only taken for what it still has.
		return r.advance(c, c.Epoch+1)
	default:
		next := r.advance(c, c.Epoch)
		if c.State == next.State && c.Epoch == next.Epoch && len(c.Assigned) == len(next.Assigned) {
			return c
		}
		return next
	}
}

// advance gives up and takes what can be.
func (r *reconciliation) advance(c *Current, epoch int32) *Current {
	keeps := c.Assigned.where(r.target.Has)
	revokes := c.Assigned.where(func(tp kafka.TopicPartition) bool { return !r.target.Has(tp) })
	if len(revokes) > 0 && !r.fresh {
		// Even of what it does not say that it has it is told first: it may be
		// taking it up while it says so.
		return &Current{
			Epoch: epoch, Previous: c.Epoch, State: MemberUnrevoked, Assigned: keeps, Revoking: revokes,
			AssignedSince: c.sinceOf(keeps, epoch), RevokingSince: c.sinceOf(revokes, epoch),
		}
	}
	previous := c.Epoch
	if r.fresh {
		previous = epochJoin
	}
	free := r.target.where(func(tp kafka.TopicPartition) bool { return !keeps.Has(tp) && !r.held(tp) })
	next := &Current{Epoch: r.epoch, Previous: previous, State: MemberStable, Assigned: keeps.with(free)}
	had := Current{Assigned: keeps, AssignedSince: c.sinceOf(keeps, r.epoch)}
	if r.replaces {
		had = Current{}
	}
	next.AssignedSince = had.sinceOf(next.Assigned, r.epoch)
	if len(next.Assigned) < len(r.target) {
		next.State = MemberUnreleased
	}
	return next
}

// settled tells whether a member has what it shall have in an epoch.
func (c *Current) settled(epoch int32) bool { return c.State == MemberStable && c.Epoch == epoch }
