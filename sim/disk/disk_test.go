package disk

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/disk"
	"trialog/core/disk/disktest"
	"trialog/sim/choice"
)

func newDisk(seed uint64) *Disk {
	return New(choice.NewSource(seed, nil).Stream(choice.KindDisk, 1), &Pages{}, 1<<30)
}

func TestContract(t *testing.T) {
	disktest.Suite(t, func() disk.FS { return newDisk(1).Mount() })
}

func ok(t interface{ Fatal(...any) }, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func write(t interface{ Fatal(...any) }, fs disk.FS, path string, content []byte) disk.File {
	f, err := fs.Create(path)
	ok(t, err)
	_, err = f.WriteAt(content, 0)
	ok(t, err)
	return f
}

func content(t interface{ Fatal(...any) }, fs disk.FS, path string) []byte {
	f, err := fs.Open(path)
	ok(t, err)
	size, err := f.Size()
	ok(t, err)
	b := make([]byte, size)
	if size > 0 {
		_, err = f.ReadAt(b, 0)
		ok(t, err)
	}
	ok(t, f.Close())
	return b
}

func TestSyncedSurvivesEveryPowerCut(t *testing.T) {
	for seed := range uint64(300) {
		d := newDisk(seed)
		m := d.Mount()
		ok(t, m.MkdirAll("a/b"))
		ok(t, m.SyncDir("."))
		ok(t, m.SyncDir("a"))
		synced := bytes.Repeat([]byte("synced"), 500)
		f := write(t, m, "a/b/f", synced)
		ok(t, f.Sync())
		ok(t, m.SyncDir("a/b"))
		_, err := f.WriteAt(bytes.Repeat([]byte("x"), 3000), int64(len(synced)))
		ok(t, err)
		write(t, m, "a/b/g", []byte("unsynced"))
		m.Kill()
		d.PowerCut()
		if got := content(t, d.Mount(), "a/b/f"); !bytes.HasPrefix(got, synced) {
			t.Fatalf("seed %d: synced bytes are gone", seed)
		}
	}
}

func TestProcessKillKeepsEverything(t *testing.T) {
	d := newDisk(1)
	m := d.Mount()
	write(t, m, "f", []byte("not synced"))
	m.Kill()
	if _, err := m.Open("f"); !errors.Is(err, disk.ErrCrashed) {
		t.Fatalf("a dead process opens files: %v", err)
	}
	if got := content(t, d.Mount(), "f"); string(got) != "not synced" {
		t.Fatalf("got %q", got)
	}
}

// Over many seeds an unsynced append comes back whole, gone, cut at a border of
// sectors, with zeros at its end, and with a hole before bytes that survived.
func TestPowerCutShowsEveryKindOfTail(t *testing.T) {
	var whole, gone, cut, zeros, hole int
	for seed := range uint64(2000) {
		d := newDisk(seed)
		m := d.Mount()
		f := write(t, m, "f", bytes.Repeat([]byte("s"), 100))
		ok(t, f.Sync())
		ok(t, m.SyncDir("."))
		for i := range 4 {
			_, err := f.WriteAt(bytes.Repeat([]byte("u"), 1000), int64(100+1000*i))
			ok(t, err)
		}
		m.Kill()
		d.PowerCut()
		got := content(t, d.Mount(), "f")[100:]
		switch kept := bytes.TrimRight(got, "\x00"); {
		case len(kept) == 4000 && bytes.Count(kept, []byte("u")) == 4000:
			whole++
		case len(got) == 0:
			gone++
		case bytes.IndexByte(kept, 0) >= 0:
			hole++
		case len(kept) < len(got):
			zeros++
		default:
			cut++
		}
	}
	for name, n := range map[string]int{"whole": whole, "gone": gone, "cut": cut, "zeros": zeros, "hole": hole} {
		if n < 20 {
			t.Errorf("%s: only %d of 2000", name, n)
		}
	}
}

func TestNamesNeedTheirDirectorySynced(t *testing.T) {
	var lost, kept, renamed, old int
	for seed := range uint64(400) {
		d := newDisk(seed)
		m := d.Mount()
		ok(t, write(t, m, "current", []byte("old")).Sync())
		ok(t, m.SyncDir("."))
		ok(t, write(t, m, "current.tmp", []byte("new")).Sync())
		ok(t, m.Rename("current.tmp", "current"))
		ok(t, write(t, m, "other", []byte("o")).Sync())
		m.Kill()
		d.PowerCut()
		after := d.Mount()
		if _, err := after.Open("other"); err != nil {
			lost++
		} else {
			kept++
		}
		switch string(content(t, after, "current")) {
		case "new":
			renamed++
		case "old":
			old++
		default:
			t.Fatalf("seed %d: a rename was not atomic", seed)
		}
	}
	if lost < 50 || kept < 50 || renamed < 50 || old < 50 {
		t.Fatalf("lost %d kept %d renamed %d old %d", lost, kept, renamed, old)
	}
}

func TestFailedSyncIsForgottenByLaterOnes(t *testing.T) {
	lost := 0
	for seed := range uint64(100) {
		d := newDisk(seed)
		m := d.Mount()
		f := write(t, m, "f", []byte("aaaa"))
		ok(t, f.Sync())
		ok(t, m.SyncDir("."))
		_, err := f.WriteAt([]byte("bbbb"), 4)
		ok(t, err)
		d.Faults.Syncs = 1
		if err := f.Sync(); !errors.Is(err, disk.ErrIO) {
			t.Fatal(err)
		}
		ok(t, f.Sync()) // says that all is well
		if got := content(t, m, "f"); string(got) != "aaaabbbb" {
			t.Fatalf("reads see %q", got)
		}
		_, err = f.WriteAt([]byte("cccc"), 8)
		ok(t, err)
		ok(t, f.Sync())
		m.Kill()
		d.PowerCut()
		switch got := string(content(t, d.Mount(), "f")); got {
		case "aaaabbbbcccc":
		case "aaaa\x00\x00\x00\x00cccc":
			lost++
		default:
			t.Fatalf("seed %d: %q", seed, got)
		}
	}
	if lost < 20 || lost > 80 {
		t.Fatalf("lost in %d of 100", lost)
	}
}

func TestRewritingAfterFailedSyncMakesDurable(t *testing.T) {
	for seed := range uint64(50) {
		d := newDisk(seed)
		m := d.Mount()
		f := write(t, m, "f", []byte("aaaabbbb"))
		ok(t, m.SyncDir("."))
		d.Faults.Syncs = 1
		if f.Sync() == nil {
			t.Fatal("the sync did not fail")
		}
		_, err := f.WriteAt([]byte("aaaabbbb"), 0)
		ok(t, err)
		ok(t, f.Sync())
		m.Kill()
		d.PowerCut()
		if got := string(content(t, d.Mount(), "f")); got != "aaaabbbb" {
			t.Fatalf("seed %d: %q", seed, got)
		}
	}
}

func TestNoSpaceAndErrors(t *testing.T) {
	d := New(choice.NewSource(1, nil).Stream(choice.KindDisk, 1), &Pages{}, 3*pageBytes)
	m := d.Mount()
	f, err := m.Create("f")
	ok(t, err)
	n, err := f.WriteAt(make([]byte, 5*pageBytes), 100)
	if !errors.Is(err, disk.ErrNoSpace) || n != 3*pageBytes-100 {
		t.Fatalf("n %d err %v", n, err)
	}
	if _, err = f.WriteAt([]byte("x"), 7); err != nil {
		t.Fatalf("overwriting needs no room: %v", err)
	}
	ok(t, m.Remove("f"))
	ok(t, f.Close())
	ok(t, m.SyncDir("."))
	if d.Used() != 0 {
		t.Fatalf("%d bytes leak", d.Used())
	}
	d.Faults.Broken = true
	if _, err := m.ReadDir("."); !errors.Is(err, disk.ErrIO) {
		t.Fatal(err)
	}
}

func TestCrashInCall(t *testing.T) {
	d := newDisk(3)
	m := d.Mount()
	m.CrashIn(3)
	f, err := m.Create("f")
	ok(t, err)
	_, err = f.WriteAt([]byte("first"), 0)
	ok(t, err)
	if _, err = f.WriteAt([]byte("second"), 5); !errors.Is(err, disk.ErrCrashed) || !m.Dead() {
		t.Fatalf("err %v dead %v", err, m.Dead())
	}
	if err := f.Sync(); !errors.Is(err, disk.ErrCrashed) {
		t.Fatal(err)
	}
	m.Kill()
	if got := content(t, d.Mount(), "f"); !bytes.HasPrefix([]byte("firstsecond"), got) || len(got) < 5 {
		t.Fatalf("%q", got)
	}
}

func TestFlipSynced(t *testing.T) {
	d := newDisk(1)
	m := d.Mount()
	ok(t, m.MkdirAll("logs"))
	f := write(t, m, "logs/f", make([]byte, 5000))
	if _, ok := d.FlipSynced("logs/", 0, true, func(uint64) uint64 { return 0 }); ok {
		t.Fatal("flipped what was never synced")
	}
	ok(t, f.Sync())
	place, flipped := d.FlipSynced("logs/", 0, true, func(n uint64) uint64 { return n / 2 })
	if !flipped || place.Path != "logs/f" || place.Off != 2500 {
		t.Fatalf("%+v", place)
	}
	if got := content(t, m, "logs/f"); got[2500] != 1<<place.Bit {
		t.Fatalf("%x", got[2500])
	}
}

// What is empty can lose its name only, for good.
func TestFlipSyncedTakesAName(t *testing.T) {
	d := newDisk(1)
	m := d.Mount()
	ok(t, m.MkdirAll("logs"))
	ok(t, m.SyncDir("."))
	ok(t, write(t, m, "logs/f", nil).Close())
	never := func(uint64) uint64 { return 0 }
	if _, ok := d.FlipSynced("logs/", 0, true, never); ok {
		t.Fatal("took a name that is not durable")
	}
	ok(t, m.SyncDir("logs"))
	if _, ok := d.FlipSynced("logs/", 1, false, never); ok {
		t.Fatal("took a name where names are spared")
	}
	if place, ok := d.FlipSynced("logs/", 0, true, never); !ok || place.Path != "logs/f" {
		t.Fatalf("%v %+v", ok, place)
	}
	for range 2 {
		names, err := m.ReadDir("logs")
		if ok(t, err); len(names) > 0 {
			t.Fatalf("%v", names)
		}
		m.Kill()
		d.PowerCut()
		m = d.Mount()
	}
}

// A disk with random operations, synced at random, cut at random, agrees with a
// model that keeps every version that a sector has had since its file's sync.
func TestPowerCutKeepsOnlyVersions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDisk(rapid.Uint64().Draw(t, "seed"))
		m := d.Mount()
		f, err := m.Create("f")
		ok(t, err)
		ok(t, m.SyncDir("."))
		const sectors = 12
		live := make([]byte, sectors*sectorBytes)
		versions := make([][][]byte, sectors)
		remember := func() {
			for s := range versions {
				versions[s] = append(versions[s], bytes.Clone(live[s*sectorBytes:(s+1)*sectorBytes]))
			}
		}
		remember()
		size, sizes := int64(0), []int64{0}
		for range rapid.IntRange(1, 25).Draw(t, "ops") {
			if rapid.IntRange(0, 5).Draw(t, "op") == 0 {
				ok(t, f.Sync())
				for s := range versions {
					versions[s] = nil
				}
				remember()
				sizes = []int64{size}
				continue
			}
			off := rapid.Int64Range(0, size).Draw(t, "off")
			n := rapid.Int64Range(1, 1500).Draw(t, "n")
			n = min(n, int64(len(live))-off)
			if n <= 0 {
				continue
			}
			p := bytes.Repeat([]byte{byte(rapid.IntRange(1, 255).Draw(t, "byte"))}, int(n))
			_, err := f.WriteAt(p, off)
			ok(t, err)
			copy(live[off:], p)
			size = max(size, off+n)
			sizes = append(sizes, size)
			remember()
		}
		m.Kill()
		d.PowerCut()
		got := content(t, d.Mount(), "f")
		if int64(len(got)) < sizes[0] || int64(len(got)) > size {
			t.Fatalf("size %d, sizes %v", len(got), sizes)
		}
		for s := range versions {
			from := s * sectorBytes
			if from >= len(got) {
				break
			}
			end := min(from+sectorBytes, len(got))
			if !anyPrefix(versions[s], got[from:end]) {
				t.Fatalf("sector %d holds what it never held", s)
			}
		}
	})
}

func anyPrefix(versions [][]byte, got []byte) bool {
	for _, v := range versions {
		if bytes.HasPrefix(v, got) {
			return true
		}
	}
	return false
}
