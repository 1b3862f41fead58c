package node_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/node"
)

// family is a metric as /metrics describes it.
type family struct {
	kind string
	help string
}

// scraped is what /metrics said: the families, and each sample's value.
type scraped struct {
	families map[string]family
	samples  map[string]float64
}

// scrape reads Prometheus' text format.
func scrape(t *testing.T, admin string) scraped {
	t.Helper()
	response, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	s := scraped{make(map[string]family), make(map[string]float64)}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		line := lines.Text()
		name, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "), " ")
		f := s.families[name]
		switch {
		case strings.HasPrefix(line, "# HELP "):
			f.help = rest
			s.families[name] = f
		case strings.HasPrefix(line, "# TYPE "):
			f.kind = rest
			s.families[name] = f
		default:
			at := strings.LastIndexByte(line, ' ')
			v, err := strconv.ParseFloat(line[at+1:], 64)
			if err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			s.samples[line[:at]] = v
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

// ours are the families that are not of the Go runtime or the process.
func (s *scraped) ours() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.families)), func(name string) bool {
		return strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") || strings.HasPrefix(name, "promhttp_")
	})
}

// underLoad is a scrape of a node that has taken and given some records.
func underLoad(t *testing.T, records int) scraped {
	t.Helper()
	r := start(t, t.TempDir(), func(c *node.Config) { c.AdminListen = "127.0.0.1:0"; c.Version = "of a test" })
	defer r.stop()
	create(t, r.ready.Listen, "loaded", 1, nil)
	c := connect(t, r.ready.Listen, kgo.ConsumeTopics("loaded"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for i := range records {
		c.Produce(soon(t), record("loaded", i), nil)
	}
	if err := c.Flush(soon(t)); err != nil {
		t.Fatal(err)
	}
	if err := c.ProduceSync(soon(t), &kgo.Record{Topic: "nowhere"}).FirstErr(); err == nil {
		t.Fatal("a topic that is nowhere takes records")
	}
	for got := 0; got < records; {
		fetches := c.PollFetches(soon(t))
		if err := fetches.Err0(); err != nil {
			t.Fatal(err)
		}
		got += fetches.NumRecords()
	}
	return scrape(t, r.ready.Admin)
}

func TestMetricsSayWhatHappened(t *testing.T) {
	const records = 500
	s := underLoad(t, records)
	for name, want := range map[string]float64{
		"kafka_server_brokertopicmetrics_messagesin_total":                    records,
		`kafka_log_log_logendoffset{partition="0",topic="loaded"}`:            records,
		`kafka_cluster_partition_highwatermark{partition="0",topic="loaded"}`: records,
		`kafka_log_log_logstartoffset{partition="0",topic="loaded"}`:          0,
		`kafka_log_log_numlogsegments{partition="0",topic="loaded"}`:          1,
		"kafka_server_replicamanager_leadercount":                             1,
		"kafka_server_replicamanager_underreplicatedpartitions":               0,
		"kafka_server_replicamanager_underminisrpartitioncount":               0,
		"kafka_controller_kafkacontroller_activecontrollercount":              1,
		"kafka_controller_kafkacontroller_activebrokercount":                  1,
		"kafka_controller_kafkacontroller_globaltopiccount":                   1,
		"kafka_controller_kafkacontroller_globalpartitioncount":               1,
		"kafka_controller_kafkacontroller_offlinepartitionscount":             0,
		"trialog_produce_duplicates_total":                                    0,
	} {
		if got, ok := s.samples[name]; !ok || got != want {
			t.Errorf("%s: %v (there: %t), want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{
		"kafka_server_brokertopicmetrics_batches_in_total", "kafka_server_brokertopicmetrics_bytesin_total", "kafka_server_brokertopicmetrics_bytesout_total",
		"kafka_server_socket_server_metrics_incoming_byte_total", "kafka_server_socket_server_metrics_outgoing_byte_total",
		"kafka_server_socket_server_metrics_connection_creation_total", "kafka_server_socket_server_metrics_connection_count",
		`kafka_network_requestmetrics_requests_total{request="Produce"}`, `kafka_network_requestmetrics_responses_total{request="Fetch"}`,
		`kafka_network_requestmetrics_totaltime_seconds_count{request="Produce"}`, `kafka_network_requestmetrics_totaltime_seconds_sum{request="Fetch"}`,
		`kafka_network_requestmetrics_totaltime_seconds_count{request="Other"}`, `kafka_log_log_size{partition="0",topic="loaded"}`,
		"kafka_log_logflushstats_logflush_seconds_count", "trialog_journal_group_size_sum", "kafka_log_logdirectory_free_bytes",
		"kafka_network_requestmetrics_errors_total", "kafka_server_raft_metrics_current_epoch",
		"kafka_server_broker_metadata_metrics_last_applied_record_offset",
	} {
		if s.samples[name] <= 0 {
			t.Errorf("%s: %v", name, s.samples[name])
		}
	}
	if sum := s.samples["trialog_journal_group_size_sum"]; sum < s.samples["kafka_server_brokertopicmetrics_batches_in_total"] {
		t.Errorf("%v appends were synced, of %v batches", sum, s.samples["kafka_server_brokertopicmetrics_batches_in_total"])
	}
	for name, v := range s.samples {
		if strings.HasPrefix(name, "trialog_belief_false_total") && v != 0 {
			t.Errorf("%s: %v", name, v)
		}
	}
}

// TestMetricsAreListed compares what a node tells with what operators are told.
func TestMetricsAreListed(t *testing.T) {
	s := underLoad(t, 3)
	text, err := os.ReadFile("../docs/OPERATING.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]family)
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| (counter|gauge|histogram) \\| (.*) \\|$").FindAllStringSubmatch(string(text), -1) {
		listed[row[1]] = family{row[2], row[3]}
	}
	for _, name := range s.ours() {
		f := s.families[name]
		if f.help == "" || !strings.HasSuffix(f.help, ".") {
			t.Errorf("%s: help %q", name, f.help)
		}
		if listed[name] != f {
			t.Errorf("docs/OPERATING.md needs the row\n| `%s` | %s | %s |", name, f.kind, f.help)
		}
	}
	for name := range listed {
		if _, ok := s.families[name]; !ok {
			t.Errorf("docs/OPERATING.md lists %s, which is not there", name)
		}
	}
}

// TestTheDashboardAsksForMetrics demands that whatever the dashboard's queries
// name is in a scrape, labels included.
func TestTheDashboardAsksForMetrics(t *testing.T) {
	s := underLoad(t, 3)
	text, err := os.ReadFile("../docs/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Title  string
		UID    string
		Panels []struct {
			ID      int
			Title   string
			Type    string
			Targets []struct{ Expr, LegendFormat string }
			GridPos struct{ X, Y, W, H int }
		}
		Templating struct {
			List []struct{ Name, Query string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	there := make(map[string]bool)
	for sample := range s.samples {
		name, _, _ := strings.Cut(sample, "{")
		there[name] = true
	}
	metric := regexp.MustCompile(`\b(?:kafka|trialog|go|process)_[a-z0-9_]+`)
	queries, ids := 0, make(map[int]bool)
	check := func(where, expr string) {
		names := metric.FindAllString(expr, -1)
		if len(names) == 0 {
			t.Errorf("%s: %q names no metric", where, expr)
		}
		for _, name := range names {
			if queries++; !there[name] {
				t.Errorf("%s: no metric %s", where, name)
			}
		}
	}
	for _, p := range dashboard.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q: %+v", p.ID, p.Title, p.GridPos)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			check(p.Title, target.Expr)
		}
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q asks for nothing", p.Title)
		}
	}
	for _, v := range dashboard.Templating.List {
		if v.Query != "prometheus" {
			check("variable "+v.Name, v.Query)
		}
	}
	if queries < 20 || dashboard.UID == "" {
		t.Errorf("dashboard %q asks for %d metrics", dashboard.Title, queries)
	}
}

func TestTheAdminListenerTellsWhoAnswers(t *testing.T) {
	r := start(t, t.TempDir(), func(c *node.Config) { c.AdminListen = "127.0.0.1:0"; c.Version = "of a test" })
	defer r.stop()
	for _, path := range []string{"/healthz", "/readyz"} {
		response, err := http.Get("http://" + r.ready.Admin + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		want := fmt.Sprintf(`{"phase":"serving","healthy":true,"ready":true,"node_id":1,"cluster_id":%q,"version":"of a test","time_ms":`, r.ready.ClusterID)
		if err != nil || response.StatusCode != http.StatusOK || !strings.HasPrefix(string(body), want) {
			t.Errorf("%s: %d %s %v", path, response.StatusCode, body, err)
		}
	}
}
