package main

import (
	"context"
)

// trialog is the real program, with its default settings.
type trialog struct {
	program string // TRIALOG_BIN
}

func (trialog) name() string  { return nameTrialog }
func (trialog) durable() bool { return true }

func (t trialog) start(ctx context.Context, dir string, logs int) (server, error) {
	p, err := startProcess(ctx, t.program, "serve", "--json", "--log-level", "warn",
		"--data-dir", dir, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := trialogServer{kafkaServer{p: p}}
	if err := s.createLogs(ctx, logs); err != nil {
		p.kill()
		return nil, err
	}
	return &s, nil
}

type trialogServer struct{ kafkaServer }

// counters reads /metrics.
func (s *trialogServer) counters(ctx context.Context) (*counters, error) {
	m, err := scrape(ctx, s.p.ready.Admin)
	if err != nil {
		return nil, err
	}
	return &counters{
		Mallocs:         m["go_memstats_mallocs_total"],
		ProduceRequests: m[`kafka_network_requestmetrics_requests_total{request="Produce"}`],
		FetchRequests:   m[`kafka_network_requestmetrics_requests_total{request="Fetch"}`],
		Syncs:           m["kafka_log_logflushstats_logflush_seconds_count"],
		BytesIn:         m["kafka_server_brokertopicmetrics_bytesin_total"],
		JournalBytes:    m["trialog_journal_bytes"],
	}, nil
}
