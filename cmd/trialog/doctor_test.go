package main

import (
	"encoding/json"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
)

// diagnose runs the doctor and returns what it found as "rule subject", unsafe
// things with an exclamation mark.
func diagnose(t *testing.T, want int, args ...string) (diagnosis, []string) {
	t.Helper()
	status, out, errs := run(t, "", append([]string{"doctor", "--json"}, args...)...)
	if status != want {
		t.Errorf("%v: status %d, want %d\n%s\n%s", args, status, want, out, errs)
	}
	var d diagnosis
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatalf("%v: %v\n%s\n%s", args, err, out, errs)
	}
	var list []string
	for _, f := range d.Findings {
		mark := ""
		if f.Unsafe {
			mark = "!"
		}
		list = append(list, f.Rule+mark+" "+f.Subject)
	}
	return d, list
}

func closedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestDoctorOfACluster(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp") // whose directories doctor does not trust
	address := serve(t)
	must := func(args ...string) {
		t.Helper()
		if status, _, errs := run(t, "", append([]string{"-b", address}, args...)...); status != exitFine {
			t.Fatalf("%v: %d %s", args, status, errs)
		}
	}
	must("topic", "create", "sound")
	d, found := diagnose(t, exitNotSo, "-b", address)
	if !slices.Equal(found, []string{"temporary-directory! broker 1", "one-broker the cluster"}) || d.Verdict != verdictUnsafe {
		t.Errorf("a sound cluster in a temporary directory: %s %v", d.Verdict, found)
	}
	v := d.Cluster
	if v == nil || v.ID == "" || v.Controller != 1 || v.Topics != 1 || len(v.Brokers) != 1 {
		t.Fatalf("%+v", v)
	}
	b := v.Brokers[0]
	if !b.Reached || b.Advertised != address || b.Error != "" || !slices.ContainsFunc(b.APIs, func(a apiView) bool { return a.Name == "Produce" && a.Max >= 9 }) {
		t.Errorf("%+v", b)
	}
	if slices.Contains(b.Lacks, "idempotent producers") {
		t.Errorf("lacks: %v", b.Lacks)
	}

	must("topic", "create", "weak", "-c", "flush.messages=1000")
	must("topic", "create", "kept", "-c", "retention.ms=-1")
	must("config", "alter", "broker", "--set", "log.flush.interval.messages=50")
	nobody := closedAddress(t)
	d, found = diagnose(t, exitNotSo, "-b", address+","+nobody)
	want := []string{
		"silent! bootstrap address " + nobody, "temporary-directory! broker 1", "default-not-synced! broker 1", "not-synced! topic kept", "not-synced! topic sound", "not-synced! topic weak",
		"one-broker the cluster", "keeps-all topic kept",
	}
	if !slices.Equal(found, want) || d.Verdict != verdictUnsafe {
		t.Errorf("%s: %q\nwant %q", d.Verdict, found, want)
	}
	status, out, errs := run(t, "", "doctor", "-b", address, "--apis")
	for _, part := range []string{"topic kept, topic sound", "topic weak: flush.messages=1000", "Instead: flush.messages=1", "clients are told " + address, "InitProducerId", "will not find"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
	if status != exitNotSo || !strings.Contains(errs, "5 things are unsafe") {
		t.Errorf("status %d: %s", status, errs)
	}
}

func TestDoctorOfAWrongAdvertisedAddress(t *testing.T) {
	nobody := closedAddress(t)
	address := serve(t, "--advertise", nobody)
	d, found := diagnose(t, exitNotSo, "-b", address)
	if !slices.Equal(found, []string{"not-reached! broker 1", "one-broker the cluster"}) || d.Cluster.Brokers[0].Advertised != nobody {
		t.Errorf("%v, %+v", found, d.Cluster)
	}
}

func TestDoctorOfNobody(t *testing.T) {
	nobody := closedAddress(t)
	d, _ := diagnose(t, exitNotRun, "-b", nobody, "--timeout=1s")
	if d.Verdict != verdictUnknown || len(d.Failures) != 1 || !strings.Contains(d.Failures[0], nobody) {
		t.Errorf("%+v", d)
	}
	if d, _ := diagnose(t, exitNotRun, "--admin", nobody, "--timeout=1s"); len(d.Failures) != 1 {
		t.Errorf("%+v", d)
	}
}

func TestDoctorOfANode(t *testing.T) {
	admin := closedAddress(t)
	serve(t, "--admin-listen", admin)
	d, found := diagnose(t, exitFine, "--admin", admin)
	if len(found) != 0 || d.Node == nil || d.Node.NodeID != 1 || !d.Node.Ready || d.Node.ClockUnknown || d.Cluster != nil {
		t.Errorf("%v, %+v", found, d.Node)
	}
}

func TestDoctorOfSettings(t *testing.T) {
	file := write(t, "node.yaml", "data-dir: "+filepath.Join(t.TempDir(), "data")+`
node-id: 2
listen: 0.0.0.0:9092
advertise: localhost:9092
quorum-voters: 1@a:1,2@b:1
nonsense: secret-value
log.flush.interval.messages: 100
default.replication.factor: 2
`)
	d, found := diagnose(t, exitNotSo, "--config", file)
	for _, rule := range []string{"unknown-setting", "even-voters", "default-synced-by-others", "told-loopback!"} {
		if !slices.ContainsFunc(found, func(f string) bool { return f == rule+" the settings" }) {
			t.Errorf("no %s among %q", rule, found)
		}
	}
	if d.Directory == nil || d.Directory.Exists || d.Directory.Sync.Count == 0 || d.Files == 0 || d.Cluster != nil {
		t.Errorf("%+v", d)
	}
	if _, out, _ := run(t, "", "doctor", "--config", file); strings.Contains(out, "secret-value") || !strings.Contains(out, "nonsense") {
		t.Errorf("the value of a setting that nobody knows is shown:\n%s", out)
	}
}

func TestDoctorOfAMissingBroker(t *testing.T) {
	partition := func(replicas ...int32) kadm.PartitionDetail { return kadm.PartitionDetail{Replicas: replicas} }
	meta := kadm.Metadata{Topics: kadm.TopicDetails{
		"a": {Partitions: kadm.PartitionDetails{0: partition(1, 2, 3), 1: partition(3, 1)}}, "b": {Partitions: kadm.PartitionDetails{0: partition(2)}},
	}}
	v := clusterView{Brokers: []brokerView{{ID: 1}, {ID: 2}}}
	var d diagnosis
	v.missing(&d, &meta)
	if len(d.Findings) != 1 || d.Findings[0].Subject != "broker 3" || !strings.Contains(d.Findings[0].Risk, "2 replicas") {
		t.Errorf("%+v", d.Findings)
	}
}

func TestDoctorOfOtherListeners(t *testing.T) {
	for _, c := range []struct{ listen, advertise, want string }{
		{"localhost:1", "", ""}, {"localhost:1", "127.0.0.1:1", ""}, {":1", "", ""}, {":1", "host:1", ""},
		{":1", "localhost:1", "told-loopback"}, {"127.0.0.1:1", "host:1", "listens-to-itself"}, {"x", "", "bad-address"}, {":1", "x", "bad-address"},
	} {
		var d diagnosis
		adviseListener(&d, "", c.listen, c.advertise)
		got := ""
		for _, f := range d.Findings {
			got += f.Rule
		}
		if got != c.want {
			t.Errorf("listening on %s, telling %s: %q, want %q", c.listen, c.advertise, got, c.want)
		}
	}
}
