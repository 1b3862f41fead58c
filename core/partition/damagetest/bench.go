package damagetest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
)

// T is the part of testing.TB that the suite needs.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Arm is what the suite runs on.
type Arm struct {
	FS   disk.FS        // an empty data directory
	Sink partition.Sink // writes the journal in it
	// FileBytes is the size at which the sink begins another file; 0: it never does.
	FileBytes int
	Step      int // damage every so many bytes
}

// Counts are the outcomes.
type Counts struct {
	Tried   int
	Whole   int // nothing is missing
	Beyond  int // entries above the newest mark are gone, and nobody can know
	Fenced  int // the log concerned is fenced
	Refused int // a read is refused, and says that the bytes are damaged
}

// window is how much of a file is damaged, from its end.
const window = 4096

// record is one journal entry as it was emitted, its bytes as they were stamped.
type record struct {
	disk.Append
	start, header, end int // bytes in its file; the header is behind the length
	file               string
}

// bench is a data directory that two logs were written to.
type bench struct {
	t       T
	arm     Arm
	limits  partition.Limits
	now     kafka.Now
	journal *partition.Journal
	writer  *partition.Writer
	logs    []*partition.Log
	waiting []disk.Append

	ids     []kafka.LogID
	records []record
	files   []file // what the disk holds
}

func newBench(t T, arm Arm) *bench {
	b := &bench{t: t, arm: arm, limits: partition.DefaultLimits(), now: kafka.Now{Mono: 1000, Wall: 1_000_000}}
	r := b.recover(arm.FS)
	b.journal = r.Journal
	var err error
	b.writer, err = partition.NewWriter(arm.FS, arm.Sink, r.Salt, r.Journal.Generation(), &b.limits)
	b.ok(err)
	for i := range 2 {
		var a disk.Append
		id := partition.Identity{
			Log: b.journal.NewLogID(), Mode: partition.Synced,
			Partition: kafka.TopicPartition{Topic: kafka.TopicID{9}, Partition: kafka.PartitionIndex(i)},
		}
		l := partition.New(b.now, id, 0, &b.limits, &a)
		b.emit(&a, l)
		if l.BecomeLeader(1, &a) {
			b.emit(&a, l)
		}
		b.logs, b.ids = append(b.logs, l), append(b.ids, l.Log)
	}
	for n := uint64(1); ; n++ {
		b.append(b.logs[(n*n+n/3)%2], n)
		if n%3 != 0 {
			continue
		}
		b.sync()
		if b.enough() {
			break
		}
	}
	b.ok(b.writer.Close())
	b.load()
	return b
}

func (b *bench) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%v", err)
	}
}

func (b *bench) recover(fs disk.FS) *partition.RecoverResult {
	b.t.Helper()
	result, err := partition.Recover(fs, &partition.RecoverArgs{
		Now: b.now, NodeID: 7, Directory: kafka.DirectoryID{1, 2, 3}, Limits: &b.limits, IndexIntervalBytes: 4096,
	})
	b.ok(err)
	return result.(*partition.RecoverResult)
}

func (b *bench) emit(a *disk.Append, l *partition.Log) {
	b.journal.Number(a, l)
	b.waiting = append(b.waiting, *a)
	r := record{Append: *a}
	if a.Kind == disk.EntryAppend {
		r.Bytes = bytes.Clone(a.Bytes)
		batch.View(r.Bytes).Stamp(a.BaseOffset, a.LeaderEpoch, a.Timestamp)
	}
	b.records = append(b.records, r)
}

// append writes one batch of a size that depends on n.
func (b *bench) append(l *partition.Log, n uint64) {
	var builder batch.Builder
	builder.Reset()
	value := make([]byte, 10+n%30)
	binary.BigEndian.PutUint64(value, n)
	builder.Append(kafka.TimestampMs(1000+int64(n)), nil, value)
	config := partition.DefaultConfig()
	var a disk.Append
	l.AppendAsLeader(b.now, l.LatestEpoch(), append(batch.View(nil), builder.BuildFor(batch.Plain())...), &config, &a)
	b.emit(&a, l)
}

func (b *bench) sync() {
	b.t.Helper()
	b.ok(b.writer.Write(b.waiting))
	b.waiting = b.waiting[:0]
	b.journal.Written(b.journal.LastRef())
	b.ok(b.writer.Sync())
	b.journal.Synced(b.journal.LastRef())
	for _, l := range b.logs {
		l.Written(l.Incarnation, l.LogEndOffset)
		l.Synced(l.Incarnation, l.LogEndOffset)
	}
}

// enough tells whether every file that is to be damaged is longer than the
// window, and the journal has rolled, if it does.
func (b *bench) enough() bool {
	if b.logs[0].Size() < window+500 {
		return false
	}
	at, rolls := 0, 0
	for i := range b.records {
		at += framed(&b.records[i].Append)
		if b.arm.FileBytes > 0 && at >= b.arm.FileBytes {
			at, rolls = 0, rolls+1
		}
	}
	return at > window+200 && (b.arm.FileBytes == 0 || rolls > 0)
}

// framed is the length of an entry in the journal's files.
func framed(a *disk.Append) int {
	n := int(partition.FrameSize(a))
	return n + len(binary.AppendUvarint(nil, uint64(n)))
}

// load reads the disk and finds where each entry lies.
func (b *bench) load() {
	b.t.Helper()
	var err error
	b.files, err = read(b.arm.FS, ".")
	b.ok(err)
	next := 0
	for _, f := range b.files {
		if len(f.path) < 8 || f.path[:8] != "journal/" {
			continue
		}
		for at := 0; at < len(f.bytes); next++ {
			length, prefix := binary.Uvarint(f.bytes[at:])
			r := &b.records[next]
			if int64(length) != partition.FrameSize(&r.Append) {
				b.t.Fatalf("%s, byte %d: an entry of %d bytes, not of %d", f.path, at, length, partition.FrameSize(&r.Append))
			}
			r.file, r.start, r.header = f.path, at, at+prefix
			r.end = r.header + int(length)
			at = r.end
		}
	}
	if next != len(b.records) {
		b.t.Fatalf("%d of %d entries are in the journal", next, len(b.records))
	}
}

// batches are a log's batches of which ok says that they must be there.
func (b *bench) batches(log kafka.LogID, ok func(*record) bool) [][]byte {
	var out [][]byte
	for i := range b.records {
		if r := &b.records[i]; r.Log == log && r.Kind == disk.EntryAppend && ok(r) {
			out = append(out, r.Bytes)
		}
	}
	return out
}

func all(*record) bool { return true }

var errDamaged = errors.New("the read is refused")

// fetch reads a log from its start, batch by batch, as far as it is served.
func (b *bench) fetch(fs disk.FS, l *partition.Log) (out [][]byte, err error) {
	for offset := l.LogStartOffset; offset < l.LogEndOffset; {
		l.Written(l.Incarnation, l.LogEndOffset)
		records, err := b.lookup(fs, l, offset)
		if err != nil {
			return out, err
		}
		for len(records) > 0 {
			v := batch.View(records)
			out = append(out, v[:v.Size()])
			offset = v.NextOffset()
			records = records[v.Size():]
		}
	}
	return out, nil
}

func (b *bench) lookup(fs disk.FS, l *partition.Log, offset kafka.Offset) ([]byte, error) {
	var c partition.Lookup
	var r disk.Read
	l.Fetch(&c, offset, l.LogEndOffset, 1<<20)
	for range 1000 {
		if !l.Next(&c, &r) {
			break
		}
		whole, err := content(fs, partition.ReadPath(&r))
		b.ok(err)
		from := min(r.Pos, int64(len(whole)))
		switch p := l.Feed(&c, whole[from:min(from+int64(r.Len), int64(len(whole)))], nil); p {
		case partition.More:
			continue
		case partition.Found:
		default:
			return nil, fmt.Errorf("%w: %d", errDamaged, p)
		}
		break
	}
	if len(c.Records) == 0 {
		return nil, fmt.Errorf("%w: nothing at offset %d", errDamaged, int64(offset))
	}
	return c.Records, nil
}

// isPrefix tells whether got are the first of want, byte for byte.
func isPrefix(got, want [][]byte) bool {
	return len(got) <= len(want) && slices.EqualFunc(got, want[:len(got)], bytes.Equal)
}
