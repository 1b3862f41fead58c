package must

// The beliefs, grouped by package. Add a constant and its name together.
const (
	CompletionMatchesAppend Belief = iota // replication: a completion names an append that waits
	FetchedContinuesLog                   // replication: what a leader sends continues the follower's log, and is intact
	CommittedInOrder                      // metadata: committed entries arrive by rising index
	AnswersInOrder                        // client: the answers of a connection come in the order of its requests
	FetchAnsweredAsAsked                  // client: the answer to a fetch names what was asked for
	ReadMatchesRequest                    // broker: a read's result names a read that was asked for
	ReadFindsItsFile                      // broker: the files that a read may need stay until it is back

	BeliefCount // must stay last
)

var beliefNames = [BeliefCount]string{
	CompletionMatchesAppend: "completion-matches-append",
	FetchedContinuesLog:     "fetched-continues-log",
	CommittedInOrder:        "committed-in-order",
	AnswersInOrder:          "answers-in-order",
	FetchAnsweredAsAsked:    "fetch-answered-as-asked",
	ReadMatchesRequest:      "read-matches-request",
	ReadFindsItsFile:        "read-finds-its-file",
}

// String names the belief.
func (b Belief) String() string { return beliefNames[b] }
