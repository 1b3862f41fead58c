package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A group is described while it reads and after, its offsets are moved and it is
// deleted.
func TestGroupTools(t *testing.T) {
	address := serve(t)
	b := "--bootstrap-server=" + address
	for _, args := range [][]string{{"topic", "create", b, "orders", "-p", "2"}, {"produce", b, "orders", "-p", "1"}} {
		if status, _, errs := run(t, "a\nb\nc\n", args...); status != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
	}
	c, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ConsumerGroup("readers"), kgo.ConsumeTopics("orders"), kgo.ClientID("reader"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for read := 0; read < 3; {
		f := c.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		read += f.NumRecords()
	}
	if err := c.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatal(err)
	}
	type step struct {
		name   string
		args   []string
		status int
		out    string // of standard output, parts
		errs   string
	}
	try := func(steps ...step) {
		t.Helper()
		for _, c := range steps {
			status, out, errs := run(t, "", append(c.args, b)...)
			for part := range strings.SplitSeq(c.out, "|") {
				if status != c.status || !strings.Contains(out, part) || !strings.Contains(errs, c.errs) {
					t.Errorf("%s: status %d, want %d\nstdout: %s\nstderr: %s", c.name, status, c.status, out, errs)
				}
			}
		}
	}
	try(
		step{"list", []string{"group", "list"}, 0, "readers  consumer  Stable  1", ""},
		step{"describe", []string{"group", "describe", "readers"}, 0, "readers: Stable, protocol cooperative-sticky, coordinator 1, lag 0|reader|a member joined", ""},
		step{"reset while it reads", []string{"group", "reset-offsets", "readers", "--to-earliest", "--execute"}, 1, "", "NON_EMPTY_GROUP"},
		step{"delete while it reads", []string{"group", "delete", "readers"}, 1, "", "NON_EMPTY_GROUP"},
	)
	c.Close()
	try(
		step{"describe, empty", []string{"group", "describe", "readers"}, 0, "readers: Empty|a member left", ""},
		step{"describe nobody", []string{"group", "describe", "nobody"}, 1, "", "GROUP_ID_NOT_FOUND"},
		step{"plan a reset", []string{"group", "reset-offsets", "readers", "--to-earliest"}, 0, "orders  1          3     0|--execute", ""},
		step{"not yet", []string{"group", "describe", "readers", "--json"}, 0, `"lag":0`, ""},
		step{"reset", []string{"group", "reset-offsets", "readers", "--shift-by=-2", "--execute"}, 0, "orders  1          3     1", ""},
		step{"lag", []string{"group", "describe", "readers", "--json"}, 0, `"committed":1,"end_offset":3,"lag":2`, ""},
		step{"reset to the end", []string{"group", "reset-offsets", "readers", "--to-latest", "--execute"}, 0, "orders  1          1     3", ""},
		step{"reset by time", []string{"group", "reset-offsets", "readers", "--by-duration=1h", "--topic", "orders", "--execute"}, 0, "orders  1          3     0", ""},
		step{"two places", []string{"group", "reset-offsets", "readers", "--to-latest", "--to-earliest"}, 2, "", ""},
		step{"no place", []string{"group", "reset-offsets", "readers"}, 2, "", ""},
		step{"delete", []string{"group", "delete", "readers"}, 0, "Deleted readers.", ""},
		step{"delete again", []string{"group", "delete", "readers"}, 1, "", "GROUP_ID_NOT_FOUND"},
	)
}
