package mutants

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Site is a place at which a mechanical mutant can be made. All drawn ones are built
// into one program, and one at a time is on.
type Site struct {
	ID    int    `json:"id"` // from 1, among the drawn ones
	File  string `json:"file"`
	Line  int    `json:"line"`
	Kind  string `json:"kind"`
	Text  string `json:"text"` // what is changed
	edits []edit
}

// The kinds of generated mutants.
const (
	Negated  = "negated condition"
	Boundary = "moved boundary" // < for <=, and the like
	Dropped  = "dropped statement"
)

// edit inserts text before a byte, in the place of so many bytes.
type edit struct {
	at, instead int
	text        string
	width       int // of what it opens or closes, to put nested ones in order
	closes      bool
}

// comparisons are the operators whose boundary can be moved.
var comparisons = map[token.Token]string{token.LSS: "Less", token.LEQ: "LessOrEqual", token.GTR: "Greater", token.GEQ: "GreaterOrEqual"}

// unlooked are calls that are there to be noticed, not to do anything: leaving them
// out, or what they ask, is no bug.
var unlooked = []string{"must.True(", "panic(", "out.Watch.", ".Watch.Reached(", "Believe("}

// invariants is the file of a package that only looks: a mutant of it would be one of a
// judge, and those have tests of their own.
const invariants = "invariants.go"

// Draw lists so many of the sites of the Go files in the folders of a tree, drawn by
// a seed: the same for the same sources.
func Draw(dir string, folders []string, n int, seed uint64) ([]Site, error) {
	var all []Site
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(dir, folder, "*.go"))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("no Go files in %s: %w", folder, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || filepath.Base(file) == invariants {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			list, err := sites(filepath.ToSlash(filepath.Join(folder, filepath.Base(file))), string(source))
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
	}
	rank := func(s *Site) uint64 {
		h := fnv.New64a()
		fmt.Fprint(h, seed, s.File, s.Line, s.Kind, s.Text)
		return h.Sum64()
	}
	slices.SortStableFunc(all, func(a, b Site) int { return cmp.Compare(rank(&a), rank(&b)) })
	all = all[:min(n, len(all))]
	for i := range all {
		all[i].ID = i + 1
	}
	return all, nil
}

// sites finds every place of one file.
func sites(name, source string) ([]Site, error) {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	offset := func(p token.Pos) int { return files.Position(p).Offset }
	var list []Site
	add := func(n ast.Node, kind string, edits ...edit) {
		text := strings.Join(strings.Fields(source[offset(n.Pos()):offset(n.End())]), " ")
		list = append(list, Site{File: name, Line: files.Position(n.Pos()).Line, Kind: kind, Text: text, edits: edits})
	}
	// Of two around the same text outer is 1 for the one that encloses the other.
	around := func(n ast.Node, outer int, before, after string) []edit {
		from, to := offset(n.Pos()), offset(n.End())
		return []edit{{from, 0, before, 2*(to-from) + outer, false}, {to, 0, after, 2*(to-from) + outer, true}}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		if n == nil {
			return false
		}
		switch n := n.(type) {
		case *ast.ExprStmt:
			if only(source[offset(n.Pos()):offset(n.End())], unlooked) {
				return false
			}
		case *ast.IfStmt:
			add(n.Cond, Negated, around(n.Cond, 1, "mutated.Not(%d, ", ")")...)
		case *ast.BinaryExpr:
			if name := comparisons[n.Op]; name != "" {
				add(n, Boundary, append(around(n, 0, "mutated."+name+"(%d, ", ")"), edit{offset(n.OpPos), len(n.Op.String()), ", ", 0, false})...)
			}
		case *ast.GenDecl:
			return n.Tok == token.VAR // constants stay such
		}
		for _, s := range statements(n) {
			if text := source[offset(s.Pos()):offset(s.End())]; droppable(s, text) {
				add(s, Dropped, around(s, 1, "if !mutated.Dropped(%d) { ", " }")...)
			}
		}
		return true
	})
	return list, nil
}

// only tells whether a statement is one of the calls.
func only(text string, calls []string) bool {
	return slices.ContainsFunc(calls, func(call string) bool { return strings.Contains(text, call) })
}

// droppable tells whether a statement can be left out, and would be missed.
func droppable(s ast.Stmt, text string) bool {
	if only(text, unlooked) {
		return false
	}
	switch s := s.(type) {
	case *ast.ExprStmt:
		_, call := s.X.(*ast.CallExpr)
		return call
	case *ast.AssignStmt:
		return s.Tok != token.DEFINE && !strings.HasPrefix(text, "_")
	case *ast.IncDecStmt:
		return true
	}
	return false
}

// Generate writes the mutants of the sites into a copied tree.
func Generate(dir string, list []Site) error {
	byFile := map[string][]Site{}
	for _, s := range list {
		byFile[s.File] = append(byFile[s.File], s)
	}
	for name, list := range byFile {
		file := filepath.Join(dir, filepath.FromSlash(name))
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		files := token.NewFileSet()
		tree, err := parser.ParseFile(files, name, source, parser.PackageClauseOnly)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(imported(files, tree, rewritten(string(source), list))), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// rewritten carries the edits out, those of nested sites from the outside in.
func rewritten(source string, list []Site) string {
	var edits []edit
	for _, s := range list {
		for _, e := range s.edits {
			if strings.Contains(e.text, "%d") {
				e.text = fmt.Sprintf(e.text, s.ID)
			}
			edits = append(edits, e)
		}
	}
	slices.SortStableFunc(edits, func(a, b edit) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at)
		}
		if a.closes != b.closes {
			return map[bool]int{true: -1, false: 1}[a.closes]
		}
		if a.closes {
			return cmp.Compare(a.width, b.width)
		}
		return cmp.Compare(b.width, a.width)
	})
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(source[at:max(at, e.at)])
		b.WriteString(e.text)
		at = max(at, e.at) + e.instead
	}
	b.WriteString(source[at:])
	return b.String()
}
