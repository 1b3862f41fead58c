package checker

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trialog/checker/history"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden files")

const lostTail = `
	a send 1 idem -> ok 0
	x=b send 2.1,2.2
	! leader 0 p=0
	a send 2 idem -> ok 1
	x -> info REQUEST_TIMED_OUT
	c poll at=0 -> ok 0:1,1:2 to=2 hw=2
	! crash 0 power
	! recovered 0 p=0 re=2 we=4 oe=1 st=0
	a send 3 idem -> ok 1
	z scan at=0 -> ok 0:1 to=1 hw=2
	z scan at=1 -> ok 1:3 to=2 hw=2`

// TestGoldenReportReadsAsAStory shows what a red run prints.
func TestGoldenReportReadsAsAStory(t *testing.T) {
	h := synced()
	h.Scenario, h.Seed, h.TraceHash = "single-power", 42, "9f3c"
	h.Replay, h.Shrink = "trialog-lab replay single-power --seed 42", "trialog-lab shrink single-power --seed 42 -o tape"
	unsynced := h
	unsynced.Topics = []history.Topic{{Name: "t", Replicas: 1, MinISR: 1, Mode: history.ModeReplicated}}
	missing := unsynced
	missing.Expect = []history.Expectation{{Property: history.NoDuplicate, Anomaly: "duplicate", Reason: "a control"}}
	var b bytes.Buffer
	for _, c := range []struct {
		name   string
		header history.Header
	}{{"synced: a violation", h}, {"unsynced: not claimed", unsynced}, {"a declared anomaly that is not there", missing}} {
		text := lostTail
		if c.header.Topics[0].Mode == history.ModeReplicated {
			text = strings.Replace(text, "re=2", "re=1", 1) // nothing else was synced
		}
		r := Check(story(t, c.header, text), Options{})
		r.Elapsed = 0
		b.WriteString("# " + c.name + "\n\n")
		if err := r.Text(&b); err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n")
	}
	golden(t, "report.txt", b.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got\n%s\nwant\n%s", path, got, want)
	}
}

func TestDeclaredAnomalies(t *testing.T) {
	header := func(x ...history.Expectation) history.Header {
		h := topic(func(t *history.Topic) { t.Mode = history.ModeReplicated })
		h.Expect = x
		return h
	}
	lost := history.Expectation{Property: history.Durability, Anomaly: "lost-write"}
	const lose = `
		a send 1 -> ok 0
		! crash 0 power
		b send 2 -> ok 1
		z scan at=0 -> ok 1:2 to=2 hw=2`
	const keep = `
		a send 1 -> ok 0
		! crash 0 power
		b send 2 -> ok 1
		z scan at=0 -> ok 0:1,1:2 to=2 hw=2`
	synced := synced()
	synced.Expect = []history.Expectation{lost}
	for _, c := range []struct {
		name   string
		header history.Header
		text   string
		failed bool
	}{
		{"found", header(lost), lose, false},
		{"not found", header(lost), keep, true},
		{"any of the property", header(history.Expectation{Property: history.Durability}), lose, false},
		{"another one", header(history.Expectation{Property: history.Durability, Anomaly: "vanished"}), lose, true},
		{"another one as well", header(lost, history.Expectation{Property: history.NoDuplicate}), lose, true},
		{"found, though claimed", synced, lose, false},
		{"not declared, not claimed", header(), lose, false},
	} {
		if r := Check(story(t, c.header, c.text), Options{}); r.Failed() != c.failed || r.ExitStatus() != map[bool]int{true: 1}[c.failed] {
			t.Errorf("%s: failed %t, want %t: %s", c.name, r.Failed(), c.failed, summary(r))
		}
	}
	// A claimed anomaly that nobody declared is red, whatever else was.
	synced.Expect = []history.Expectation{{Property: history.Durability, Anomaly: "vanished"}}
	r := Check(story(t, synced, `
		a send 1 -> ok 0
		x=a send 2
		c poll at=1 -> ok 1:2
		b send 3 -> ok 2
		z scan at=0 -> ok 2:3 to=3 hw=3`), Options{})
	if v := r.Verdict(history.Durability); v.Expected || r.Worst() != v {
		t.Errorf("a lost write passes as a declared vanished one: %+v", v)
	}
}

func TestHistoriesThatContradictThemselvesAreUndecided(t *testing.T) {
	spoil := map[string]func(*history.History){
		"is sent by operation": func(h *history.History) { h.Records[h.Ops[1].FirstRecord].Value = h.Records[0].Value },
		"do not rise":          func(h *history.History) { h.Ops[1].InvokePos = 0 },
		"taken twice":          func(h *history.History) { h.Ops[0].ReturnPos = h.Ops[1].ReturnPos },
		"no such partition":    func(h *history.History) { h.Ops[0].Partition = 9 },
		"no such records":      func(h *history.History) { h.Ops[0].RecordCount = 99 },
		"event 0":              func(h *history.History) { h.Events[0].Pos = -1 },
	}
	for want, f := range spoil {
		for _, sparse := range []bool{false, true} {
			h := story(t, synced(), quiet)
			if sparse {
				for i := range h.Ops {
					h.Ops[i].InvokePos *= 1000
					h.Ops[i].ReturnPos *= 1000
				}
				h.Positions *= 1000
			}
			f(h)
			r := Check(h, Options{})
			for i := range r.Verdicts {
				if v := &r.Verdicts[i]; v.Status != Unknown || !strings.Contains(v.Reason, want) {
					t.Errorf("%q: %d is %s: %s", want, v.Property, v.Status, v.Reason)
				}
			}
			if !r.Failed() {
				t.Errorf("%q passes", want)
			}
		}
	}
}

func TestWideGapsAreNoDifferent(t *testing.T) {
	for seed := range uint64(40) {
		h := invent(seed, 400)
		want := summary(Check(h, Options{}))
		stretch(h)
		for range 4 {
			stretch(h) // positions with wide gaps take the path that sorts
		}
		for i := range h.Records {
			r := &h.Records[i]
			if r.Offset >= 0 {
				r.Offset *= 100_000
			}
			r.Value = history.MakeValue(r.Value.Writer(), r.Value.Sequence()*1_000_003)
		}
		for i := range h.Ops {
			o := &h.Ops[i]
			for _, at := range []*int64{&o.Offset, &o.At, &o.To, &o.HighWatermark} {
				if *at > 0 {
					*at *= 100_000
				}
			}
		}
		// Batches are no longer contiguous, so that judges take other paths,
		// and must come to the same end.
		if got := summary(Check(h, Options{})); got != want {
			t.Fatalf("seed %d: %q, without gaps %q", seed, got, want)
		}
	}
}

func TestOnlyTheListedPropertiesAreJudged(t *testing.T) {
	r := Check(story(t, synced(), quiet), Options{Properties: []history.Property{history.NoPhantom}})
	if len(r.Verdicts) != 1 || r.Verdicts[0].Property != history.NoPhantom || r.Verdict(history.Durability) != nil {
		t.Errorf("judged %+v", r.Verdicts)
	}
}

func TestAnomaliesAreCountedAndSomeAreListed(t *testing.T) {
	h := topic(func(t *history.Topic) { t.Mode = history.ModeReplicated })
	text := ""
	for i := range 20 {
		text += fmt.Sprintf("\na send %d -> ok %d", i, i)
	}
	text += "\n! crash 0 power\nb send 9.1 -> ok 20\nb send 9.2 -> ok 21\nb send 9.3 -> ok 22\nz scan at=0 -> ok 22:9.3 to=23 hw=23"
	v := Check(story(t, h, text), Options{Anomalies: 4}).Verdict(history.Durability)
	if v.Status != Violated || v.count("lost-write") != 22 || len(v.Anomalies) != 4 {
		t.Fatalf("%s, %+v, %d listed", v.Status, v.Found, len(v.Anomalies))
	}
	for i, a := range v.Anomalies {
		if a.Claimed != (i < 2) {
			t.Errorf("anomaly %d is claimed: %t; those that are come first", i, a.Claimed)
		}
	}
}

func TestPictureOfAnInversion(t *testing.T) {
	h := story(t, synced(), `
		a send 1 -> ok 0
		! crash 0 kill
		x=a send 2
		b poll at=0 -> ok to=0 hw=0
		z scan at=0 -> ok 0:1 to=1 hw=1`)
	r := Check(h, Options{})
	v := r.Verdict(history.LogLinearizable)
	if v.Status != Violated {
		t.Fatal(summary(r))
	}
	var b bytes.Buffer
	if err := r.Picture(&b, &v.Anomalies[0]); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<html", "send t/0", "poll t/0", "crash kill"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestACheckerKeepsNothingOfTheLastHistory(t *testing.T) {
	c := New(Options{})
	r := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		seed := r.Uint64N(50)
		h := invent(seed, int(50+seed*7))
		if seed%3 == 0 {
			s := spoiler{h, rand.New(rand.NewPCG(seed, 2))}
			s.extend(0, history.Foreign(1))
		}
		if got, want := summary(c.Check(h)), summary(Check(h, Options{})); got != want {
			t.Fatalf("seed %d: %q, with a new checker %q", seed, got, want)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for seed := range uint64(3) {
		var b bytes.Buffer
		if err := history.Write(&b, invent(seed, 60)); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	c := New(Options{WindowSteps: 5000})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := history.Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		r := c.Check(h)
		var w bytes.Buffer
		if err := r.Text(&w); err != nil {
			t.Fatal(err)
		}
		for i := range r.Verdicts {
			v := &r.Verdicts[i]
			if v.Status == 0 || v.Status == Violated && len(v.Anomalies) == 0 || v.count("judges-disagree") > 0 {
				t.Fatalf("%+v\n%s", v, b)
			}
		}
	})
}
