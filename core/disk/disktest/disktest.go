// Package disktest is the contract of disk.FS as a test. Every implementation
// runs Suite: the one in memory, the simulator's, the real one. What survives a
// power cut is not in it, since a real disk cannot be cut at will; sim/disk
// tests that on its own.
package disktest

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"trialog/core/disk"
)

// T is the part of testing.TB that the suite needs.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Suite holds newFS's file systems to the contract. Each call of newFS returns
// an empty one.
func Suite(t T, newFS func() disk.FS) {
	t.Helper()
	for _, c := range cases {
		c.run(suite{T: t, name: c.name}, newFS())
	}
}

var cases = [...]struct {
	name string
	run  func(suite, disk.FS)
}{
	{"create, write, read back", writeRead},
	{"a hole reads as zeros", hole},
	{"reads at and past the end", readEnd},
	{"truncate shorter and longer", truncate},
	{"create refuses an existing file", createExisting},
	{"what is not there", notThere},
	{"two descriptors share a file", twoDescriptors},
	{"an open file outlives its name", outlive},
	{"rename replaces", rename},
	{"rename a directory", renameDir},
	{"names in lexical order", readDir},
	{"remove", remove},
	{"make directories", mkdir},
	{"a closed file", closed},
	{"sync", syncs},
}

// suite reports failures under a case's name.
type suite struct {
	T
	name string
}

func (s suite) ok(err error, what string) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %s: %v", s.name, what, err)
	}
}

func (s suite) fails(err, want error, what string) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s: %s: got error %v, want %v", s.name, what, err, want)
	}
}

func (s suite) create(fs disk.FS, path, content string) disk.File {
	s.Helper()
	f, err := fs.Create(path)
	s.ok(err, "create "+path)
	if content != "" {
		n, err := f.WriteAt([]byte(content), 0)
		s.ok(err, "write "+path)
		if n != len(content) {
			s.Errorf("%s: wrote %d bytes of %d without an error", s.name, n, len(content))
		}
	}
	return f
}

func (s suite) content(f disk.File, want string) {
	s.Helper()
	size, err := f.Size()
	s.ok(err, "size")
	if size != int64(len(want)) {
		s.Errorf("%s: size is %d, want %d", s.name, size, len(want))
		return
	}
	got := make([]byte, len(want))
	if n, err := f.ReadAt(got, 0); n != len(want) || err != nil && err != io.EOF {
		s.Errorf("%s: read %d bytes of %d: %v", s.name, n, len(want), err)
	}
	if string(got) != want {
		s.Errorf("%s: content is %q, want %q", s.name, got, want)
	}
}

func (s suite) names(fs disk.FS, dir string, want ...string) {
	s.Helper()
	got, err := fs.ReadDir(dir)
	s.ok(err, "read directory "+dir)
	if !slices.Equal(got, want) {
		s.Errorf("%s: %s holds %q, want %q", s.name, dir, got, want)
	}
}

func writeRead(s suite, fs disk.FS) {
	f := s.create(fs, "a", "hello world")
	_, err := f.WriteAt([]byte("W"), 6)
	s.ok(err, "overwrite")
	s.content(f, "hello World")
	got := make([]byte, 3)
	n, err := f.ReadAt(got, 6)
	if n != 3 || err != nil || string(got) != "Wor" {
		s.Errorf("%s: a read in the middle gave %d %v %q", s.name, n, err, got)
	}
	s.ok(f.Close(), "close")
	again, err := fs.Open("a")
	s.ok(err, "open")
	s.content(again, "hello World")
	s.ok(again.Close(), "close")
}

func hole(s suite, fs disk.FS) {
	f := s.create(fs, "a", "x")
	_, err := f.WriteAt([]byte("y"), 4)
	s.ok(err, "write behind the end")
	s.content(f, "x\x00\x00\x00y")
	s.ok(f.Close(), "close")
}

func readEnd(s suite, fs disk.FS) {
	f := s.create(fs, "a", "abc")
	buf := make([]byte, 4)
	for _, c := range []struct {
		off  int64
		want int
	}{{0, 3}, {2, 1}, {3, 0}, {9, 0}} {
		if n, err := f.ReadAt(buf, c.off); n != c.want || err != io.EOF {
			s.Errorf("%s: at %d got %d bytes and %v, want %d and EOF", s.name, c.off, n, err, c.want)
		}
	}
	s.ok(f.Close(), "close")
}

func truncate(s suite, fs disk.FS) {
	f := s.create(fs, "a", "abcdef")
	s.ok(f.Truncate(3), "shorter")
	s.content(f, "abc")
	s.ok(f.Truncate(5), "longer")
	s.content(f, "abc\x00\x00")
	s.ok(f.Close(), "close")
}

func createExisting(s suite, fs disk.FS) {
	s.ok(s.create(fs, "a", "x").Close(), "close")
	_, err := fs.Create("a")
	s.fails(err, disk.ErrExist, "create again")
	f, err := fs.Open("a")
	s.ok(err, "open")
	s.content(f, "x")
	s.ok(f.Close(), "close")
}

func notThere(s suite, fs disk.FS) {
	_, err := fs.Open("a")
	s.fails(err, disk.ErrNotExist, "open")
	s.fails(fs.Remove("a"), disk.ErrNotExist, "remove")
	s.fails(fs.Rename("a", "b"), disk.ErrNotExist, "rename")
	_, err = fs.ReadDir("a")
	s.fails(err, disk.ErrNotExist, "read directory")
	_, err = fs.Create("d/a")
	s.fails(err, disk.ErrNotExist, "create without directory")
	s.fails(fs.SyncDir("d"), disk.ErrNotExist, "sync directory")
}

func twoDescriptors(s suite, fs disk.FS) {
	f := s.create(fs, "a", "abc")
	g, err := fs.Open("a")
	s.ok(err, "open")
	_, err = f.WriteAt([]byte("X"), 1)
	s.ok(err, "write")
	s.content(g, "aXc")
	s.ok(f.Close(), "close")
	s.content(g, "aXc")
	s.ok(g.Close(), "close")
}

func outlive(s suite, fs disk.FS) {
	f := s.create(fs, "a", "abc")
	s.ok(fs.Remove("a"), "remove")
	s.content(f, "abc")
	g := s.create(fs, "a", "new")
	s.content(f, "abc")
	s.content(g, "new")
	s.ok(f.Close(), "close")
	s.ok(g.Close(), "close")
}

func rename(s suite, fs disk.FS) {
	f := s.create(fs, "a", "old")
	g := s.create(fs, "b", "new")
	s.ok(fs.Rename("b", "a"), "rename")
	s.names(fs, ".", "a")
	h, err := fs.Open("a")
	s.ok(err, "open")
	s.content(h, "new")
	s.content(f, "old")
	for _, x := range []disk.File{f, g, h} {
		s.ok(x.Close(), "close")
	}
}

func renameDir(s suite, fs disk.FS) {
	s.ok(fs.MkdirAll("d/e"), "mkdir")
	s.ok(s.create(fs, "d/e/a", "x").Close(), "close")
	s.ok(fs.Rename("d/e", "d/f"), "rename")
	s.names(fs, "d", "f")
	s.names(fs, "d/f", "a")
	f, err := fs.Open("d/f/a")
	s.ok(err, "open")
	s.content(f, "x")
	s.ok(f.Close(), "close")
}

func readDir(s suite, fs disk.FS) {
	s.names(fs, ".")
	for _, name := range []string{"10", "b", "9", "a"} {
		s.ok(s.create(fs, name, "").Close(), "close")
	}
	s.ok(fs.MkdirAll("Z"), "mkdir")
	s.names(fs, ".", "10", "9", "Z", "a", "b")
	s.names(fs, "Z")
}

func remove(s suite, fs disk.FS) {
	s.ok(fs.MkdirAll("d"), "mkdir")
	s.ok(s.create(fs, "d/a", "x").Close(), "close")
	if err := fs.Remove("d"); err == nil {
		s.Errorf("%s: removed a directory that is not empty", s.name)
	}
	s.ok(fs.Remove("d/a"), "remove file")
	s.ok(fs.Remove("d"), "remove directory")
	s.names(fs, ".")
}

func mkdir(s suite, fs disk.FS) {
	s.ok(fs.MkdirAll("a/b/c"), "mkdir")
	s.ok(fs.MkdirAll("a/b"), "mkdir again")
	s.ok(fs.MkdirAll("."), "mkdir of the root")
	s.names(fs, "a/b", "c")
}

func closed(s suite, fs disk.FS) {
	f := s.create(fs, "a", "abc")
	s.ok(f.Close(), "close")
	if _, err := f.ReadAt(make([]byte, 1), 0); err == nil {
		s.Errorf("%s: read", s.name)
	}
	if _, err := f.WriteAt([]byte("x"), 0); err == nil {
		s.Errorf("%s: write", s.name)
	}
	if f.Sync() == nil {
		s.Errorf("%s: sync", s.name)
	}
}

func syncs(s suite, fs disk.FS) {
	s.ok(fs.MkdirAll("d"), "mkdir")
	s.ok(fs.SyncDir("."), "sync the root")
	f := s.create(fs, "d/a", string(bytes.Repeat([]byte("z"), 70_000)))
	s.ok(f.Sync(), "sync")
	s.ok(fs.SyncDir("d"), "sync directory")
	s.content(f, string(bytes.Repeat([]byte("z"), 70_000)))
	s.ok(f.Close(), "close")
}
