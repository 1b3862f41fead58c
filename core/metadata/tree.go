package metadata

import "cmp"

// tree is a persistent ordered map: set and remove return a new tree that
// shares all but a path of O(log n) nodes with the old one. It is a treap whose
// priorities are a function of the key, so its shape depends on its contents
// only (Aragon and Seidel 1989). The zero value is empty.
type tree[K any, V any] struct{ root *treeNode[K, V] }

type treeNode[K any, V any] struct {
	key         K
	val         V
	prio        uint64
	size        int
	left, right *treeNode[K, V]
}

// keyOrder is how a tree orders and scatters its keys.
type keyOrder[K any] struct {
	compare func(a, b K) int
	prio    func(K) uint64
}

func (t tree[K, V]) len() int { return t.root.count() }

func (n *treeNode[K, V]) count() int {
	if n == nil {
		return 0
	}
	return n.size
}

func (t tree[K, V]) get(o *keyOrder[K], key K) (val V, found bool) {
	for n := t.root; n != nil; {
		switch c := o.compare(key, n.key); {
		case c < 0:
			n = n.left
		case c > 0:
			n = n.right
		default:
			return n.val, true
		}
	}
	return val, false
}

// set returns the tree with key set to val.
func (t tree[K, V]) set(o *keyOrder[K], key K, val V) tree[K, V] {
	return tree[K, V]{t.root.set(o, key, val, o.prio(key))}
}

func (n *treeNode[K, V]) set(o *keyOrder[K], key K, val V, prio uint64) *treeNode[K, V] {
	if n == nil {
		return &treeNode[K, V]{key: key, val: val, prio: prio, size: 1}
	}
	c := o.compare(key, n.key)
	if c == 0 {
		m := *n
		m.val = val
		return &m
	}
	if prio > n.prio || prio == n.prio && c < 0 {
		if _, there := (tree[K, V]{n}).get(o, key); !there {
			l, r := n.split(o, key)
			return (&treeNode[K, V]{key: key, val: val, prio: prio, left: l, right: r}).sized()
		}
	}
	m := *n
	if c < 0 {
		m.left = n.left.set(o, key, val, prio)
	} else {
		m.right = n.right.set(o, key, val, prio)
	}
	return m.sized()
}

// split parts a subtree into what lies below and above an absent key.
func (n *treeNode[K, V]) split(o *keyOrder[K], key K) (below, above *treeNode[K, V]) {
	if n == nil {
		return nil, nil
	}
	m := *n
	if o.compare(key, n.key) < 0 {
		below, m.left = n.left.split(o, key)
		return below, m.sized()
	}
	m.right, above = n.right.split(o, key)
	return m.sized(), above
}

// remove returns the tree without key.
func (t tree[K, V]) remove(o *keyOrder[K], key K) tree[K, V] {
	return tree[K, V]{t.root.remove(o, key)}
}

func (n *treeNode[K, V]) remove(o *keyOrder[K], key K) *treeNode[K, V] {
	if n == nil {
		return nil
	}
	c := o.compare(key, n.key)
	if c == 0 {
		return join(n.left, n.right)
	}
	m := *n
	if c < 0 {
		m.left = n.left.remove(o, key)
	} else {
		m.right = n.right.remove(o, key)
	}
	return m.sized()
}

// join merges two subtrees, all of l below all of r.
func join[K any, V any](l, r *treeNode[K, V]) *treeNode[K, V] {
	switch {
	case l == nil:
		return r
	case r == nil:
		return l
	case l.prio >= r.prio:
		m := *l
		m.right = join(l.right, r)
		return m.sized()
	}
	m := *r
	m.left = join(l, r.left)
	return m.sized()
}

func (n *treeNode[K, V]) sized() *treeNode[K, V] {
	n.size = 1 + n.left.count() + n.right.count()
	return n
}

// each visits the values by rising key until visit says stop.
func (t tree[K, V]) each(visit func(K, V) bool) { t.root.each(visit) }

func (n *treeNode[K, V]) each(visit func(K, V) bool) bool {
	return n == nil || n.left.each(visit) && visit(n.key, n.val) && n.right.each(visit)
}

// from visits the values with keys at or above key by rising key.
func (t tree[K, V]) from(o *keyOrder[K], key K, visit func(K, V) bool) { t.root.from(o, key, visit) }

func (n *treeNode[K, V]) from(o *keyOrder[K], key K, visit func(K, V) bool) bool {
	if n == nil {
		return true
	}
	if o.compare(n.key, key) < 0 {
		return n.right.from(o, key, visit)
	}
	return n.left.from(o, key, visit) && visit(n.key, n.val) && n.right.each(visit)
}

// fnv64 scatters a string's bytes (FNV-1a, then splitmix64's finalizer).
func fnv64(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return h
}

func compareBytes16(a, b [16]byte) int {
	for i := range a {
		if c := cmp.Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}
