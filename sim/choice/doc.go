// Package choice holds all the randomness of a simulation.
//
// A draw is Choose(site, n) on a stream. A site is a small constant that says
// what is decided (sites.go); a stream is who decides: a kind and a node or
// link. The value is a hash of seed, stream, site and ordinal modulo n, the
// ordinal counted per stream and site. So nothing needs to be recorded, and a
// draw that is added somewhere shifts no other draw.
//
// Zero is always the dull value: no fault, the least delay, no operation.
// Shrinking therefore means overriding values with zero.
//
// A Tape is a seed and sparse overrides. An override that no draw consumed is
// reported, because it says that the run no longer is the run it was made for.
package choice
