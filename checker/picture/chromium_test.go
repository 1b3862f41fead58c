package picture

import (
	"context"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"trialog/checker"
	"trialog/checker/history"
)

// browser finds Chromium. Where there is none the tests say so and end, unless
// TRIALOG_CI is set: then a missing browser is a failure (.ci/browser installs it).
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("TRIALOG_CI") != "" {
		t.Fatal("no Chromium: .ci/browser installs it")
	}
	t.Log("NOT TESTED: there is no Chromium here; .ci/browser installs it")
	return ""
}

// chromium runs the browser without a window and returns what it printed.
func chromium(t *testing.T, program string, args ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute)
	defer stop()
	args = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(),
	}, args...)
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	return string(out)
}

// shots is where screenshots are kept: TRIALOG_SCREENSHOTS, or nowhere lasting.
func shots(t *testing.T) string {
	dir := os.Getenv("TRIALOG_SCREENSHOTS")
	if dir == "" {
		return t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

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

// told reads what the page says of itself.
func told(t *testing.T, dom, name string) string {
	t.Helper()
	m := regexp.MustCompile(`data-` + name + `="([^"]*)"`).FindStringSubmatch(dom)
	if m == nil {
		t.Fatalf("the page does not say %s", name)
	}
	return html.UnescapeString(m[1])
}

// TestPageInBrowser: no script fails, the first marked operation is in view,
// a page of two runs works too, and a screenshot is not blank.
func TestPageInBrowser(t *testing.T) {
	program := browser(t)
	if program == "" {
		return
	}
	for name, file := range map[string]string{"one": pageOf(t, lossy()), "two": pageOf(t, lossy(), lossy())} {
		dom := chromium(t, program, "--window-size=1400,1000", "--dump-dom", "file://"+file+"#selftest")
		if errs := told(t, dom, "errors"); errs != "" || told(t, dom, "ready") != "yes" {
			t.Fatalf("%s: errors %q", name, errs)
		}
		if told(t, dom, "mark") != "true" || told(t, dom, "marks") == "0" {
			t.Errorf("%s: the first marked operation is not in view", name)
		}
		shot := filepath.Join(shots(t), "picture-"+name+".png")
		chromium(t, program, "--window-size=1400,1000", "--screenshot="+shot, "file://"+file)
		if info, err := os.Stat(shot); err != nil || info.Size() < 20_000 {
			t.Errorf("%s: the screenshot shows little: %v", name, err)
		}
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
	program := browser(t)
	if program == "" {
		return
	}
	file := pageOf(t, crowd(100_000))
	if info, err := os.Stat(file); err != nil || info.Size() > 5<<20 {
		t.Errorf("a page of %d bytes: %v", info.Size(), err)
	}
	dom := chromium(t, program, "--window-size=1400,1000", "--dump-dom", "file://"+file+"#selftest")
	if errs := told(t, dom, "errors"); errs != "" {
		t.Fatal(errs)
	}
	if n, err := strconv.Atoi(told(t, dom, "drawn")); err != nil || n < 100_000 {
		t.Errorf("%d of 100,000 operations were considered: %v", n, err)
	}
	frame, err := strconv.ParseFloat(told(t, dom, "frame"), 64)
	t.Logf("a frame takes %v ms in the median, %s at most, over %s frames", frame, told(t, dom, "slowest"), told(t, dom, "frames"))
	if err != nil || os.Getenv("TRIALOG_CI") != "" && frame > 100 {
		t.Errorf("a frame takes %v ms: %v", frame, err)
	}
}
