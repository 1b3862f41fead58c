// Package explore numbers the schedules of a small world, so that they can be
// carried out one after the other, each exactly once, without randomness.
//
// A schedule is up to two faults, each of one way (a kind and how long it lasts)
// at one place (before the n-th event of one broker), and at most one delivery
// that is held past one to eight others. A Space says how many ways, places and
// deliveries there are; its product is the number of schedules, and Tape gives
// the choices of the k-th one. Those with fewer faults and delays come first,
// and among them those whose last fault strikes early.
package explore
