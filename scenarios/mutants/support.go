package mutants

import (
	_ "embed"
	"os"
	"path/filepath"
)

// supportPath is a package that only trees with mutants have: what was carried out
// of them, and which generated mutant is on.
const supportPath = "trialog/core/must/mutated"

//go:embed mutated/mutated.go
var supportSource []byte

// hookSource ties the laboratory of such a tree to it.
const hookSource = `package main

import "trialog/core/must/mutated"

func init() { mutationHits, mutationOn = mutated.Hits, mutated.Set }
`

// Support adds to a copied tree what Probe and Generate call. The clean tree has none
// of it.
func Support(dir string) error {
	target := filepath.Join(dir, "core", "must", "mutated")
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(target, "mutated.go"), supportSource, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "cmd", "trialog-lab", "mutated.go"), []byte(hookSource), 0o644)
}
