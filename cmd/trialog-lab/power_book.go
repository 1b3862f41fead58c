package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// book keeps what was found out about one source tree, so that it is not done again,
// and a hunt that found nothing goes on where it ended.
type book struct{ dir string }

// openBook returns the book of a tree and the seed that its hunts begin with: the one
// asked for, else the one of last time, else a fresh one.
func openBook(dir string, seed *uint64) (book, uint64, error) {
	b := book{dir}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return b, 0, err
	}
	first := freshSeed()
	b.read("seed", &first)
	if seed != nil {
		first = *seed
	}
	return b, first, b.write("seed", first)
}

// recall fills a finding with what is kept of the mutant, if that is of the same diff
// and the same seeds.
func (b book) recall(name, diff string, f *finding) {
	kept := finding{}
	if b.read("mutant-"+name, &kept) && kept.Diff == diff && kept.FirstSeed == f.FirstSeed {
		*f = kept
	}
}

// keep stores a finding. That it cannot be stored costs time only.
func (b book) keep(name string, f *finding) { _ = b.write("mutant-"+name, f) }

func (b book) file(name string) string { return filepath.Join(b.dir, name+".json") }

// read tells whether there was something to read.
func (b book) read(name string, to any) bool {
	text, err := os.ReadFile(b.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	return err == nil && json.Unmarshal(text, to) == nil
}

func (b book) write(name string, what any) error {
	text, err := json.MarshalIndent(what, "", " ")
	if err != nil {
		return err
	}
	part := b.file(name) + ".part"
	if err := os.WriteFile(part, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(part, b.file(name))
}

func hashOf(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text))[:16] }
