package powercut_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"trialog/node/powercut"
)

// cutsPerLife is how many power cuts one data directory goes through.
const cutsPerLife = 20

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, not a number from 1 on", name, s)
	}
	return n
}

// TestPowerCuts takes the power from a node again and again, under load, while
// it starts and while it stops, and looks for everything that was acknowledged
// before. TRIALOG_POWERCUTS says how often, TRIALOG_POWERCUT_SEED repeats what
// was drawn (not when it happened), TRIALOG_POWERCUT_EMULATE=1 does without FUSE.
func TestPowerCuts(t *testing.T) {
	cuts := number(t, "TRIALOG_POWERCUTS", 12)
	seed := uint64(number(t, "TRIALOG_POWERCUT_SEED", int(time.Now().UnixNano()>>10)))
	t.Logf("seed %d", seed)
	draw := rand.New(rand.NewPCG(seed, 0))
	var sum summary
	for sum.cuts < cuts && !t.Failed() {
		l := newLife(t, draw.Uint64(), len(sum.lives)%3 != 2)
		l.run(min(cutsPerLife, max(cuts/2, 1), cuts-sum.cuts))
		sum.add(l)
	}
	sum.print(t)
}

// TestPowerCutsEmulated is a short run of the substitute, wherever FUSE is.
func TestPowerCutsEmulated(t *testing.T) {
	t.Setenv("TRIALOG_POWERCUT_EMULATE", "1")
	l := newLife(t, uint64(time.Now().UnixNano()), true)
	l.run(3)
	var sum summary
	sum.add(l)
	sum.print(t)
}

// life is one data directory and what happens to it.
type life struct {
	t     *testing.T
	draw  *rand.Rand
	m     *machine
	load  *load
	soft  *soft
	churn *churn
	kills int
	// snapped: the metadata quorum's engine has taken a snapshot.
	snapped bool
}

func newLife(t *testing.T, seed uint64, small bool) *life {
	t.Helper()
	l := &life{t: t, draw: rand.New(rand.NewPCG(seed, 1)), m: newMachine(t, seed), churn: newChurn(t)}
	l.m.small = small
	l.load, l.soft = newLoad(t, l.m.address), newSoft(t, l.m.address)
	return l
}

// run lives through so many power cuts, or a few more.
func (l *life) run(cuts int) {
	l.t.Helper()
	l.boot()
	segment := "65536"
	createTopic(l.t, l.m.address, loadTopic, partitions, map[string]*string{"segment.bytes": &segment})
	l.load.start()
	l.soft.start()
	for l.m.cuts < cuts && !l.t.Failed() {
		acked := l.load.acknowledged()
		settled(time.Second, func() bool { return l.load.acknowledged() > acked })
		l.churn.start(l.m.address)
		kills := l.kills
		if l.draw.IntN(8) == 0 { // only the process dies: what was not synced is there, and is to be lost later
			l.m.await(time.Duration(l.draw.IntN(200)) * time.Millisecond)
			l.m.kill()
			l.kills++
			l.churn.stop()
		} else {
			l.lose()
			l.churn.stop()
			l.m.powerLoss()
		}
		told := l.soft.told()
		before := l.m.cuts
		l.boot()
		l.soft.audit(l.kills > kills && l.m.cuts == before, told)
		l.load.audit(false)
		l.churn.audit(l.m.address)
	}
	l.load.finish()
	l.soft.finish()
	l.load.audit(true)
	snapshots, err := filepath.Glob(filepath.Join(l.m.ground.dir(), "quorum", "engine", "*", "*", "snapshot-part-*", "snapshot-*", "snapshot-*"))
	l.snapped = err == nil && len(snapshots) > 0
	l.m.kill()
}

// boot starts the node. Now and then the power goes while it does.
func (l *life) boot() {
	l.t.Helper()
	for {
		if l.draw.IntN(3) == 0 {
			l.m.ground.cutAfter(1+l.draw.IntN(150), l.draw.IntN(2) == 0)
		}
		served := l.m.boot()
		l.m.ground.cutAfter(0, false)
		select {
		case <-l.m.ground.dark(): // perhaps just after
			served = false
		default:
		}
		if served {
			return
		}
		l.m.powerLoss()
	}
}

// lose takes the power from a node that serves: at a moment, at a change of the
// disk, or around a controlled shutdown.
func (l *life) lose() {
	hang := l.draw.IntN(2) == 0
	moment := time.Duration(10+l.draw.IntN(250)) * time.Millisecond
	if l.draw.IntN(2) == 0 { // a disk like others, which is at work most of the time
		l.m.ground.slow(time.Duration(200+l.draw.IntN(4000)) * time.Microsecond)
	}
	switch k := l.draw.IntN(10); {
	case k < 4:
		l.m.await(moment)
	case k < 9:
		if l.m.ground.cutAfter(1+l.draw.IntN(600), hang) {
			moment = 2 * time.Second
		}
		l.m.await(moment)
	default:
		l.m.await(moment)
		l.m.ground.cutAfter(1+l.draw.IntN(100), hang)
		l.m.process.signal(syscall.SIGTERM)
		select {
		case <-l.m.process.gone:
		case <-l.m.ground.dark():
		case <-time.After(patience):
			l.t.Errorf("the shutdown does not end:\n%s", l.m.process.said)
		}
	}
	l.m.ground.cut(hang)
}

// summary adds lives up.
type summary struct {
	lives    []*life
	cuts     int
	restarts []time.Duration
	loss     powercut.Loss
	hurt     int // cuts that took something
	acks     int
	read     int
	metadata int
	soft     int // records acknowledged without a sync
	lost     int // of them
	kills    int
	met      map[string]int
	snaps    int // lives in which the metadata quorum's engine has taken a snapshot
}

func (s *summary) add(l *life) {
	s.lives = append(s.lives, l)
	s.cuts += l.m.cuts
	s.restarts = append(s.restarts, l.m.restarts...)
	s.acks += l.load.acknowledged()
	s.read += l.load.read
	s.metadata += l.churn.acked
	s.soft += l.soft.acked
	s.lost += l.soft.lost
	s.kills += l.kills
	if s.met == nil {
		s.met = map[string]int{}
	}
	for what, n := range l.m.met {
		s.met[what] += n
	}
	if l.snapped {
		s.snaps++
	}
	for _, loss := range l.m.losses {
		s.loss.Files += loss.Files
		s.loss.Bytes += loss.Bytes
		s.loss.Names = append(s.loss.Names, loss.Names...)
		if loss.Files > 0 || len(loss.Names) > 0 {
			s.hurt++
		}
	}
}

func (s *summary) print(t *testing.T) {
	t.Helper()
	median, largest := quantiles(s.restarts)
	t.Logf("RIG: %v", s.lives[0].m.ground)
	t.Logf("%d power cuts in %d lives; %d of them took something: changes of %d files (%d bytes) and %d names",
		s.cuts, len(s.lives), s.hurt, s.loss.Files, s.loss.Bytes, len(s.loss.Names))
	t.Logf("%d kills without a cut; recoveries met %v; %d lives with a metadata snapshot", s.kills, s.met, s.snaps)
	t.Logf("%d records acknowledged, %d read back, %d changes of metadata acknowledged", s.acks, s.read, s.metadata)
	t.Logf("beside it, without a sync: %d records acknowledged, %d of them lost", s.soft, s.lost)
	t.Logf("%d restarts: median %v, longest %v", len(s.restarts), median, largest)
	if s.acks < 20*s.cuts {
		t.Errorf("only %d records were acknowledged: little was tried", s.acks)
	}
	if s.hurt < s.cuts/4 {
		t.Errorf("only %d of %d cuts took something: little was tried", s.hurt, s.cuts)
	}
}

// TestPowerCutsInTheFirstStart takes the power at one change after another of a
// node's first start, with an empty data directory, and expects the next start
// to serve: nothing was acknowledged, so nothing may be in the way.
func TestPowerCutsInTheFirstStart(t *testing.T) {
	cuts := number(t, "TRIALOG_POWERCUTS", 12)
	seed := uint64(number(t, "TRIALOG_POWERCUT_SEED", int(time.Now().UnixNano()>>10)))
	t.Logf("seed %d", seed)
	changes := 150 // of a first start, more or less
	every := max(changes/cuts, 1)
	tried := 0
	var restarts []time.Duration
	for at := 1 + int(seed%uint64(every)); at < changes; at += every {
		m := newMachine(t, seed+uint64(at))
		m.ground.cutAfter(at, at%2 == 0)
		if m.boot() { // it was quicker than that
			changes = min(changes, at)
			m.ground.cut(false)
		}
		m.powerLoss()
		if !m.boot() {
			t.Fatal("the power is gone")
		}
		createTopic(t, m.address, "first", 1, nil)
		restarts = append(restarts, m.restarts[len(m.restarts)-1])
		tried++
		m.kill()
	}
	median, largest := quantiles(restarts)
	t.Logf("%d power cuts in first starts; the next start took %v in the median, at most %v", tried, median, largest)
}
