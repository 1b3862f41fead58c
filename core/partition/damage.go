package partition

import (
	"slices"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// link says that a log has no entry between two LSNs.
type link struct{ prev, next kafka.LSN }

// attribution says which logs the damaged entries may have belonged to.
type attribution struct {
	hits  map[kafka.LogID][]kafka.LSN // entries that are damaged and known to be the log's
	spans []span                      // damaged entries of which the log is not known
	links map[kafka.LogID][]link      // those that reach over or into damage
}

// attribute scans again and finds whose the damaged entries were: an intact
// entry names its log's entry before it and the log of the entry right before
// it, and an intact header names its own.
func attribute(fs disk.FS, generations []generationFiles, salt Salt, s *survey) (*attribution, error) {
	a := &attribution{
		hits:  make(map[kafka.LogID][]kafka.LSN),
		spans: s.damaged,
		links: make(map[kafka.LogID][]link),
	}
	_, err := scanJournal(fs, generations, salt, func(e *entry) error {
		if e.LSN >= s.next {
			return nil
		}
		if e.hurt {
			a.known(e.Log, e.LSN)
		}
		if e.PrevLSN != 0 {
			a.known(e.Log, e.PrevLSN)
		}
		if e.PrevLog != 0 {
			a.known(e.PrevLog, e.LSN-1)
		}
		for _, d := range s.damaged {
			if e.PrevLSN <= d.to && e.LSN >= d.from {
				a.links[e.Log] = append(a.links[e.Log], link{e.PrevLSN, e.LSN})
				break
			}
		}
		return nil
	})
	return a, err
}

// known notes that the entry lsn is log's, if it is one of those damaged.
func (a *attribution) known(log kafka.LogID, lsn kafka.LSN) {
	i := slices.IndexFunc(a.spans, func(d span) bool { return d.from <= lsn && lsn <= d.to })
	if i < 0 {
		return
	}
	d := a.spans[i]
	var split []span
	if d.from < lsn {
		split = append(split, span{d.from, lsn - 1})
	}
	if lsn < d.to {
		split = append(split, span{lsn + 1, d.to})
	}
	a.spans = slices.Concat(a.spans[:i], split, a.spans[i+1:])
	a.hits[log] = append(a.hits[log], lsn)
}

// concerned returns the first entry of a log that may be damaged, given that a
// checkpoint contains everything up to covered. A log that cannot be ruled out
// counts as concerned.
func (a *attribution) concerned(log kafka.LogID, covered kafka.LSN) (first kafka.LSN, hit bool) {
	for _, d := range a.spans {
		if d.to > covered && !a.reachesOver(log, d) {
			first, hit = earlier(first, hit, max(d.from, covered+1))
		}
	}
	for _, lsn := range a.hits[log] {
		if lsn > covered {
			first, hit = earlier(first, hit, lsn)
		}
	}
	return first, hit
}

func earlier(a kafka.LSN, any bool, b kafka.LSN) (kafka.LSN, bool) {
	if any && a < b {
		return a, true
	}
	return b, true
}

// unattributed is the number of damaged entries of which the log is not known.
func (a *attribution) unattributed() int {
	n := 0
	for _, d := range a.spans {
		n += int(d.to-d.from) + 1
	}
	return n
}

// reachesOver tells whether the log is known to have no entry in d.
func (a *attribution) reachesOver(log kafka.LogID, d span) bool {
	return slices.ContainsFunc(a.links[log], func(l link) bool { return l.prev < d.from && l.next > d.to })
}
