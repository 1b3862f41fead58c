package jepsen

// names are Jepsen's for the anomalies that are found here, or why it has none.
// What only a look inside shows, such as a log that came back shorter, is not
// listed.
var names = map[string]string{
	"inconsistent-offsets":       "inconsistent-offsets",
	"duplicate":                  "duplicate",
	"lost-write":                 "lost-write",
	"unseen":                     "unseen",
	"int-nonmonotonic-send":      "int-nonmonotonic-send",
	"nonmonotonic-send":          "nonmonotonic-send",
	"int-poll-skip":              "int-poll-skip",
	"poll-skip":                  "poll-skip",
	"nonmonotonic-poll":          "nonmonotonic-poll",
	"int-nonmonotonic-poll":      "int-nonmonotonic-poll",
	"failed-read":                "G1a",
	"phantom-read":               "none (no-writer-of: its checker throws)",
	"misrouted-read":             "none (no-writer-of: its checker throws)",
	"realtime-nonmonotonic-send": "G0-realtime (allowed there)",
	"stale-read":                 "none (realtime-lag is a metric there)",
	"early-read":                 "none (realtime-lag is a metric there)",
	"two-owners":                 "none (consume-counts is a metric there)",
}

// Name is what Jepsen calls an anomaly; "" when it has no word for it.
func Name(anomaly string) string { return names[anomaly] }
