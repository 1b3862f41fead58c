package metadata

// tree is a persistent ordered map: set and remove return a new tree that
// shares all but a path of O(log n) nodes with the old one. It is a treap whose
// priorities are a function of the key, so its shape depends on its contents
// only (Aragon and Seidel 1989). The zero value is empty.
type tree[K treeKey[K], V any] struct{ root *treeNode[K, V] }

// treeKey is how a tree orders and scatters its keys.
type treeKey[K any] interface {
	compare(K) int
	scatter() uint64
}

type treeNode[K treeKey[K], V any] struct {
	key         K
	val         V
	prio        uint64
	size        int
	left, right *treeNode[K, V]
}

func (t tree[K, V]) len() int { return t.root.count() }

func (n *treeNode[K, V]) count() int {
	if n == nil {
		return 0
	}
	return n.size
}

func (t tree[K, V]) get(key K) (val V, found bool) {
	for n := t.root; n != nil; {
		switch c := key.compare(n.key); {
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
func (t tree[K, V]) set(key K, val V) tree[K, V] {
	return tree[K, V]{t.root.set(key, val, key.scatter())}
}

func (n *treeNode[K, V]) set(key K, val V, prio uint64) *treeNode[K, V] {
	if n == nil {
		return &treeNode[K, V]{key: key, val: val, prio: prio, size: 1}
	}
	c := key.compare(n.key)
	if c == 0 {
		m := *n
		m.val = val
		return &m
	}
	if prio > n.prio || prio == n.prio && c < 0 {
		// Whatever ranks above n is not below it, so key is new here.
		l, r := n.split(key)
		return (&treeNode[K, V]{key: key, val: val, prio: prio, left: l, right: r}).sized()
	}
	m := *n
	if c < 0 {
		m.left = n.left.set(key, val, prio)
	} else {
		m.right = n.right.set(key, val, prio)
	}
	return m.sized()
}

// split parts a subtree into what lies below and above an absent key.
func (n *treeNode[K, V]) split(key K) (below, above *treeNode[K, V]) {
	if n == nil {
		return nil, nil
	}
	m := *n
	if key.compare(n.key) < 0 {
		below, m.left = n.left.split(key)
		return below, m.sized()
	}
	m.right, above = n.right.split(key)
	return m.sized(), above
}

// remove returns the tree without key.
func (t tree[K, V]) remove(key K) tree[K, V] {
	if _, there := t.get(key); !there {
		return t
	}
	return tree[K, V]{t.root.remove(key)}
}

func (n *treeNode[K, V]) remove(key K) *treeNode[K, V] {
	if n == nil {
		return nil
	}
	c := key.compare(n.key)
	if c == 0 {
		return join(n.left, n.right)
	}
	m := *n
	if c < 0 {
		m.left = n.left.remove(key)
	} else {
		m.right = n.right.remove(key)
	}
	return m.sized()
}

// join merges two subtrees, all of l below all of r.
func join[K treeKey[K], V any](l, r *treeNode[K, V]) *treeNode[K, V] {
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
func (t tree[K, V]) from(key K, visit func(K, V) bool) { t.root.from(key, visit) }

func (n *treeNode[K, V]) from(key K, visit func(K, V) bool) bool {
	if n == nil {
		return true
	}
	if n.key.compare(key) < 0 {
		return n.right.from(key, visit)
	}
	return n.left.from(key, visit) && visit(n.key, n.val) && n.right.each(visit)
}
