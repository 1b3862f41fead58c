package onlocal

import (
	"os/exec"
	"path/filepath"
	"testing"

	"trialog/scenarios"
)

// TestFaultsOfARealCluster kills, pauses and cuts off three processes under
// producers of both kinds and a consumer.
func TestFaultsOfARealCluster(t *testing.T) {
	program := filepath.Join(t.TempDir(), "trialog")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "trialog/cmd/trialog").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	times := func(kind scenarios.Kind, n int) scenarios.Fault {
		return scenarios.Fault{Kind: kind, Times: scenarios.Fixed(n), SpanMs: scenarios.Range{Min: 100, Max: 4000}}
	}
	s := &scenarios.Scenario{
		Name: "test", Why: "a short life of a real cluster",
		Cluster: scenarios.Cluster{Brokers: 3, Settings: []scenarios.Setting{{Name: "default.replication.factor", Value: "3"}}},
		Topics:  scenarios.TopicSettings{Topics: scenarios.Fixed(1), Partitions: scenarios.Fixed(3)},
		Workload: scenarios.Workload{
			Plain: scenarios.Fixed(1), Idempotent: scenarios.Fixed(2), Consumers: scenarios.Fixed(1), Seconds: scenarios.Fixed(12),
			BatchRecords: scenarios.Range{Min: 1, Max: 4}, RecordBytes: scenarios.Range{Min: 10, Max: 100}, InFlight: scenarios.Fixed(3),
		},
		Faults: []scenarios.Fault{
			times(scenarios.ProcessKill, 1).At(scenarios.Leader), times(scenarios.Pause, 1).At(scenarios.Controller),
			times(scenarios.Isolate, 1).At(scenarios.Leader), times(scenarios.CutOneWay, 1), times(scenarios.Reset, 1), times(scenarios.Shutdown, 1),
		},
	}
	o := New(Options{Program: program, HistoryDir: t.TempDir()}).Run(t.Context(), s, 1)
	if o.Red() {
		t.Fatalf("%+v", o.Failure)
	}
	if o.FaultsFired < 4 || o.Acked < 100 || o.Read < 100 || len(o.Unsupported) != 0 {
		t.Fatalf("%d faults %v, %d acknowledged, %d read, not supported %v", o.FaultsFired, o.Faults, o.Acked, o.Read, o.Unsupported)
	}
	t.Logf("%v, %d acknowledged, %d read", o.Faults, o.Acked, o.Read)
	for _, j := range o.Judgements {
		if j.Number != 22 && j.Status != "HOLDS" && j.Status != "VACUOUS" {
			t.Errorf("%s: %s %s", j.Name, j.Status, j.Reason)
		}
	}
}
