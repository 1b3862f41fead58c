package node

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"trialog/core/broker"
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
	m.registry.MustRegister(requests, replies)
	for key := range apiKeys {
		name := apiName(int16(key))
		m.requests[key] = requests.WithLabelValues(name)
		m.replies[key] = replies.WithLabelValues(name)
	}
}

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

func (m *metrics) sent(bytes int) { m.bytesOut.Add(float64(bytes)) }

func (m *metrics) synced(appends int, took time.Duration) {
	m.flush.Observe(took.Seconds())
	m.grouped.Observe(float64(appends))
}

// brokerMetric is a number that is read from the broker's counters.
type brokerMetric struct {
	name  string
	help  string
	total bool // rises only
	value func(*broker.Counters) float64
}

var brokerMetrics = []brokerMetric{
	{"kafka_server_brokertopicmetrics_batches_in_total", "Record batches appended.", true, func(c *broker.Counters) float64 { return float64(c.ProduceBatches) }},
	{"kafka_server_brokertopicmetrics_bytesin_total", "Bytes of record batches appended.", true, func(c *broker.Counters) float64 { return float64(c.ProduceBytes) }},
	{"kafka_server_brokertopicmetrics_bytesout_total", "Bytes of record batches fetched.", true, func(c *broker.Counters) float64 { return float64(c.FetchBytes) }},
	{"kafka_server_brokertopicmetrics_failedproducerequests_total", "Record batches refused.", true, func(c *broker.Counters) float64 { return float64(c.ProduceRefused) }},
	{"kafka_network_requestmetrics_errors_total", "Parts of responses with an error code.", true, func(c *broker.Counters) float64 { return float64(c.Errors) }},
	{"kafka_network_requestmetrics_unreadable_total", "Requests that could not be read.", true, func(c *broker.Counters) float64 { return float64(c.Malformed) }},
	{"trialog_produce_duplicates_total", "Batches answered from producer state.", true, func(c *broker.Counters) float64 { return float64(c.Duplicates) }},
	{"trialog_fetch_reads_total", "Disk reads for fetches.", true, func(c *broker.Counters) float64 { return float64(c.FetchReads) }},
	{"trialog_upkeep_jobs_total", "Checkpoints, releases and deletions begun.", true, func(c *broker.Counters) float64 { return float64(c.Jobs) }},
	{"trialog_proposals_total", "Proposals to the metadata quorum.", true, func(c *broker.Counters) float64 { return float64(c.Proposals) }},
	{"trialog_recovery_redone_total", "Batches that recovery wrote again from the journal.", true, func(c *broker.Counters) float64 { return float64(c.Redone) }},
	{"kafka_server_delayedoperationpurgatory_produce_size", "Produce requests that wait.", false, func(c *broker.Counters) float64 { return float64(c.WaitingProduces) }},
	{"kafka_server_delayedoperationpurgatory_fetch_size", "Fetch requests that wait.", false, func(c *broker.Counters) float64 { return float64(c.WaitingFetches) }},
	{"kafka_server_fetchsessioncache_numincrementalfetchsessions", "Fetch sessions.", false, func(c *broker.Counters) float64 { return float64(c.FetchSessions) }},
	{"kafka_server_fetchsessioncache_numincrementalfetchpartitionscached", "Partitions of all fetch sessions.", false, func(c *broker.Counters) float64 { return float64(c.FetchSessionPartitions) }},
	{"kafka_server_fetchsessioncache_incrementalfetchsessionevictions_total", "Fetch sessions that made room for others.", true, func(c *broker.Counters) float64 { return float64(c.FetchSessionsEvicted) }},
	{"kafka_server_socket_server_metrics_connection_count", "Open connections.", false, func(c *broker.Counters) float64 { return float64(c.Connections) }},
	{"kafka_server_replicamanager_partitioncount", "Replicas on this node.", false, func(c *broker.Counters) float64 { return float64(c.Logs) }},
	{"kafka_server_replicamanager_offlinereplicacount", "Replicas fenced for damage.", false, func(c *broker.Counters) float64 { return float64(c.FencedLogs) }},
	{"trialog_journal_bytes", "Bytes in the journal's generations.", false, func(c *broker.Counters) float64 { return float64(c.JournalBytes) }},
	{"trialog_journal_pending_bytes", "Bytes given to the journal and not yet durable.", false, func(c *broker.Counters) float64 { return float64(c.JournalPending) }},
	{"kafka_log_logdirectory_free_bytes", "Free bytes under the data directory.", false, func(c *broker.Counters) float64 { return float64(c.DiskFree) }},
}

// brokerCollector reads the broker's counters once per scrape.
type brokerCollector struct {
	loop  *loop
	descs []*prometheus.Desc
}

func newBrokerCollector(l *loop) *brokerCollector {
	b := &brokerCollector{loop: l}
	for _, m := range brokerMetrics {
		b.descs = append(b.descs, prometheus.NewDesc(m.name, m.help, nil, nil))
	}
	return b
}

// Describe implements prometheus.Collector.
func (b *brokerCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range b.descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (b *brokerCollector) Collect(ch chan<- prometheus.Metric) {
	var c broker.Counters
	if !b.loop.look(func(b *broker.Broker) { c = b.Counters() }) {
		return
	}
	for i, m := range brokerMetrics {
		kind := prometheus.GaugeValue
		if m.total {
			kind = prometheus.CounterValue
		}
		ch <- prometheus.MustNewConstMetric(b.descs[i], kind, m.value(&c))
	}
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
