package archtest

import (
	"go/ast"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"
)

const module = "trialog"

// root is the directory of the module.
var root = filepath.Join("..", "..")

// loaded is every package of the module without its tests, type-checked.
var loaded = sync.OnceValues(func() ([]*packages.Package, error) {
	return packages.Load(&packages.Config{Mode: packages.LoadSyntax, Dir: root}, "./...")
})

// load returns the packages at or below some paths of the module.
func load(t *testing.T, paths ...string) []*packages.Package {
	t.Helper()
	all, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	var some []*packages.Package
	for _, p := range all {
		for _, path := range paths {
			if under(p.PkgPath, module+"/"+path) {
				some = append(some, p)
				for _, e := range p.Errors {
					t.Errorf("%s does not compile: %v", p.PkgPath, e)
				}
				break
			}
		}
	}
	if len(some) == 0 {
		t.Fatalf("no package under %v", paths)
	}
	return some
}

// under tells whether a package path is a path or below it.
func under(path, top string) bool { return path == top || strings.HasPrefix(path, top+"/") }

// analyse runs an analyzer over packages and returns what it refuses.
func analyse(t *testing.T, a *analysis.Analyzer, pkgs []*packages.Package) []refusal {
	t.Helper()
	graph, err := checker.Analyze([]*analysis.Analyzer{a}, pkgs, nil)
	if err != nil {
		t.Fatal(err)
	}
	var list []refusal
	for _, action := range graph.Roots {
		if action.Err != nil {
			t.Errorf("%s: %v", action.Package.PkgPath, action.Err)
		}
		for _, d := range action.Diagnostics {
			at := action.Package.Fset.Position(d.Pos)
			file, err := filepath.Rel(mustAbs(t, root), at.Filename)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, refusal{action.Package.PkgPath, d.Category, file, at.Line, d.Message})
		}
	}
	return list
}

// refusal is one line that breaks a rule.
type refusal struct {
	pkg, function, file string
	line                int
	why                 string
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// eachFunction calls f with every declaration of a file and, for functions, the
// name ("Type.Method" for methods; "" otherwise).
func eachFunction(file *ast.File, f func(name string, decl ast.Decl)) {
	for _, decl := range file.Decls {
		name := ""
		if fn, ok := decl.(*ast.FuncDecl); ok {
			name = fn.Name.Name
			if fn.Recv != nil && len(fn.Recv.List) == 1 {
				name = receiver(fn.Recv.List[0].Type) + "." + name
			}
		}
		f(name, decl)
	}
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return "?"
}
