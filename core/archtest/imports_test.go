package archtest

import (
	"slices"
	"strings"
	"testing"
)

// pure are the standard packages that core and sim may import: nothing in them
// knows a clock, a scheduler, an address, the environment or a random source.
// (fmt is here for texts of errors; the determinism rule looks at its arguments.)
var pure = []string{
	"bytes", "cmp", "container/heap", "crypto/sha256", "encoding/base64", "encoding/binary", "encoding/hex", "errors", "fmt",
	"hash/crc32", "io", "maps", "math", "math/bits", "slices", "sort", "strconv", "strings", "unicode", "unicode/utf8",
}

// anyStd stands for every standard package.
const anyStd = "std"

const (
	kmsg       = "github.com/twmb/franz-go/pkg/kmsg"
	kgo        = "github.com/twmb/franz-go/pkg/kgo"
	kadm       = "github.com/twmb/franz-go/pkg/kadm"
	kerr       = "github.com/twmb/franz-go/pkg/kerr"
	dragonboat = "github.com/lni/dragonboat/v4"
	prometheus = "github.com/prometheus/client_golang/prometheus"
	compress   = "github.com/klauspost/compress"
	lz4        = "github.com/pierrec/lz4/v4"
	porcupine  = "github.com/anishathalye/porcupine"
	kong       = "github.com/alecthomas/kong"
	koanf      = "github.com/knadh/koanf"
	goFuse     = "github.com/hanwen/go-fuse/v2"
)

// row says what the packages under a path may import directly. The row with
// the longest path counts. "x/..." allows x and what is below it.
type row struct {
	path   string
	allow  []string
	reason string
}

var rows = []row{
	{"core", with(pure, "trialog/core/..."),
		"whatever decides is pure: it reads its state and its arguments, nothing else"},
	{"core/kafka", pure,
		"the vocabulary stands below everything"},
	{"core/must", with(pure, "trialog/core/kafka"),
		"assertions are used everywhere, so they use nothing"},
	{"core/group", with(pure, "trialog/core/...", "regexp"),
		"members subscribe by expressions of RE2, which is what regexp takes: the same text and names, the same matches, in linear time"},
	{"core/protocol", with(pure, "trialog/core/...", kmsg),
		"bodies of requests are kmsg's; past protocol, broker and client nobody sees the wire"},
	{"core/broker", with(pure, "trialog/core/...", kmsg),
		"one file per API key reads and fills kmsg's bodies"},
	{"core/client", with(pure, "trialog/core/...", kmsg),
		"the simulator's client speaks the same bodies"},
	{"core/archtest", nil,
		"all of it is in tests"},
	{"sim", with(pure, "trialog/core/...", "trialog/sim/...", kmsg),
		"a simulator that can reach a real disk is not one"},
	{"node", []string{anyStd, "trialog/core/...", "trialog/node/...", kmsg, dragonboat + "/...", "github.com/lni/vfs/...", "github.com/tidwall/wal",
		"golang.org/x/sync/...", "golang.org/x/sys/...", compress + "/...", lz4, "github.com/xdg-go/scram", prometheus + "/..."},
		"no test code in production"},
	{"node/powercut", []string{anyStd, goFuse + "/...", "golang.org/x/sys/..."},
		"a file system to take the power from; nothing that ships imports it (testsOnly)"},
	{"node/powercut/drive", []string{anyStd, "trialog/node/powercut"},
		"a program of its own, so that a laboratory that knows nodes only by their binary can take the power from them; not released"},
	{"checker/history", []string{anyStd},
		"the vocabulary that both arms share"},
	{"checker", []string{anyStd, "trialog/checker/...", porcupine},
		"a judge shares no code with the judged"},
	{"checker/picture", []string{anyStd, "trialog/checker", "trialog/checker/history"},
		"pages read histories and verdicts only, so that they serve every arm"},
	{"checker/report", []string{anyStd, "trialog/checker", "trialog/checker/history"},
		"a report reads results and histories only, so that it serves every arm"},
	{"scenarios", []string{anyStd, "trialog/checker/...", "trialog/scenarios"},
		"scenarios are data for any arm"},
	{"scenarios/onsim", []string{anyStd, "trialog/checker/...", "trialog/scenarios", "trialog/scenarios/onsim/...", "trialog/sim/...", "trialog/core/...", kmsg},
		"the arm that simulates knows the simulator and the core's inputs, no real client"},
	{"scenarios/onlocal", []string{anyStd, "trialog/checker/...", "trialog/scenarios", "trialog/scenarios/onlocal/...", kgo, kadm, kerr, kmsg},
		"the arm on real processes knows Trialog only by its binary and an independent client"},
	{"cmd/trialog", []string{anyStd, "trialog/node/...", kgo, kadm, kerr, kmsg, kong, koanf + "/..."},
		"the server ships without simulator, judge or scenarios; its tools speak to any cluster by an independent client"},
	{"cmd/trialog-lab", []string{anyStd, "trialog/core/...", "trialog/sim/...", "trialog/checker/...", "trialog/scenarios/...", kgo, kadm, kerr, kong, koanf + "/..."},
		"the laboratory knows a node only by its binary"},
}

func with(list []string, more ...string) []string { return append(slices.Clone(list), more...) }

// rowFor returns the row that governs a package.
func rowFor(pkg string) (row, bool) {
	best, found := row{}, false
	for _, r := range rows {
		if under(pkg, module+"/"+r.path) && len(r.path) >= len(best.path) {
			best, found = r, true
		}
	}
	return best, found
}

// allows tells whether a row lets its packages import a path.
func (r row) allows(path string) bool {
	for _, a := range r.allow {
		if a == path || a == anyStd && isStd(path) {
			return true
		}
		if top, ok := strings.CutSuffix(a, "/..."); ok && under(path, top) {
			return true
		}
	}
	return false
}

func isStd(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != module && path != "unsafe"
}

func TestImportsFollowTheTable(t *testing.T) {
	for _, p := range load(t, "core", "sim", "node", "checker", "scenarios", "cmd") {
		r, ok := rowFor(p.PkgPath)
		if !ok {
			t.Errorf("%s: no row says what it may import", p.PkgPath)
			continue
		}
		for path := range p.Imports {
			if !r.allows(path) {
				t.Errorf("%s may not import %s: %s", p.PkgPath, path, r.reason)
			}
		}
	}
}

// testsOnly are packages that serve tests, with what they would bring along.
var testsOnly = map[string]string{
	"core/disk/disktest":        "a contract suite",
	"core/partition/damagetest": "a suite of damaged files",
	"core/quorum/quorumtest":    "a contract suite",
	"checker/browsertest":       "a browser",
	"node/powercut":             "a FUSE server and what it links",
}

func TestNothingThatShipsImportsTestCode(t *testing.T) {
	all, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.PkgPath == module+"/node/powercut/drive" {
			continue // does not ship
		}
		for path := range p.Imports {
			if what, ok := testsOnly[strings.TrimPrefix(path, module+"/")]; ok {
				t.Errorf("%s imports %s: %s is for tests", p.PkgPath, path, what)
			}
		}
	}
}

func TestEveryPackageHasARow(t *testing.T) {
	all, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if _, ok := rowFor(p.PkgPath); !ok {
			t.Errorf("%s: no row says what it may import", p.PkgPath)
		}
	}
	for _, r := range rows {
		if r.reason == "" || slices.Contains(r.allow, "trialog/...") {
			t.Errorf("row %s: a row needs a reason and must not allow everything", r.path)
		}
	}
}

func TestTheTableRefuses(t *testing.T) {
	for _, c := range []struct {
		pkg, path string
		ok        bool
	}{
		{"core/partition", "time", false},
		{"core/partition", "sync", false},
		{"core/partition", "math/rand", false},
		{"core/partition", "os", false},
		{"core/partition", "unsafe", false},
		{"core/partition", kmsg, false},
		{"core/partition", "trialog/core/batch", true},
		{"core/partition", "trialog/sim", false},
		{"core/broker", kmsg, true},
		{"sim/disk", "os", false},
		{"sim/disk", "trialog/node/journal", false},
		{"node/journal", "trialog/sim", false},
		{"node/journal", "trialog/checker", false},
		{"checker", "trialog/core/kafka", false},
		{"checker", "trialog/checker/history", true},
		{"checker/history", porcupine, false},
		{"scenarios", "trialog/sim", false},
		{"scenarios/onsim", kgo, false},
		{"scenarios/onsim", "trialog/sim/disk", true},
		{"scenarios/onlocal", "trialog/core/kafka", false},
		{"cmd/trialog", "trialog/scenarios", false},
		{"cmd/trialog", "trialog/checker", false},
		{"cmd/trialog-lab", "trialog/node", false},
	} {
		if r, _ := rowFor(module + "/" + c.pkg); r.allows(c.path) != c.ok {
			t.Errorf("%s importing %s: allowed %t, want %t", c.pkg, c.path, !c.ok, c.ok)
		}
	}
}
