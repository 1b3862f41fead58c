package powercut_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/node/powercut"
)

// filling is a ground whose room a test can take and give back.
type filling interface {
	ground
	// fill leaves so many bytes. With quota the file system still tells of room.
	fill(left int64, quota bool)
	free()
}

func (f *fuseGround) fill(left int64, quota bool) {
	if quota {
		f.disk.Claim(1 << 40)
	}
	f.disk.SetCapacity(f.disk.Used() + left)
}

func (f *fuseGround) free() {
	f.disk.Claim(-1)
	f.disk.SetCapacity(64 << 30)
}

// tmpfsGround is a small file system in memory. Its power cannot go.
type tmpfsGround struct {
	t    *testing.T
	path string
}

// newTmpfs mounts one, which takes root.
func newTmpfs(t *testing.T) (*tmpfsGround, error) {
	g := &tmpfsGround{t, t.TempDir()}
	if err := syscall.Mount("tmpfs", g.path, "tmpfs", 0, "size=160m"); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(g.path, 0); err != nil {
			t.Error(err)
		}
	})
	return g, nil
}

func (*tmpfsGround) String() string          { return "a tmpfs of 160 MiB" }
func (g *tmpfsGround) dir() string           { return filepath.Join(g.path, "data") }
func (*tmpfsGround) files() []*os.File       { return nil }
func (*tmpfsGround) dark() <-chan struct{}   { return nil }
func (*tmpfsGround) cut(bool)                {}
func (*tmpfsGround) cutAfter(int, bool) bool { return false }
func (*tmpfsGround) slow(time.Duration)      {}
func (*tmpfsGround) release()                {}
func (*tmpfsGround) survive() powercut.Loss  { return powercut.Loss{} }
func (g *tmpfsGround) filler() string        { return filepath.Join(g.path, "filler") }

// fill writes as another process does, until there is no room, then gives some back.
func (g *tmpfsGround) fill(left int64, _ bool) {
	f, err := os.Create(g.filler())
	if err != nil {
		g.t.Fatal(err)
	}
	defer f.Close()
	size := int64(0)
	for block := make([]byte, 1<<20); len(block) > 0; {
		n, err := f.Write(block)
		size += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			g.t.Fatal(err)
		}
	}
	if left > 0 {
		if err := f.Truncate(size - left); err != nil {
			g.t.Fatal(err)
		}
	}
}

func (g *tmpfsGround) free() {
	if err := os.Remove(g.filler()); err != nil {
		g.t.Error(err)
	}
}

// TestFullDisk fills the disk of a node under load to the last byte, and frees
// it again, on each file system that this machine lets us have: produce is
// refused by name, consumers read on, the process lives, and with room it goes
// on by itself with all that it has acknowledged.
func TestFullDisk(t *testing.T) {
	t.Run("fuse", func(t *testing.T) {
		m := newMachine(t, 400)
		if on, ok := m.ground.(*fuseGround); ok {
			fullDisk(t, m, on)
			return
		}
		t.Log("RIG: none. FUSE is not to be had here, nothing was tried")
	})
	t.Run("tmpfs", func(t *testing.T) {
		on, err := newTmpfs(t)
		if err != nil {
			t.Logf("RIG: none. tmpfs cannot be mounted here (%v), nothing was tried", err)
			return
		}
		m := newMachine(t, 401)
		m.ground = on
		fullDisk(t, m, on)
	})
}

func fullDisk(t *testing.T, m *machine, disk filling) {
	m.small = true
	if !m.boot() {
		t.Fatal("no power")
	}
	f := &faulty{machine: m}
	segment := "65536"
	createTopic(t, f.address, loadTopic, partitions, map[string]*string{"segment.bytes": &segment})
	createTopic(t, f.address, "probe", 1, nil)
	f.load = newLoad(t, f.address)
	f.load.start()
	for _, round := range []struct {
		what  string
		left  int64
		quota bool
		span  time.Duration
	}{
		{"to the last byte", 0, false, time.Second},
		{"by a quota, to the last byte", 0, true, time.Second},
		{"by a quota, but for a little", 100_000, true, time.Second},
		{"with changes of metadata, for longer than a leader of the quorum may be mute", 30_000, true, 5 * time.Second},
	} {
		f.goesOn(200)
		churn := newChurn(t)
		if round.span > time.Second {
			churn.start(f.address)
		}
		disk.fill(round.left, round.quota)
		f.refuses()
		f.load.audit(false) // reads go on
		time.Sleep(round.span)
		before := f.load.acknowledged()
		f.load.audit(true)
		if more := f.load.acknowledged() - before; more > 0 {
			t.Errorf("%s: %d records were acknowledged on a full disk", round.what, more)
		}
		freed := time.Now()
		disk.free()
		f.goesOn(1)
		t.Logf("full %s: produce was accepted %v after there was room", round.what, time.Since(freed).Round(time.Millisecond))
		if round.span > time.Second {
			churn.stop()
		}
		f.lives()
	}
	if n := strings.Count(f.process.said.all(), "what has to be written waits for room"); n < 1 || n > 5 {
		t.Errorf("the node says %d times that it waits for room:\n%s", n, f.process.said)
	}
	f.goesOn(200)
	f.kill()
	f.again()
	f.startsFull(disk)
	f.goesOn(200)
	f.ground.cut(false)
	f.powerLoss()
	f.again()
	f.done()
}

// refuses waits until produce is refused by name.
func (f *faulty) refuses() {
	f.t.Helper()
	hasty := connect(f.t, f.address, kgo.RecordRetries(0), kgo.DisableIdempotentWrite(),
		kgo.DefaultProduceTopic("probe"), kgo.ProduceRequestTimeout(time.Second))
	defer hasty.Close()
	var err error
	if !settled(patience, func() bool {
		err = hasty.ProduceSync(soon(f.t), kgo.StringRecord("probe")).FirstErr()
		return errors.Is(err, kerr.KafkaStorageError)
	}) {
		f.t.Fatalf("produce is not refused on a full disk: %v\n%s", err, f.process.said)
	}
}

// lives fails where the node has ended.
func (f *faulty) lives() {
	f.t.Helper()
	select {
	case <-f.process.gone:
		f.t.Fatalf("the node has ended:\n%s", f.process.said)
	default:
	}
}

// startsFull kills the node while its disk is full, and starts it there.
func (f *faulty) startsFull(disk filling) {
	f.t.Helper()
	f.goesOn(200)
	disk.fill(0, false)
	f.refuses()
	f.kill()
	f.process = spawn(f.t, f.ground.dir(), f.address, f.small)
	serves := f.process.ready
	select {
	case r := <-serves:
		f.t.Log("a node serves from a full disk: recovery had nothing to write")
		serves <- r
	case <-f.process.gone:
		f.t.Fatalf("a node does not wait for room at its start:\n%s", f.process.said)
	case <-time.After(2 * time.Second):
	}
	freed := time.Now()
	disk.free()
	select {
	case <-serves:
		f.t.Logf("a node that was started on a full disk serves %v after there was room", time.Since(freed).Round(time.Millisecond))
	case <-time.After(patience):
		f.t.Fatalf("a node does not serve with room:\n%s", f.process.said)
	}
	f.load.audit(false)
}
