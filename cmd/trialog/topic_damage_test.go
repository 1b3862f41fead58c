package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDescribeTellsWhatIsLost flips a bit of the only copy of a record: who reads
// it is told so, what stands behind it is read, and topic describe says on which
// broker, from which offset on, and that no other replica has it.
func TestDescribeTellsWhatIsLost(t *testing.T) {
	c := startProcesses(t, 1)
	b := "--bootstrap-server=" + c.plan.Nodes[0].Listen
	must := func(in string, args ...string) string {
		t.Helper()
		status, out, errs := run(t, in, append(args, b)...)
		if status != exitFine {
			t.Fatalf("%v: status %d\n%s\n%s", args, status, out, errs)
		}
		return out
	}
	must("", "topic", "create", "orders", "-p", "1")
	must("a\n", "produce", "orders")
	must(strings.Repeat("x", 5000)+"\n", "produce", "orders") // offset 1, which is damaged
	must("c\n", "produce", "orders")                          // an entry of the index leads here
	if out := must("", "topic", "describe", "orders"); strings.Contains(out, "damaged") {
		t.Fatalf("a whole topic is described as\n%s", out)
	}
	if err := c.nodes[0].cmd.Process.Signal(syscall.SIGTERM); err != nil { // which has the log whole in its files, and forgets what it keeps in memory
		t.Fatal(err)
	}
	<-c.nodes[0].ended
	flipWithin(t, c.dir, strings.Repeat("x", 5000))
	c.start(0)
	c.ready()
	status, read, errs := run(t, "", "consume", b, "orders", "--timeout=10s")
	if status == exitFine || !strings.Contains(errs, "CORRUPT_MESSAGE") {
		t.Fatalf("reading what is lost ends with %d\n%.80s\n%s", status, read, errs)
	}
	if out := must("", "consume", "orders", "-p", "0", "-o", "2"); out != "c\n" {
		t.Fatalf("behind the damage is read %q", out)
	}
	if out := must("", "topic", "describe", "orders"); !strings.Contains(out, "partition 0 is damaged on broker 1, from offset 1 on") || !strings.Contains(out, "no other replica") {
		t.Fatalf("described as\n%s", out)
	}
}

// flipWithin changes one bit of a value in the segment of a stopped node that holds it.
func flipWithin(t *testing.T, dir, value string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "logs", "*", "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		held, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at := strings.Index(string(held), value); at >= 0 {
			held[at] ^= 1
			if err := os.WriteFile(path, held, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no segment of %v holds the record", files)
}
