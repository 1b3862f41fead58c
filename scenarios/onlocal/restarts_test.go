package onlocal

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trialog/scenarios"
)

// TestRestartsAreMeasured from the start of a process to its first
// acknowledgement, and one beyond the bar makes the run red, with its figure.
func TestRestartsAreMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l restarts
		life := func(d time.Duration) {
			l.begin()
			go func() {
				time.Sleep(d)
				l.acknowledged()
				l.acknowledged()
			}()
			if err := l.serves(t.Context(), time.Minute); err != nil {
				t.Fatal(err)
			}
			if err := l.serves(t.Context(), 0); err != nil {
				t.Fatal("it has served already")
			}
			l.died()
			l.acknowledged() // of nobody who lives
		}
		life(5 * time.Second) // the first start is no restart
		life(300 * time.Millisecond)
		life(1900 * time.Millisecond)
		var o scenarios.Outcome
		l.tell(&o, 2*time.Second)
		if o.Rounds != 3 || len(o.RestartMs) != 2 || o.RestartMs[0] != 300 || o.RestartMs[1] != 1900 || o.Red() {
			t.Fatalf("%+v", o)
		}
		life(2100 * time.Millisecond)
		l.begin()
		if err := l.serves(t.Context(), time.Second); err == nil {
			t.Fatal("nothing was acknowledged")
		}
		o = scenarios.Outcome{}
		l.tell(&o, 2*time.Second)
		if !o.Red() || !strings.Contains(o.Failure.Text, "2.1s") {
			t.Fatalf("%+v", o)
		}
	})
}
