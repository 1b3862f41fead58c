// Package seeds holds tapes: runs that once failed, shrunk, replayed as
// regressions by its test.
//
// A tape of a control must show again what it showed; any other one, stored
// from a bug that is fixed or from a mutant, must pass. A run whose trace hash
// is not that of its tape is stale: the code has changed beneath it, and what
// it does now says nothing of the bug until it is shrunk anew. The test prints
// what is stale and which stored draws were never made. Of a mutant's tape, whose
// hash is that of the run with the bug, it says nothing: trialog-lab power replays
// that in the mutant's build, and tells whether it still shows it.
//
// trialog-lab shrink SCENARIO --seed S -o scenarios/seeds/NAME.tape stores one,
// trialog-lab power --only MUTANT --tapes scenarios/seeds one of a mutant.
package seeds
