package onlocal

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"trialog/scenarios"
)

// TestKillsOfARealProcess builds the server and kills it under producers of
// both kinds, a consumer and broken connections.
func TestKillsOfARealProcess(t *testing.T) {
	program := filepath.Join(t.TempDir(), "trialog")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "trialog/cmd/trialog").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	times := func(kind scenarios.Kind, n int) scenarios.Fault {
		return scenarios.Fault{Kind: kind, Times: scenarios.Fixed(n), SpanMs: scenarios.Range{Min: 10, Max: 100}}
	}
	s := &scenarios.Scenario{
		Name: "test", Why: "a short life of a real process", Cluster: scenarios.Cluster{Brokers: 1},
		Topics: scenarios.TopicSettings{Topics: scenarios.Fixed(1), Partitions: scenarios.Fixed(2)},
		Workload: scenarios.Workload{
			Plain: scenarios.Fixed(1), Idempotent: scenarios.Fixed(2), Consumers: scenarios.Fixed(1), Seconds: scenarios.Fixed(3),
			BatchRecords: scenarios.Range{Min: 1, Max: 4}, RecordBytes: scenarios.Range{Min: 10, Max: 100}, InFlight: scenarios.Fixed(3),
			ListOffsets: scenarios.Fixed(60), TopicChurn: scenarios.Fixed(60),
		},
		Faults: []scenarios.Fault{
			times(scenarios.ProcessKill, 3), times(scenarios.Reset, 3), times(scenarios.LostResponse, 3), times(scenarios.Pause, 1), times(scenarios.PowerCut, 1),
		},
	}
	o := New(Options{Program: program, HistoryDir: t.TempDir(), RestartWithin: 30 * time.Second}).Run(t.Context(), s, 1)
	if o.Red() {
		t.Fatalf("%+v", o.Failure)
	}
	if o.FaultsFired < 4 || o.Rounds != 3 || o.Restarts != 3 || len(o.ReadyMs) != 3 || o.Acked < 100 || o.Read < 100 || len(o.Unsupported) != 1 || o.HistoryFile == "" {
		t.Fatalf("%d faults, %d restarts, %d acknowledged, %d read, not supported %v, history %q",
			o.FaultsFired, o.Restarts, o.Acked, o.Read, o.Unsupported, o.HistoryFile)
	}
	for _, j := range o.Judgements {
		if j.Number < 21 && j.Status != "HOLDS" { // nothing is deleted or compacted, no disk is looked at
			t.Errorf("%s: %s %s", j.Name, j.Status, j.Reason)
		}
	}
}
