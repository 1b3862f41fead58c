package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trialog/checker"
	"trialog/checker/browsertest"
	"trialog/checker/history"
)

// losing is a run that loses the first, a middle and the last of five
// acknowledged records of one partition, and nothing of another.
func losing() *history.History {
	r := history.NewRecorder(history.Header{Scenario: "a-loss", Seed: 3, Replay: "trialog-lab replay a-loss --seed 3", Topics: []history.Topic{
		{Name: "t", Partitions: 2, Replicas: 1, MinISR: 1, Mode: history.ModeSynced},
	}})
	p := []history.Partition{r.Partition("t", 0), r.Partition("t", 1)}
	send := func(p history.Partition, seq uint64, offset int64) {
		op := history.NewOp(history.Send, 0, 0, p)
		id := r.Invoke(1, &op, history.MakeValue(0, seq))
		res := history.NewResult(history.OK)
		res.Offset = offset
		r.Complete(2, id, &res)
	}
	scan := func(p history.Partition, to int64, records ...history.Record) {
		op := history.NewOp(history.Scan, 9, 9, p)
		op.At = 0
		id := r.Invoke(9, &op)
		res := history.NewResult(history.OK)
		res.To, res.HighWatermark, res.Records = to, to, records
		r.Complete(10, id, &res)
	}
	for i := range 5 {
		send(p[0], uint64(i), int64(i))
	}
	send(p[1], 5, 0)
	crash := history.NewEvent(history.Crash, 1)
	crash.Fault = history.FaultKill
	r.Event(5, &crash)
	scan(p[0], 5, history.Record{Offset: 1, Value: history.MakeValue(0, 1)}, history.Record{Offset: 3, Value: history.MakeValue(0, 3)})
	scan(p[1], 1, history.Record{Offset: 0, Value: history.MakeValue(0, 5)})
	return r.History()
}

func TestLossIsCounted(t *testing.T) {
	want := Loss{Acked: 6, Lost: 3, Prefix: 1, Middle: 1, Postfix: 1, Partitions: 1, Scanned: 2}
	if got := CountLoss(losing()); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	h := losing()
	h.Ops = h.Ops[:6] // nothing was scanned: nothing can be said to be lost
	if got := CountLoss(h); got.Lost != 0 || got.Acked != 0 {
		t.Errorf("%+v", got)
	}
}

// sample is a small report of every kind of row.
func sample() *Report {
	h := losing()
	v := Violation{Title: "a loss <b>", Rows: []string{"r2"}, Why: "because"}
	v.Describe(checker.Check(h, checker.Options{}), []string{"Fault: a kill", "Replica: node 1"})
	held := &Result{Verdict: Holds, Seeds: 100, AtRisk: 60, Faults: []Count{{"process-kill", 300}}}
	return &Report{
		Title: "A report", Abstract: []string{"In short."}, Claims: []Claim{{"acks=all", "waits", "docs"}}, Design: []string{"So."},
		Parts: []Part{{Title: "Part", Rows: []Row{
			{ID: "r1", Claimed: true, Property: "durability", Guarantee: "kept", Settings: "any|all", Under: "kills", Scenarios: []string{"s"}, Simulated: held,
				Mutants: []Mutant{{"m1", "found"}, {"m2", "not run"}}},
			{ID: "r2", Guarantee: "lost", Simulated: &Result{Verdict: Shown, Seeds: 4, Seed: 3, Link: "#a-loss-3"}},
			{ID: "r3", Claimed: true, Guarantee: "idle", Simulated: &Result{Verdict: Vacuous, Seeds: 4}},
			{ID: "r4", Claimed: true, Guarantee: "not run"},
		}}},
		Violations: []Violation{v}, Power: &Power{Found: 1, Of: 1, Mutants: []Bug{bug("m1")}},
		NotTested: []string{"much"}, Discussion: []string{"Hm."}, Provenance: []Fact{{"commit", "abc"}},
	}
}

// TestReportSaysEverything: the three forms say the same, and what a row must
// say and does not is named.
func TestReportSaysEverything(t *testing.T) {
	r := sample()
	var page, text, data bytes.Buffer
	for _, write := range []func() error{func() error { return r.WriteHTML(&page) }, func() error { return r.WriteMarkdown(&text) }, func() error { return r.WriteJSON(&data) }} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	for _, part := range []string{"In short.", "acks=all", "kept", "at most 3/60 = 5 % of seeds", "process-kill 300", "a loss", "Fault: a kill",
		"3 of 6 acknowledged records lost (50 %)", "trialog-lab replay a-loss --seed 3", "#0 client 0 send t/0", "1 of 1 known bugs found", "much", "abc"} {
		for form, b := range map[string]*bytes.Buffer{"HTML": &page, "Markdown": &text} {
			if !strings.Contains(b.String(), part) {
				t.Errorf("%s does not say %q", form, part)
			}
		}
	}
	if strings.Contains(page.String(), "a loss <b>") || strings.Contains(page.String(), "https://") {
		t.Error("the page holds what a run told as markup, or asks a network")
	}
	var back Report
	if err := json.Unmarshal(data.Bytes(), &back); err != nil || back.Parts[0].Rows[0].Simulated.AtRisk != 60 {
		t.Errorf("%v", err)
	}
	if got := strings.Join(r.Failed(), ", "); got != "r3: VACUOUS, r4: NOT RUN" {
		t.Errorf("failed: %s", got)
	}
	if !r.Parts[0].Rows[0].Killed() || r.Parts[0].Rows[2].Killed() {
		t.Error("known bugs of rows are confused")
	}
	r.Parts[0].Rows[0].Mutants[0].State = "missed"
	if got := r.Failed(); len(got) != 3 || got[0] != "r1: HOLDS, but none of its known bugs was found" {
		t.Errorf("failed: %q", got)
	}
	if r.Power = nil; len(r.Failed()) != 2 {
		t.Errorf("without a table of known bugs: %q", r.Failed())
	}
}

// TestForeignReport: a report on a cluster that was only spoken to has no table of
// known bugs, and says why.
func TestForeignReport(t *testing.T) {
	r := sample()
	r.Power, r.Foreign = nil, true
	var page, text bytes.Buffer
	if err := errors.Join(r.WriteHTML(&page), r.WriteMarkdown(&text)); err != nil {
		t.Fatal(err)
	}
	for form, b := range map[string]*bytes.Buffer{"HTML": &page, "Markdown": &text} {
		if !strings.Contains(b.String(), ForeignPower) || strings.Contains(b.String(), "No table") {
			t.Errorf("%s speaks of a table of known bugs", form)
		}
	}
	few := &Result{Verdict: Holds, Seeds: 2, AtRisk: 2}
	if few.Bound() != "too few seeds for a bound" {
		t.Error(few.Bound())
	}
}

// TestReportInBrowser: nothing of the page is wider than a phone or a desk.
func TestReportInBrowser(t *testing.T) {
	b := browsertest.Find(t)
	if b == nil {
		return
	}
	var page bytes.Buffer
	if err := sample().WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	measure := `<script>document.documentElement.dataset.over = String(document.documentElement.scrollWidth - window.innerWidth)</script></body>`
	if err := os.WriteFile(file, bytes.Replace(page.Bytes(), []byte("</body>"), []byte(measure), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if over := browsertest.Told(t, b.Page(t, file, ""), "over"); over != "0" && !strings.HasPrefix(over, "-") {
		t.Errorf("the page is %s pixels too wide for a desk", over)
	}
	if over := browsertest.Told(t, b.Narrow(t, file), "over"); over != "0" && !strings.HasPrefix(over, "-") {
		t.Errorf("the page is %s pixels too wide for a phone", over)
	}
	b.Screenshot(t, file, "report-1400.png", 1400, 1600)
	b.Screenshot(t, file, "report-390.png", 390, 1600)
}

func bug(name string) Bug {
	b := Bug{Name: name, Found: true, ByInside: true, Reached: 41, Seeds: 57}
	b.Per.Mean, b.Per.Low, b.Per.High = 2, 0.7, 9.5
	return b
}

// TestPowerTable: both forms of the report say how a bug was found, how often it could
// have been, and how long that takes.
func TestPowerTable(t *testing.T) {
	r := Report{Power: &Power{Found: 1, Of: 1, Mutants: []Bug{bug("m1")}}}
	var page, text strings.Builder
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteMarkdown(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "| m1 | yes | no | yes | 41 | 57 | 0.0 | 2 (0.7 to 9.5) |") {
		t.Error(text.String())
	}
	for _, want := range []string{">41<", ">2 (0.7 to 9.5)<", `data-name="by invariant">yes`} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
