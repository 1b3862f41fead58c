package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"pgregory.net/rapid"

	"trialog/core/disk"
	"trialog/core/disk/disktest"
	"trialog/core/disk/memfs"
)

func all(string) bool { return true }

func TestContract(t *testing.T) {
	for _, fills := range []bool{true, false} {
		disktest.Suite(t, func() disk.FS { return New(1<<20).FS(memfs.New(), fills, all) })
	}
}

// content is what a file holds; nil if there is none.
func content(t *rapid.T, fs disk.FS, path string) []byte {
	f, err := fs.Open(path)
	if errors.Is(err, disk.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return b
}

// world is a cache under a writer and jobs, and what readers were given.
type world struct {
	base    *memfs.FS
	cache   *Cache
	writer  *FS
	jobs    *FS
	open    map[string]disk.File // the writer's
	stamp   byte
	answers []answer
}

type answer struct{ got, want []byte }

var names = []string{"logs/1/0.log", "logs/1/9.log", "logs/2/0.log"}

// TestWhatIsReadIsWhatTheFileHolds lets a writer append, overwrite and leave
// holes, and jobs truncate, remove, rename, create and overwrite, in any order,
// and compares every answer with the file.
func TestWhatIsReadIsWhatTheFileHolds(t *testing.T) {
	hits, lives := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		lives++
		w := world{base: memfs.New(), open: map[string]disk.File{}}
		w.cache = New(rapid.SampledFrom([]int64{1 << 20, 100_000, 400_000, 50_000, 20_000, 0}).Draw(t, "limit"))
		w.writer, w.jobs = w.cache.FS(w.base, true, all), w.cache.FS(w.base, false, all)
		for _, dir := range []string{"logs/1", "logs/2"} {
			if err := w.base.MkdirAll(dir); err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(30, 200).Draw(t, "steps") {
			name := rapid.SampledFrom(names).Draw(t, "name")
			switch rapid.IntRange(0, 17).Draw(t, "what") {
			case 0, 1, 2, 3, 4, 5:
				w.write(t, name)
				if rapid.IntRange(0, 2).Draw(t, "read back") < 2 { // as a consumer at the end does
					hits += w.read(t, name)
				}
			case 6, 7, 8, 9, 10, 11, 12:
				hits += w.read(t, name)
			case 13:
				w.truncate(t, name)
			case 14:
				w.remove(t, name)
			case 15:
				w.rename(t, name)
			case 16:
				w.overwrite(t, name)
			case 17:
				w.reopen(name)
			}
			if s := w.cache.Stats(); s.Resident+s.Lent > w.cache.limit || s.Resident < 0 {
				t.Fatalf("beyond %d bytes: %+v", w.cache.limit, s)
			}
		}
		for _, a := range w.answers {
			if !bytes.Equal(a.got, a.want) {
				t.Fatal("bytes changed after they were given out")
			}
		}
	})
	t.Logf("%d hits in %d lives", hits, lives)
	if hits < 2*lives {
		t.Errorf("only %d hits in %d lives: this shows nothing", hits, lives)
	}
}

func (w *world) reopen(name string) {
	if f := w.open[name]; f != nil {
		f.Close()
		delete(w.open, name)
	}
}

func (w *world) write(t *rapid.T, name string) {
	f := w.open[name]
	if f == nil {
		var err error
		if f, err = w.writer.Open(name); errors.Is(err, disk.ErrNotExist) {
			f, err = w.writer.Create(name)
		}
		if errors.Is(err, disk.ErrNotExist) {
			return // its directory was renamed
		}
		if err != nil {
			t.Fatal(err)
		}
		w.open[name] = f
	}
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	if rapid.IntRange(0, 4).Draw(t, "elsewhere") == 0 {
		size = max(0, size+int64(rapid.IntRange(-9000, 100).Draw(t, "by")))
	}
	w.stamp++
	n := rapid.SampledFrom([]int{3000, 100, 1, 5000, 20_000, 150_000, 0}).Draw(t, "bytes")
	p := bytes.Repeat([]byte{w.stamp}, n)
	if _, err := f.WriteAt(p, size); err != nil {
		t.Fatal(err)
	}
}

func (w *world) read(t *rapid.T, name string) int {
	holds := content(t, w.base, name)
	pos := max(0, len(holds)-rapid.SampledFrom([]int{1000, 10, 8000, 30_000, 0}).Draw(t, "back"))
	n := rapid.SampledFrom([]int{4000, 1, 50, 9000, 100_000, 0}).Draw(t, "want")
	got, ok := w.cache.Read([]byte(name), int64(pos), n)
	if !ok {
		return 0
	}
	want := holds[pos:min(len(holds), pos+n)]
	if !bytes.Equal(got, want) {
		t.Fatalf("%s at %d: got %d bytes, the file has %d there", name, pos, len(got), len(want))
	}
	w.answers = append(w.answers, answer{got, bytes.Clone(want)})
	return 1
}

func (w *world) truncate(t *rapid.T, name string) {
	f, err := w.jobs.Open(name)
	if err != nil {
		return
	}
	defer f.Close()
	size, err := f.Size()
	if err == nil {
		err = f.Truncate(max(0, size-int64(rapid.IntRange(-100, 20_000).Draw(t, "less"))))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) overwrite(t *rapid.T, name string) {
	f, err := w.jobs.Open(name)
	if err != nil {
		return
	}
	defer f.Close()
	w.stamp++
	if _, err := f.WriteAt([]byte{w.stamp, w.stamp}, int64(rapid.IntRange(0, 5000).Draw(t, "at"))); err != nil {
		t.Fatal(err)
	}
}

func (w *world) remove(t *rapid.T, name string) {
	if err := w.jobs.Remove(name); err != nil && !errors.Is(err, disk.ErrNotExist) {
		t.Fatal(err)
	}
}

// rename moves a file over another, or a directory away and back.
func (w *world) rename(t *rapid.T, name string) {
	to := rapid.SampledFrom(append(names, "logs/1", "logs/1.deleted")).Draw(t, "to")
	from := name
	switch to {
	case "logs/1":
		from = "logs/1.deleted"
	case "logs/1.deleted":
		from = "logs/1"
	}
	if from == to || w.jobs.Rename(from, to) != nil {
		return // something that is not there, or in the way
	}
}

// TestOneWriterAndManyReaders is for the race detector: appends, truncations
// and reads at once. Every byte of a file is its position, so that any read can
// be judged.
func TestOneWriterAndManyReaders(t *testing.T) {
	base := lockedFS{FS: memfs.New()}
	c := New(300_000)
	writer, jobs := c.FS(&base, true, all), c.FS(&base, false, all)
	done := make(chan struct{})
	failed := make(chan string, 8)
	for i := range 4 {
		go func() {
			defer func() { failed <- "" }()
			for n := i; ; n += 7 {
				select {
				case <-done:
					return
				default:
				}
				path := fmt.Appendf(nil, "f%d", n%3)
				s := c.Stats()
				from := int64(n*977) % 400_000
				b, ok := c.Read(path, from, 1+n*31%70_000)
				for k := range b {
					if b[k] != byte((from+int64(k))*7>>3) {
						failed <- fmt.Sprintf("%s at %d holds %d", path, from+int64(k), b[k])
						return
					}
				}
				if ok && len(b) == 0 || s.Resident+s.Lent > 300_000 {
					failed <- fmt.Sprintf("%d bytes, %+v", len(b), s)
					return
				}
			}
		}()
	}
	write(t, c, writer, jobs)
	close(done)
	for range 4 {
		if why := <-failed; why != "" {
			t.Error(why)
		}
	}
	if s := c.Stats(); s.Hits < 100 {
		t.Errorf("only %d hits", s.Hits)
	}
}

// write appends to three files, and truncates one now and then, until readers
// have found something often enough.
func write(t *testing.T, c *Cache, writer, jobs *FS) {
	var files [3]disk.File
	for i := range files {
		f, err := writer.Create(fmt.Sprintf("f%d", i))
		if err != nil {
			t.Fatal(err)
		}
		files[i] = f
	}
	p := make([]byte, 9000)
	end := time.Now().Add(20 * time.Second)
	for n := 0; n < 600 || c.Stats().Hits < 100 && time.Now().Before(end); n++ {
		f := files[n%3]
		size, err := f.Size()
		if err != nil {
			t.Fatal(err)
		}
		part := p[:1+n*131%len(p)]
		for k := range part {
			part[k] = byte((size + int64(k)) * 7 >> 3)
		}
		if _, err := f.WriteAt(part, size); err != nil {
			t.Fatal(err)
		}
		if n%20 == 19 {
			cut, err := jobs.Open(fmt.Sprintf("f%d", n%3))
			if err == nil {
				err = errors.Join(cut.Truncate(size/2), cut.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
