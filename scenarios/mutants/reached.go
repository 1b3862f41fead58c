package mutants

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// point is a place of a changed file that a diff has touched: a line that it adds,
// or the line that what it takes away stood before.
type point struct {
	line int
	gone bool // something was taken away here, and nothing was put there
}

// Probe has the changed statements of a tree that the mutant was applied to say when
// they are carried out: Mutated of the package that Support adds is called before
// them. It returns how many places do; none if what has changed are declarations only.
func (m *Mutant) Probe(dir string) (int, error) {
	text, err := os.ReadFile(m.File)
	if err != nil {
		return 0, err
	}
	probes := 0
	for name, hunks := range hunksOf(string(text)) {
		file := filepath.Join(dir, name)
		source, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		probed, n, err := probe(name, string(source), points(string(source), hunks))
		if err != nil {
			return 0, err
		}
		if n == 0 {
			continue
		}
		probes += n
		if err := os.WriteFile(file, []byte(probed), 0o644); err != nil {
			return 0, err
		}
	}
	return probes, nil
}

// hunk is one of a diff, as the file looks once it is applied.
type hunk struct {
	start int // the line it says it begins at
	lines []string
	marks []point // lines counted from 0 within the hunk
}

// hunksOf reads a unified diff, by file.
func hunksOf(diff string) map[string][]hunk {
	files := map[string][]hunk{}
	name, within := "", false
	for line := range strings.Lines(diff) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "+++ b/"):
			name, within = strings.TrimSpace(line[6:]), false
		case strings.HasPrefix(line, "--- ") || strings.HasPrefix(line, "diff "):
			within = false
		case strings.HasPrefix(line, "@@ ") && name != "":
			_, after, _ := strings.Cut(line, "+")
			digits, _, _ := strings.Cut(after, " ")
			digits, _, _ = strings.Cut(digits, ",")
			start, _ := strconv.Atoi(digits) // git has read it before us
			files[name], within = append(files[name], hunk{start: start}), true
		case within:
			files[name][len(files[name])-1].add(line)
		}
	}
	return files
}

func (h *hunk) add(line string) {
	switch {
	case strings.HasPrefix(line, "-"):
		h.marks = append(h.marks, point{len(h.lines), true})
	case strings.HasPrefix(line, "+"):
		// What stands in the place of what went is one change.
		for len(h.marks) > 0 && h.marks[len(h.marks)-1] == (point{len(h.lines), true}) {
			h.marks = h.marks[:len(h.marks)-1]
		}
		h.marks = append(h.marks, point{len(h.lines), false})
		h.lines = append(h.lines, line[1:])
	default:
		h.lines = append(h.lines, strings.TrimPrefix(line, " "))
	}
}

// points finds each hunk in the source, nearest to where it says.
func points(source string, hunks []hunk) []point {
	lines := strings.Split(source, "\n")
	var list []point
	for _, h := range hunks {
		at, found := 0, false
		for i := 0; i+len(h.lines) <= len(lines); i++ {
			if slices.Equal(lines[i:i+len(h.lines)], h.lines) && (!found || distance(i+1, h.start) < distance(at+1, h.start)) {
				at, found = i, true
			}
		}
		for _, p := range h.marks {
			if found && (p.gone || code(h.lines[p.line])) {
				list = append(list, point{at + p.line + 1, p.gone})
			}
		}
	}
	return list
}

func distance(a, b int) int { return max(a-b, b-a) }

// code tells whether a line holds more than a comment, a bracket or nothing.
func code(line string) bool {
	text := strings.Trim(line, " \t(){}")
	return text != "" && !strings.HasPrefix(text, "//")
}

// probe inserts calls before the innermost statements that hold the points.
func probe(name, source string, at []point) (string, int, error) {
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", 0, err
	}
	var places []int
	for _, p := range at {
		if offset, ok := place(files, tree, p); ok && !slices.Contains(places, offset) {
			places = append(places, offset)
		}
	}
	if len(places) == 0 {
		return source, 0, nil
	}
	slices.SortFunc(places, func(a, b int) int { return cmp.Compare(b, a) })
	for _, offset := range places {
		source = source[:offset] + "mutated.Hit(); " + source[offset:]
	}
	return imported(files, tree, source), len(places), nil
}

// imported adds the import right behind the package clause, whatever follows.
func imported(files *token.FileSet, tree *ast.File, source string) string {
	end := files.Position(tree.Name.End()).Offset
	return source[:end] + fmt.Sprintf("; import mutated %q", supportPath) + source[end:]
}

// place is where a call belongs for a point: before the statement of the innermost
// list around it.
func place(files *token.FileSet, tree *ast.File, p point) (offset int, found bool) {
	line := func(at token.Pos) int { return files.Position(at).Line }
	best := token.Pos(0)
	ast.Inspect(tree, func(n ast.Node) bool {
		if n == nil || line(n.Pos()) > p.line || line(n.End()) < p.line {
			return n != nil && n == ast.Node(tree)
		}
		for _, s := range statements(n) {
			if p.gone && line(n.Pos()) < p.line && line(s.Pos()) >= p.line || line(s.Pos()) <= p.line && p.line <= line(s.End()) {
				best = s.Pos() // lists further in are visited later
				break
			}
		}
		return true
	})
	if best == 0 {
		return 0, false
	}
	return files.Position(best).Offset, true
}

// statements is the list of a block or a case into which one more can be put.
func statements(n ast.Node) []ast.Stmt {
	var list []ast.Stmt
	switch n := n.(type) {
	case *ast.BlockStmt:
		list = n.List
	case *ast.CaseClause:
		list = n.Body
	case *ast.CommClause:
		list = n.Body
	}
	if len(list) > 0 {
		switch list[0].(type) {
		case *ast.CaseClause, *ast.CommClause:
			return nil
		}
	}
	return list
}
