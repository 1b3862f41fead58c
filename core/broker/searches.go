package broker

import (
	"trialog/core/must"
	"trialog/core/partition"
)

// searches are the batches that searches by time need looked through. A job
// does it, since unpacking one may take longer than a thousand other requests;
// few run at once, since each may hold all that a batch unpacks to.
type searches struct {
	waiting []pendingSearch
	running int
}

// pendingSearch is a batch of one partition of a ListOffsets request.
type pendingSearch struct {
	host  *host
	token token
	place int32 // of the partition in the request
	args  *partition.SearchArgs
}

// emitSearch has a batch looked through, once there is room for it.
func (b *Broker) emitSearch(r *request, place int) {
	p := &r.list.parts[place]
	b.out.Watch.Reached(must.BatchSearchedByJob)
	b.searches.waiting = append(b.searches.waiting, pendingSearch{
		host: p.host, token: r.token, place: int32(place),
		args: p.host.replica.Log.Search(&p.lookup, b.config.Codecs),
	})
	b.startSearches()
}

// startSearches emits jobs while there is room. What nobody waits for any more
// is left out.
func (b *Broker) startSearches() {
	s := &b.searches
	for len(s.waiting) > 0 && s.running < b.limits.SearchJobs {
		p := s.waiting[0]
		s.waiting[0] = pendingSearch{}
		if s.waiting = s.waiting[1:]; len(s.waiting) == 0 {
			s.waiting = nil
		}
		if r := b.requests.get(p.token); r == nil || r.state != requestRunning {
			continue
		} else if r.conn.closed {
			b.offsetProgress(r, int(p.place), partition.Stale, nil)
			continue
		}
		s.running++
		b.emitJob("search", partition.SearchBatch, p.args).search = p
	}
}

// searched hands what a job found to the request that asked, if it is still there.
func (b *Broker) searched(p pendingSearch, result *partition.SearchResult) {
	b.searches.running--
	if r := b.requests.get(p.token); r != nil && r.state == requestRunning {
		lookup := &r.list.parts[p.place].lookup
		b.offsetProgress(r, int(p.place), p.host.replica.Log.Searched(lookup, result), nil)
	}
	b.startSearches()
}
