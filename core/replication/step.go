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
		r.configure(in, out)
	case *Produce:
		r.produce(now, in, out)
	case *Written:
		r.Log.Written(in.Incarnation, in.End)
	case *Synced:
		r.Log.Synced(in.Incarnation, in.End)
	case *EpochStarted:
		r.epochStarted(in.Epoch, out)
	case *Advance:
		r.advance(out)
	case *FollowerFetched:
		r.followerFetched(now, in, out)
	case *Fetched:
		r.fetched(now, in, out)
	case *Wait:
		r.fetches = append(r.fetches, in.Ticket)
	case *Unwait:
		r.unwait(in.Ticket)
	case *ExpireProducers:
		r.Log.ExpireProducers(now)
	}
}

// configure takes the topic's settings over. A lower min ISR may let the high
// watermark go on.
func (r *Replica) configure(in *Configure, out *Effects) {
	r.settings = in.Settings
	r.storage = storageConfig(&r.settings)
	r.advance(out)
}
