package broker_test

import (
	"testing"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

func TestFetchSessionEviction(t *testing.T) {
	const age = 10 * kafka.Second
	w := newWorld(t)
	w.limits.FetchSessions, w.limits.FetchSessionPartitions, w.limits.FetchSessionAge = 2, 6, age
	w.start()
	w.mustCreate("orders", 8)
	try := func(partitions int) int32 {
		q := inSession(0, 0)
		for p := range partitions {
			q.Partitions = append(q.Partitions, ask1(kafka.PartitionIndex(p), 0))
		}
		return w.ask(fetchV, q).(*protocol.FetchResponse).SessionID
	}
	epochs := map[int32]int32{}
	alive := func(id int32) bool {
		epochs[id]++
		return told(w.ask(fetchV, inSession(id, epochs[id]))) == ""
	}
	a, b := try(2), try(1)
	if a == 0 || b == 0 || a == b {
		t.Fatalf("sessions %d and %d", a, b)
	}
	if id := try(3); id != 0 {
		t.Error("a young session was displaced")
	}
	w.pass(age)
	if !alive(a) || !alive(b) {
		t.Fatal("a session is gone")
	}
	if id := try(3); id != 0 {
		t.Error("a session was displaced at the very age")
	}
	w.pass(1)
	if id := try(1); id != 0 {
		t.Error("a session was displaced by one that is no more useful")
	}
	c := try(2)
	if c == 0 || alive(b) || !alive(a) {
		t.Error("the smallest old session did not make room for a larger one")
	}
	w.pass(age)
	alive(c)
	w.pass(1)
	d := try(1)
	if d == 0 || alive(a) || !alive(c) {
		t.Error("the session unused for longest did not make room")
	}
	if id := try(5); id != 0 || !alive(c) {
		t.Error("there are more partitions than allowed")
	}
	w.pass(2 * age)
	if id := try(5); id == 0 || alive(c) || alive(d) {
		t.Error("old sessions did not make room for a large one")
	}
	if id := try(7); id != 0 {
		t.Error("a session of more partitions than all may have")
	}
	if n := w.b.Counters().FetchSessionsEvicted; n != 4 {
		t.Errorf("%d evictions", n)
	}
}

// A follower's session takes the place of a consumer's, however young.
func TestFollowersSessionsComeFirst(t *testing.T) {
	w := newWorld(t)
	w.limits.FetchSessions = 1
	w.start()
	w.mustCreate("orders", 2)
	consumer := w.open(2)
	q := inSession(0, 0, ask1(0, 0))
	q.ReplicaID, q.ReplicaEpoch = 1, 1
	follower := w.ask(15, q).(*protocol.FetchResponse).SessionID
	if follower == 0 {
		t.Fatal("a follower got no session")
	}
	if got := told(w.ask(fetchV, inSession(consumer, 1))); got != "FETCH_SESSION_ID_NOT_FOUND id=0" {
		t.Error(got)
	}
	w.pass(w.limits.FetchSessionAge + 1)
	other := inSession(follower, 1)
	other.ReplicaID, other.ReplicaEpoch = 1, 1
	w.ask(15, other)
	if a := w.ask(fetchV, inSession(0, 0, ask1(0, 0), ask1(1, 0))).(*protocol.FetchResponse); a.SessionID != 0 {
		t.Error("a consumer displaced a follower")
	}
}

// A session that grows beyond what all may have is given up.
func TestFetchSessionOutgrowsItsPlace(t *testing.T) {
	w := newWorld(t)
	w.limits.FetchSessionPartitions = 2
	w.start()
	w.mustCreate("orders", 3)
	id := w.open(2)
	if got := told(w.ask(fetchV, inSession(id, 1, ask1(2, 0)))); got != "FETCH_SESSION_ID_NOT_FOUND id=0" {
		t.Error(got)
	}
	if c := w.b.Counters(); c.FetchSessions != 0 || c.FetchSessionPartitions != 0 {
		t.Errorf("%d sessions with %d partitions", c.FetchSessions, c.FetchSessionPartitions)
	}
}

func TestFetchSessionsCanBeSwitchedOff(t *testing.T) {
	w := newWorld(t)
	w.config.Settings["max.incremental.fetch.session.cache.slots"] = "0"
	w.start()
	w.mustCreate("orders", 1)
	if a := w.ask(fetchV, inSession(0, 0, ask1(0, 0))).(*protocol.FetchResponse); a.SessionID != 0 || told(a) != "0:hw=0" {
		t.Errorf("%+v", a)
	}
}
