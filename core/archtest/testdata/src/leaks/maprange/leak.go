// Package maprange leaks the order of a map.
package maprange

import (
	"maps"
	"slices"
)

func sum(m map[string]int) (keys []string) {
	for k := range m { // want "range over a map has no order"
		keys = append(keys, k)
	}
	for k := range m { //order: keys is sorted below
		keys = append(keys, k)
	}
	for k := range m { /* want "gives no reason" */ //order:
		keys = append(keys, k)
	}
	for k := range maps.Keys(m) { // want "maps.Keys has no order"
		keys = append(keys, k)
	}
	maps.DeleteFunc(m, func(k string, _ int) bool { return k == "" }) // want "maps.DeleteFunc has no order"
	keys = append(keys, slices.Sorted(maps.Keys(m))...)
	for range keys { //order: a slice has one // want "excuses nothing"
	}
	return keys
}
