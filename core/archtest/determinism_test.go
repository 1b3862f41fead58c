package archtest

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
)

// determinism refuses what would let two runs of one seed differ.
var determinism = &analysis.Analyzer{
	Name: "determinism",
	Doc:  "refuses goroutines, channels, map order, addresses, floats, package state and unstable sorts",
	Run: func(pass *analysis.Pass) (any, error) {
		for _, file := range pass.Files {
			if name := pass.Fset.Position(file.Pos()).Filename; strings.HasSuffix(name, "_test.go") {
				continue
			}
			d := detector{pass: pass, excuses: map[int]*excuse{}, floats: map[int]bool{}}
			d.file(file)
		}
		return nil, nil
	},
}

func TestCoreAndSimAreDeterministic(t *testing.T) {
	for _, r := range analyse(t, determinism, load(t, "core", "sim")) {
		t.Errorf("%s:%d: %s", r.file, r.line, r.why)
	}
}

// detector looks at one file.
type detector struct {
	pass    *analysis.Pass
	excuses map[int]*excuse // by line
	floats  map[int]bool    // lines refused already
	sorted  []ast.Expr      // arguments of slices.Sorted, whose order does not matter
}

// excuse is an //order: comment.
type excuse struct {
	at     token.Pos
	reason string
	used   bool
}

func (d *detector) refuse(at ast.Node, format string, args ...any) {
	d.pass.Reportf(at.Pos(), format, args...)
}

// order refuses something whose order is not defined, unless the line says why
// it cannot matter.
func (d *detector) order(at ast.Node, what string) {
	if e := d.excuses[d.line(at.Pos())]; e != nil {
		e.used = true
		return
	}
	d.refuse(at, "%s; sort, or say //order: <why it cannot matter> on the line", what)
}

func (d *detector) line(p token.Pos) int { return d.pass.Fset.Position(p).Line }

func (d *detector) file(file *ast.File) {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if reason, ok := strings.CutPrefix(c.Text, "//order:"); ok {
				d.excuses[d.line(c.Pos())] = &excuse{at: c.Pos(), reason: strings.TrimSpace(reason)}
			}
		}
	}
	for _, i := range file.Imports {
		d.imported(i)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		d.node(n)
		return true
	})
	for _, e := range d.excuses { //order: diagnostics are sorted by position
		switch {
		case !e.used:
			d.pass.Reportf(e.at, "//order: excuses nothing on this line")
		case e.reason == "":
			d.pass.Reportf(e.at, "//order: gives no reason")
		}
	}
}

// excepted tells whether the table of imports names a package for this one alone.
func (d *detector) excepted(path string) bool {
	r, found := rowFor(d.pass.Pkg.Path())
	return found && slices.Contains(r.allow, path)
}

func (d *detector) imported(i *ast.ImportSpec) {
	path, err := strconv.Unquote(i.Path.Value)
	if err == nil && (isStd(path) || path == "unsafe") && !slices.Contains(pure, path) && !d.excepted(path) {
		d.refuse(i, "%s is not pure", path)
	}
}

func (d *detector) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.GoStmt:
		d.refuse(n, "goroutine")
	case *ast.SelectStmt:
		d.refuse(n, "select")
	case *ast.SendStmt:
		d.refuse(n, "channel")
	case *ast.ChanType:
		d.refuse(n, "channel")
	case *ast.RangeStmt:
		d.ranges(n)
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			for _, lhs := range n.Lhs {
				d.written(lhs, "assigned")
			}
		}
	case *ast.IncDecStmt:
		d.written(n.X, "assigned")
	case *ast.UnaryExpr:
		switch n.Op {
		case token.AND:
			d.written(n.X, "address-taken")
		case token.ARROW:
			d.refuse(n, "channel")
		default:
		}
	case *ast.SliceExpr:
		if _, ok := underlying(d.pass.TypesInfo.TypeOf(n.X)).(*types.Array); ok {
			d.written(n.X, "address-taken by slicing")
		}
	case *ast.CallExpr:
		d.call(n)
	case *ast.BasicLit:
		if n.Kind == token.STRING && strings.Contains(n.Value, "%p") {
			d.refuse(n, "%%p prints an address")
		}
	}
	if e, ok := n.(ast.Expr); ok {
		d.float(e)
	}
}

func (d *detector) ranges(n *ast.RangeStmt) {
	switch t := d.pass.TypesInfo.TypeOf(n.X); underlying(t).(type) {
	case *types.Map:
		d.order(n, "range over a map has no order")
	case *types.Chan:
		d.refuse(n, "channel")
	}
	if n.Tok == token.ASSIGN {
		for _, e := range []ast.Expr{n.Key, n.Value} {
			if e != nil {
				d.written(e, "assigned")
			}
		}
	}
}

func (d *detector) float(e ast.Expr) {
	b, ok := underlying(d.pass.TypesInfo.TypeOf(e)).(*types.Basic)
	if !ok || b.Info()&(types.IsFloat|types.IsComplex) == 0 || d.floats[d.line(e.Pos())] {
		return
	}
	d.floats[d.line(e.Pos())] = true
	d.refuse(e, "floating point")
}

// underlying is the underlying type; nil for no type.
func underlying(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	return t.Underlying()
}
