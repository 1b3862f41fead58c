package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

func TestProcFiles(t *testing.T) {
	cpu, err := parseStat("12 (a (b) c) S 1 12 12 0 -1 4194560 90 0 0 0 150 25 0 0 20 0 7 0 1234 1000 200 18446744073709551615")
	if err != nil || cpu != 1750*time.Millisecond {
		t.Errorf("%v %v", cpu, err)
	}
	if _, err := parseStat("12 (a) S 1"); err == nil {
		t.Error("a line that is cut off")
	}
	const status = "Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t    1024 kB\nThreads:\t3\n"
	if rss, peak, none := statusBytes(status, "VmRSS"), statusBytes(status, "VmHWM"), statusBytes(status, "VmSwap"); rss != 1<<20 || peak != 2<<20 || none != 0 {
		t.Errorf("%d %d %d", rss, peak, none)
	}
	busy, stolen, err := parseMachineStat("cpu  100 10 50 1000 30 5 5 20 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
	if err != nil || busy != 1700*time.Millisecond || stolen != 200*time.Millisecond {
		t.Errorf("%v %v %v", busy, stolen, err)
	}
	point, kind, ok := parseMount("36 35 98:0 /mnt1 /mnt/data rw,noatime master:1 - ext3 /dev/root rw,errors=continue")
	if !ok || point != "/mnt/data" || kind != "ext3 on /dev/root" || inMemory(kind) || !inMemory("tmpfs on tmpfs") {
		t.Errorf("%q %q %v", point, kind, ok)
	}
}

func TestMetrics(t *testing.T) {
	m, err := parseMetrics(strings.NewReader("# HELP a b\n# TYPE a counter\na 3\nb{request=\"Produce\"} 1.5e+06\nc NaN\n"))
	if err != nil || m["a"] != 3 || m[`b{request="Produce"}`] != 1.5e6 {
		t.Errorf("%v %v", m, err)
	}
	before := counters{Mallocs: 10, Syncs: 1, JournalBytes: 5}
	after := counters{Mallocs: 25, Syncs: 4, JournalBytes: 3}
	if d := after.since(&before); d.Mallocs != 15 || d.Syncs != 3 || d.JournalBytes != 3 {
		t.Errorf("%+v", d)
	}
}

// threeRounds is a book in which JetStream missed the second round.
func threeRounds() *book {
	b := &book{}
	ours, theirs := at{tableOne, "small", nameTrialog}, at{tableOne, "small", nameJetStream}
	for i, v := range []float64{20, 60, 40} {
		b.rounds++
		if i != 1 {
			b.add(theirs, quantityBytes, "MB/s", 10)
		} else {
			b.fail(theirs, errTest("too slow\nand more"))
		}
		b.add(ours, quantityBytes, "MB/s", v)
		b.add(ours, "p99.9", "ms", math.NaN())
		b.add(ours, quantitySync, "KiB", math.Inf(1))
	}
	return b
}

type errTest string

func (e errTest) Error() string { return string(e) }

func TestTheReport(t *testing.T) {
	r := &report{Mode: "quick", Rounds: 3, Complete: true, Seconds: 12, book: threeRounds()}
	var text strings.Builder
	if err := r.writeMarkdown(&text); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"| load | system | throughput, MB/s | p99.9, ms | per sync, KiB |",
		"| small | Trialog | 40.0 (20.0…60.0) | – | – |",
		"| small | JetStream | 10.0 | – | – |",
		"| load | JetStream |",
		"| small | 3.00 (2.00…4.00) |",
		"- round 2, One record in flight/small/JetStream: too slow",
	} {
		if !strings.Contains(text.String(), "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, text.String())
		}
	}
	if strings.Contains(text.String(), tablePipeline) {
		t.Error("a table without rows")
	}
}

func TestTheJSON(t *testing.T) {
	r := &report{Mode: "quick", Rounds: 3, book: threeRounds()}
	var text strings.Builder
	if err := r.writeJSON(&text); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Series []struct {
			System, Quantity, Unit string
			Values                 []*float64
		}
		Failures []failure
	}
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil {
		t.Fatal(err)
	}
	s := back.Series[0]
	if s.System != nameJetStream || s.Unit != "MB/s" || len(s.Values) != 3 || s.Values[1] != nil || *s.Values[2] != 10 || len(back.Failures) != 1 {
		t.Errorf("%s", text.String())
	}
}

func TestRoundsBeginWithAnother(t *testing.T) {
	list := []int{1, 2, 3}
	for round, want := range map[int]int{1: 1, 2: 2, 3: 3, 4: 1} {
		if got := rotate(list, round); got[0] != want || len(got) != 3 {
			t.Errorf("round %d: %v", round, got)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, args := range [][]string{{"-quick", "-full"}, {"more"}, {"-rounds"}, {"-log", "-1"}} {
		if _, err := parseOptions(args, &strings.Builder{}); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	o, err := parseOptions([]string{"-full", "-rounds", "2"}, &strings.Builder{})
	if err != nil {
		t.Fatal(err)
	}
	if p := o.plan(); p.mode != "full" || p.rounds != 2 || p.coldBytes != 4<<30 || len(p.cells) != 18 || len(p.partitions()) != 3 {
		t.Errorf("%+v", p)
	}
}

func TestALogOfAnotherSizeIsRead(t *testing.T) {
	o, err := parseOptions([]string{"-quick", "-log", "4096"}, &strings.Builder{})
	if err != nil {
		t.Fatal(err)
	}
	if p, quick := o.plan(), quickPlan(); p.coldBytes != 4<<30 || p.space < quick.space+4*(4<<30)-4*int64(quick.coldBytes) {
		t.Errorf("%+v", p)
	}
}

func TestGoalsStandBesideTheRatios(t *testing.T) {
	r := report{book: threeRounds()}
	var b strings.Builder
	r.ratios(&b, tableOne)
	if !strings.Contains(b.String(), "\n| the goal, at least | 10 |\n") {
		t.Error(b.String())
	}
}

func TestProfilesAreRead(t *testing.T) {
	const top = `File: trialog
Type: cpu
Duration: 2.20s, Total samples = 1.20s (54.55%)
Showing nodes accounting for 1.20s, 100% of 1.20s total
      flat  flat%   sum%        cum   cum%
     0.60s 50.00% 50.00%      0.60s 50.00%  internal/runtime/syscall.Syscall6
     0.10s  8.33% 58.33%      0.90s 75.00%  trialog/node.(*connection).read
         0     0% 58.33%      0.90s 75.00%  trialog/node.(*connection).serve
         0     0% 58.33%      0.30s 25.00%  trialog/core/broker.(*Broker).Step (inline)
`
	self := parseTop(top, false, nil)
	if len(self) != 2 || self[0] != (cost{"50.00%", "internal/runtime/syscall.Syscall6"}) {
		t.Errorf("%v", self)
	}
	below := parseTop(top, true, ownWork)
	if len(below) != 2 || below[0] != (cost{"75.00%", "trialog/node.(*connection).read"}) || below[1].Function != "trialog/core/broker.(*Broker).Step" {
		t.Errorf("%v", below)
	}
	r := report{book: &book{Profiles: []profile{{Case: "small", Self: self, Below: below}}}}
	var b strings.Builder
	r.profileTable(&b)
	if !strings.Contains(b.String(), "| small | `internal/runtime/syscall.Syscall6` 50.00%<br>") {
		t.Error(b.String())
	}
	if got := fileName("1 KiB, 16 producers, 1 partition, many in flight"); got != "1-kib-16-producers-1-partition-many-in-flight" {
		t.Error(got)
	}
}

// TestAgainst: clusters are compared round by round, figure by figure, with the
// goal beside it; a round that one of them missed does not count.
func TestAgainst(t *testing.T) {
	b := &book{}
	for i, v := range []float64{30, 40, 50} {
		b.rounds++
		b.add(at{tableSynced, "load", nameTrialog}, quantityBytes, "MB/s", v)
		b.add(at{tableSynced, "load", nameTrialog}, quantityCPU, "s/GB", 5)
		if i > 0 {
			b.add(at{tableSynced, "load", nameKafka}, quantityBytes, "MB/s", 10)
			b.add(at{tableSynced, "load", nameKafka}, quantityCPU, "s/GB", 20)
		}
		b.add(at{tableSynced, "load", nameJetStream}, quantityBytes, "MB/s", 20)
	}
	var text strings.Builder
	(&report{book: b}).against(&text, tableSynced)
	for _, want := range []string{
		"| load | figure | Apache Kafka | JetStream | the goal |",
		"| load | throughput | 4.50 (4.00…5.00) | 2.00 (1.50…2.50) | at least 1.5 |",
		"| load | server CPU | 0.250 | – | at most 0.67 |",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	text.Reset()
	(&report{book: b}).against(&text, tableOne)
	if text.String() != "" {
		t.Errorf("of one node: %s", text.String())
	}
}
