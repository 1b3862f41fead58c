package scenarios

import (
	"os"
	"path/filepath"

	"trialog/checker/history"
)

// KeepHistory writes a history into a directory, which is made when missing,
// and returns the file's name.
func KeepHistory(dir, name string, h *history.History) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	file := filepath.Join(dir, name+".jsonl")
	return file, WriteHistory(file, h)
}

// WriteHistory writes a history to a file.
func WriteHistory(file string, h *history.History) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := history.Write(f, h); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
