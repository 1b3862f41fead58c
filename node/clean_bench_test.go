package node_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
)

// BenchmarkClean is a pass of the cleaner over a log of 256 MiB, in segments of 32
// MiB, batches of sixteen records of 1 KiB, by how many records each key has; and, by
// turns with it, a plain copy of the same bytes, each file made durable. It tells how
// fast both are by what they read, what the cleaner's map takes, and by how much the
// heap was larger at the most.
//
//	go test ./node -run '^$' -bench 'BenchmarkClean$' -benchtime 3x
func BenchmarkClean(b *testing.B) {
	for _, each := range []int{1, 4, 64} {
		b.Run(fmt.Sprintf("records-a-key=%d", each), func(b *testing.B) {
			var cleaned, copied time.Duration
			var read, plain, mapped, heap int64
			for range b.N {
				dir := b.TempDir()
				s := openStorage(b, dir, func(fs disk.FS) disk.FS { return fs })
				l := dirtyLog(s, 256<<20, each)
				began := time.Now()
				plain += copyLogs(b, dir)
				copied += time.Since(began)
				stats, took, most := s.clean(l)
				cleaned, read, mapped, heap = cleaned+took, read+stats.Read, max(mapped, stats.MapBytes), max(heap, most)
				s.close()
				if err := os.RemoveAll(dir); err != nil {
					b.Fatal(err)
				}
			}
			size := float64(plain) / 1e6
			b.ReportMetric(size/cleaned.Seconds(), "clean-MB/s")
			b.ReportMetric(size/copied.Seconds(), "copy-MB/s")
			b.ReportMetric(copied.Seconds()/cleaned.Seconds(), "of-copy")
			b.ReportMetric(float64(read)/float64(plain), "times-read")
			b.ReportMetric(float64(mapped)/1e6, "map-MB")
			b.ReportMetric(float64(heap)/1e6, "heap-MB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// dirtyLog makes a compacted log that was never cleaned.
func dirtyLog(s *storage, size, each int) *partition.Log {
	const perBatch, value = 16, 1000
	s.config.SegmentBytes, s.config.Compacted, s.config.Deleted, s.config.MinCleanableDirtyRatio = 32<<20, true, false, 0
	l := s.create()
	keys, random, bytes := max(size/1024/each, 1), kafka.NewRand(1), make([]byte, value)
	var build batch.Builder
	for written := 0; written < size; {
		build.Reset()
		for i := range perBatch {
			for k := range 8 { // what does not pack, and differs
				bytes[k] = byte(random.Uint64())
			}
			build.Append(kafka.TimestampMs(1+i), fmt.Appendf(nil, "key-%012d", random.Uint64()%uint64(keys)), bytes)
		}
		v := append(batch.View(nil), build.Build()...)
		s.append(l, v)
		if written += len(v); len(s.waiting) >= 200 {
			s.flush()
		}
	}
	s.flush()
	return l
}

// clean runs one pass, and tells how long its jobs took and by how much the heap grew.
func (s *storage) clean(l *partition.Log) (stats partition.CleanStats, took time.Duration, heap int64) {
	s.b.Helper()
	options := partition.CleanOptions{Policy: s.now.Wall}
	for range 100 { // a pass goes only over what a checkpoint vouches for, and asks for one
		if s.journal.Clean(l, &s.config, &options) {
			break
		}
		s.upkeep()
	}
	if !s.journal.Cleaning() {
		s.b.Fatal("no pass is due")
	}
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	for s.journal.Cleaning() {
		for _, j := range s.journal.Due(s.now, nil) {
			began := time.Now()
			result, err := j.Run(s.fs, j.Args)
			if err != nil {
				s.b.Fatal(err)
			}
			took += time.Since(began)
			s.journal.Done(s.now, result)
			runtime.ReadMemStats(&now)
			heap = max(heap, int64(now.HeapInuse)-int64(before.HeapInuse))
		}
	}
	swept, _ := s.journal.Swept()
	if swept.Given || swept.NoRoom || swept.Bad != "" || swept.Stats.Read == 0 {
		s.b.Fatalf("the pass ended with %+v", swept)
	}
	s.upkeep()
	return swept.Stats, took, heap
}

// copyLogs copies every segment, a mebibyte at a time, and returns their size.
func copyLogs(b *testing.B, dir string) (size int64) {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "logs", "*", "*.log"))
	if err != nil || len(files) == 0 {
		b.Fatal(files, err)
	}
	buffer := make([]byte, 1<<20)
	for _, file := range files {
		in, err := os.Open(file)
		if err != nil {
			b.Fatal(err)
		}
		out, err := os.Create(filepath.Join(dir, "copy"))
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{in}, buffer)
		if err == nil {
			err = out.Sync()
		}
		if err != nil {
			b.Fatal(err)
		}
		size += n
		in.Close()
		out.Close()
	}
	return size
}
