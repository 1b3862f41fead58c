package metadata

import (
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// TestTree holds the persistent map to a plain one, old versions included.
func TestTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tr tree[nameKey, int]
		plain := map[nameKey]int{}
		type version struct {
			tr    tree[nameKey, int]
			plain map[nameKey]int
		}
		var versions []version
		key := rapid.Custom(func(t *rapid.T) nameKey { return nameKey(strconv.Itoa(rapid.IntRange(0, 40).Draw(t, "key"))) })
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				k, v := key.Draw(t, "k"), rapid.Int().Draw(t, "v")
				tr, plain[k] = tr.set(k, v), v
			},
			"remove": func(t *rapid.T) {
				k := key.Draw(t, "k")
				tr = tr.remove(k)
				delete(plain, k)
			},
			"keep": func(t *rapid.T) {
				c := map[nameKey]int{}
				for k, v := range plain {
					c[k] = v
				}
				versions = append(versions, version{tr, c})
			},
			"": func(t *rapid.T) {
				same(t, tr, plain)
				for _, v := range versions {
					same(t, v.tr, v.plain)
				}
				k := key.Draw(t, "from")
				tr.from(k, func(got nameKey, _ int) bool {
					if got.compare(k) < 0 {
						t.Fatalf("from %q visits %q", k, got)
					}
					return true
				})
			},
		})
	})
}

func same(t *rapid.T, tr tree[nameKey, int], plain map[nameKey]int) {
	var keys []nameKey
	tr.each(func(k nameKey, v int) bool {
		keys = append(keys, k)
		if want, ok := plain[k]; !ok || v != want {
			t.Fatalf("%q is %d, want %d", k, v, want)
		}
		return true
	})
	if len(keys) != len(plain) || tr.len() != len(plain) || !slices.IsSorted(keys) {
		t.Fatalf("keys %v, of %d, want %d sorted", keys, tr.len(), len(plain))
	}
	for k, v := range plain {
		if got, ok := tr.get(k); !ok || got != v {
			t.Fatalf("get %q: %d, %v, want %d", k, got, ok, v)
		}
	}
}

// TestTreeShape: the shape is a function of the contents, and shallow.
func TestTreeShape(t *testing.T) {
	var up, down tree[nameKey, int]
	const n = 10_000
	for i := range n {
		up = up.set(nameKey(strconv.Itoa(i)), 0)
		down = down.set(nameKey(strconv.Itoa(n-1-i)), 0)
	}
	if !equalShape(up.root, down.root) {
		t.Error("the order of insertion shows in the shape")
	}
	if d := depth(up.root); d > 50 {
		t.Errorf("%d keys lie %d deep", n, d)
	}
}

func equalShape(a, b *treeNode[nameKey, int]) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.key == b.key && equalShape(a.left, b.left) && equalShape(a.right, b.right)
}

func depth(n *treeNode[nameKey, int]) int {
	if n == nil {
		return 0
	}
	return 1 + max(depth(n.left), depth(n.right))
}
