// Package checker judges a history: did the log under test keep its promises?
// It knows nothing of Trialog. It imports the vocabulary of histories and
// Porcupine, and shares no code with what it judges, so that a misunderstanding
// cannot hide on both sides.
//
// One file holds one property (p03_durability.go …); the numbers are those of
// [history.Property]. Each judge returns one [Verdict] with evidence, the two
// or three operations or events that show it, and counts what was at risk.
//
// Read next: check.go (the entry), index.go (what all judges share: which
// value lies at which offset), claims.go (what is promised under which
// settings and faults), linear.go (the linear-time linearizability check),
// groups.go and register.go (what consumer groups did).
package checker
