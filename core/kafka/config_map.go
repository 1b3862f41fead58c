package kafka

import (
	"slices"
	"strings"
)

// Get returns a value and whether it is set.
func (m ConfigMap) Get(name string) (string, bool) {
	if i, ok := m.find(name); ok {
		return m[i].Value, true
	}
	return "", false
}

func (m ConfigMap) find(name string) (int, bool) {
	return slices.BinarySearchFunc(m, name, func(e ConfigEntry, name string) int { return strings.Compare(e.Name, name) })
}

// With returns a copy with the value set.
func (m ConfigMap) With(name, value string) ConfigMap {
	i, ok := m.find(name)
	if ok {
		c := slices.Clone(m)
		c[i].Value = value
		return c
	}
	c := make(ConfigMap, 0, len(m)+1)
	c = append(append(c, m[:i]...), ConfigEntry{name, value})
	return append(c, m[i:]...)
}

// Without returns a copy without the name.
func (m ConfigMap) Without(name string) ConfigMap {
	i, ok := m.find(name)
	if !ok {
		return m
	}
	return slices.Delete(slices.Clone(m), i, i+1)
}

// NewConfigMap sorts entries into a map; of entries with one name the last wins.
func NewConfigMap(entries ...ConfigEntry) ConfigMap {
	var m ConfigMap
	for _, e := range entries {
		m = m.With(e.Name, e.Value)
	}
	return m
}
