package interop

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func kcat(t *testing.T, s *server, args ...string) string {
	t.Helper()
	cmd := exec.Command("kcat", append([]string{"-b", s.addr, "-m", "10"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	timer := time.AfterFunc(60*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Run(); err != nil {
		log, _ := os.ReadFile(s.dir + ".log")
		t.Fatalf("kcat %v: %v\n%s\nnode:\n%s", args, err, errs.String(), log)
	}
	return out.String()
}

func TestKcat(t *testing.T) {
	for _, mode := range []struct {
		name string
		args []string
	}{
		{"plain", nil},
		{"idempotent", []string{"-X", "enable.idempotence=true"}},
		{"acks-leader", []string{"-X", "acks=1"}},
		{"gzip", []string{"-z", "gzip"}},
		{"snappy", []string{"-z", "snappy"}},
		{"lz4", []string{"-z", "lz4"}},
		{"zstd", []string{"-z", "zstd"}},
	} {
		t.Run(mode.name, func(t *testing.T) {
			s := startServer(t)
			s.createTopic("lines", 2)
			first := kcatLines("before", 1000)
			kcatProduce(t, s, first, mode.args)
			cut := time.Now()
			checkKcat(t, s, first)
			s.kill()
			s.start()
			checkKcat(t, s, first)
			time.Sleep(20 * time.Millisecond)
			second := kcatLines("after", 300)
			kcatProduce(t, s, second, mode.args)
			checkKcat(t, s, append(append([]string{}, first...), second...))
			got := kcat(t, s, "-C", "-q", "-t", "lines", "-p", "0", "-o", "s@"+millis(cut.Add(10*time.Millisecond)), "-e", "-f", "%k:%s\n")
			if got != strings.Join(second, "\n")+"\n" {
				t.Fatalf("by timestamp: got %d bytes, want the %d later records", len(got), len(second))
			}
		})
	}
}

func TestKcatListsMetadata(t *testing.T) {
	s := startServer(t)
	s.createTopic("listed", 4)
	out := kcat(t, s, "-L")
	if !strings.Contains(out, `topic "listed" with 4 partitions`) || strings.Count(out, "leader ") < 4 {
		t.Fatalf("kcat -L:\n%s", out)
	}
	if strings.Contains(out, "leader -1") {
		t.Fatalf("a partition without a leader:\n%s", out)
	}
}

func kcatLines(prefix string, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("key-%d:%s-%d-%s", i, prefix, i, strings.Repeat("x", i%97))
	}
	return lines
}

func kcatProduce(t *testing.T, s *server, lines []string, extra []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	kcat(t, s, append([]string{"-P", "-t", "lines", "-p", "0", "-K", ":", "-l", file}, extra...)...)
}

// checkKcat reads everything, the middle, and the last ten, byte for byte.
func checkKcat(t *testing.T, s *server, lines []string) {
	t.Helper()
	for _, from := range []struct {
		offset string
		want   []string
	}{
		{"beginning", lines},
		{fmt.Sprint(len(lines) / 2), lines[len(lines)/2:]},
		{"-10", lines[len(lines)-10:]},
	} {
		got := kcat(t, s, "-C", "-q", "-t", "lines", "-p", "0", "-o", from.offset, "-e", "-f", "%k:%s\n")
		if want := strings.Join(from.want, "\n") + "\n"; got != want {
			t.Fatalf("from %s: got %d bytes, want %d", from.offset, len(got), len(want))
		}
	}
}
