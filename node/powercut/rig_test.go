package powercut_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"trialog/core/disk"
	"trialog/core/disk/disktest"
	"trialog/node/osfs"
	"trialog/node/powercut"
)

// rig is a mounted disk whose power can go.
type rig struct {
	t    *testing.T
	disk *powercut.Disk
	*powercut.Mount
}

// newRig mounts a disk, or tells why that cannot be done here and returns nil.
func newRig(t *testing.T, seed uint64) *rig {
	t.Helper()
	r := &rig{t: t, disk: powercut.New(seed, 1<<30)}
	var err error
	if r.Mount, err = r.disk.Mount(t.TempDir()); err != nil {
		t.Logf("nothing was tried, there is no %v", err)
		return nil
	}
	t.Cleanup(func() {
		r.disk.Release()
		if err := r.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// cut takes the power away and mounts what is left.
func (r *rig) cut() powercut.Loss {
	r.t.Helper()
	r.disk.Cut(false)
	r.ok(r.Unmount())
	loss := r.disk.Survive()
	var err error
	r.Mount, err = r.disk.Mount(r.Dir)
	r.ok(err)
	return loss
}

func (r *rig) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) path(name string) string { return filepath.Join(r.Dir, name) }

// write makes a file; sync makes its bytes durable, not its name.
func (r *rig) write(name, content string, sync bool) {
	r.t.Helper()
	f, err := os.Create(r.path(name))
	r.ok(err)
	_, err = f.WriteString(content)
	r.ok(err)
	if sync {
		r.ok(f.Sync())
	}
	r.ok(f.Close())
}

// add appends to a file without a sync.
func (r *rig) add(name string, pieces ...string) {
	r.t.Helper()
	f, err := os.OpenFile(r.path(name), os.O_APPEND|os.O_WRONLY, 0)
	r.ok(err)
	for _, p := range pieces {
		_, err = f.WriteString(p)
		r.ok(err)
	}
	r.ok(f.Close())
}

func (r *rig) syncDir(name string) {
	r.t.Helper()
	f, err := os.Open(r.path(name))
	r.ok(err)
	r.ok(f.Sync())
	r.ok(f.Close())
}

func (r *rig) read(name string) string {
	r.t.Helper()
	b, err := os.ReadFile(r.path(name))
	r.ok(err)
	return string(b)
}

func (r *rig) there(name string) bool {
	_, err := os.Stat(r.path(name))
	return err == nil
}

func TestContract(t *testing.T) {
	r := newRig(t, 1)
	if r == nil {
		return
	}
	disktest.Suite(t, func() disk.FS {
		dir, err := os.MkdirTemp(r.Dir, "")
		r.ok(err)
		return osfs.New(dir)
	})
}

func TestSyncedSurvives(t *testing.T) {
	r := newRig(t, 2)
	if r == nil {
		return
	}
	synced := string(bytes.Repeat([]byte("synced"), 500))
	for range 40 {
		r.ok(os.MkdirAll(r.path("a/b"), 0o700))
		r.syncDir(".")
		r.syncDir("a")
		r.write("a/b/f", synced, true)
		r.syncDir("a/b")
		r.add("a/b/f", string(bytes.Repeat([]byte("x"), 3000)))
		r.write("a/b/g", "unsynced", false)
		r.cut()
		if got := r.read("a/b/f"); !bytes.HasPrefix([]byte(got), []byte(synced)) {
			t.Fatalf("synced bytes are gone: %d of them left", len(got))
		}
		r.ok(os.RemoveAll(r.path("a")))
	}
}

// TestUnsyncedIsLost: an append without a sync comes back whole, gone, cut at a
// sector, with zeros at its end, and with a hole before bytes that survived.
func TestUnsyncedIsLost(t *testing.T) {
	r := newRig(t, 3)
	if r == nil {
		return
	}
	const files, sectors = 400, 2048
	for i := range files {
		r.write(name(i), string(bytes.Repeat([]byte("s"), 100)), true)
	}
	r.syncDir(".")
	for i := range files {
		piece := string(bytes.Repeat([]byte("u"), sectors/2))
		r.add(name(i), piece, piece, piece, piece)
	}
	loss := r.cut()
	count := map[string]int{}
	for i := range files {
		got := r.read(name(i))
		if got[:100] != string(bytes.Repeat([]byte("s"), 100)) {
			t.Fatalf("%s lost what was synced", name(i))
		}
		tail := []byte(got[100:])
		kept := bytes.TrimRight(tail, "\x00")
		switch {
		case len(kept) == 2*sectors && bytes.IndexByte(kept, 0) < 0:
			count["whole"]++
		case len(tail) == 0:
			count["gone"]++
		case bytes.IndexByte(kept, 0) >= 0:
			count["hole"]++
		case len(kept) < len(tail):
			count["zeros"]++
		default:
			count["cut"]++
		}
	}
	for _, kind := range []string{"whole", "gone", "hole", "zeros", "cut"} {
		if count[kind] < files/50 {
			t.Errorf("%s: only %d of %d", kind, count[kind], files)
		}
	}
	if loss.Files < files/3 || loss.Files > files-files/10 {
		t.Errorf("%d of %d files lost something", loss.Files, files)
	}
	t.Logf("%v, %d files lost something", count, loss.Files)
}

func name(i int) string { return "f" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }

func TestNamesNeedTheirDirectorySynced(t *testing.T) {
	r := newRig(t, 4)
	if r == nil {
		return
	}
	var lost, kept, renamed, old, back int
	const rounds = 80
	for range rounds {
		r.write("current", "old", true)
		r.write("gone", "g", true)
		r.syncDir(".")
		r.write("current.tmp", "new", true)
		r.ok(os.Rename(r.path("current.tmp"), r.path("current")))
		r.write("other", "o", true)
		r.ok(os.Remove(r.path("gone")))
		r.cut()
		if r.there("other") {
			kept++
		} else {
			lost++
		}
		if r.there("gone") {
			back++
			if got := r.read("gone"); got != "g" {
				t.Fatalf("a file whose removal was lost holds %q", got)
			}
		}
		switch got := r.read("current"); got {
		case "new":
			renamed++
		case "old":
			old++
		default:
			t.Fatalf("a rename was not atomic: %q", got)
		}
		for _, f := range []string{"other", "gone", "current.tmp"} {
			_ = os.Remove(r.path(f)) // as far as it is there
		}
	}
	for what, n := range map[string]int{"lost": lost, "kept": kept, "renamed": renamed, "old": old, "back": back} {
		if n < rounds/8 {
			t.Errorf("%s: only %d of %d", what, n, rounds)
		}
	}
}

// TestDirectoryGoesWithItsName: files whose own directory was synced go with a
// directory whose name was not.
func TestDirectoryGoesWithItsName(t *testing.T) {
	r := newRig(t, 5)
	if r == nil {
		return
	}
	lost := 0
	for range 30 {
		r.ok(os.Mkdir(r.path("d"), 0o700))
		r.write("d/f", "synced", true)
		r.syncDir("d")
		r.cut()
		if !r.there("d") {
			lost++
		}
		r.ok(os.RemoveAll(r.path("d")))
		r.syncDir(".")
	}
	if lost < 5 || lost > 25 {
		t.Errorf("lost %d times of 30", lost)
	}
}

func TestFailedSyncIsForgottenByLaterOnes(t *testing.T) {
	r := newRig(t, 6)
	if r == nil {
		return
	}
	lost := 0
	for range 60 {
		r.write("f", "aaaa", true)
		r.syncDir(".")
		f, err := os.OpenFile(r.path("f"), os.O_RDWR, 0)
		r.ok(err)
		_, err = f.WriteAt([]byte("bbbb"), 4)
		r.ok(err)
		r.disk.Inject(powercut.Fault{Op: powercut.OpSync, Under: "f", Err: syscall.EIO, Times: 1})
		if err := f.Sync(); !errors.Is(err, syscall.EIO) {
			t.Fatalf("the sync did not fail: %v", err)
		}
		r.ok(f.Sync()) // says that all is well
		_, err = f.WriteAt([]byte("cccc"), 8)
		r.ok(err)
		r.ok(f.Sync())
		if got := r.read("f"); got != "aaaabbbbcccc" {
			t.Fatalf("reads see %q", got)
		}
		r.ok(f.Close())
		r.cut()
		switch got := r.read("f"); got {
		case "aaaabbbbcccc":
		case "aaaa\x00\x00\x00\x00cccc":
			lost++
		default:
			t.Fatalf("after the cut: %q", got)
		}
		r.ok(os.Remove(r.path("f")))
	}
	if lost < 5 || lost > 55 {
		t.Errorf("lost in %d of 60", lost)
	}
}

func TestHandlesDieWithThePower(t *testing.T) {
	r := newRig(t, 7)
	if r == nil {
		return
	}
	r.write("f", "bytes", true)
	f, err := os.OpenFile(r.path("f"), os.O_RDWR, 0)
	r.ok(err)
	r.disk.Cut(true)
	errs := make(chan error, 4)
	go func() { _, err := f.ReadAt(make([]byte, 4), 0); errs <- err }()
	go func() { _, err := f.WriteAt([]byte("x"), 0); errs <- err }()
	go func() { errs <- f.Sync() }()
	go func() { _, err := os.Open(r.path("f")); errs <- err }()
	select {
	case err := <-errs:
		t.Errorf("a call came back without power: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	r.disk.Release()
	for range 4 {
		if err := <-errs; !errors.Is(err, syscall.EIO) {
			t.Errorf("a call without power: %v", err)
		}
	}
	r.ok(f.Close())
}

func TestPowerGoesAtTheNthChange(t *testing.T) {
	r := newRig(t, 8)
	if r == nil {
		return
	}
	r.disk.CutAfter(4, false)
	f, err := os.Create(r.path("f")) // one
	r.ok(err)
	for range 2 { // two and three
		_, err = f.Write([]byte("x"))
		r.ok(err)
	}
	if _, err = f.Write([]byte("x")); !errors.Is(err, syscall.EIO) {
		t.Errorf("the fourth: %v", err)
	}
	select {
	case <-r.disk.Dark():
	default:
		t.Error("there still is power")
	}
	r.ok(f.Close())
	r.cut()
	r.write("g", "again", true)
}

func TestSpaceAndStalls(t *testing.T) {
	r := newRig(t, 9)
	if r == nil {
		return
	}
	fs := osfs.New(r.Dir)
	r.disk.SetCapacity(10 << 10)
	f, err := fs.Create("f")
	r.ok(err)
	if _, err := f.WriteAt(make([]byte, 20<<10), 0); !errors.Is(err, disk.ErrNoSpace) {
		t.Errorf("a full disk: %v", err)
	}
	if size, err := f.Size(); err != nil || size != 10<<10 {
		t.Errorf("%d bytes found room, %v", size, err)
	}
	if free, err := fs.Free(); err != nil || free != 0 {
		t.Errorf("%d bytes are free, %v", free, err)
	}
	r.disk.Claim(1 << 20)
	if free, err := fs.Free(); err != nil || free != 1<<20 {
		t.Errorf("%d bytes are said to be free, %v", free, err)
	}
	_, err = f.WriteAt([]byte("overwriting needs no room"), 7)
	r.ok(err)
	r.disk.Inject(powercut.Fault{Op: powercut.OpSync, Stall: 60 * time.Millisecond, After: 1})
	var took []time.Duration
	for range 2 {
		began := time.Now()
		r.ok(f.Sync())
		took = append(took, time.Since(began))
	}
	if took[0] > 50*time.Millisecond || took[1] < 60*time.Millisecond || r.disk.Struck() != 1 {
		t.Errorf("the syncs took %v, %d stalls", took, r.disk.Struck())
	}
	r.ok(f.Close())
	r.ok(fs.Remove("f"))
	if used := r.disk.Used(); used != 0 {
		t.Errorf("%d bytes leak", used)
	}
	names, err := fs.ReadDir(".")
	if err != nil || !slices.Equal(names, nil) {
		t.Errorf("left: %v, %v", names, err)
	}
}
