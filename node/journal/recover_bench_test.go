package journal

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/node/osfs"
)

// countingFS counts syncs.
type countingFS struct {
	disk.FS
	syncs atomic.Int64
}

type countingFile struct {
	disk.File
	fs *countingFS
}

func (c *countingFS) Open(path string) (disk.File, error) {
	f, err := c.FS.Open(path)
	return c.wrap(f, err)
}

func (c *countingFS) Create(path string) (disk.File, error) {
	f, err := c.FS.Create(path)
	return c.wrap(f, err)
}

func (c *countingFS) wrap(f disk.File, err error) (disk.File, error) {
	if err != nil {
		return nil, err
	}
	return &countingFile{f, c}, nil
}

func (c *countingFS) SyncDir(path string) error {
	c.syncs.Add(1)
	return c.FS.SyncDir(path)
}

func (f *countingFile) Sync() error {
	f.fs.syncs.Add(1)
	return f.File.Sync()
}

func recovery(b *testing.B, fs disk.FS, limits *partition.Limits) *partition.RecoverResult {
	b.Helper()
	r, err := partition.Recover(fs, &partition.RecoverArgs{
		Now: kafka.Now{Mono: 1, Wall: 1}, NodeID: 1, Directory: kafka.DirectoryID{1}, Limits: limits, IndexIntervalBytes: 4096,
	})
	if err != nil {
		b.Fatal(err)
	}
	return r.(*partition.RecoverResult)
}

// fill makes logs and puts bytes of 1 KiB batches for the active ones into the
// journal.
func fill(b *testing.B, fs *osfs.FS, limits *partition.Limits, logs, active, bytes int) {
	b.Helper()
	r := recovery(b, fs, limits)
	j := r.Journal
	w, err := partition.NewWriter(fs, New(fs, partition.GenerationDir, 64<<20), r.Salt, j.Generation(), limits)
	if err != nil {
		b.Fatal(err)
	}
	now, config := kafka.Now{Mono: 1, Wall: 1}, partition.DefaultConfig()
	var waiting []disk.Append
	flush := func() {
		if err := w.Write(waiting); err != nil {
			b.Fatal(err)
		}
		waiting = waiting[:0]
	}
	list := make([]*partition.Log, logs)
	for i := range list {
		var a disk.Append
		id := partition.Identity{
			Log: j.NewLogID(), Mode: partition.Synced,
			Partition: kafka.TopicPartition{Topic: kafka.TopicID{9}, Partition: kafka.PartitionIndex(i)},
		}
		list[i] = partition.New(now, id, 0, limits, &a)
		j.Number(&a, list[i])
		waiting = append(waiting, a)
		if list[i].BecomeLeader(1, &a) {
			j.Number(&a, list[i])
			waiting = append(waiting, a)
		}
	}
	flush()
	var builder batch.Builder
	builder.Reset()
	builder.Append(1, nil, make([]byte, 1024))
	records := batch.View(builder.BuildFor(batch.Plain()))
	for i := 0; i*len(records) < bytes; i++ {
		l := list[i%active]
		var a disk.Append
		l.AppendAsLeader(now, 1, records, &config, &a)
		j.Number(&a, l)
		if waiting = append(waiting, a); len(waiting) == 1000 {
			flush()
		}
	}
	flush()
	if err := w.Sync(); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRecover is what a node does after kill -9 before it serves, by the
// number of its logs and the size of the journal that it redoes. The journal
// goes on after a recovery, so each run redoes the same.
func BenchmarkRecover(b *testing.B) {
	for _, c := range []struct{ logs, active, mib int }{
		{1, 1, 16}, {1, 1, 256}, {100, 100, 16}, {1000, 1000, 1}, {1000, 1000, 16}, {1000, 1000, 256}, {10000, 10, 16},
	} {
		b.Run(fmt.Sprintf("logs=%d/active=%d/journal=%dMiB", c.logs, c.active, c.mib), func(b *testing.B) {
			limits := partition.DefaultLimits()
			dir := osfs.New(b.TempDir())
			fill(b, dir, &limits, c.logs, c.active, c.mib<<20)
			fs := &countingFS{FS: dir}
			var longest time.Duration
			for b.Loop() {
				began := time.Now()
				r := recovery(b, fs, &limits)
				longest = max(longest, time.Since(began))
				if len(r.Logs) != c.logs || r.Fenced > 0 {
					b.Fatalf("%d logs, %d fenced", len(r.Logs), r.Fenced)
				}
			}
			b.ReportMetric(float64(fs.syncs.Load())/float64(b.N), "syncs/op")
			b.ReportMetric(float64(longest.Milliseconds()), "max-ms")
		})
	}
}
