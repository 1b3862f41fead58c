package admin

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// serving is an admin listener that tells a status.
func serving(t *testing.T, s *Status) (ask func(path string) (int, []byte)) {
	t.Helper()
	server, err := Start("127.0.0.1:0", func() Status { return *s }, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return func(path string) (int, []byte) {
		t.Helper()
		response, err := http.Get("http://" + server.Addr() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, body
	}
}

func TestProbesFollowTheNode(t *testing.T) {
	for _, c := range []struct {
		status          Status
		health, readied int
	}{
		{Status{Phase: "recovering", Healthy: true}, 200, 503},
		{Status{Phase: "serving", Healthy: true, Ready: true}, 200, 200},
		{Status{Phase: "halted"}, 503, 503},
	} {
		ask := serving(t, &c.status)
		health, body := ask("/healthz")
		ready, _ := ask("/readyz")
		if health != c.health || ready != c.readied || !strings.Contains(string(body), `"phase":"`+c.status.Phase+`"`) {
			t.Errorf("%+v: %d %d %s", c.status, health, ready, body)
		}
	}
}

func TestProfilesAreServed(t *testing.T) {
	ask := serving(t, &Status{})
	var first sync.WaitGroup
	first.Go(func() {
		if code, body := ask("/debug/pprof/profile?seconds=1"); code == http.StatusOK {
			z, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Errorf("no profile: %v", err)
			} else if _, err := io.Copy(io.Discard, z); err != nil {
				t.Errorf("half a profile: %v", err)
			}
		} else {
			t.Errorf("a profile: %d %s", code, body)
		}
	})
	for _, path := range []string{"heap", "allocs", "goroutine"} {
		if code, body := ask("/debug/pprof/" + path); code != http.StatusOK || len(body) < 100 {
			t.Errorf("%s: %d, %d bytes", path, code, len(body))
		}
	}
	for path, want := range map[string]int{
		"/debug/pprof/profile?seconds=0": 400, "/debug/pprof/profile?seconds=121": 400, "/debug/pprof/profile?seconds=x": 400,
		"/debug/pprof/cmdline": 404, "/debug/pprof/": 404, "/debug/vars": 404, "/": 404,
	} {
		if code, _ := ask(path); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	first.Wait()
}
