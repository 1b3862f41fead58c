// Package scenarios declares the trials: which cluster, which topics, which
// workload, which faults, and which verdict is expected, each with its reason.
// A Scenario is data. Package onsim carries it out in the simulator, package
// onlocal on real processes of this machine; both hand the history to the same
// checker. A fault that an arm cannot inject reads "not supported" there, never
// "passed".
//
// Files: scenario.go (the shape of a declaration), fault.go (the kinds of
// faults and what each endangers), claims.go (which properties are claimed
// under which faults), single.go (the declarations of one broker), registry.go
// (all of them, by name), outcome.go (what one seed gave), summary.go (what a
// run over seeds gave).
//
// mutants/*.diff are known bugs, re-introduced one by one by trialog-lab power.
// Read next: onsim, then cmd/trialog-lab.
package scenarios
