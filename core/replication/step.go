package replication

import "trialog/core/kafka"

// Step is the only way to change a replica.
func (r *Replica) Step(now kafka.Now, in Input, out *Effects) {
	switch in := in.(type) {
	case *Lead:
		r.lead(now, in, out)
	case *Follow:
		r.follow(in, out)
	case *Retire:
		r.retire(in.Err, out)
	case *Configure:
		r.configure(now, in, out)
	case *Produce:
		r.produce(now, in, out)
	case *Written:
		r.Log.Written(in.Incarnation, in.End)
	case *Synced:
		r.Log.Synced(in.Incarnation, in.End)
	case *EpochStarted:
		r.epochStarted(now, in.Epoch, out)
	case *Advance:
		r.advance(now, out)
	case *FollowerFetched:
		r.followerFetched(now, in, out)
	case *FollowerStayed:
		r.followerStayed(in)
	case *CheckISR:
		r.checkISR(now, out)
	case *Altered:
		r.altered(in, out)
	case *Fetched:
		r.fetched(now, in, out)
	case *Wait:
		r.wait(in)
	case *Unwait:
		r.unwait(in.Ticket)
	case *Retain:
		r.retain(in.Policy, out)
	case *DeleteRecords:
		r.deleteRecords(in.To, out)
	case *LogStarted:
		r.logStarted(in.Start, out)
	case *ExpireProducers:
		r.Log.ExpireProducers(now)
	}
}

// configure takes the topic's settings over. A lower min ISR may let the high
// watermark go on.
func (r *Replica) configure(now kafka.Now, in *Configure, out *Effects) {
	r.settings, r.lagMax = in.Settings, in.LagMax
	r.storage = storageConfig(&r.settings)
	r.advance(now, out)
}
