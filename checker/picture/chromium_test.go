package picture

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"trialog/checker"
	"trialog/checker/browsertest"
	"trialog/checker/history"
)

func pageOf(t *testing.T, runs ...*history.History) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]Run, len(runs))
	for i, h := range runs {
		list[i] = Run{History: h, Report: checker.Check(h, checker.Options{})}
	}
	if err := Write(f, list...); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestPageInBrowser: no script fails, the first marked operation is in view,
// a page of two runs works too, and a screenshot is not blank.
func TestPageInBrowser(t *testing.T) {
	b := browsertest.Find(t)
	if b == nil {
		return
	}
	for name, file := range map[string]string{"one": pageOf(t, lossy()), "two": pageOf(t, lossy(), lossy())} {
		dom := b.Page(t, file, "#selftest")
		if errs := browsertest.Told(t, dom, "errors"); errs != "" || browsertest.Told(t, dom, "ready") != "yes" {
			t.Fatalf("%s: errors %q", name, errs)
		}
		if browsertest.Told(t, dom, "mark") != "true" || browsertest.Told(t, dom, "marks") == "0" {
			t.Errorf("%s: the first marked operation is not in view", name)
		}
		b.Screenshot(t, file, "picture-"+name+".png", 1400, 1000)
	}
}

// crowd is a run of so many operations of eight clients on three nodes.
func crowd(n int) *history.History {
	r := history.NewRecorder(history.Header{Scenario: "crowd", Nodes: 3, Topics: []history.Topic{
		{Name: "t", Partitions: 2, Replicas: 3, MinISR: 2, Mode: history.ModeSynced},
	}})
	p := []history.Partition{r.Partition("t", 0), r.Partition("t", 1)}
	for i := range n {
		client, at := int32(i%8), int64(i)*500_000
		op := history.NewOp(history.Send, client, client, p[i%2])
		id := r.Invoke(at, &op, history.MakeValue(uint32(client), uint64(i/8)))
		res := history.NewResult(history.OK)
		res.Offset, res.Broker = int64(i/2), int32(i%3+1)
		r.Complete(at+400_000, id, &res)
		if i%50 == 0 {
			e := history.NewEvent(history.Replica, int32(i/50%3+1))
			e.Partition, e.LeaderEpoch, e.FoundEndOffset, e.HighWatermark, e.Leading = p[0], 1, int64(i/2), int64(i/2), e.Node == 1
			r.Event(at+400_000, &e)
		}
	}
	return r.History()
}

// TestHundredThousandInBrowser: a hundred thousand operations are drawn, in
// less than 100 ms a frame on an idle machine (measured by the page, pixels
// read back), and the page stays below 5 MB.
func TestHundredThousandInBrowser(t *testing.T) {
	b := browsertest.Find(t)
	if b == nil {
		return
	}
	file := pageOf(t, crowd(100_000))
	if info, err := os.Stat(file); err != nil || info.Size() > 5<<20 {
		t.Errorf("a page of %d bytes: %v", info.Size(), err)
	}
	dom := b.Page(t, file, "#selftest")
	if errs := browsertest.Told(t, dom, "errors"); errs != "" {
		t.Fatal(errs)
	}
	if n, err := strconv.Atoi(browsertest.Told(t, dom, "drawn")); err != nil || n < 100_000 {
		t.Errorf("%d of 100,000 operations were considered: %v", n, err)
	}
	frame, err := strconv.ParseFloat(browsertest.Told(t, dom, "frame"), 64)
	t.Logf("a frame takes %v ms in the median, %s at most, over %s frames", frame, browsertest.Told(t, dom, "slowest"), browsertest.Told(t, dom, "frames"))
	if err != nil || os.Getenv("TRIALOG_CI") != "" && frame > 100 {
		t.Errorf("a frame takes %v ms: %v", frame, err)
	}
}
