package powercut_test

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"trialog/node/powercut"
)

// patience bounds every wait of these tests.
const patience = 30 * time.Second

// ground is what a machine's node keeps its data on.
type ground interface {
	String() string
	dir() string
	files() []*os.File // for the node's process
	dark() <-chan struct{}
	cut(hang bool)
	cutAfter(changes int, hang bool) (planned bool)
	slow(sync time.Duration)
	release()
	survive() powercut.Loss // once the process is gone
}

// newGround is a disk on FUSE, or the substitute where that cannot be had.
func newGround(t *testing.T, seed uint64, capacity int64) ground {
	t.Helper()
	if os.Getenv("TRIALOG_POWERCUT_EMULATE") == "" {
		f := &fuseGround{t: t, disk: powercut.New(seed, capacity)}
		var err error
		if f.mount, err = f.disk.Mount(t.TempDir()); err == nil {
			t.Cleanup(func() {
				f.disk.Release()
				if err := f.mount.Unmount(); err != nil {
					t.Error(err)
				}
			})
			return f
		}
		t.Logf("no FUSE here: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	return &recordedGround{t: t, recording: powercut.Record(seed, dir), path: dir}
}

type fuseGround struct {
	t     *testing.T
	disk  *powercut.Disk
	mount *powercut.Mount
}

func (*fuseGround) String() string          { return "power cuts on a FUSE file system" }
func (f *fuseGround) dir() string           { return filepath.Join(f.mount.Dir, "data") }
func (*fuseGround) files() []*os.File       { return nil }
func (f *fuseGround) dark() <-chan struct{} { return f.disk.Dark() }
func (f *fuseGround) cut(hang bool)         { f.disk.Cut(hang) }

func (f *fuseGround) cutAfter(changes int, hang bool) bool {
	f.disk.CutAfter(changes, hang)
	return true
}

// slow makes every sync take so long, until the next cut.
func (f *fuseGround) slow(sync time.Duration) {
	f.disk.Inject(powercut.Fault{Op: powercut.OpSync, Stall: sync})
}

func (f *fuseGround) release() { f.disk.Release() }

func (f *fuseGround) survive() powercut.Loss {
	f.t.Helper()
	if err := f.mount.Unmount(); err != nil {
		f.t.Fatal(err)
	}
	loss := f.disk.Survive()
	var err error
	if f.mount, err = f.disk.Mount(f.mount.Dir); err != nil {
		f.t.Fatal(err)
	}
	return loss
}

type recordedGround struct {
	t         *testing.T
	recording *powercut.Recording
	path      string
	tell      *os.File
}

func (*recordedGround) String() string { return "EMULATION: kills, and files cut to what was synced" }
func (r *recordedGround) dir() string  { return r.path }

func (r *recordedGround) files() []*os.File {
	r.t.Helper()
	to, err := r.recording.Listen()
	if err != nil {
		r.t.Fatal(err)
	}
	r.tell = to
	return []*os.File{to}
}

func (*recordedGround) dark() <-chan struct{}   { return nil }
func (*recordedGround) cut(bool)                {}
func (*recordedGround) cutAfter(int, bool) bool { return false }
func (*recordedGround) slow(time.Duration)      {}
func (*recordedGround) release()                {}

func (r *recordedGround) survive() powercut.Loss {
	r.t.Helper()
	loss, err := r.recording.Survive()
	if err != nil {
		r.t.Fatal(err)
	}
	return loss
}

// machine is a computer with a node on it, whose power can go.
type machine struct {
	t        *testing.T
	ground   ground
	address  string
	small    bool
	process  *process // the last one
	restarts []time.Duration
	cuts     int
	losses   []powercut.Loss
	met      map[string]int // what recoveries have met
}

// meets are what a recovery may tell of.
var meets = []string{"unclean stop", "clean shutdown", "redone from the journal", "cut behind their last counted byte", "torn journal tail", "large ones found in their segments"}

// heard notes what the node said of its recovery. No power cut is damage.
func (m *machine) heard() {
	said := m.process.said.all()
	for _, what := range meets {
		if strings.Contains(said, what) {
			m.met[what]++
		}
	}
	for _, wrong := range []string{"damage", "level=ERROR", "panic"} {
		if strings.Contains(said, wrong) {
			m.t.Errorf("after a power cut the node tells of %s:\n%s", wrong, m.process.said)
		}
	}
}

func newMachine(t *testing.T, seed uint64) *machine {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m := &machine{t: t, ground: newGround(t, seed, 64<<30), address: l.Addr().String(), met: map[string]int{}}
	t.Cleanup(m.kill)
	return m
}

func notify(c chan<- os.Signal) { signal.Notify(c, syscall.SIGTERM) }

// boot starts a node and waits until it serves. False: the power went before.
func (m *machine) boot() bool {
	m.t.Helper()
	files := m.ground.files()
	began := time.Now()
	m.process = spawn(m.t, m.ground.dir(), m.address, m.small, files...)
	for _, f := range files {
		f.Close()
	}
	select {
	case <-m.process.ready:
		m.restarts = append(m.restarts, time.Since(began))
		m.heard()
		return true
	case <-m.ground.dark():
		return false
	case <-m.process.gone:
		select {
		case <-m.ground.dark():
			return false
		default:
		}
		m.t.Errorf("the node ended by itself, on\n%s\nand said\n%s", listing(m.ground.dir()), m.process.said)
	case <-time.After(patience):
		m.t.Fatalf("the node does not serve:\n%s", m.process.said)
	}
	return false
}

// listing names the files below a directory and their sizes.
func listing(dir string) string {
	var b strings.Builder
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := e.Info(); err == nil {
			fmt.Fprintf(&b, "%s %8d %s\n", info.Mode(), info.Size(), strings.TrimPrefix(path, dir))
		}
		return nil
	})
	return b.String()
}

// kill ends the process as a power cut does: no call of it comes back before.
func (m *machine) kill() {
	if m.process == nil {
		return
	}
	m.process.signal(syscall.SIGKILL)
	m.ground.release()
	<-m.process.gone
	m.process = nil
}

// powerLoss ends everything and leaves what survives.
func (m *machine) powerLoss() {
	m.t.Helper()
	m.kill()
	m.losses = append(m.losses, m.ground.survive())
	m.cuts++
}

// await waits for the dark; a node that ends by itself before is an error.
func (m *machine) await(limit time.Duration) bool {
	m.t.Helper()
	select {
	case <-m.ground.dark():
		return true
	case <-time.After(limit):
		return false
	}
}

// quantiles are the median and the largest of some durations.
func quantiles(d []time.Duration) (median, largest time.Duration) {
	if len(d) == 0 {
		return 0, 0
	}
	s := slices.Sorted(slices.Values(d))
	return s[len(s)/2].Round(time.Millisecond), s[len(s)-1].Round(time.Millisecond)
}
