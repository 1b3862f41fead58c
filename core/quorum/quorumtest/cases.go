package quorumtest

func leads(l *lab) {
	l.start(l.all()...)
	l.until("somebody leads", l.someoneLeads)
}

func (l *lab) someoneLeads() bool {
	for i := range l.nodes {
		if l.nodes[i].up && l.nodes[i].leads {
			return true
		}
	}
	return false
}

func everybody(l *lab) {
	l.start(l.all()...)
	for n := range l.nodes {
		l.commit(n, 5)
	}
	l.quiet()
}

// answered asks that each proposal comes back, as Committed or as Unknown, also
// those made before anybody leads and many at once.
func answered(l *lab) {
	l.start(l.all()...)
	for range 20 {
		for n := range l.nodes {
			l.propose(n)
		}
	}
	l.until("every proposal is answered", func() bool {
		for i := range l.nodes {
			if l.nodes[i].answered < l.nodes[i].proposed {
				return false
			}
		}
		return true
	})
	l.quiet()
}

func again(l *lab) {
	l.start(l.all()...)
	l.commit(0, 10)
	l.quiet()
	last := len(l.nodes) - 1
	l.stop(last)
	l.start(last)
	l.quiet()
	l.commit(last, 1)
	l.quiet()
}

func survives(l *lab) {
	l.start(l.all()...)
	l.commit(0, 10)
	l.stop(l.all()...)
	l.start(l.all()...)
	l.quiet()
	l.commit(len(l.nodes)-1, 1)
	l.quiet()
}

func goesOn(l *lab) {
	l.start(l.all()...)
	l.until("somebody leads", l.someoneLeads)
	for n := range l.nodes {
		l.stop(n)
		l.commit((n+1)%len(l.nodes), 3)
		l.start(n)
		l.quiet()
	}
}

func catchesUp(l *lab) {
	l.start(l.all()...)
	l.commit(0, 2)
	for n := range l.nodes {
		l.isolate(n, true)
		l.commit((n+1)%len(l.nodes), 3)
		l.isolate(n, false)
		l.quiet()
	}
}

func (l *lab) isolate(n int, cut bool) {
	for o := range l.nodes {
		if o != n {
			l.cluster.(Cutter).Cut(n, o, cut)
		}
	}
}

// long writes enough for an engine that takes snapshots to take some.
func long(l *lab) {
	l.start(l.all()...)
	for n := range l.nodes {
		l.commit(n, 100)
	}
	l.quiet()
	for n := range l.nodes {
		l.stop(n)
		l.start(n)
		l.quiet()
	}
}
