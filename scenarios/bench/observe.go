package main

import (
	"context"
	"time"
)

// sight is what a server and the clients had taken at one point.
type sight struct {
	server   usage
	client   time.Duration
	counters *counters
}

// lookFirst reads all of it before a measurement, and lookLast after it. What
// a scrape costs the server stands outside both readings of processor time.
func lookFirst(ctx context.Context, srv server) (s sight, err error) {
	if s.counters, err = srv.counters(ctx); err != nil {
		return s, err
	}
	s.client = ownCPU()
	s.server, err = srv.process().usage()
	return s, err
}

func lookLast(ctx context.Context, srv server) (s sight, err error) {
	s.client = ownCPU()
	if s.server, err = srv.process().usage(); err != nil {
		return s, err
	}
	s.counters, err = srv.counters(ctx)
	return s, err
}

// since is what was taken between two looks.
func (s sight) since(before sight) (server usageSpan, client time.Duration, counted *counters) {
	server = usageSpan{cpu: s.server.CPU - before.server.CPU, rss: s.server.RSS, peakRSS: s.server.PeakRSS}
	if s.counters != nil && before.counters != nil {
		c := s.counters.since(before.counters)
		counted = &c
	}
	return server, s.client - before.client, counted
}
