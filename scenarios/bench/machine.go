package main

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// machine is where and with what a run was made.
type machine struct {
	Date        string            `json:"date"`
	CPU         string            `json:"cpu"`
	Cores       int               `json:"cores"`
	MemoryMiB   int64             `json:"memory_mib"`
	Kernel      string            `json:"kernel"`
	FileSystem  string            `json:"file_system"` // of the scratch directory
	Go          string            `json:"go"`
	Commit      string            `json:"commit"` // of the source tree; with +, files were changed
	Binary      string            `json:"binary"`
	Modules     map[string]string `json:"modules"`
	LoadAtStart float64           `json:"load_at_start"` // one-minute average
	LoadAtEnd   float64           `json:"load_at_end"`
}

// measured are the modules whose versions matter to the figures.
var measured = []string{
	"github.com/twmb/franz-go", "github.com/twmb/franz-go/pkg/kfake", "github.com/nats-io/nats-server/v2", "github.com/nats-io/nats.go",
}

// describe reads what the machine is. What cannot be read says so.
func describe(dir, program string) machine {
	m := machine{
		Date: time.Now().UTC().Format(time.RFC3339), CPU: cpuModel(), Cores: runtime.NumCPU(),
		Kernel: kernel(), FileSystem: fileSystem(dir), Go: runtime.Version(), Commit: commit(), Binary: program,
		Modules: make(map[string]string),
	}
	m.LoadAtStart, _ = loadAverage()
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		m.MemoryMiB = int64(info.Totalram) * int64(info.Unit) >> 20
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, d := range build.Deps {
			for _, name := range measured {
				if d.Path == name {
					m.Modules[name] = d.Version
				}
			}
		}
	}
	return m
}

func cpuModel() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return err.Error()
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return err.Error()
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

// fileSystem is type and device of the mount that a directory lies on, by the
// longest mount point of /proc/self/mountinfo that leads to it.
func fileSystem(dir string) string {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	best, text := -1, "unknown"
	for lines := bufio.NewScanner(f); lines.Scan(); {
		point, kind, ok := parseMount(lines.Text())
		if ok && len(point) >= best && (point == "/" || dir == point || strings.HasPrefix(dir, point+"/")) {
			best, text = len(point), kind
		}
	}
	return text
}

// parseMount reads a line of mountinfo: the fifth field is the mount point;
// after a lone dash come file system type and device.
func parseMount(line string) (point, kind string, ok bool) {
	before, after, ok := strings.Cut(line, " - ")
	fields, rest := strings.Fields(before), strings.Fields(after)
	if !ok || len(fields) < 5 || len(rest) < 2 {
		return "", "", false
	}
	return fields[4], rest[0] + " on " + rest[1], true
}

// inMemory tells whether a file system has no disk below it, so that a sync
// costs nothing there.
func inMemory(fileSystem string) bool {
	return strings.HasPrefix(fileSystem, "tmpfs ") || strings.HasPrefix(fileSystem, "ramfs ")
}

func commit() string {
	b, err := exec.Command("git", "describe", "--always", "--dirty=+", "--abbrev=12").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

// loadAverage is the machine's over the last minute.
func loadAverage() (float64, error) {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(b), " ")
	return strconv.ParseFloat(first, 64)
}

// lines are the machine in a few lines of Markdown.
func (m *machine) lines() []string {
	lines := []string{
		fmt.Sprintf("%s, %d cores, %d MiB; %s; %s", m.CPU, m.Cores, m.MemoryMiB, m.Kernel, m.FileSystem),
		fmt.Sprintf("Trialog at %s, %s; %s", m.Commit, m.Go, m.Date),
		fmt.Sprintf("load average %.2f before, %.2f after", m.LoadAtStart, m.LoadAtEnd),
	}
	for _, name := range slices.Sorted(maps.Keys(m.Modules)) {
		lines = append(lines, name+" "+m.Modules[name])
	}
	return lines
}
