// Package controller is the machine that decides the cluster's metadata. Every
// broker with a voter runs one; at most one is active.
//
// It is told of leadership by the quorum (a hint), proposes a claim, and is
// active once its own claim has been applied. It then decides commands against
// its written view, the committed image plus what it has decided since, and
// answers each once the batch with its records has been applied. One batch is
// in flight; what is decided meanwhile gathers in the next. A batch whose fate
// is unknown is proposed again with the same sequence, which is harmless.
//
// Invariants:
//
//	C1 A command is decided only while the controller is active: its own claim is
//	   the last claim in the committed image.
//	C2 The written view is the committed image plus the batch in flight plus the
//	   open batch, and nothing else.
//	C3 At most one batch is in flight, its sequence the committed LastSeq plus one.
//	C4 A success is answered only after its records were applied; a refusal only
//	   after everything it was decided upon was applied (an empty batch stands in
//	   when there is nothing to wait for), so every answer is linearizable.
//	   Heartbeats that change nothing are the one exception.
//	C5 NOT_CONTROLLER means that the command has had, and will have, no effect.
//	   What may still commit is answered REQUEST_TIMED_OUT at its deadline, if
//	   neither its commit nor a newer claim has settled it before.
//	C6 Every command is answered exactly once, unless the incarnation ends.
//	C7 A partition's leader is eligible and in its ISR; ISR members are eligible;
//	   ISR and ELR are disjoint; the ELR is empty when the ISR is at min ISR.
//	C8 The engine is asked only for steps towards the committed membership, and
//	   for none that leaves no voter.
//
// Files: input.go (commands), effects.go (results), state.go, step.go (one
// switch), claim.go (leadership and commit), draft.go (a decision in the
// making), registration.go and heartbeat.go (brokers), reshape.go (leader, ISR
// and ELR of a partition), topics.go, topics_change.go, names.go, placement.go,
// configs.go, configs_replace.go, producerids.go, features.go, reassign.go, alterpartition.go, directories.go, elect.go, balance.go, membership.go,
// invariants.go.
//
// Read next: core/metadata (records and image), core/quorum (what a commit
// means).
package controller
