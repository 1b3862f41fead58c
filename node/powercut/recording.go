package powercut

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Recording stands in for a Disk where FUSE cannot be had. A node runs on an
// ordinary directory and tells what it has synced; after it has been killed,
// Survive cuts what was not. It is weaker: names are never lost, bytes are lost
// at the end of a file only, and only from the journal and the segments, which
// the node syncs itself. What the metadata quorum's engine writes stays.
type Recording struct {
	dir  string
	draw *rand.Rand

	mu     sync.Mutex
	synced map[string]int64 // by path below dir: bytes that are durable
	told   sync.WaitGroup
}

// Record begins a recording of a node in dir.
func Record(seed uint64, dir string) *Recording {
	return &Recording{dir: dir, draw: rand.New(rand.NewPCG(seed, 0x7265636f7264)), synced: map[string]int64{}}
}

// Listen returns what a new node process is to tell its syncs to (Tell). The
// caller closes it once the process has it.
func (r *Recording) Listen() (*os.File, error) {
	from, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	r.told.Go(func() {
		defer from.Close()
		lines := bufio.NewReader(from)
		for {
			line, err := lines.ReadString('\n')
			if err != nil { // a note cut short is of a sync that nobody relied on
				return
			}
			var size int64
			size64, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if _, err := fmt.Sscan(size64, &size); err == nil {
				r.mu.Lock()
				r.synced[path] = size
				r.mu.Unlock()
			}
		}
	})
	return to, nil
}

// Tell makes an observer for osfs.Observe of what Listen returned.
func Tell(to io.Writer, dir string) func(path string, size int64) {
	return func(path string, size int64) {
		if rel, err := filepath.Rel(dir, path); err == nil {
			fmt.Fprintf(to, "%d %s\n", size, filepath.ToSlash(rel))
		}
	}
}

// Survive cuts files to a random length at or above what was synced. The
// process must be gone.
func (r *Recording) Survive() (Loss, error) {
	r.told.Wait()
	var loss Loss
	var last string // the newest file of a generation: the journal's library has synced those before
	err := filepath.WalkDir(r.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(r.dir, path)
		if err != nil {
			return err
		}
		switch rel = filepath.ToSlash(rel); {
		case strings.HasPrefix(rel, "journal/"):
			if last != "" && filepath.Dir(last) != filepath.Dir(rel) {
				err = r.cut(last, &loss)
			}
			last = rel
		case strings.HasPrefix(rel, "logs/") && strings.HasSuffix(rel, ".log"):
			err = r.cut(rel, &loss)
		}
		return err
	})
	if err == nil && last != "" {
		err = r.cut(last, &loss)
	}
	return loss, err
}

func (r *Recording) cut(rel string, loss *Loss) error {
	path := filepath.Join(r.dir, filepath.FromSlash(rel))
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	size := info.Size()
	keep := min(r.synced[rel], size)
	keep += r.draw.Int64N(size - keep + 1)
	r.synced[rel] = keep
	if keep == size {
		return nil
	}
	loss.Files++
	loss.Bytes += int(size - keep)
	return os.Truncate(path, keep)
}
