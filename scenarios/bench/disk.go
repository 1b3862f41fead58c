package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"trialog/scenarios/bench/stats"
)

// diskResult is what appending to a file gave.
type diskResult struct {
	appends int
	elapsed time.Duration
	latency stats.Latency // of one append with its sync
}

// runDisk appends to a fresh file, each append followed by an fdatasync: the
// least that any log on this disk must do to make the same bytes durable.
func runDisk(ctx context.Context, dir string, bytes int, s span) (*diskResult, error) {
	f, err := os.CreateTemp(dir, "append-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := cell{size: bytes}.value()
	write := func() error {
		if _, err := f.Write(block); err != nil {
			return err
		}
		return unix.Fdatasync(int(f.Fd()))
	}
	for began := time.Now(); time.Since(began) < s.warm; {
		if err := write(); err != nil {
			return nil, err
		}
	}
	var waits []time.Duration
	began := time.Now()
	for last := began; last.Sub(began) < s.measured && ctx.Err() == nil; {
		if err := write(); err != nil {
			return nil, err
		}
		now := time.Now()
		waits = append(waits, now.Sub(last))
		last = now
	}
	return &diskResult{appends: len(waits), elapsed: time.Since(began), latency: stats.Latencies(waits)}, ctx.Err()
}

// readFile reads a file to its end and returns how long that took.
func readFile(ctx context.Context, path string) (bytes int64, took time.Duration, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	buffer := make([]byte, 1<<20)
	began := time.Now()
	for ctx.Err() == nil {
		n, err := f.Read(buffer)
		bytes += int64(n)
		if n == 0 || err != nil {
			break
		}
	}
	return bytes, time.Since(began), ctx.Err()
}

// dropCached writes a directory's files back and drops their pages from the
// cache. It returns how much of them is still cached, as a share from 0 to 1,
// and -1 when the kernel does not tell.
func dropCached(dir string) (float64, error) {
	var cached, total int64
	known := true
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		fd := int(f.Fd())
		if err := unix.Fdatasync(fd); err != nil {
			return err
		}
		if err := unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED); err != nil {
			return err
		}
		var c unix.Cachestat_t
		known = known && unix.Cachestat(uint(fd), &unix.CachestatRange{}, &c, 0) == nil
		cached, total = cached+int64(c.Cache)*int64(os.Getpagesize()), total+info.Size()
		return nil
	})
	switch {
	case !known || total == 0:
		return -1, err
	default:
		return float64(cached) / float64(total), err
	}
}

// freeBytes is how much may be written below a directory.
func freeBytes(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// syncFileSystem writes back all that is not yet on the disk that holds a directory.
func syncFileSystem(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}

// dropAllCached drops every clean page of the machine; it takes root.
func dropAllCached() error {
	unix.Sync()
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte("1"), 0)
}
