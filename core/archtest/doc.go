// Package archtest holds the house rules that a compiler does not know, as
// tests of the whole module. It has no code of its own: everything is in tests,
// which may import what core may not.
//
//   - imports: which package may import which, as a table with a reason a row
//   - determinism: nothing in core or sim depends on scheduling, clocks, memory
//     addresses, the order of maps, floating point or state of a package
//   - decision: nothing outside core compares or computes offsets, epochs,
//     error codes or times; where a driver needs a decision, core has a function
//   - house: every package says what it is; files stay short; nothing is left
//     undone or skipped
//
// A line that ranges over a map or sorts without a total order may say
// `//order: <why it cannot matter>`.
package archtest
