package node

import "github.com/prometheus/client_golang/prometheus"

// memoryCollector shows what the node's memory for clients is used for.
type memoryCollector struct{ n *Node }

// memoryMetric is a number that is read when somebody asks.
type memoryMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(n *Node) float64
}

func memoryNumber(name, help string, kind prometheus.ValueType, value func(n *Node) float64) memoryMetric {
	return memoryMetric{prometheus.NewDesc(name, help, nil, nil), kind, value}
}

var memoryMetrics = []memoryMetric{
	memoryNumber("trialog_request_memory_bytes", "Bytes that requests take which are read and not answered.", prometheus.GaugeValue,
		func(n *Node) float64 { return float64(n.requests.held()) }),
	memoryNumber("trialog_response_memory_bytes", "Bytes that were read for clients and not sent.", prometheus.GaugeValue,
		func(n *Node) float64 { return float64(n.replies.held()) }),
	memoryNumber("trialog_tail_cache_bytes", "Bytes of memory that the tail cache takes, readers' slices of what it dropped included.", prometheus.GaugeValue,
		func(n *Node) float64 { s := n.tail.Stats(); return float64(s.Resident + s.Lent) }),
	memoryNumber("trialog_tail_cache_hits_total", "Reads that the tail cache answered.", prometheus.CounterValue,
		func(n *Node) float64 { return float64(n.tail.Stats().Hits) }),
	memoryNumber("trialog_tail_cache_misses_total", "Looks into the tail cache that found too little.", prometheus.CounterValue,
		func(n *Node) float64 { return float64(n.tail.Stats().Misses) }),
	memoryNumber("trialog_tail_cache_hit_bytes_total", "Bytes that the tail cache answered with.", prometheus.CounterValue,
		func(n *Node) float64 { return float64(n.tail.Stats().HitBytes) }),
}

// Describe implements prometheus.Collector.
func (memoryCollector) Describe(ch chan<- *prometheus.Desc) {
	for i := range memoryMetrics {
		ch <- memoryMetrics[i].desc
	}
}

// Collect implements prometheus.Collector.
func (c memoryCollector) Collect(ch chan<- prometheus.Metric) {
	for i := range memoryMetrics {
		m := &memoryMetrics[i]
		ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(c.n))
	}
}
