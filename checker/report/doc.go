// Package report writes the guarantee report: a matrix of what holds under which
// settings and faults, with the evidence for each row, what breaks what is not
// claimed, how many known bugs the same trials find, and what was not tried.
// Its shape is that of a Jepsen analysis. It knows results and histories only.
//
// Files: report.go (what a report consists of), loss.go (what a violation
// cost), violation.go (a section on one), markdown.go, html.go and page/ (how it
// is written).
package report
