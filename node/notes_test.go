package node

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"trialog/core/broker"
	"trialog/core/kafka"
)

func TestRepeatedLinesAreCounted(t *testing.T) {
	var l noteLimit
	at := time.Unix(1000, 0)
	for i, c := range []struct {
		after    time.Duration
		what     string
		repeated int
		ok       bool
	}{
		{0, "a", 0, true}, {time.Second, "a", 0, false}, {0, "b", 0, true}, {8 * time.Second, "a", 0, false},
		{time.Second, "a", 2, true}, {quietFor, "a", 0, true}, {0, "b", 0, true},
	} {
		at = at.Add(c.after)
		if repeated, ok := l.say(c.what, at); repeated != c.repeated || ok != c.ok {
			t.Errorf("line %d, %s: %d %t, want %d %t", i, c.what, repeated, ok, c.repeated, c.ok)
		}
	}
	if got := l.muted.n.Load(); got != 2 {
		t.Errorf("%v lines muted, want 2", got)
	}
}

func TestFloodsOfLinesAreBounded(t *testing.T) {
	var l noteLimit
	at := time.Unix(1000, 0)
	said := 0
	for i := range 20_000 { // for two seconds, each line another
		if _, ok := l.say(fmt.Sprint(i), at.Add(time.Duration(i)*100*time.Microsecond)); ok {
			said++
		}
		if len(l.said) > saidMost {
			t.Fatalf("%d messages are remembered", len(l.said))
		}
	}
	if said != 2*linesPerSecond || l.muted.n.Load() != uint64(20_000-said) {
		t.Errorf("%d lines in two seconds, %v muted", said, l.muted.n.Load())
	}
}

func TestNotesNameWhereTheyAre(t *testing.T) {
	var out bytes.Buffer
	s := newSpeaker(slog.New(slog.NewTextHandler(&out, nil)))
	damage := broker.Note{Level: broker.Error, Text: "damaged", Topic: "orders", Partition: 3, Epoch: 0, Offset: 17, Detail: "why"}
	other := damage
	other.Partition = 4
	role := broker.Note{Level: broker.Info, Text: "leads", Topic: "orders", Partition: 1, Epoch: 2, Offset: 0}
	next := role
	next.Partition = 2
	for _, n := range []broker.Note{damage, damage, other, role, next, {Text: "serving", Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset}} {
		s.put(n)
	}
	s.close()
	var lines []string
	for line := range strings.Lines(out.String()) {
		_, line, _ = strings.Cut(strings.TrimSpace(line), " ")
		lines = append(lines, line)
	}
	want := []string{
		`level=ERROR msg=damaged topic=orders partition=3 leader_epoch=0 offset=17 detail=why`,
		`level=ERROR msg=damaged topic=orders partition=4 leader_epoch=0 offset=17 detail=why`,
		`level=INFO msg=leads topic=orders partition=1 leader_epoch=2 offset=0`,
		`level=INFO msg=serving`,
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if got := s.limit.muted.n.Load(); got != 2 {
		t.Errorf("%v lines muted, want 2", got)
	}
}

// slowLog takes its time for every line.
type slowLog struct{ turn chan struct{} }

func (s slowLog) Write(p []byte) (int, error) {
	<-s.turn
	return len(p), nil
}

func TestASlowLogLosesLinesAndHoldsNobody(t *testing.T) {
	slow := slowLog{make(chan struct{})}
	s := newSpeaker(slog.New(slog.NewTextHandler(slow, nil)))
	const notes = 2*notesQueued + 1
	for i := range notes {
		s.put(broker.Note{Level: broker.Warn, Text: fmt.Sprint(i)})
	}
	if lost := s.lost.n.Load(); lost < notes-notesQueued-1 || lost > notes-notesQueued {
		t.Errorf("%v of %d notes lost, with %d queued", lost, notes, notesQueued)
	}
	close(slow.turn)
	s.close()
}
