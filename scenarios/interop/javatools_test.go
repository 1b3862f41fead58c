package interop

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// javaTool runs one of Kafka's own command-line tools, by its class.
func javaTool(t *testing.T, class, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command("java", append([]string{"-cp", "java/*", class}, args...)...)
	cmd.Dir = os.Getenv("TRIALOG_CLIENTS")
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	timer := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s\n%s", class, args, err, tail(out.String()), tail(errs.String()))
	}
	return out.String()
}

// TestJavaTools runs the tools that an operator of Kafka has at hand.
func TestJavaTools(t *testing.T) {
	s := startServer(t)
	const tools = "org.apache.kafka.tools."
	topics := func(args ...string) string {
		return javaTool(t, tools+"TopicCommand", "", append([]string{"--bootstrap-server", s.addr}, args...)...)
	}
	topics("--create", "--topic", "tooled", "--partitions", "3", "--replication-factor", "1", "--config", "retention.ms=7200000")
	if out := topics("--list"); strings.TrimSpace(out) != "tooled" {
		t.Fatalf("--list: %q", out)
	}
	if out := topics("--describe", "--topic", "tooled"); !strings.Contains(out, "PartitionCount: 3") || !strings.Contains(out, "retention.ms=7200000") {
		t.Fatalf("--describe: %s", out)
	}
	topics("--alter", "--topic", "tooled", "--partitions", "5")
	if out := topics("--describe", "--topic", "tooled"); !strings.Contains(out, "PartitionCount: 5") {
		t.Fatalf("--describe after --alter: %s", out)
	}

	var lines []string
	for i := range 200 {
		lines = append(lines, fmt.Sprintf("k%d\tvalue %d", i, i))
	}
	topics("--create", "--topic", "console", "--partitions", "1", "--replication-factor", "1")
	javaTool(t, tools+"ConsoleProducer", strings.Join(lines, "\n")+"\n",
		"--bootstrap-server", s.addr, "--topic", "console", "--reader-property", "parse.key=true")
	got := javaTool(t, tools+"consumer.ConsoleConsumer", "", "--bootstrap-server", s.addr, "--topic", "console", "--partition", "0",
		"--offset", "earliest", "--max-messages", "200", "--formatter-property", "print.key=true")
	if got != strings.Join(lines, "\n")+"\n" {
		t.Fatalf("the console consumer printed %d bytes, want %d", len(got), len(strings.Join(lines, "\n"))+1)
	}

	out := javaTool(t, tools+"ProducerPerformance", "", "--topic", "tooled", "--num-records", "20000", "--record-size", "500",
		"--throughput", "-1", "--bootstrap-server", s.addr)
	if !strings.Contains(out, "20000 records sent") {
		t.Fatalf("the producer's performance: %s", out)
	}
	sum := 0
	for line := range strings.Lines(javaTool(t, tools+"GetOffsetShell", "", "--bootstrap-server", s.addr, "--topic", "tooled")) {
		var partition, end int
		if _, err := fmt.Sscanf(strings.TrimSpace(line), "tooled:%d:%d", &partition, &end); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		sum += end
	}
	if sum != 20000 {
		t.Fatalf("GetOffsetShell sums to %d, want 20000", sum)
	}
	topics("--delete", "--topic", "tooled")
	if out := topics("--list"); strings.TrimSpace(out) != "console" {
		t.Fatalf("--list after --delete: %q", out)
	}
}
