package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"trialog/node"
)

const deploy = "../../docs/deploy/"

func readDeploy(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(deploy, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\\\n", "")
}

// understands demands that the program knows a command line, and returns the command.
func understands(t *testing.T, where string, args []string) string {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, kong.Vars{"version": ""}, kong.ExplicitGroups([]kong.Group{{Key: clientGroup}}))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		t.Errorf("%s: %v: %v", where, args, err)
		return ""
	}
	if err := fits(parsed); err != nil {
		t.Errorf("%s: %v: %v", where, args, err)
	}
	return parsed.Command()
}

func TestTheImageRunsWhatThereIs(t *testing.T) {
	text := readDeploy(t, "Dockerfile")
	words := func(instruction string) []string {
		t.Helper()
		m := regexp.MustCompile(`(?m)^` + instruction + ` (\[.*\])$`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("no %s", instruction)
		}
		var list []string
		if err := json.Unmarshal([]byte(m[1]), &list); err != nil {
			t.Fatalf("%s: %v", instruction, err)
		}
		return list
	}
	entry := words("ENTRYPOINT")
	if !slices.Equal(entry, []string{"/trialog"}) || !strings.Contains(text, "COPY --from=build /out/trialog "+entry[0]+"\n") {
		t.Errorf("entry point %v", entry)
	}
	if got := understands(t, "CMD", words("CMD")); got != "serve" {
		t.Errorf("the image runs %q", got)
	}
	health := words(`HEALTHCHECK .* CMD`)
	if got := understands(t, "HEALTHCHECK", health[1:]); health[0] != entry[0] || got != "doctor" {
		t.Errorf("the health check runs %v", health)
	}
	env := regexp.MustCompile(`(?m)^ENV (.*)$`).FindStringSubmatch(text)
	if env == nil {
		t.Fatal("no ENV")
	}
	s, err := loadSettings("", strings.Fields(env[1]), nil)
	if err != nil {
		t.Fatal(err)
	}
	given := 0
	for _, v := range s.values {
		if v.Source == fromEnv {
			given++
		}
	}
	if given != len(strings.Fields(env[1])) {
		t.Errorf("%d of the image's variables are settings, of %s", given, env[1])
	}
	_, port, _ := strings.Cut(s.get("admin-listen"), ":")
	if !slices.Contains(health, "127.0.0.1:"+port) || !strings.Contains(text, "VOLUME "+s.get("data-dir")+"\n") {
		t.Errorf("the health check asks %v, the node is at %s, its data in %s", health, s.get("admin-listen"), s.get("data-dir"))
	}
	wanted, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(wanted)
	if !strings.Contains(text, "FROM golang:"+string(version[1])+" AS build") {
		t.Errorf("the image is not built by Go %s", version[1])
	}
	if !strings.Contains(text, "\nUSER 65532:65532\n") || strings.Count(text, "\nFROM ") != 2 || !strings.Contains(text, "CGO_ENABLED=0") {
		t.Error("the image is not that of one static program and a user without rights")
	}
}

func TestTheUnitRunsWhatThereIs(t *testing.T) {
	text := readDeploy(t, "trialog.service")
	value := func(name string) string {
		t.Helper()
		m := regexp.MustCompile(`(?m)^` + name + `=(.*)$`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("no %s", name)
		}
		return m[1]
	}
	words := strings.Fields(value("ExecStart"))
	if got := understands(t, "ExecStart", words[1:]); got != "serve" {
		t.Errorf("the unit runs %q", got)
	}
	if dir := "/var/lib/" + value("StateDirectory"); !slices.Contains(words, dir) {
		t.Errorf("the unit may write to %s, and runs %v", dir, words)
	}
	network := node.DefaultNetwork()
	if stop, err := strconv.Atoi(value("TimeoutStopSec")); err != nil || time.Duration(stop)*time.Second <= network.ShutdownGrace {
		t.Errorf("TimeoutStopSec=%d is not longer than a shutdown may take", stop)
	}
	if files, err := strconv.Atoi(value("LimitNOFILE")); err != nil || files < 2*network.MaxConnections {
		t.Errorf("LimitNOFILE=%d", files)
	}
	if value("RestartPreventExitStatus") != strconv.Itoa(exitUsage) || value("Restart") != "on-failure" {
		t.Error("the unit's restarts do not follow the exit status")
	}
	if !slices.Contains(words, "/etc/trialog/node.yaml") {
		t.Errorf("the unit reads other settings than those of the example: %v", words)
	}
}

func TestTheExampleOfSettingsIsRead(t *testing.T) {
	s, err := loadSettings(deploy+"node.yaml", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.unknown) > 0 || s.get("node-id") != "1" || s.get("listen") != ":9092" || s.get("num.partitions") != "6" {
		t.Errorf("unknown %v, values %v", s.unknown, s.values)
	}
	var d diagnosis
	if _, err := examineSettings(&d, s); err != nil || d.unsafe() > 0 {
		t.Errorf("the example is unsafe: %+v, %v", d.Findings, err)
	}
}
