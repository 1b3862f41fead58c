package node

import (
	"sync"
	"testing"
	"time"

	"trialog/core/broker"
	"trialog/core/kafka"
)

func TestInboxKeepsOrderAndBound(t *testing.T) {
	q := newInbox(8)
	var putters sync.WaitGroup
	for p := range 4 {
		putters.Go(func() {
			for i := range 1000 {
				if !q.put(&broker.ReadDone{Ref: kafka.Ref(p*1000 + i)}) {
					t.Error("an open inbox refused an input")
				}
			}
		})
	}
	next := make([]int, 4)
	var batch []broker.Input
	for got := 0; got < 4000; {
		if batch = q.take(batch); len(batch) == 0 {
			<-q.wake
			continue
		}
		if len(batch) > 8 {
			t.Fatalf("%d inputs waited, 8 may", len(batch))
		}
		for _, in := range batch {
			ref := int(in.(*broker.ReadDone).Ref)
			if p := ref / 1000; ref%1000 != next[p] {
				t.Fatalf("input %d of putter %d came when %d was due", ref%1000, p, next[p])
			}
			next[ref/1000]++
			got++
		}
	}
	putters.Wait()
}

func TestInboxLetsGoWhenClosed(t *testing.T) {
	q := newInbox(1)
	q.put(&broker.Tick{})
	done := make(chan bool)
	go func() { done <- q.put(&broker.Tick{}) }()
	select {
	case <-done:
		t.Fatal("a full inbox took an input")
	case <-time.After(20 * time.Millisecond):
	}
	q.close()
	if <-done {
		t.Error("a closed inbox took an input")
	}
}

func TestMemoryIsSharedAndComesBack(t *testing.T) {
	m := newMemory(100, make(chan struct{}, 1))
	if !m.take(60) {
		t.Fatal("refused")
	}
	done := make(chan bool)
	go func() { done <- m.take(60) }()
	select {
	case <-done:
		t.Fatal("120 of 100 bytes were given")
	case <-time.After(20 * time.Millisecond):
	}
	m.release(60)
	if !<-done {
		t.Fatal("refused")
	}
	m.release(60)
	if !m.take(500) { // more than there is counts as all there is
		t.Fatal("a large request waits for ever")
	}
	go func() { done <- m.take(1) }()
	time.Sleep(time.Millisecond)
	m.close()
	if <-done {
		t.Error("closed memory was given")
	}
}

func TestNotesAreLimited(t *testing.T) {
	var l noteLimit
	if !l.admit("a") || l.admit("a") || !l.admit("b") {
		t.Error("a message is said once, another one too")
	}
}
