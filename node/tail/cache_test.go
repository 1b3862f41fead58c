package tail

import (
	"bytes"
	"runtime"
	"sync"
	"testing"
	"time"

	"trialog/core/disk"
	"trialog/core/disk/memfs"
)

// lockedFS lets several goroutines use one memfs.
type lockedFS struct {
	*memfs.FS
	mu sync.Mutex
}

type lockedFile struct {
	disk.File
	mu *sync.Mutex
}

func (l *lockedFS) Create(path string) (disk.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.FS.Create(path)
	return lockedFile{f, &l.mu}, err
}

func (l *lockedFS) Open(path string) (disk.File, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.FS.Open(path)
	return lockedFile{f, &l.mu}, err
}

func (f lockedFile) WriteAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.File.WriteAt(p, off)
}

func (f lockedFile) Truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.File.Truncate(size)
}

func (f lockedFile) Size() (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.File.Size()
}

// filled returns a cache and a file that it follows.
func filled(tb testing.TB, limit int64) (*Cache, disk.File) {
	c := New(limit)
	f, err := c.FS(memfs.New(), true, all).Create("f")
	if err != nil {
		tb.Fatal(err)
	}
	return c, f
}

func grow(tb testing.TB, f disk.File, n int) {
	size, err := f.Size()
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := f.WriteAt(bytes.Repeat([]byte{byte(size >> 10)}, n), size); err != nil {
		tb.Fatal(err)
	}
}

// TestASmallBatchHoldsNoLargeChunk keeps many small answers out of large
// chunks: what they hold is their own size.
func TestASmallBatchHoldsNoLargeChunk(t *testing.T) {
	c, f := filled(t, 1<<20)
	var held [][]byte
	size := int64(0)
	for range 1000 {
		grow(t, f, 100_000)
		size += 100_000
		b, ok := c.Read([]byte("f"), size-500, 500)
		if !ok || cap(b) > 1000 {
			t.Fatalf("%v, %d bytes of memory for 500", ok, cap(b))
		}
		held = append(held, b)
	}
	if s := c.Stats(); s.Lent != 0 || s.Resident > 1<<20 {
		t.Errorf("%+v", s)
	}
	runtime.KeepAlive(held)
}

// TestLentMemoryCountsUntilNobodyHoldsIt keeps slices of chunks while they are
// dropped: the cache gets smaller by as much, and recovers.
func TestLentMemoryCountsUntilNobodyHoldsIt(t *testing.T) {
	const limit = 4 << 20
	c, f := filled(t, limit)
	var held [][]byte
	size, lent := int64(0), int64(0)
	for range 200 {
		grow(t, f, 200_000)
		size += 200_000
		if b, ok := c.Read([]byte("f"), size-200_000, 200_000); ok {
			held = append(held, b)
		}
		s := c.Stats()
		if lent = max(lent, s.Lent); s.Resident+s.Lent > limit {
			t.Fatalf("%+v is more than %d", s, limit)
		}
	}
	if len(held) < 150 || lent < limit/3 {
		t.Errorf("%d slices of 200 reads, %d bytes lent at most", len(held), lent)
	}
	for i, b := range held {
		if b[0] != byte(i*200_000>>10) {
			t.Fatalf("slice %d begins with %d", i, b[0])
		}
	}
	held = nil
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		runtime.GC()
		s := c.Stats()
		if s.Lent < limit/4 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("memory that nobody holds still counts: %+v", s)
		}
	}
	runtime.KeepAlive(held)
}

// TestMemoryIsUsedAgain: a steady stream without readers of large pieces takes
// no new memory once the bound is reached.
func TestMemoryIsUsedAgain(t *testing.T) {
	c, f := filled(t, 2<<20)
	base, err := f.Size()
	if err != nil || base != 0 {
		t.Fatal(base, err)
	}
	file := &File{cache: c, path: "g"}
	p := make([]byte, 1000)
	pos := int64(0)
	step := func() {
		file.size = pos + int64(len(p))
		c.fill(file, pos, p, c.begin())
		pos += int64(len(p))
	}
	for range 10_000 {
		step()
	}
	if n := testing.AllocsPerRun(10_000, step); n > 0.02 { // a chunk's header, once in 262 writes
		t.Errorf("%v allocations a write", n)
	}
}

func BenchmarkReadTail(b *testing.B) {
	c, f := filled(b, 8<<20)
	for range 1000 {
		grow(b, f, 4000)
	}
	path := []byte("f")
	for _, n := range []int{1000, 200_000} {
		b.Run(map[int]string{1000: "copied", 200_000: "lent"}[n], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := c.Read(path, 4_000_000-300_000, n); !ok {
					b.Fatal("not there")
				}
			}
		})
	}
}
