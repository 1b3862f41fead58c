package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// moduleRoot is the source tree that the working directory stands in.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module trialog\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("this is not Trialog's source tree")
		}
		dir = parent
	}
}

// copyTree copies what the lab is built from and returns a hash of it.
func copyTree(from, to string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return enter(name, path, d)
		}
		if !built(name) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(text))
		sum.Write(text)
		target := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
	return fmt.Sprintf("%x", sum.Sum(nil)[:6]), err
}

// enter says whether a directory may hold sources of the main module.
func enter(name, path string, d fs.DirEntry) error {
	if name == "." {
		return nil
	}
	if strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node" {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return fs.SkipDir // a module of its own
	}
	return nil
}

// built tells whether a file is part of what is built: sources, and the pages
// that they embed.
func built(name string) bool {
	base := filepath.Base(name)
	return filepath.Base(filepath.Dir(name)) == "page" || base == "go.mod" || base == "go.sum" || strings.HasSuffix(base, ".go") && !strings.HasSuffix(base, "_test.go")
}

// buildLab builds the lab of a copied tree, with its stamp.
func buildLab(ctx context.Context, tree, stamp string) (string, error) {
	program := filepath.Join(tree, "trialog-lab.bin")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-X main.stamp="+stamp, "-o", program, "./cmd/trialog-lab")
	cmd.Dir = tree
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", stamp, err, said)
	}
	return program, nil
}
