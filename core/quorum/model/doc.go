// Package model is the metadata quorum as one automaton: N voters and any
// number of learners, of which some may be down, frozen, cut off or wiped.
//
// Next drives the simulator: it does everything that package quorum's port does
// not forbid, each oddity dosed by Limits, drawn by the choice function and
// marked by a probe. Accepts judges traces recorded from a real engine: a
// rejected trace means that the model promises more than the engine keeps.
//
// Promised (numbers are Accepts' verdicts):
//
//	Q1 One entry per index, on every node and in every incarnation.
//	Q2 Within an incarnation indexes rise, and none that exists is left out.
//	Q3 An entry was proposed, by the broker it names, before it is delivered.
//	Q4 A committed entry survives: whoever catches up has it.
//	Q5 A snapshot's state is the fold of the entries up to its index.
//	Q6 A Ref comes back only to the incarnation that proposed it, with its entry.
//	Q7 Unknown comes at most once per proposal.
//	Q8 Nothing reaches a node that is down.
//	Q9 Members of one version are the same everywhere, versions rise within an
//	   incarnation, and replicas come, vote and go only as somebody asked.
//
// Not promised, each done by the model: an old epoch's entry commits late; an
// entry commits twice; one leader's pipeline has gaps and changes order; Unknown,
// then committed much later or never, or told just before; leadership told before older entries are
// applied, told late, told to two, or told falsely; replay from a snapshot on
// restart; unbounded lag; leadership that moves without a fault, or is absent for
// seconds; a voter that dies with its host, links and disk.
package model
