package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"trialog/checker/jepsen"
	"trialog/scenarios"
)

// translate writes the kept history of a seed as Jepsen's EDN, and takes ours
// away if nobody asked for it.
func translate(dir string, o *scenarios.Outcome, remove bool) error {
	if o.HistoryFile == "" {
		return nil
	}
	h, err := readHistory(o.HistoryFile)
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(o.HistoryFile), ".jsonl") + ".edn"
	if err := into(filepath.Join(dir, name), func(w io.Writer) error { return jepsen.Write(w, h) }); err != nil {
		return err
	}
	if remove && !o.Red() {
		err = os.Remove(o.HistoryFile)
		o.HistoryFile = ""
	}
	return err
}
