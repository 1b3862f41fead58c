package archtest

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// written refuses a write to, or an address of, a variable of a package.
func (d *detector) written(e ast.Expr, how string) {
	if v := d.packageVariable(e); v != nil {
		d.refuse(e, "package variable %s is %s", v.Name(), how)
	}
}

// packageVariable returns the package-level variable that an expression is part
// of, or nil.
func (d *detector) packageVariable(e ast.Expr) *types.Var {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.SelectorExpr:
			if v := d.global(x.Sel); v != nil {
				return v
			}
			e = x.X
		case *ast.Ident:
			return d.global(x)
		default:
			return nil
		}
	}
}

func (d *detector) global(id *ast.Ident) *types.Var {
	v, ok := d.pass.TypesInfo.Uses[id].(*types.Var)
	if !ok || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() {
		return nil
	}
	return v
}

func (d *detector) call(n *ast.CallExpr) {
	switch f := d.callee(n).(type) {
	case *types.Builtin:
		d.builtin(f.Name(), n)
	case *types.Func:
		d.function(f, n)
	}
}

func (d *detector) callee(n *ast.CallExpr) types.Object {
	f := ast.Unparen(n.Fun)
	switch x := f.(type) {
	case *ast.IndexExpr:
		f = x.X
	case *ast.IndexListExpr:
		f = x.X
	}
	switch x := f.(type) {
	case *ast.Ident:
		return d.pass.TypesInfo.Uses[x]
	case *ast.SelectorExpr:
		return d.pass.TypesInfo.Uses[x.Sel]
	}
	return nil
}

func (d *detector) builtin(name string, n *ast.CallExpr) {
	switch name {
	case "print", "println":
		d.refuse(n, "%s writes to standard error", name)
	case "delete", "clear", "copy", "append":
		d.written(n.Args[0], "written to by "+name)
	}
}

// unordered are functions that give or follow an order that is not defined.
var unordered = map[string]string{
	"maps.Keys": "maps.Keys has no order", "maps.Values": "maps.Values has no order", "maps.All": "maps.All has no order",
	"maps.DeleteFunc": "maps.DeleteFunc has no order",
	"sort.Slice":      "sort.Slice is not stable", "sort.Sort": "sort.Sort is not stable",
	"slices.SortFunc": "slices.SortFunc is not stable", "slices.SortedFunc": "slices.SortedFunc is not stable",
}

func (d *detector) function(f *types.Func, n *ast.CallExpr) {
	if recv := f.Signature().Recv(); recv != nil {
		d.method(recv, n)
		return
	}
	if f.Pkg() == nil {
		return
	}
	name := f.Pkg().Path() + "." + f.Name()
	if name == "slices.Sorted" {
		d.sorted = append(d.sorted, n.Args...)
	}
	if what, ok := unordered[name]; ok && !slices.Contains(d.sorted, ast.Expr(n)) {
		d.order(n, what)
	}
	if f.Pkg().Path() == "fmt" && !strings.Contains(f.Name(), "scan") {
		for _, a := range n.Args {
			if t := d.pass.TypesInfo.TypeOf(a); printsAddress(t, nil) {
				d.refuse(a, "formatting %s may print an address", types.TypeString(t, types.RelativeTo(d.pass.Pkg)))
			}
		}
	}
}

// method refuses calls that take the address of a package variable.
func (d *detector) method(recv *types.Var, n *ast.CallExpr) {
	sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
	if !ok {
		return
	}
	if _, pointer := recv.Type().(*types.Pointer); !pointer {
		return
	}
	if _, pointer := underlying(d.pass.TypesInfo.TypeOf(sel.X)).(*types.Pointer); !pointer {
		d.written(sel.X, "address-taken by a method call")
	}
}

// printsAddress tells whether fmt may show an address for a value of a type: a
// pointer, function or channel, or something that contains one, and no method
// of its own that says how to print it.
func printsAddress(t types.Type, seen []types.Type) bool {
	if t == nil || slices.Contains(seen, t) || describesItself(t) {
		return false
	}
	seen = append(seen, t)
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	case *types.Pointer, *types.Signature, *types.Chan:
		return true
	case *types.Slice:
		return printsAddress(u.Elem(), seen)
	case *types.Array:
		return printsAddress(u.Elem(), seen)
	case *types.Map:
		return printsAddress(u.Elem(), seen) || printsAddress(u.Key(), seen)
	case *types.Struct:
		for i := range u.NumFields() {
			if printsAddress(u.Field(i).Type(), seen) {
				return true
			}
		}
	}
	return false
}

func describesItself(t types.Type) bool {
	methods := types.NewMethodSet(t)
	for _, name := range []string{"String", "Error", "Format"} {
		if methods.Lookup(nil, name) != nil {
			return true
		}
	}
	return false
}
