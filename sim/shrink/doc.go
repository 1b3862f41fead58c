// Package shrink looks for the shortest schedule that still fails in the same
// way.
//
// A run is a seed and a tape. Whatever is decided in it is a draw whose dull
// value is zero, so shrinking is overriding draws with zero: first the faults
// that strike, then the operations of applications, then delays, torn sectors
// and the rest. No draw shifts another, so what remains stays the same run in
// all other respects.
package shrink
