package main

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestStrongerLayersWinAndSayWhoTheyAre(t *testing.T) {
	file := write(t, "node.yaml", "listen: a:1\nnode-id: 5\nlog:\n  segment:\n    bytes: 4096\nnum.partitions: 2\nlog.cleanup.policy: [compact, delete]\n")
	env := []string{"TRIALOG_NUM_PARTITIONS=3", "TRIALOG_NODE_ID=6", "TRIALOG_NOTHING=1", "HOME=/"}
	s, err := loadSettings(file, env, map[string]string{"node-id": "7", "message.max.bytes": "100"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"data-dir":           "./trialog-data default ",
		"listen":             "a:1 file " + file,
		"log.segment.bytes":  "4096 file " + file,
		"log.cleanup.policy": "compact,delete file " + file,
		"num.partitions":     "3 environment TRIALOG_NUM_PARTITIONS",
		"node-id":            "7 flag --node-id",
		"message.max.bytes":  "100 flag --set message.max.bytes",
	} {
		v := s.values[name]
		if got := v.Value + " " + v.Source + " " + v.Where; got != want || s.get(name) != v.Value {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	want := map[string]string{"log.segment.bytes": "4096", "num.partitions": "3", "message.max.bytes": "100", "log.cleanup.policy": "compact,delete"}
	if got := s.broker(); !maps.Equal(got, want) {
		t.Errorf("the broker is told %v, want %v", got, want)
	}
}

func TestKafkasPropertiesAreRead(t *testing.T) {
	file := write(t, "server.properties", `# a comment
! another
node.id = 3
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
controller.listener.names=CONTROLLER
advertised.listeners: PLAINTEXT://broker:9092
log.dirs=/var/lib/kafka
log.retention.hours=\
   24
num.io.threads=8
`)
	s, err := loadSettings("", []string{"TRIALOG_CONFIG=" + file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"node-id": "3", "listen": ":9092", "advertise": "broker:9092", "data-dir": "/var/lib/kafka", "log.retention.hours": "24",
	} {
		if got := s.get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(s.unknown) != 1 || !strings.HasPrefix(s.unknown[0], "num.io.threads") {
		t.Errorf("unknown: %v", s.unknown)
	}
}

func TestBadSettingsAreUsageErrors(t *testing.T) {
	for what, c := range map[string]struct {
		file  string
		flags map[string]string
	}{
		"a value of the wrong type":  {flags: map[string]string{"num.partitions": "many"}},
		"two listeners":              {flags: map[string]string{"listeners": "A://a:1,B://b:2"}},
		"a listener without a port":  {flags: map[string]string{"listeners": "A://a"}},
		"two data directories":       {flags: map[string]string{"log.dirs": "/a,/b"}},
		"a file that is not there":   {file: "/nowhere/at/all.yaml"},
		"a file that is not YAML":    {file: write(t, "bad.yaml", "a: [1\nb")},
		"properties not there":       {file: "/nowhere/server.properties"},
		"a value outside its bounds": {file: write(t, "low.yaml", "num.partitions: 0")},
	} {
		_, err := loadSettings(c.file, nil, c.flags)
		var use usage
		if !errors.As(err, &use) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestTrialsNameTheBoot: a trial that takes the power of a disk alone tells the
// node so; otherwise the kernel does.
func TestTrialsNameTheBoot(t *testing.T) {
	for _, want := range []string{"", "node-1-2"} {
		p := &program{err: io.Discard}
		if want != "" {
			p.env = []string{"TRIALOG_TRIAL_BOOT_ID=" + want}
		}
		s, err := loadSettings("", p.env, map[string]string{"admin-listen": "", "data-dir": t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.nodeConfig(s)
		if err != nil || c.BootID != want {
			t.Errorf("boot ID %q, want %q: %v", c.BootID, want, err)
		}
	}
}
