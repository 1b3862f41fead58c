package quorum

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	port "trialog/core/quorum"
	"trialog/core/quorum/model"
	"trialog/node/osfs"
)

// asVoter makes this test's binary be one voter, as the variable's JSON says.
const asVoter = "TRIALOG_TEST_VOTER"

func TestMain(m *testing.M) {
	if v := os.Getenv(asVoter); v != "" {
		beVoter(v)
		return
	}
	os.Exit(m.Run())
}

// voterPlan is what a process is told.
type voterPlan struct {
	Node      int
	Life      uint64
	Dir       string
	Listen    string
	Addresses []string // of all voters, as this one reaches them
	Trace     string   // file
	Every     time.Duration
}

// beVoter runs one voter that proposes and writes down what happens, until it
// is killed.
func beVoter(text string) {
	var plan voterPlan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		panic(err)
	}
	out, err := os.OpenFile(plan.Trace, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex
	add := func(e model.TraceEvent) {
		mu.Lock()
		defer mu.Unlock()
		e.At = time.Now().UnixNano()
		b, err := json.Marshal(&e)
		if err == nil {
			_, err = out.Write(append(b, '\n'))
		}
		if err != nil {
			panic(err)
		}
	}
	add(model.TraceEvent{Kind: model.KindUp, Node: plan.Node})
	var voters Voters
	for i, a := range plan.Addresses {
		voters = append(voters, Voter{ID: uint64(i + 1), Address: a})
	}
	e, err := Start(Config{
		FS: osfs.New(plan.Dir), Dir: "quorum", Voters: voters, Self: uint64(plan.Node + 1), Listen: plan.Listen, Secret: "s",
		StallsAfter: time.Minute, Log: slog.New(slog.DiscardHandler), SnapshotEntries: 200, Fail: func(err error) { panic(err) },
		Deliver: func(e port.Event) {
			if _, members := e.(*port.Members); !members {
				add(model.Trace(plan.Node, e))
			}
		},
	})
	if err != nil {
		panic(err)
	}
	parent := os.Getppid()
	for n := uint64(1); os.Getppid() == parent; n++ { // nobody is left behind
		p := &port.Propose{Ref: refOf(n), Entry: entry(plan.Node, plan.Life, n)}
		add(model.TracePropose(plan.Node, p))
		e.Propose(p)
		time.Sleep(plan.Every)
	}
}

// voterProcess is one voter, with a process now and then.
type voterProcess struct {
	plan   voterPlan
	cmd    *exec.Cmd
	paused bool
}

// TestTracesOfProcesses kills, pauses and cuts off three processes and asks
// whether the model could have done what they were told. TRIALOG_PROCESS_SECONDS=N
// does so for that long.
func TestTracesOfProcesses(t *testing.T) {
	lasts := 8 * time.Second
	if n, err := strconv.Atoi(os.Getenv("TRIALOG_PROCESS_SECONDS")); err == nil {
		lasts = time.Duration(n) * time.Second
	}
	r := newRig(t)
	for i := range r.voters {
		r.start(i)
	}
	faults := make(map[string]int)
	draw := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1)) // no seed replays what a scheduler does
	r.wait("entries are committed", 1)
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(time.Duration(200+draw.IntN(1200)) * time.Millisecond) {
		faults[r.act(draw)]++
	}
	r.mend()
	r.wait("entries are committed after all was mended", r.highest()+20)
	r.finish()
	trace := r.trace()
	judgeTrace(t, trace)
	t.Logf("%v, %d events, highest index %d, faults %v", lasts, len(trace), r.highest(), faults)
	logWeaknesses(t, weaknesses(trace))
}

// rig is three processes, each reaching the others through a relay of its own.
type rig struct {
	t      *testing.T
	wires  *wires
	voters [3]*voterProcess
	downs  []model.TraceEvent
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, wires: newWires()}
	base := t.TempDir()
	var listen []string
	for range r.voters {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listen = append(listen, l.Addr().String())
		l.Close()
	}
	for i := range r.voters {
		plan := voterPlan{
			Node: i, Dir: filepath.Join(base, fmt.Sprint(i)), Listen: listen[i],
			Trace: filepath.Join(base, fmt.Sprintf("trace-%d", i)), Every: 5 * time.Millisecond,
		}
		if err := os.Mkdir(plan.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for k := range r.voters {
			if k == i {
				plan.Addresses = append(plan.Addresses, listen[i])
				continue
			}
			l, err := r.wires.proxy(i, k, func() string { return listen[k] })
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			plan.Addresses = append(plan.Addresses, l.Addr().String())
		}
		r.voters[i] = &voterProcess{plan: plan}
	}
	t.Cleanup(func() {
		for i, v := range r.voters {
			if v.cmd != nil {
				r.kill(i)
			}
		}
	})
	return r
}

func (r *rig) start(i int) {
	v := r.voters[i]
	v.plan.Life++
	b, err := json.Marshal(&v.plan)
	if err != nil {
		r.t.Fatal(err)
	}
	v.cmd = exec.Command(os.Args[0])
	v.cmd.Env = append(os.Environ(), asVoter+"="+string(b))
	v.cmd.Stderr = os.Stderr
	if err := v.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	v.paused = false
}

// kill ends a process without a word to it.
func (r *rig) kill(i int) {
	v := r.voters[i]
	_ = v.cmd.Process.Kill()
	_ = v.cmd.Wait() // it was killed
	v.cmd = nil
	r.downs = append(r.downs, model.TraceEvent{Kind: model.KindDown, Node: i, At: time.Now().UnixNano()})
}

// act does one thing that may go wrong, and says what.
func (r *rig) act(draw *rand.Rand) string {
	i, k := draw.IntN(3), draw.IntN(3)
	v := r.voters[i]
	switch draw.IntN(8) {
	case 0, 1:
		if v.cmd != nil {
			r.kill(i)
			return "kill"
		}
		r.start(i)
		return "start"
	case 2, 3:
		if v.cmd == nil {
			r.start(i)
			return "start"
		}
		signal, what := syscall.SIGSTOP, "pause"
		if v.paused {
			signal, what = syscall.SIGCONT, "resume"
		}
		v.paused = !v.paused
		_ = v.cmd.Process.Signal(signal)
		return what
	case 4:
		r.wires.cut(i, k, true, false)
		return "cut one way"
	case 5:
		r.wires.cut(i, k, true, false)
		r.wires.cut(k, i, true, false)
		return "cut both ways"
	}
	for to := range r.voters {
		r.wires.cut(i, to, false, draw.IntN(2) == 0)
		r.wires.cut(to, i, false, draw.IntN(2) == 0)
	}
	return "mend"
}

func (r *rig) mend() {
	for i, v := range r.voters {
		for k := range r.voters {
			r.wires.cut(i, k, false, true)
		}
		switch {
		case v.cmd == nil:
			r.start(i)
		case v.paused:
			v.paused = false
			_ = v.cmd.Process.Signal(syscall.SIGCONT)
		}
	}
}

// wait waits until every process was told of an index.
func (r *rig) wait(what string, index uint64) {
	r.t.Helper()
	for end := time.Now().Add(90 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		told := 0
		for i, v := range r.voters {
			for _, e := range slices.Backward(r.file(i)) {
				if e.Kind == model.KindUp {
					break
				}
				if e.Index >= index {
					told++
					break
				}
			}
			if v.cmd == nil {
				r.t.Fatalf("voter %d is down", i)
			}
		}
		if told == len(r.voters) {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain: %s (%d of %d)", what, told, len(r.voters))
		}
	}
}

// finish ends everything.
func (r *rig) finish() {
	for i := range r.voters {
		r.kill(i)
	}
}

// file reads what a voter has written so far.
func (r *rig) file(i int) (trace []model.TraceEvent) {
	f, err := os.Open(r.voters[i].plan.Trace)
	if err != nil {
		return nil // nothing yet
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e model.TraceEvent
		if json.Unmarshal(lines.Bytes(), &e) == nil && strings.HasSuffix(lines.Text(), "}") { // a kill may tear the last line
			trace = append(trace, e)
		}
	}
	return trace
}

func (r *rig) highest() (index uint64) {
	for i := range r.voters {
		for _, e := range r.file(i) {
			index = max(index, e.Index)
		}
	}
	return index
}

// trace is all that happened, in the order of this machine's clock.
func (r *rig) trace() []model.TraceEvent {
	all := slices.Clone(r.downs)
	for i := range r.voters {
		all = append(all, r.file(i)...)
	}
	slices.SortStableFunc(all, func(a, b model.TraceEvent) int {
		switch {
		case a.At < b.At:
			return -1
		case a.At > b.At:
			return 1
		}
		return 0
	})
	return all
}
