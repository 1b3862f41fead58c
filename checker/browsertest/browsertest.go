// Package browsertest opens pages in Chromium without a window, for tests of what
// the judges draw. Nothing that ships imports it.
package browsertest

import (
	"context"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// Browser is an installed Chromium.
type Browser struct{ program string }

// Find finds Chromium. Where there is none the test says so and Find returns
// nil, unless TRIALOG_CI is set: then a missing browser is a failure
// (.ci/browser installs it).
func Find(t testing.TB) *Browser {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return &Browser{path}
		}
	}
	if os.Getenv("TRIALOG_CI") != "" {
		t.Fatal("no Chromium: .ci/browser installs it")
	}
	t.Log("NOT TESTED: there is no Chromium here; .ci/browser installs it")
	return nil
}

// run starts the browser and returns what it printed.
func (b *Browser) run(t testing.TB, args ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute)
	defer stop()
	args = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(),
	}, args...)
	out, err := exec.CommandContext(ctx, b.program, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", b.program, err)
	}
	return string(out)
}

// Page opens a file, 1400 pixels wide, and returns the document as its scripts
// have left it.
func (b *Browser) Page(t testing.TB, file, hash string) string {
	t.Helper()
	return b.run(t, "--window-size=1400,1000", "--dump-dom", "file://"+file+hash)
}

// Narrow is Page on a screen as wide as a phone's, 390 pixels.
func (b *Browser) Narrow(t testing.TB, file string) string {
	t.Helper()
	return b.run(t, "--window-size=390,800", "--dump-dom", "file://"+file)
}

// Screenshot takes a picture of a file, keeps it in the directory that
// TRIALOG_SCREENSHOTS names, if any, and fails when it shows next to nothing.
func (b *Browser) Screenshot(t testing.TB, file, name string, width, height int) {
	t.Helper()
	dir := os.Getenv("TRIALOG_SCREENSHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	shot := filepath.Join(dir, name)
	b.run(t, fmt.Sprintf("--window-size=%d,%d", width, height), "--screenshot="+shot, "file://"+file)
	if info, err := os.Stat(shot); err != nil || info.Size() < 20_000 {
		t.Errorf("the screenshot %s shows little: %v", name, err)
	}
}

// Told reads what a page says of itself in a data attribute.
func Told(t testing.TB, dom, name string) string {
	t.Helper()
	m := regexp.MustCompile(`data-` + name + `="([^"]*)"`).FindStringSubmatch(dom)
	if m == nil {
		t.Fatalf("the page does not say %s", name)
	}
	return html.UnescapeString(m[1])
}
