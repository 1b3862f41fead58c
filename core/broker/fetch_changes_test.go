package broker_test

import (
	"testing"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// looks is how many partitions fetches look at while do runs.
func (w *world) looks(do func()) uint64 {
	before := w.b.Counters().FetchLooks
	do()
	return w.b.Counters().FetchLooks - before
}

// A consumer's fetch looks at what it names and at what has changed, however many
// partitions its session has.
func TestFetchLooksAtWhatHasChanged(t *testing.T) {
	for _, partitions := range []int32{4, 1000} {
		w := newWorld(t)
		w.limits.CheckEvery = 0
		w.start()
		w.mustCreate("orders", partitions)
		id, epoch := w.open(partitions), int32(0)
		ask := func(asked ...protocol.FetchPartition) string {
			epoch++
			return told(w.ask(fetchV, inSession(id, epoch, asked...)))
		}
		ask() // the first one looks at everything
		for _, c := range []struct {
			what, says string
			looks      uint64
			do         func() string
		}{
			{"nothing has changed", "", 0, func() string { return ask() }},
			{"one is named", "", 1, func() string { return ask(ask1(2, 0)) }},
			{"records for two", "1:hw=1[0..0] 3:hw=1[0..0]", 2, func() string {
				w.mustProduce("orders", 1, "a")
				w.mustProduce("orders", 3, "b")
				return ask()
			}},
			{"the reader goes on in them", "", 2, func() string { return ask(ask1(1, 1), ask1(3, 1)) }},
			{"a long poll that nothing wakes", "", 0, func() string {
				epoch++
				q := inSession(id, epoch)
				q.MaxWaitMs = 500
				corr := w.send(5, fetchV, q)
				w.pass(500 * kafka.Millisecond)
				return told(w.answer(corr))
			}},
			{"a long poll that records wake", "0:hw=1[0..0]", 1, func() string {
				epoch++
				q := inSession(id, epoch)
				q.MaxWaitMs = 500
				corr := w.send(5, fetchV, q)
				w.mustProduce("orders", 0, "c")
				return told(w.answer(corr))
			}},
			{"a long poll that waits for more than the first ones bring", "2:hw=3[0..0][1..1][2..2]", 3 + 1, func() string {
				ask(ask1(0, 1))
				epoch++
				q := inSession(id, epoch)
				q.MaxWaitMs, q.MinBytes = 500, int32(2*len(w.batch("d"))+1)
				corr := w.send(5, fetchV, q)
				for range 3 {
					w.mustProduce("orders", 2, "d")
				}
				return told(w.answer(corr))
			}},
		} {
			says := ""
			if n := w.looks(func() { says = c.do() }); n != c.looks || says != c.says {
				t.Errorf("%d partitions, %s: %d looked at, %q; want %d, %q", partitions, c.what, n, says, c.looks, c.says)
			}
		}
	}
}

// A follower's fetches look at what has changed: beside hundreds of partitions in
// which nothing happens a record is replicated and counted by as many looks as
// beside ten.
func TestReplicationLooksAtWhatHasChanged(t *testing.T) {
	few, many := looksOfReplication(t, 10), looksOfReplication(t, 300)
	t.Logf("partitions looked at for ten records: %d beside 10, %d beside 300", few, many)
	if few == 0 || many > few+2 {
		t.Errorf("partitions looked at for ten records: %d beside 10, %d beside 300", few, many)
	}
}

func looksOfReplication(t *testing.T, partitions int32) (looks uint64) {
	worlds := cluster(t, 3)
	q := createTopic("orders", partitions)
	q.Topics[0].ReplicationFactor = 3
	corr := worlds[0].queue(1, 7, q)
	settleAll(worlds)
	worlds[0].answer(corr)
	for range 4 {
		passAll(worlds, 600*kafka.Millisecond)
	}
	leader := worlds[worlds[0].b.Image().TopicByName("orders").Partition(0).Leader-1]
	return leader.looks(func() {
		for i := range 10 {
			corr := leader.queue(2, produceV, produce("orders", 0, -1, leader.batch("a")))
			settleAll(worlds)
			passAll(worlds, 600*kafka.Millisecond)
			a := leader.answer(corr).(*protocol.ProduceResponse)
			if p := &a.Partitions[0]; p.Err != kafka.None || p.BaseOffset != kafka.Offset(i) {
				t.Fatalf("%+v", p)
			}
		}
	})
}
