package broker_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/disk/memfs"
	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/core/protocol"
	"trialog/core/quorum"
)

// world is one broker on a file system in memory with a metadata quorum of one,
// carried out synchronously. What the disk and the quorum would answer can be
// held back, which is how tests place themselves between two events.
type world struct {
	t      testing.TB
	fs     *memfs.FS
	quorum *committee
	limits broker.Limits
	config broker.Config

	b      *broker.Broker
	fx     broker.Effects
	now    kafka.Now
	writer *partition.Writer
	inbox  []broker.Input

	appends []disk.Append // emitted, not yet written
	written kafka.Ref     // told
	synced  kafka.Ref     // told
	reads   []disk.Read   // held
	jobs    []disk.Job    // held

	// Hold back what the disk would say.
	holdWrites, holdSyncs, holdReads, holdJobs bool

	conns   map[kafka.ConnID]bool
	sent    map[int32]pendingPeer // by correlation ID
	replies []reply
	notes   []broker.Note
	mutes   []broker.Mute
	joins   []broker.Joined
	steps   []quorum.Reconfigure
	halt    broker.Halt
	story   *strings.Builder // the transcript, nil: none
	corr    int32
}

// errDisk is what a disk in trouble says.
var errDisk = errors.New("input/output error")

// reply is a copy of a Reply whose body outlives the effects.
type reply struct {
	conn  kafka.ConnID
	key   int16
	corr  int32
	body  protocol.Body
	close bool
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, fs: memfs.New(), limits: broker.DefaultLimits(), now: kafka.Now{Mono: 1_000_000_000, Wall: 1_700_000_000_000}}
	w.quorum = &committee{members: []*world{w}}
	w.limits.CheckEvery = 1
	w.config = broker.Config{
		NodeID: 1, Voter: true, Codecs: &batch.Codecs{batch.Zstd: batch.RunLength{}},
		Listeners: []broker.Listener{{Name: "PLAINTEXT", Host: "localhost", Port: 9092, InterBroker: true}},
		Settings:  map[string]string{}, Boot: "1",
	}
	return w
}

// start begins an incarnation and lets it come up.
func (w *world) start() {
	w.t.Helper()
	w.boot()
	w.give(&broker.Start{})
	w.give(&broker.Quorum{Event: &quorum.Leads{}})
	w.settle()
}

// boot makes an incarnation that waits for its first input.
func (w *world) boot() {
	w.config.Seed++
	w.config.Incarnation = kafka.IncarnationID{byte(w.config.Seed)}
	w.b = broker.New(w.config, w.limits)
	w.conns = map[kafka.ConnID]bool{}
	w.fx.Watch.Fatal = true
	w.writer, w.halt = nil, broker.Halt{}
	w.inbox, w.appends, w.reads, w.jobs = nil, nil, nil, nil
	w.written, w.synced = 0, 0
	w.holdWrites, w.holdSyncs, w.holdReads, w.holdJobs = false, false, false, false
	w.fx.Reset()
	for i, e := range w.quorum.log {
		w.give(&broker.Quorum{Event: &quorum.Committed{Index: uint64(i + 1), Entry: e}})
	}
}

// kill ends the incarnation between two Steps; its disk stays as it is.
func (w *world) kill() {
	w.tell("kill -9")
	if w.writer != nil {
		w.writer.Close()
	}
	w.b = nil
}

func (w *world) give(in broker.Input) { w.inbox = append(w.inbox, in) }

// settle steps until nothing is left to do.
func (w *world) settle() {
	w.t.Helper()
	for n := 0; len(w.inbox) > 0; n++ {
		if n > 100_000 {
			w.t.Fatal("the world does not come to rest")
		}
		in := w.inbox[0]
		w.inbox = w.inbox[1:]
		w.b.Step(w.now, in, &w.fx)
		if err := w.b.Invariants(); err != nil {
			w.t.Fatal(err)
		}
		if err := w.b.CheckPassedOver(); err != nil {
			w.t.Fatal(err)
		}
		w.carryOut()
		if len(w.inbox) == 0 {
			w.flush()
		}
	}
}

// carryOut does what the effects ask for.
func (w *world) carryOut() {
	for i := range w.fx.Replies {
		r := &w.fx.Replies[i]
		w.tell("reply   %s", describeReply(r))
		if w.peerAnswered(r) {
			continue
		}
		w.replies = append(w.replies, reply{r.Conn, r.Key, r.CorrelationID, keep(r), r.Close})
	}
	for i := range w.fx.Appends {
		a := &w.fx.Appends[i]
		w.tell("append  %s", describeAppend(a))
		w.appends = append(w.appends, *a)
	}
	w.reads = append(w.reads, w.fx.Reads...)
	w.jobs = append(w.jobs, w.fx.Jobs...)
	w.notes = append(w.notes, w.fx.Notes...)
	w.mutes = append(w.mutes, w.fx.Mutes...)
	w.joins = append(w.joins, w.fx.Joins...)
	w.steps = append(w.steps, w.fx.Reconfigures...)
	for i := range w.fx.Proposals {
		w.quorum.commit(w, &w.fx.Proposals[i])
	}
	for i := range w.fx.Sends {
		w.peer(&w.fx.Sends[i])
	}
	if w.fx.Halt.Set {
		w.halt = w.fx.Halt
		w.tell("halt    clean=%v %s", w.halt.Clean, w.halt.Reason)
	}
	w.fx.Reset()
}

// flush lets the disk answer, as far as it is not held back.
func (w *world) flush() {
	if !w.holdWrites {
		w.write()
	}
	if !w.holdSyncs {
		w.sync()
	}
	if !w.holdReads {
		w.read()
	}
	if !w.holdJobs {
		w.run()
	}
}

// pass lets time go by and ticks.
func (w *world) pass(d kafka.Duration) {
	w.t.Helper()
	w.now.Mono = w.now.Mono.Add(d)
	w.now.Wall += kafka.TimestampMs(d / kafka.Millisecond)
	w.give(&broker.Tick{})
	w.settle()
}

// send gives a request on a connection, which is opened when it is new, and
// settles. It returns the correlation ID.
func (w *world) send(conn kafka.ConnID, version int16, body protocol.Body) int32 {
	w.t.Helper()
	w.queue(conn, version, body)
	w.settle()
	return w.corr
}

// queue is send without settling.
func (w *world) queue(conn kafka.ConnID, version int16, body protocol.Body) int32 {
	if !w.conns[conn] {
		w.conns[conn] = true
		w.give(&broker.ConnectionOpened{Conn: conn, Listener: "PLAINTEXT", ClientHost: "127.0.0.1"})
	}
	w.corr++
	if p, ok := body.(*protocol.ProduceRequest); ok {
		protocol.Prepare(p, version, &batch.Checker{Codecs: w.config.Codecs})
	}
	w.tell("request %s", describeRequest(w.corr, body))
	w.give(&broker.Request{Conn: conn, Principal: "User:ANONYMOUS", Key: body.Key(), Version: version, CorrelationID: w.corr, Body: body})
	return w.corr
}

// ask sends a request and returns its reply, which must come.
func (w *world) ask(version int16, body protocol.Body) protocol.Body {
	w.t.Helper()
	corr := w.send(99, version, body)
	return w.answer(corr)
}

// answer takes the reply to a request, which must have come.
func (w *world) answer(corr int32) protocol.Body {
	w.t.Helper()
	for i := range w.replies {
		if w.replies[i].corr == corr {
			body := w.replies[i].body
			w.replies = append(w.replies[:i], w.replies[i+1:]...)
			return body
		}
	}
	w.t.Fatalf("request %d has not been answered", corr)
	return nil
}

// unanswered checks that a request still waits.
func (w *world) unanswered(corr int32) {
	w.t.Helper()
	for i := range w.replies {
		if w.replies[i].corr == corr {
			w.t.Fatalf("request %d has been answered: %+v", corr, w.replies[i].body)
		}
	}
}

// tell adds a line to the story.
func (w *world) tell(format string, args ...any) {
	if w.story != nil {
		fmt.Fprintf(w.story, format+"\n", args...)
	}
}

// keep copies a reply's body by its own encoding.
func keep(r *broker.Reply) protocol.Body {
	if r.Body == nil {
		return nil
	}
	if k, ok := r.Body.(kmsg.Response); ok {
		return k
	}
	frame := protocol.AppendResponse(nil, r.Key, r.Version, r.CorrelationID, r.Body)
	_, body, code := protocol.DecodeResponse(frame[protocol.FramePrefixBytes:], r.Key, r.Version, nil)
	if code != kafka.None {
		panic("a reply that cannot be read back")
	}
	return body
}
