// Package matrix is the guarantee matrix as data: what is claimed under which
// settings and faults, what tries to break it, which counters must have moved
// for that to mean anything, which known bugs the same trial must find; and what
// is not claimed, with the anomaly that must show it.
//
// Files: row.go (what a row is), single.go, cluster.go, controls.go (the rows),
// evaluate.go (rows and results into a report), table.go (docs/GUARANTEES.md).
package matrix
