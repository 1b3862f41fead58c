package broker

import (
	"trialog/core/kafka"
	"trialog/core/must"
)

// A follower names a partition to its new leader with its next fetch, which goes
// out when the one before has been answered; and that one may wait for as long as
// FollowerWait if nothing is written to what it names. Meanwhile no record of the
// partition commits. So a leader of something new answers the followers' fetches
// that wait, and for a while lets none wait long: a follower may learn of the new
// leader later than the leader itself.

// hurriedWaits is how many times a follower asks during FollowerWait while the
// leader is new.
const hurriedWaits = 50

// leadsAnew notes that this broker has become the leader of a partition that
// others have replicas of.
func (b *Broker) leadsAnew() {
	b.hurryUntil = b.now.Mono.Add(b.limits.FollowerWait)
	b.hurryDue = true
}

// hurryFollowers answers the fetches of followers that wait.
func (b *Broker) hurryFollowers() {
	b.hurryDue = false
	for _, r := range b.requests.slots {
		if r.conn != nil && r.state == requestRunning && r.fetch.follower && r.fetch.waiting {
			b.out.Watch.Reached(must.FetchHurried)
			b.expireFetch(r)
		}
	}
}

// fetchWait is how long a fetch may wait for records.
func (b *Broker) fetchWait(s *fetchState, asked kafka.Duration) kafka.Duration {
	wait := min(asked, b.limits.FetchWait)
	if s.follower && b.now.Mono < b.hurryUntil {
		wait = min(wait, b.limits.FollowerWait/hurriedWaits)
	}
	return wait
}
