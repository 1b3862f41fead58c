package doctor

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trialog/node"
)

func rulesOf(list []Advice) string {
	var names []string
	for _, a := range list {
		name := a.Rule
		if a.Unsafe {
			name += "!"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// sound is a directory that nothing is wrong with.
func sound() Directory {
	return Directory{
		Exists: true, Writable: true, FileSystem: "ext4", Options: "rw,relatime,rw", Bytes: 100 << 30, FreeBytes: 50 << 30, FreeFiles: 1 << 20,
		ReserveBytes: 256 << 20, Sync: Sync{Count: 100, MedianMicros: 900, MaxMicros: 5000}, NodeID: -1,
	}
}

func TestDirectoriesAreAdvised(t *testing.T) {
	for _, c := range []struct {
		change func(*Directory)
		want   string
	}{
		{func(*Directory) {}, ""},
		{func(d *Directory) { d.Writable, d.Sync = false, Sync{} }, "not-writable!"},
		{func(d *Directory) { d.FileSystem = "tmpfs" }, "in-memory!"},
		{func(d *Directory) { d.FileSystem = "nfs4" }, "remote-disk"},
		{func(d *Directory) { d.FileSystem = "fuse.sshfs" }, "remote-disk"},
		{func(d *Directory) { d.Options = "rw,nobarrier" }, "no-barrier!"},
		{func(d *Directory) { d.FreeBytes = 255 << 20 }, "disk-full!"},
		{func(d *Directory) { d.FreeBytes = 1 << 30 }, "disk-low"},
		{func(d *Directory) { d.FreeFiles = 9 }, "few-inodes"},
		{func(d *Directory) { d.FreeFiles = -1 }, ""},
		{func(d *Directory) { d.Sync.MedianMicros = 25_000 }, "slow-sync"},
		{func(d *Directory) { d.Sync.MedianMicros = 3 }, "quick-sync"},
		{func(d *Directory) { d.Formatted, d.Clean, d.NodeID = true, true, 1 }, ""},
		{func(d *Directory) { d.Formatted, d.Clean, d.NodeID = true, true, 2 }, "other-node!"},
		{func(d *Directory) { d.Formatted, d.NodeID, d.JournalBytes = true, 1, 5 }, "not-clean"},
		{func(d *Directory) { d.Formatted, d.NodeID, d.InUse = true, 1, true }, ""},
		{func(d *Directory) { d.Formatted, d.Clean, d.NodeID, d.QuorumLost = true, true, 1, true }, "quorum-lost!"},
	} {
		d := sound()
		c.change(&d)
		if got := rulesOf(d.Advise(1)); got != c.want {
			t.Errorf("%+v: %q, want %q", d, got, c.want)
		}
	}
	for limit, want := range map[int64]string{1024: "few-files!", 4096: "some-files", 1 << 20: ""} {
		if got := rulesOf(AdviseFiles(limit)); got != want {
			t.Errorf("%d files: %q, want %q", limit, got, want)
		}
	}
}

func TestExposureIsOfTheMostExposed(t *testing.T) {
	for _, c := range []struct{ addresses, want string }{
		{"127.0.0.1 ::1 ::ffff:127.0.0.1", ""}, {"127.0.0.1 10.0.0.1", "open-to-the-network"}, {"fd00::1", "open-to-the-network"},
		{"192.168.1.1 8.8.8.8", "open-to-the-world!"}, {"2001:4860::1", "open-to-the-world!"},
	} {
		var list []netip.Addr
		for a := range strings.FieldsSeq(c.addresses) {
			list = append(list, netip.MustParseAddr(a))
		}
		if got := rulesOf(AdviseCluster(3, true, list)); got != c.want {
			t.Errorf("%s: %q, want %q", c.addresses, got, c.want)
		}
	}
}

// TestADirectoryOfANode looks at a directory before, while and after a node
// runs in it.
func TestADirectoryOfANode(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet")
	look := func(when string) Directory {
		t.Helper()
		d, err := LookAt(dir, 20*time.Millisecond)
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if !d.Writable || d.Sync.Count == 0 || d.Sync.MaxMicros < d.Sync.MedianMicros || d.Bytes < d.FreeBytes || d.FreeBytes == 0 {
			t.Errorf("%s: %+v", when, d)
		}
		return d
	}
	if d := look("before"); d.Exists || d.Formatted || d.InUse || d.NodeID != -1 {
		t.Errorf("before: %+v", d)
	}
	ready := make(chan node.Ready, 1)
	n, err := node.Start(node.Config{
		DataDir: dir, NodeID: 7, Listen: "127.0.0.1:0", Network: node.DefaultNetwork(), Log: slog.New(slog.DiscardHandler),
		OnReady: func(r node.Ready) { ready <- r },
	})
	if err != nil {
		t.Fatal(err)
	}
	cluster := (<-ready).ClusterID
	if d := look("meanwhile"); !d.InUse || !d.Formatted || d.NodeID != 7 || d.Clean || d.ClusterID != cluster || d.QuorumLost {
		t.Errorf("meanwhile: %+v, cluster %s", d, cluster)
	}
	n.Shutdown()
	if err := n.Wait(); err != nil {
		t.Fatal(err)
	}
	if d := look("afterwards"); d.InUse || !d.Clean || d.NodeID != 7 || rulesOf(d.Advise(7)) != rulesOf(d.Advise(-1)) {
		t.Errorf("afterwards: %+v", d)
	}
	if err := os.RemoveAll(filepath.Join(dir, quorumDir)); err != nil {
		t.Fatal(err)
	}
	if d := look("without its quorum"); !d.QuorumLost {
		t.Errorf("without its quorum: %+v", d)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".trialog-doctor-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestWhatIsNoDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LookAt(file, 0); err == nil {
		t.Error("a file passes for a directory")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "meta.properties"), []byte("version=9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if d, err := LookAt(dir, 0); err == nil {
		t.Errorf("a directory of nobody knows what: %+v", d)
	}
}

func TestFileLimitIsKnown(t *testing.T) {
	if n, err := FileLimit(); err != nil || n < 64 {
		t.Errorf("%d, %v", n, err)
	}
}

func ExampleAdviseTopic() {
	for _, a := range AdviseTopic(&Topic{
		Values:  map[string]string{"flush.messages": "9223372036854775807", "min.insync.replicas": "1"},
		Brokers: 3, Replicas: 3, InSync: 3, FreePercent: -1,
	}) {
		fmt.Println(a.Rule, a.Setting, a.Instead)
	}
	// Output:
	// not-synced flush.messages flush.messages=1
	// min-isr-one min.insync.replicas min.insync.replicas=2
}
