package partition

import (
	"strings"
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
)

// TestUnlike: a log is like what recovery makes of it, and each thing that could
// differ is named.
func TestUnlike(t *testing.T) {
	n := twoLogs(t, 20, smallLimits())
	for _, l := range n.logs {
		n.lead(l, l.LatestEpoch()+2)
		n.append(l, testBatch(21, 3, 30, batch.Producer{ID: 4, BaseSequence: sequenceOf(l, 4)}))
	}
	n.sync()
	n.alive()
	m := startNode(t, n.fs, n.limits)
	m.alive()
	for i, l := range n.logs {
		if why := l.Unlike(m.logs[i], n.now); why != "" {
			t.Fatalf("log %d: %s", l.Log, why)
		}
	}
	for what, c := range map[string]func(l *Log){
		"epochs":   func(l *Log) { l.epochs = l.epochs[1:] },
		"producer": func(l *Log) { l.producers.find(4).epoch++ },
		"holds":    func(l *Log) { l.LogEndOffset-- },
		"fenced":   func(l *Log) { l.Fence("damage") },
		"is of":    func(l *Log) { l.Partition = kafka.TopicPartition{} },
	} {
		o := startNode(t, n.fs, n.limits)
		c(o.logs[0])
		if why := n.logs[0].Unlike(o.logs[0], n.now); !strings.Contains(why, what) {
			t.Errorf("%s: %q", what, why)
		}
	}
}
