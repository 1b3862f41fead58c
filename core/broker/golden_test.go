package broker_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
)

var rewrite = flag.Bool("rewrite", false, "rewrite golden files")

// compare holds a transcript to testdata.
func compare(t *testing.T, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.TrimPrefix(t.Name(), "TestGolden")+".txt")
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -rewrite takes this:\n%s", path, got)
	}
}

// tellStory begins a transcript.
func (w *world) tellStory() { w.story = &strings.Builder{} }

func (w *world) say(title string) { w.tell("\n-- %s", title) }

// A produce is acknowledged at the sync and not before; so is its duplicate;
// what was acknowledged is there after a kill.
func TestGoldenProduce(t *testing.T) {
	w := newWorld(t)
	w.tellStory()
	w.say("the first start formats the directory")
	w.start()
	w.say("a topic gets its log, and the log its first leader epoch")
	w.mustCreate("orders", 1)

	w.say("a batch that is written but not synced is not acknowledged")
	w.holdSyncs = true
	first := records(batch.Producer{ID: 1000, BaseSequence: 0}, w.now.Wall, "a", "b")
	w.send(1, produceV, produce("orders", 0, -1, first))
	w.say("its duplicate, from another connection, waits like the original")
	w.send(2, produceV, produce("orders", 0, -1, first))
	w.say("a reader sees nothing of it and waits")
	w.send(3, fetchV, poll("orders", 0, 0, 500))
	w.say("the sync answers all three")
	w.holdSyncs = false
	w.flush()
	w.settle()

	w.say("a batch that is neither written nor synced when the process dies was never acknowledged")
	w.holdWrites = true
	w.send(1, produceV, produce("orders", 0, -1, records(batch.Producer{ID: 1000, BaseSequence: 2}, w.now.Wall, "c")))
	w.kill()
	w.say("the next incarnation leads in a new epoch and still knows the producer")
	w.start()
	w.send(1, produceV, produce("orders", 0, -1, first))
	w.send(3, fetchV, fetch("orders", 0, 0))
	compare(t, w.story.String())
}

// Requests of one connection overlap and are answered in their order; what
// waits holds back only its own connection.
func TestGoldenPipelining(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	w.tellStory()
	w.say("three produces in flight at once, behind them a fetch, and behind that another produce")
	w.holdSyncs = true
	w.queue(1, produceV, produce("orders", 0, -1, w.batch("a")))
	w.queue(1, produceV, produce("orders", 0, 1, w.batch("b")))
	w.queue(1, produceV, produce("orders", 0, 0, w.batch("c")))
	w.queue(1, fetchV, poll("orders", 0, 0, 1000))
	w.queue(1, produceV, produce("orders", 0, -1, w.batch("d")))
	w.settle()
	w.say("another connection is not held back")
	w.send(2, fetchV, fetch("orders", 0, 0))
	w.say("the sync answers the produces; the fetch reads, and lets the last produce begin")
	w.holdSyncs = false
	w.flush()
	w.settle()
	w.say("a long poll that nothing comes for ends with its time")
	w.send(1, fetchV, poll("orders", 0, 4, 1000))
	w.pass(500 * kafka.Millisecond)
	w.pass(500 * kafka.Millisecond)
	compare(t, w.story.String())
}

// A topic that is deleted and created again is another topic.
func TestGoldenRecreation(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 1)
	w.mustProduce("orders", 0, "a", "b")
	w.tellStory()
	w.say("a read holds the files of the topic when it is deleted")
	w.holdReads = true
	w.send(1, fetchV, fetch("orders", 0, 0))
	w.send(2, fetchV, poll("orders", 0, 2, 60_000))
	w.say("the waiting reader is told, the log ends when the read is back")
	w.send(99, 6, deleteTopic("orders"))
	w.say("a topic of the same name begins at zero")
	w.send(99, 7, createTopic("orders", 1))
	w.holdReads = false
	w.flush()
	w.settle()
	w.send(3, produceV, produce("orders", 0, -1, w.batch("c")))
	w.send(3, fetchV, fetch("orders", 0, 0))
	compare(t, w.story.String())
}
