package logtrial

import (
	"fmt"
	"io"
	"strings"

	"trialog/checker/history"
	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
	"trialog/scenarios"
	"trialog/sim/choice"
	simdisk "trialog/sim/disk"
)

// Config is what one run is given.
type Config struct {
	Seed       uint64
	Tape       []choice.Override
	Logs       int
	Operations int
	Stop       int // end after so many of them; 0: after all
	// Deaths are the ends of the process that may be drawn; one entry each.
	Deaths []Death
	// Record takes the history; only recoveries stand in it.
	Record *history.Recorder
	Pages  *simdisk.Pages
	Trace  io.Writer
	// Draws, when not nil, gets every draw that was not dull.
	Draws *[]choice.Override
}

// Death is a way in which the process may end.
type Death uint8

// The ways.
const (
	Kill       Death = iota + 1 // the page cache lives
	Power                       // what was not synced may be gone
	InCall                      // either of them, inside a call to the file system
	Clean                       // a clean shutdown
	WriteError                  // a write fails, and the process ends itself
	SyncError                   // likewise an fsync
	ShortWrite                  // a write stops half way
	deathKinds
)

var deathNames = [deathKinds]string{"", "kill", "power-cut", "crash-in-call", "clean", "write-error", "sync-error", "short-write"}

// String names the death.
func (d Death) String() string { return deathNames[d] }

// Result is what a run tells.
type Result struct {
	Hash       [16]byte
	Operations uint64
	// Durable counts batches that counted: synced ones once they were durable,
	// others once they were written.
	Durable    int64
	Appended   int64
	Truncated  int64
	Jobs       int64
	Deaths     [deathKinds]int64
	Recoveries int64
	Virtual    int64 // nanoseconds
	Probes     [must.ProbeCount]uint64
	// Broken says which rule of the model does not hold; empty: none.
	Broken string
	Class  scenarios.Class // of what is broken
	// At is the number of the operation under way when the run ended.
	At     int
	Unused []choice.Override
}

// trial is one run.
type trial struct {
	config Config
	source *choice.Source
	draw   *choice.Stream
	now    kafka.Now
	limits partition.Limits
	topic  partition.Config

	disk    *simdisk.Disk
	mount   *simdisk.Mount
	journal *partition.Journal
	writer  *partition.Writer
	segment int64 // bytes of a journal file
	codecs  batch.Codecs

	logs     []*subject
	queue    []queued // emitted, not written
	unsynced []queued // written, not synced
	jobs     []disk.Job
	results  []any // of jobs that ran and have not been told
	dying    Death
	next     int // the operation before which the process is to end once more; 0: none
	budget   []Death
	draining bool
	builder  batch.Builder
	stamps   []int64 // timestamps of the records composed last
	values   uint64
	nextID   uint64
	lookup   partition.Lookup
	still    bool // logs keep their start

	hash   [2]uint64
	result Result
}

// subject is one log and what it should hold.
type subject struct {
	log       *partition.Log
	model     *model
	partition history.Partition
	name      kafka.TopicPartition
	leads     bool
	epoch     int32
	deposed   bool // it was cut, so that it must be elected before it leads again
	producers []writer
	forgetful bool // some producer was forgotten at some time
	// required is, once the process has ended, what a log that does not journal
	// its appends must still have.
	required int64
}

// queued is an append on its way to the disk.
type queued struct {
	append      disk.Append
	subject     *subject
	log         *partition.Log
	incarnation uint32
	end         kafka.Offset
}

// Run carries one run out.
func Run(c Config) *Result {
	t := &trial{config: c, source: choice.NewSource(c.Seed, c.Tape), nextID: 1}
	if c.Draws != nil {
		t.source.Record(c.Draws)
	}
	t.draw = t.source.Stream(choice.KindApp, 0)
	t.limits, t.topic = t.drawLimits()
	t.disk = simdisk.New(t.source.Stream(choice.KindDisk, 1), c.Pages, 1<<28)
	t.now = kafka.Now{Mono: 1, Wall: 1_790_000_000_000}
	t.budget = append([]Death(nil), c.Deaths...)
	t.live()
	t.disk.Discard()
	t.result.Unused = t.source.Unused(c.Tape)
	for i := range 8 {
		t.result.Hash[i], t.result.Hash[8+i] = byte(t.hash[0]>>(8*i)), byte(t.hash[1]>>(8*i))
	}
	t.result.Virtual = int64(t.now.Mono)
	return &t.result
}

// broken ends a run: a rule of the model, or an invariant, does not hold.
type broken struct {
	class scenarios.Class
	text  string
}

func (t *trial) live() {
	defer func() {
		switch told := recover().(type) {
		case nil:
		case broken:
			t.result.Broken, t.result.Class = told.text, told.class
		case string: // must.True
			t.result.Broken, t.result.Class = told, scenarios.ClassInvariant
		default:
			panic(told)
		}
		t.say("end", 0, 0)
	}()
	t.start()
	every := max(t.config.Operations/(len(t.budget)+1), 1)
	for i := range t.config.Operations {
		if len(t.budget) > 0 && (i%every == every-1 || i == t.next) {
			t.arm()
		}
		if i == t.config.Stop && i > 0 {
			return
		}
		t.result.At = i
		t.pass()
		t.operation()
		t.upkeep()
		if i%64 == 0 {
			t.invariants()
		}
	}
	t.dying = Clean
	t.die()
	t.readAll()
}

func (t *trial) fail(class scenarios.Class, format string, args ...any) {
	panic(broken{class, fmt.Sprintf(format, args...)})
}

func (t *trial) invariants() {
	for _, s := range t.logs {
		if err := s.log.Invariants(); err != nil {
			t.fail(scenarios.ClassInvariant, "%v", err)
		}
	}
	if err := t.journal.Invariants(); err != nil {
		t.fail(scenarios.ClassInvariant, "%v", err)
	}
}

// pass lets time go by.
func (t *trial) pass() {
	ns := int64(t.draw.Choose(choice.AppTime, 2_000_000))
	t.now.Mono = t.now.Mono.Add(kafka.Duration(ns))
	t.now.Wall = kafka.TimestampMs(1_790_000_000_000 + int64(t.now.Mono)/1_000_000)
}

// say folds what happened into the hash, and tells it.
func (t *trial) say(what string, a, b int64) {
	t.result.Operations++
	t.hash[0] = mix(t.hash[0] ^ hashBytes([]byte(what)) ^ uint64(a)*31 ^ uint64(b)<<32)
	t.hash[1] = mix(t.hash[1] + t.hash[0] ^ uint64(t.now.Mono))
	if t.config.Trace != nil {
		fmt.Fprintf(t.config.Trace, "%12d  %-16s %d %d\n", int64(t.now.Mono), strings.ReplaceAll(what, "\n", " "), a, b)
	}
}

func oneOf[T any](t *trial, values ...T) T {
	return values[t.draw.Choose(choice.SwarmLimit, uint64(len(values)))]
}

func (t *trial) drawLimits() (partition.Limits, partition.Config) {
	l := partition.DefaultLimits()
	l.GenerationBytes = oneOf[int64](t, 64<<10, 2<<10, 8<<10, 32<<10)
	l.JournalBytes = l.GenerationBytes * oneOf[int64](t, 8, 3, 5)
	l.CheckpointBytes = oneOf[int64](t, 64<<10, 2<<10, 16<<10)
	l.LargeBatchBytes = []int64{1 << 20, 1, 150, 400}[t.draw.Choose(choice.SwarmLarge, 4)]
	l.IndexBlockEntries = oneOf(t, 512, 4, 32)
	l.ReadAheadBytes = oneOf[int32](t, 64<<10, 512, 4<<10)
	l.MaxFetchBytes = oneOf[int32](t, 64<<10, 1<<10)
	l.OpenFiles = oneOf(t, 64, 2, 6)
	l.MaxJobs = oneOf(t, 4, 1, 2)
	l.MaxCuts = l.MaxJobs
	l.ProducerExpiry = oneOf(t, 24*kafka.Hour, 30*kafka.Millisecond, 300*kafka.Millisecond)
	t.still = oneOf(t, false, true)
	c := partition.DefaultConfig()
	c.SegmentBytes = oneOf[int32](t, 64<<10, 2<<10, 8<<10)
	c.IndexIntervalBytes = oneOf[int32](t, 4096, 100, 512)
	c.LogAppendTime = oneOf(t, false, false, true)
	t.segment = oneOf[int64](t, 16<<10, 1<<10, 4<<10)
	return l, c
}
