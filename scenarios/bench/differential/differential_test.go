package differential

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Every server answers every request of every trace as the first one does, but for
// what a rule says. How often kfake differs from Kafka is told; it does not fail.
func TestDifferential(t *testing.T) {
	list := servers(t)
	standard := 25
	if list[0].name == "kfake" {
		standard = 3
	}
	traces, long, first := number("TRIALOG_TRACES", standard), number("TRIALOG_STEPS", 40), number("TRIALOG_SEED", 100)
	versions := common(t, list)
	c := &count{says: t.Logf, rules: make(map[string]int)}
	for n := range traces {
		tr := newTrace(uint64(first+n), long)
		if list[0].name == "kfake" {
			tr.dull()
		}
		play(t, list, versions, tr, c)
	}
	t.Log(c.summary(traces, long, list[0].name != "kfake"))
	for _, red := range c.red {
		t.Error(red)
	}
}

func play(t *testing.T, list []*server, versions map[int16]int16, tr *trace, c *count) {
	t.Helper()
	g := newGame(t, list, versions, tr, c)
	defer g.end()
	g.run()
}

func number(name string, standard int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return standard
}

// common are the newest versions that all servers know.
func common(t *testing.T, list []*server) map[int16]int16 {
	t.Helper()
	newest := map[int16]int16{8: 9, 9: 9, 11: 9, 12: 4, 13: 5, 14: 5, 15: 6, 16: 5, 42: 2, 47: 0, 68: 1, 69: 1}
	for _, s := range list {
		c := s.client(t)
		resp, err := c.SeedBrokers()[0].Request(context.Background(), kmsg.NewPtrApiVersionsRequest())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range resp.(*kmsg.ApiVersionsResponse).ApiKeys {
			if n, known := newest[k.ApiKey]; known {
				newest[k.ApiKey] = min(n, k.MaxVersion)
			}
		}
		c.Close()
	}
	return newest
}
