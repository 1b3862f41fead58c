package node

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"trialog/core/broker"
)

// brokerMetric is a number that is read from the broker's counters.
type brokerMetric struct {
	name  string
	help  string
	total bool // rises only
	value func(*broker.Counters) float64
}

var brokerMetrics = []brokerMetric{
	{"kafka_server_brokertopicmetrics_messagesin_total", "Records appended.", true, func(c *broker.Counters) float64 { return float64(c.ProduceRecords) }},
	{"kafka_server_brokertopicmetrics_batches_in_total", "Record batches appended.", true, func(c *broker.Counters) float64 { return float64(c.ProduceBatches) }},
	{"kafka_server_brokertopicmetrics_bytesin_total", "Bytes of record batches appended.", true, func(c *broker.Counters) float64 { return float64(c.ProduceBytes) }},
	{"kafka_server_brokertopicmetrics_bytesout_total", "Bytes of record batches fetched.", true, func(c *broker.Counters) float64 { return float64(c.FetchBytes) }},
	{"kafka_server_brokertopicmetrics_failedproducerequests_total", "Record batches refused.", true, func(c *broker.Counters) float64 { return float64(c.ProduceRefused) }},
	{"trialog_produce_refused_disk_full_total", "Record batches refused because the disk is full, or nearly.", true, func(c *broker.Counters) float64 { return float64(c.ProduceRefusedFull) }},
	{"kafka_network_requestmetrics_errors_total", "Parts of responses with an error code.", true, func(c *broker.Counters) float64 { return float64(c.Errors) }},
	{"kafka_network_requestmetrics_unreadable_total", "Requests that could not be read.", true, func(c *broker.Counters) float64 { return float64(c.Malformed) }},
	{"trialog_produce_duplicates_total", "Batches answered from producer state.", true, func(c *broker.Counters) float64 { return float64(c.Duplicates) }},
	{"trialog_fetch_reads_total", "Disk reads for fetches.", true, func(c *broker.Counters) float64 { return float64(c.FetchReads) }},
	{"trialog_scrub_read_bytes_total", "Bytes that scrubbing has read over.", true, func(c *broker.Counters) float64 { return float64(c.ScrubbedBytes) }},
	{"trialog_scrub_rounds_total", "Rounds of scrubbing over all logs of this node.", true, func(c *broker.Counters) float64 { return float64(c.ScrubRounds) }},
	{"trialog_scrub_findings_total", "Damaged batches and checkpoints that scrubbing has met.", true, func(c *broker.Counters) float64 { return float64(c.ScrubFindings) }},
	{"trialog_replicas_begun_anew_total", "Replicas that were given up as damaged, and made anew from their leaders.", true, func(c *broker.Counters) float64 { return float64(c.ReplicasBegunAnew) }},
	{"trialog_replicas_healed_total", "Replicas made anew that are in sync again.", true, func(c *broker.Counters) float64 { return float64(c.ReplicasHealed) }},
	{"trialog_upkeep_jobs_total", "Checkpoints, releases and deletions begun.", true, func(c *broker.Counters) float64 { return float64(c.Jobs) }},
	{"trialog_proposals_total", "Proposals to the metadata quorum.", true, func(c *broker.Counters) float64 { return float64(c.Proposals) }},
	{"kafka_server_replicamanager_isrshrinks_total", "Times that a partition led here lost in-sync replicas.", true, func(c *broker.Counters) float64 { return float64(c.ISRShrinks) }},
	{"kafka_server_replicamanager_isrexpands_total", "Times that a partition led here gained in-sync replicas.", true, func(c *broker.Counters) float64 { return float64(c.ISRExpands) }},
	{"kafka_controller_controllerstats_leaderelections_total", "Changes of a partition's leader in the cluster, as this broker was told.", true, func(c *broker.Counters) float64 { return float64(c.LeaderChanges) }},
	{"kafka_controller_controllerstats_uncleanleaderelections_total", "Leaders elected that may lack acknowledged records, as this broker was told.", true, func(c *broker.Counters) float64 { return float64(c.UncleanElections) }},
	{"trialog_group_rebalances_total", "Times that a group coordinated here began to rebalance; `trialog group describe` says why.", true, func(c *broker.Counters) float64 { return float64(c.Rebalances) }},
	{"trialog_log_segments_removed_total", "Segments removed by retention and DeleteRecords.", true, func(c *broker.Counters) float64 { return float64(c.SegmentsRemoved) }},
	{"trialog_cleaner_passes_total", "Passes of the cleaner over compacted logs.", true, func(c *broker.Counters) float64 { return float64(c.CleanerPasses) }},
	{"trialog_cleaner_read_bytes_total", "Bytes that the cleaner has gone through.", true, func(c *broker.Counters) float64 { return float64(c.CleanerReadBytes) }},
	{"trialog_cleaner_written_bytes_total", "Bytes that the cleaner has kept.", true, func(c *broker.Counters) float64 { return float64(c.CleanerWrittenBytes) }},
	{"trialog_cleaner_records_removed_total", "Records that the cleaner has removed.", true, func(c *broker.Counters) float64 { return float64(c.CleanerRecordsRemoved) }},
	{"kafka_log_logcleanermanager_uncleanable_partitions_count", "Replicas that the cleaner leaves alone, as their bytes cannot be read or what is left of them not be written.", false, func(c *broker.Counters) float64 { return float64(c.UncleanableLogs) }},
	{"trialog_recovery_redone_total", "Batches that recovery wrote again from the journal.", true, func(c *broker.Counters) float64 { return float64(c.Redone) }},
	{"kafka_server_delayedoperationpurgatory_produce_size", "Produce requests that wait.", false, func(c *broker.Counters) float64 { return float64(c.WaitingProduces) }},
	{"kafka_server_delayedoperationpurgatory_fetch_size", "Fetch requests that wait.", false, func(c *broker.Counters) float64 { return float64(c.WaitingFetches) }},
	{"kafka_server_fetchsessioncache_numincrementalfetchsessions", "Fetch sessions.", false, func(c *broker.Counters) float64 { return float64(c.FetchSessions) }},
	{"kafka_server_fetchsessioncache_numincrementalfetchpartitionscached", "Partitions of all fetch sessions.", false, func(c *broker.Counters) float64 { return float64(c.FetchSessionPartitions) }},
	{"kafka_server_fetchsessioncache_incrementalfetchsessionevictions_total", "Fetch sessions that made room for others.", true, func(c *broker.Counters) float64 { return float64(c.FetchSessionsEvicted) }},
	{"kafka_server_socket_server_metrics_connection_count", "Open connections.", false, func(c *broker.Counters) float64 { return float64(c.Connections) }},
	{"kafka_server_replicamanager_partitioncount", "Replicas on this node.", false, func(c *broker.Counters) float64 { return float64(c.Logs) }},
	{"kafka_server_replicamanager_offlinereplicacount", "Replicas that are damaged.", false, func(c *broker.Counters) float64 { return float64(c.DamagedLogs) }},
	{"trialog_journal_bytes", "Bytes in the journal's generations.", false, func(c *broker.Counters) float64 { return float64(c.JournalBytes) }},
	{"trialog_journal_pending_bytes", "Bytes given to the journal and not yet durable.", false, func(c *broker.Counters) float64 { return float64(c.JournalPending) }},
	{"kafka_log_logdirectory_free_bytes", "Free bytes under the data directory.", false, func(c *broker.Counters) float64 { return float64(c.DiskFree) }},
}

// gaugeMetrics are numbers that are read from the broker's gauges.
var gaugeMetrics = []struct {
	name  string
	help  string
	value func(*broker.Gauges) float64
}{
	{"kafka_controller_kafkacontroller_activecontrollercount", "1 on the broker whose controller decides, 0 on others.", func(g *broker.Gauges) float64 { return truth(g.Controller) }},
	{"kafka_controller_kafkacontroller_activebrokercount", "Brokers that are registered and unfenced.", func(g *broker.Gauges) float64 { return float64(g.Brokers) }},
	{"kafka_controller_kafkacontroller_fencedbrokercount", "Brokers that are registered and fenced.", func(g *broker.Gauges) float64 { return float64(g.FencedBrokers) }},
	{"kafka_controller_kafkacontroller_globaltopiccount", "Topics of the cluster.", func(g *broker.Gauges) float64 { return float64(g.Topics) }},
	{"kafka_controller_kafkacontroller_globalpartitioncount", "Partitions of the cluster.", func(g *broker.Gauges) float64 { return float64(g.Partitions) }},
	{"kafka_controller_kafkacontroller_offlinepartitionscount", "Partitions of the cluster without a leader.", func(g *broker.Gauges) float64 { return float64(g.Leaderless) }},
	{"kafka_server_replicamanager_leadercount", "Partitions that this broker leads.", func(g *broker.Gauges) float64 { return float64(g.Leads) }},
	{"kafka_server_replicamanager_underreplicatedpartitions", "Partitions led here with a replica outside the ISR.", func(g *broker.Gauges) float64 { return float64(g.UnderReplicated) }},
	{"kafka_server_replicamanager_underminisrpartitioncount", "Partitions led here with fewer in-sync replicas than min.insync.replicas.", func(g *broker.Gauges) float64 { return float64(g.UnderMinISR) }},
	{"kafka_server_replicamanager_atminisrpartitioncount", "Partitions led here with as many in-sync replicas as min.insync.replicas, of more.", func(g *broker.Gauges) float64 { return float64(g.AtMinISR) }},
	{"kafka_server_broker_metadata_metrics_last_applied_record_offset", "Index of the last entry of the metadata log that was applied.", func(g *broker.Gauges) float64 { return float64(g.MetadataIndex) }},
	{"kafka_server_raft_metrics_current_epoch", "Epoch of the active controller.", func(g *broker.Gauges) float64 { return float64(g.ControllerEpoch) }},
	{"kafka_coordinator_group_groupmetadatamanager_numgroups", "Groups coordinated here.", func(g *broker.Gauges) float64 { return float64(g.Groups) }},
	{"kafka_coordinator_group_groupmetadatamanager_numoffsets", "Offsets that those have committed.", func(g *broker.Gauges) float64 { return float64(g.GroupOffsets) }},
	{"trialog_group_members", "Members of groups coordinated here.", func(g *broker.Gauges) float64 { return float64(g.GroupMembers) }},
	{"trialog_group_coordinators_loading", "Partitions of the offsets topic led here that are still read.", func(g *broker.Gauges) float64 { return float64(g.Loading) }},
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// logMetrics are numbers of each replica, by topic and partition.
var logMetrics = []struct {
	name  string
	help  string
	value func(*broker.PartitionView) float64
}{
	{"kafka_log_log_size", "Bytes of a replica's segments.", func(v *broker.PartitionView) float64 { return float64(v.Bytes) }},
	{"kafka_log_log_numlogsegments", "Segments of a replica.", func(v *broker.PartitionView) float64 { return float64(v.Segments) }},
	{"kafka_log_log_logstartoffset", "First offset of a replica.", func(v *broker.PartitionView) float64 { return float64(v.LogStartOffset) }},
	{"kafka_log_log_logendoffset", "One past the last offset of a replica.", func(v *broker.PartitionView) float64 { return float64(v.LogEndOffset) }},
	{"trialog_replication_follower_lag", "Records that the follower furthest behind lacks, where this broker leads; 0 elsewhere.", func(v *broker.PartitionView) float64 { return float64(v.FollowerLag) }},
	{"kafka_cluster_partition_highwatermark", "One past the last offset that counts.", func(v *broker.PartitionView) float64 { return float64(v.HighWatermark) }},
}

// nodeMetrics are numbers of the driver.
var nodeMetrics = []struct {
	name  string
	help  string
	total bool // rises only
	value func(*Node) float64
}{
	{"kafka_network_requestchannel_requestqueuesize", "Inputs that wait for the broker's loop.", false, func(n *Node) float64 { return float64(n.inbox.waiting()) }},
	{"trialog_disk_no_room_total", "Times that a call was to be made again because the disk had no room.", true, func(n *Node) float64 { return float64(n.room.calls.n.Load()) }},
	{"trialog_log_lines_muted_total", "Log lines left out because they repeated, or were too many.", true, func(n *Node) float64 { return float64(n.notes.muted.n.Load() + n.speaker.limit.muted.n.Load()) }},
	{"trialog_log_lines_lost_total", "Log lines lost because whoever takes them was too slow.", true, func(n *Node) float64 { return float64(n.speaker.lost.n.Load()) }},
}

// brokerCollector reads the broker's numbers once per scrape.
type brokerCollector struct {
	node  *Node
	descs map[string]*prometheus.Desc
}

func newBrokerCollector(n *Node) *brokerCollector {
	b := &brokerCollector{node: n, descs: make(map[string]*prometheus.Desc)}
	add := func(name, help string, labels ...string) { b.descs[name] = prometheus.NewDesc(name, help, labels, nil) }
	for _, m := range brokerMetrics {
		add(m.name, m.help)
	}
	for _, m := range gaugeMetrics {
		add(m.name, m.help)
	}
	for _, m := range logMetrics {
		add(m.name, m.help, "topic", "partition")
	}
	for _, m := range nodeMetrics {
		add(m.name, m.help)
	}
	return b
}

// Describe implements prometheus.Collector.
func (b *brokerCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range b.descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector. The loop only copies; a slow scrape
// does not hold it.
func (b *brokerCollector) Collect(ch chan<- prometheus.Metric) {
	tell := func(name string, total bool, value float64, labels ...string) {
		kind := prometheus.GaugeValue
		if total {
			kind = prometheus.CounterValue
		}
		ch <- prometheus.MustNewConstMetric(b.descs[name], kind, value, labels...)
	}
	for _, m := range nodeMetrics {
		tell(m.name, m.total, m.value(b.node))
	}
	var c broker.Counters
	var g broker.Gauges
	var logs []broker.PartitionView
	if !b.node.loop.look(func(b *broker.Broker) {
		c, g = b.Counters(), b.Gauges()
		b.Partitions(func(v *broker.PartitionView) bool {
			logs = append(logs, *v)
			return true
		})
	}) {
		return
	}
	for _, m := range brokerMetrics {
		tell(m.name, m.total, m.value(&c))
	}
	for _, m := range gaugeMetrics {
		tell(m.name, false, m.value(&g))
	}
	seen := make(map[string]bool, len(logs))
	for i := range logs {
		v := &logs[i]
		partition := strconv.Itoa(int(v.Partition))
		if id := v.Name + "-" + partition; v.Name == "" || seen[id] {
			continue // being deleted, or beside its successor of the same name
		} else {
			seen[id] = true
		}
		for _, m := range logMetrics {
			tell(m.name, false, m.value(v), v.Name, partition)
		}
	}
}
