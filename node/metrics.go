package node

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trialog/core/must"
)

// counter is a total that one goroutine raises and others read.
type counter struct{ n atomic.Uint64 }

func (c *counter) add(n uint32) {
	if n > 0 {
		c.n.Add(uint64(n))
	}
}

// apiKeys bounds the API keys that have metrics of their own.
const apiKeys = 128

// metrics are the node's own; the broker's are read from its counters. Names
// follow Kafka's MBeans as its Prometheus exporters write them.
type metrics struct {
	registry  *prometheus.Registry
	requests  [apiKeys]prometheus.Counter
	replies   [apiKeys]prometheus.Counter
	bytesIn   prometheus.Counter
	bytesOut  prometheus.Counter
	accepted  prometheus.Counter
	refused   prometheus.Counter
	malformed prometheus.Counter
	reclaimed prometheus.Counter
	flush     prometheus.Histogram
	grouped   prometheus.Histogram
	took      [apiKeys]prometheus.Observer
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	count := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		m.registry.MustRegister(c)
		return c
	}
	m.bytesIn = count("kafka_server_socket_server_metrics_incoming_byte_total", "Bytes of requests read from clients.")
	m.bytesOut = count("kafka_server_socket_server_metrics_outgoing_byte_total", "Bytes of responses written to clients.")
	m.accepted = count("kafka_server_socket_server_metrics_connection_creation_total", "Connections accepted.")
	m.refused = count("kafka_server_socket_server_metrics_connection_refused_total", "Connections refused because there were too many.")
	m.malformed = count("kafka_network_requestmetrics_malformed_total", "Connections closed for bytes that are not Kafka's protocol.")
	m.reclaimed = count("trialog_connections_reclaimed_total", "Connections closed for holding memory that others waited for.")
	m.flush = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "kafka_log_logflushstats_logflush_seconds", Help: "Time that one sync of the journal took.",
		Buckets: prometheus.ExponentialBuckets(50e-6, 2, 16),
	})
	m.grouped = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "trialog_journal_group_size", Help: "Appends that one sync of the journal covered.",
		Buckets: prometheus.ExponentialBuckets(1, 2, 13),
	})
	m.registry.MustRegister(m.flush, m.grouped)
	m.registerAPIs()
	return m
}

func (m *metrics) registerAPIs() {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "kafka_network_requestmetrics_requests_total", Help: "Requests read, by API.",
	}, []string{"request"})
	replies := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "kafka_network_requestmetrics_responses_total", Help: "Requests answered, by API.",
	}, []string{"request"})
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kafka_network_requestmetrics_totaltime_seconds", Help: "Time from a request that has arrived to its reply, waiting for the disk, the quorum and more records included.",
		Buckets: prometheus.ExponentialBuckets(50e-6, 2, 18),
	}, []string{"request"})
	m.registry.MustRegister(requests, replies, took)
	others := took.WithLabelValues("Other")
	for key := range apiKeys {
		name := apiName(int16(key))
		m.requests[key] = requests.WithLabelValues(name)
		m.replies[key] = replies.WithLabelValues(name)
		m.took[key] = others
		if timedAlone[int16(key)] {
			m.took[key] = took.WithLabelValues(name)
		}
	}
}

// timedAlone are the APIs whose times are not added to those of others: Produce,
// Fetch, ListOffsets, Metadata.
var timedAlone = map[int16]bool{0: true, 1: true, 2: true, 3: true}

// slot is where an API key's metrics stand; foreign keys share the last.
func slot(key int16) int {
	if key < 0 || key >= apiKeys {
		return apiKeys - 1
	}
	return int(key)
}

func (m *metrics) requested(key int16, bytes int) {
	m.requests[slot(key)].Inc()
	m.bytesIn.Add(float64(bytes))
}

func (m *metrics) replied(key int16) { m.replies[slot(key)].Inc() }

func (m *metrics) answered(key int16, after time.Duration) {
	m.took[slot(key)].Observe(after.Seconds())
}

func (m *metrics) sent(bytes int) { m.bytesOut.Add(float64(bytes)) }

func (m *metrics) synced(appends int, took time.Duration) {
	m.flush.Observe(took.Seconds())
	m.grouped.Observe(float64(appends))
}

// watchCollector shows how often each probe was reached and each belief false.
type watchCollector struct{ w *watched }

var (
	probeDesc  = prometheus.NewDesc("trialog_probe_reached_total", "How often a rare state was reached.", []string{"probe"}, nil)
	beliefDesc = prometheus.NewDesc("trialog_belief_false_total", "How often something believed was not so; any is worth a report.", []string{"belief"}, nil)
)

// Describe implements prometheus.Collector.
func (watchCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- probeDesc
	ch <- beliefDesc
}

// Collect implements prometheus.Collector.
func (w watchCollector) Collect(ch chan<- prometheus.Metric) {
	for i := range w.w.probes {
		ch <- prometheus.MustNewConstMetric(probeDesc, prometheus.CounterValue, float64(w.w.probes[i].n.Load()), must.Probe(i).String())
	}
	for i := range w.w.beliefs {
		ch <- prometheus.MustNewConstMetric(beliefDesc, prometheus.CounterValue, float64(w.w.beliefs[i].n.Load()), must.Belief(i).String())
	}
}
