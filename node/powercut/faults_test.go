package powercut_test

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"trialog/node/powercut"
)

// faulty is a machine under load whose disk can fail.
type faulty struct {
	*machine
	disk *powercut.Disk
	load *load
}

// newFaulty boots a node and lets producers write to it. Without FUSE nothing
// can be injected: it says so and returns nil.
func newFaulty(t *testing.T, seed uint64) *faulty {
	t.Helper()
	f := &faulty{machine: newMachine(t, seed)}
	on, ok := f.ground.(*fuseGround)
	if !ok {
		t.Log("RIG: none. A plain directory does not fail, nothing was tried")
		return nil
	}
	f.disk = on.disk
	f.small = true
	if !f.boot() {
		t.Fatal("no power")
	}
	segment := "65536"
	createTopic(t, f.address, loadTopic, partitions, map[string]*string{"segment.bytes": &segment})
	f.load = newLoad(t, f.address)
	f.load.start()
	return f
}

// goesOn waits for so many more acknowledgements.
func (f *faulty) goesOn(more int) {
	f.t.Helper()
	before := f.load.acknowledged()
	if !settled(patience, func() bool { return f.load.acknowledged() >= before+more }) {
		f.t.Fatalf("only %d of %d more records were acknowledged", f.load.acknowledged()-before, more)
	}
}

// ends waits until the node has ended by itself, and looks at its last words.
func (f *faulty) ends(why ...string) {
	f.t.Helper()
	select {
	case <-f.process.gone:
	case <-time.After(patience):
		f.t.Fatalf("the node goes on with a disk that failed:\n%s", f.process.said)
	}
	code := f.process.cmd.ProcessState.ExitCode()
	lines := strings.Split(f.process.said.all(), "\n")
	last := lines[len(lines)-1]
	if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "panic: ") }); i >= 0 {
		last = strings.Join(lines[i:], " ")
	}
	for _, w := range why {
		if !strings.Contains(last, w) {
			f.t.Errorf("the last word of the node, status %d, is %q, nothing of %q", code, last, w)
		}
	}
	if strings.HasPrefix(last, "panic: ") != (code == 2) || code != 2 && code != 3 {
		f.t.Errorf("the node ended with status %d and said\n%s", code, f.process.said)
	}
	f.process = nil
	f.disk.Heal()
}

// again boots the node and compares.
func (f *faulty) again() {
	f.t.Helper()
	if !f.boot() {
		f.t.Fatal("no power")
	}
	f.load.audit(false)
}

// done ends the producers and compares everything.
func (f *faulty) done() {
	f.t.Helper()
	f.load.finish()
	f.load.audit(true)
	f.t.Logf("%d records acknowledged, %d read back", f.load.acknowledged(), f.load.read)
	f.kill()
}

// TestDiskErrorsEndTheNode: whatever the disk refuses, the node says so and
// ends, and the next start has everything that was acknowledged: after a power
// cut, and as well without one, when the kernel still shows bytes that its disk
// does not have and calls the next sync a success.
func TestDiskErrorsEndTheNode(t *testing.T) {
	for i, c := range []struct {
		what  string
		fault powercut.Fault
		why   []string
	}{
		{"sync of the journal", powercut.Fault{Op: powercut.OpSync, Under: "data/journal/", After: 20}, []string{"sync failed", "input/output error"}},
		{"write to the journal", powercut.Fault{Op: powercut.OpWrite, Under: "data/journal/", After: 20}, []string{"write", "input/output error"}},
		{"a name in the journal", powercut.Fault{Op: powercut.OpSyncDir, Under: "data/journal/"}, []string{"failed", "input/output error"}}, // by the writer that rolls, or the job that releases
		{"write to a segment", powercut.Fault{Op: powercut.OpWrite, Under: "data/logs/", After: 20}, []string{"write", "input/output error"}},
		{"sync of a segment or a checkpoint", powercut.Fault{Op: powercut.OpSync, Under: "data/logs/", After: 3}, []string{"failed", "input/output error"}},
		// The engine panics in a goroutine of its own, unless the node is quicker.
		{"sync of the metadata quorum", powercut.Fault{Op: powercut.OpSync, Under: "data/quorum/"}, []string{"input/output error"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			f := newFaulty(t, uint64(100+i))
			if f == nil {
				return
			}
			c.fault.Err = syscall.EIO
			for _, cut := range []bool{false, true} {
				f.goesOn(200)
				f.disk.Inject(c.fault)
				churn := newChurn(t)
				churn.start(f.address) // or the quorum would be asked for nothing
				f.ends(c.why...)
				churn.stop()
				if cut {
					f.powerLoss()
				}
				f.again()
				f.goesOn(200)
				f.ground.cut(false)
				f.powerLoss()
				f.again()
			}
			f.done()
		})
	}
}

// TestReserve: below the reserve produce is refused by name while reads go on.
// Nothing is lost, and with space everything goes on.
func TestReserve(t *testing.T) {
	f := newFaulty(t, 200)
	if f == nil {
		return
	}
	createTopic(t, f.address, "probe", 1, nil)
	hasty := connect(t, f.address, kgo.RecordRetries(0), kgo.DefaultProduceTopic("probe"))
	answers := func(want error) bool {
		return errors.Is(hasty.ProduceSync(soon(t), kgo.StringRecord("probe")).FirstErr(), want)
	}
	f.goesOn(200)
	f.disk.Claim(10 << 20)
	if !settled(5*time.Second, func() bool { return answers(kerr.KafkaStorageError) }) {
		t.Error("produce is not refused below the reserve")
	}
	f.load.audit(false)
	before := f.load.acknowledged()
	time.Sleep(100 * time.Millisecond)
	if more := f.load.acknowledged() - before; more > 0 {
		t.Errorf("%d records were acknowledged below the reserve", more)
	}
	f.disk.Claim(-1)
	if !settled(5*time.Second, func() bool { return answers(nil) }) {
		t.Error("produce is refused with space")
	}
	f.goesOn(200)

	f.ground.cut(false)
	f.powerLoss()
	f.again()
	f.done()
}

// TestStalledSync: while the disk stands still nothing is acknowledged, reads
// go on, and afterwards everything does.
func TestStalledSync(t *testing.T) {
	f := newFaulty(t, 300)
	if f == nil {
		return
	}
	f.goesOn(200)
	f.load.audit(false)
	const stall = time.Second
	f.disk.Inject(powercut.Fault{Op: powercut.OpSync, Under: "data/journal/", Times: 1, Stall: stall})
	if !settled(patience, func() bool { return f.disk.Struck() == 1 }) {
		t.Fatal("no sync came")
	}
	time.Sleep(50 * time.Millisecond) // for what was acknowledged just before
	before := f.load.acknowledged()
	began := time.Now()
	f.load.audit(true)
	if took := time.Since(began); took > stall*2/3 {
		t.Errorf("reads took %v while a sync stood still", took)
	}
	if more := f.load.acknowledged() - before; more > 0 {
		t.Errorf("%d records were acknowledged without a sync", more)
	}
	f.goesOn(200)
	f.done()
}
