package archtest

// exception lets one function outside core compare or compute types of
// core/kafka. There may be ten of them, each with its reason.
type exception struct {
	pkg, function string // path in the module; "Type.Method" or "Function"
	reason        string
}

var exceptions = []exception{
	{"scenarios/onsim/logtrial", "trial.commit",
		"a trial of storage alone has no replication machine: this stands in for it, with one replica"},
}
