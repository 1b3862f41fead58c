package model

import (
	"strconv"
	"strings"

	"trialog/core/quorum"
)

// membership is what a judge knows of the engine's membership. founders is that
// of the first version told; replicas come, vote and go only as somebody asked.
type membership struct {
	founded  bool
	founders []told
	versions []toldVersion
	asked    []askedStep
}

type told struct {
	replica uint64
	voter   bool
}

type toldVersion struct {
	version uint64
	members string
}

type askedStep struct {
	step    quorum.Step
	replica uint64
}

func (m *membership) ask(t *TraceEvent) {
	m.asked = append(m.asked, askedStep{quorum.Step(t.Step), t.Replica})
}

func (m *membership) wasAsked(step quorum.Step, replica uint64) bool {
	for _, a := range m.asked {
		if a.step == step && a.replica == replica {
			return true
		}
	}
	return false
}

// told is Q9.
func (m *membership) told(w *witness, t *TraceEvent) *Rejection {
	if t.Version < w.version {
		return reject("Q9", "node %d is told of version %d after %d", t.Node, t.Version, w.version)
	}
	w.version = t.Version
	for _, v := range m.versions {
		if v.version == t.Version && v.members != t.Members {
			return reject("Q9", "version %d is %q on node %d and was %q", t.Version, t.Members, t.Node, v.members)
		}
	}
	now := readMembers(t.Members)
	if !m.founded {
		m.founded, m.founders = true, now
	}
	m.versions = append(m.versions, toldVersion{t.Version, t.Members})
	for _, o := range now {
		f, founder := find(m.founders, o.replica)
		if !founder && !m.wasAsked(quorum.AddNonVoter, o.replica) {
			return reject("Q9", "nobody had asked for replica %d", o.replica)
		}
		if o.voter && !f.voter && !m.wasAsked(quorum.Promote, o.replica) {
			return reject("Q9", "nobody had asked for replica %d to vote", o.replica)
		}
	}
	for _, f := range m.founders {
		o, still := find(now, f.replica)
		if !still && !m.wasAsked(quorum.Remove, f.replica) {
			return reject("Q9", "nobody had asked for replica %d to go", f.replica)
		}
		if still && f.voter && !o.voter {
			return reject("Q9", "replica %d votes no more", f.replica)
		}
	}
	return nil
}

func find(members []told, replica uint64) (told, bool) {
	for _, o := range members {
		if o.replica == replica {
			return o, true
		}
	}
	return told{}, false
}

// readMembers reads what writeMembers wrote.
func readMembers(s string) (members []told) {
	for _, item := range strings.Fields(s) {
		id, voter := strings.CutSuffix(item, "+")
		n, _ := strconv.ParseUint(id, 10, 64) // a name that is no number is replica 0, which nobody asks for
		members = append(members, told{n, voter})
	}
	return members
}
