package onlocal

import (
	"os/exec"
	"path/filepath"
	"testing"

	"trialog/scenarios"
)

// TestFaultsOfARealCluster kills, pauses and cuts off three processes, and takes
// their power where FUSE can be had, under producers of both kinds, a consumer and
// a group, of whose members one dies and one hangs.
func TestFaultsOfARealCluster(t *testing.T) {
	dir := t.TempDir()
	program, power := filepath.Join(dir, "trialog"), filepath.Join(dir, "trialog-powercut")
	for out, source := range map[string]string{program: "trialog/cmd/trialog", power: "trialog/node/powercut/drive"} {
		if said, err := exec.CommandContext(t.Context(), "go", "build", "-o", out, source).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	times := func(kind scenarios.Kind, n int) scenarios.Fault {
		return scenarios.Fault{Kind: kind, Times: scenarios.Fixed(n), SpanMs: scenarios.Range{Min: 100, Max: 4000}}
	}
	s := &scenarios.Scenario{
		Name: "test", Why: "a short life of a real cluster",
		Cluster: scenarios.Cluster{Brokers: 3, Settings: []scenarios.Setting{
			{Name: "default.replication.factor", Value: "3"}, {Name: "group.min.session.timeout.ms", Value: "100"}, {Name: "group.initial.rebalance.delay.ms", Value: "100"},
		}},
		Topics: scenarios.TopicSettings{Topics: scenarios.Fixed(1), Partitions: scenarios.Fixed(3)},
		Workload: scenarios.Workload{
			Plain: scenarios.Fixed(1), Idempotent: scenarios.Fixed(2), Consumers: scenarios.Fixed(1), Groups: scenarios.Fixed(1), Members: scenarios.Fixed(3), Seconds: scenarios.Fixed(16),
			BatchRecords: scenarios.Range{Min: 1, Max: 4}, RecordBytes: scenarios.Range{Min: 10, Max: 100}, InFlight: scenarios.Fixed(3),
		},
		Faults: []scenarios.Fault{
			times(scenarios.ProcessKill, 1).At(scenarios.Leader), times(scenarios.Pause, 1).At(scenarios.Controller),
			times(scenarios.Isolate, 1).At(scenarios.Leader), times(scenarios.CutOneWay, 1), times(scenarios.Reset, 1), times(scenarios.Shutdown, 1),
			times(scenarios.PowerCut, 1).At(scenarios.Leader), times(scenarios.PowerCutAll, 1), times(scenarios.ClientKill, 1), times(scenarios.ClientPause, 1),
		},
		Paced: true,
	}
	arm := New(Options{Program: program, Power: power, HistoryDir: t.TempDir()})
	missing := 0
	if why := arm.WithoutPower(); why != nil {
		t.Logf("no power cuts: %v", why)
		missing = 2
	}
	o := arm.Run(t.Context(), s, 1)
	if o.Red() {
		t.Fatalf("%+v", o.Failure)
	}
	if o.FaultsFired < 4 || o.Acked < 100 || o.Read < 100 || o.Commits < 10 || len(o.Unsupported) != missing || len(o.Moved) == 0 {
		t.Fatalf("%d faults %v, %d acknowledged, %d read, %d committed, not supported %v", o.FaultsFired, o.Faults, o.Acked, o.Read, o.Commits, o.Unsupported)
	}
	t.Logf("%v, of which moved a leader %v, %d acknowledged, %d read", o.Faults, o.Moved, o.Acked, o.Read)
	for _, j := range o.Judgements {
		if j.Number < 21 && j.Status != "HOLDS" && j.Status != "VACUOUS" { // nothing is deleted or compacted, no disk is looked at
			t.Errorf("%s: %s %s", j.Name, j.Status, j.Reason)
		}
	}
}
