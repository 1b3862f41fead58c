//go:build linux

package journal

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkPreallocation appends 16 KiB and syncs, by turns to a file that
// grows, to one whose blocks are reserved, and to one that was filled with
// zeros and synced before. The medians are of one run on one disk: their ratios
// say whether reserving a generation's space pays.
func BenchmarkPreallocation(b *testing.B) {
	const write, total = 16 << 10, 64 << 20
	kinds := []string{"grows", "reserved", "zeroed"}
	files := make([]*os.File, len(kinds))
	for i, kind := range kinds {
		f, err := os.Create(filepath.Join(b.TempDir(), kind))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = f.Close() })
		files[i] = f
	}
	if err := unix.Fallocate(int(files[1].Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, total); err != nil {
		b.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < total; at += int64(len(zeros)) {
		if _, err := files[2].WriteAt(zeros, at); err != nil {
			b.Fatal(err)
		}
	}
	if err := files[2].Sync(); err != nil {
		b.Fatal(err)
	}
	p := make([]byte, write)
	for i := range p {
		p[i] = byte(i)
	}
	took := make([][]time.Duration, len(kinds))
	at := int64(0)
	for b.Loop() {
		for i, f := range files {
			began := time.Now()
			if _, err := f.WriteAt(p, at%total); err != nil {
				b.Fatal(err)
			}
			if err := unix.Fdatasync(int(f.Fd())); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], time.Since(began))
		}
		at += write
	}
	for i, kind := range kinds {
		slices.Sort(took[i])
		b.ReportMetric(float64(took[i][len(took[i])/2].Microseconds()), kind+"-µs")
		b.ReportMetric(float64(took[i][len(took[i])*99/100].Microseconds()), kind+"-p99-µs")
	}
}
