package archtest

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
)

// decision refuses, outside core, comparison of, arithmetic on and switches on
// types of core/kafka: whoever compares offsets, epochs, error codes or times
// decides something that the simulator cannot see, or repeats what core decides.
// Identities may be compared for equality, since a driver routes by them, and
// durations are settings. Conversion is no way around it: values converted in
// place must not be compared or computed with each other or with constants. With
// quantities of the caller's own they may: that is how a model or a record of
// what was seen meets what it models.
var decision = &analysis.Analyzer{
	Name: "decision",
	Doc:  "refuses comparison, arithmetic and switches on types of core/kafka outside core",
	Run: func(pass *analysis.Pass) (any, error) {
		for _, file := range pass.Files {
			if name := pass.Fset.Position(file.Pos()).Filename; strings.HasSuffix(name, "_test.go") {
				continue
			}
			eachFunction(file, func(name string, decl ast.Decl) {
				j := judge{pass: pass, function: name}
				ast.Inspect(decl, func(n ast.Node) bool {
					j.node(n)
					return true
				})
			})
		}
		return nil, nil
	},
}

// identities are types that name things; they may be compared for equality.
var identities = []string{"UUID", "TopicID", "DirectoryID", "IncarnationID", "TopicPartition", "PartitionIndex", "BrokerID", "ProducerID", "LogID", "Ref"}

func TestNothingOutsideCoreDecides(t *testing.T) {
	if n := len(exceptions); n > 10 {
		t.Errorf("%d exceptions, at most ten may be", n)
	}
	used := make([]bool, len(exceptions))
	for _, r := range analyse(t, decision, load(t, "sim", "node", "checker", "scenarios", "cmd")) {
		i := slices.IndexFunc(exceptions, func(e exception) bool { return module+"/"+e.pkg == r.pkg && e.function == r.function })
		if i < 0 {
			t.Errorf("%s:%d: %s in %s: let core offer a function", r.file, r.line, r.why, r.function)
			continue
		}
		used[i] = true
	}
	for i, e := range exceptions {
		if !used[i] || e.reason == "" {
			t.Errorf("exception %s.%s: it needs a reason, and code that uses it", e.pkg, e.function)
		}
	}
}

type judge struct {
	pass     *analysis.Pass
	function string
}

func (j *judge) refuse(at ast.Node, what string, t *types.Named) {
	j.pass.Report(analysis.Diagnostic{Pos: at.Pos(), Category: j.function, Message: what + " kafka." + t.Obj().Name()})
}

func (j *judge) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		t := j.operands(n.Op == token.ADD || n.Op == token.SUB || comparison(n.Op), n.X, n.Y)
		switch {
		case t == nil:
		case n.Op == token.EQL || n.Op == token.NEQ:
			if !slices.Contains(identities, t.Obj().Name()) {
				j.refuse(n, "comparison of", t)
			}
		case comparison(n.Op):
			j.refuse(n, "comparison of", t)
		default:
			j.refuse(n, "arithmetic on", t)
		}
	case *ast.UnaryExpr:
		if t := j.kafka(n.X, true); t != nil && (n.Op == token.SUB || n.Op == token.XOR) {
			j.refuse(n, "arithmetic on", t)
		}
	case *ast.IncDecStmt:
		if t := j.kafka(n.X, true); t != nil {
			j.refuse(n, "arithmetic on", t)
		}
	case *ast.AssignStmt:
		if t := j.kafka(n.Lhs[0], true); t != nil && n.Tok != token.ASSIGN && n.Tok != token.DEFINE {
			j.refuse(n, "arithmetic on", t)
		}
	case *ast.SwitchStmt:
		if n.Tag != nil {
			if t := j.kafka(n.Tag, true); t != nil {
				j.refuse(n, "switch on", t)
			}
		}
	case *ast.CallExpr:
		j.call(n)
	}
}

func comparison(op token.Token) bool {
	switch op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return true
	default:
		return false
	}
}

// call looks at what compares without an operator.
func (j *judge) call(n *ast.CallExpr) {
	name := ""
	switch f := ast.Unparen(n.Fun).(type) {
	case *ast.Ident:
		if _, ok := j.pass.TypesInfo.Uses[f].(*types.Builtin); ok {
			name = f.Name
		}
	case *ast.SelectorExpr:
		if o := j.pass.TypesInfo.Uses[f.Sel]; o != nil && o.Pkg() != nil && o.Pkg().Path() == "cmp" {
			name = "cmp"
		}
	}
	if name != "min" && name != "max" && name != "cmp" {
		return
	}
	if t := j.operands(true, n.Args...); t != nil {
		j.refuse(n, "comparison of", t)
	}
}

// operands returns the type of core/kafka that operands are compared or
// computed as: one that an operand has or, looking through conversions, one
// that all of them had, constants apart.
func (j *judge) operands(through bool, list ...ast.Expr) *types.Named {
	var converted *types.Named
	foreign := false
	for _, e := range list {
		if t := j.kafka(e, false); t != nil {
			return t
		}
		if t := j.kafka(e, true); t != nil {
			converted = t
		} else if j.pass.TypesInfo.Types[e].Value == nil {
			foreign = true
		}
	}
	if !through || foreign {
		return nil
	}
	return converted
}

// kafka returns the type of core/kafka that an expression has or, looking
// through, had before it was converted in place; nil for any other.
func (j *judge) kafka(e ast.Expr, through bool) *types.Named {
	e = ast.Unparen(e)
	if call, ok := e.(*ast.CallExpr); ok && through && len(call.Args) == 1 {
		if tv, ok := j.pass.TypesInfo.Types[call.Fun]; ok && tv.IsType() {
			if t := j.kafka(call.Args[0], true); t != nil {
				return t
			}
		}
	}
	t, ok := types.Unalias(j.pass.TypesInfo.TypeOf(e)).(*types.Named)
	if !ok || t.Obj().Pkg() == nil || t.Obj().Pkg().Path() != module+"/core/kafka" {
		return nil
	}
	if _, isStruct := t.Underlying().(*types.Struct); isStruct || t.Obj().Name() == "Duration" {
		return nil
	}
	return t
}
