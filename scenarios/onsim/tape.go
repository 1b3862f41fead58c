package onsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trialog/sim/choice"
)

// Tape is a run that can be stored: a scenario, a seed, and the draws that are
// not what the seed gives.
type Tape struct {
	Version  int    `json:"tape"`
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed"`
	// Commit is the source tree that it was stored from. Signature and TraceHash
	// tell what the run did then; a control's signature begins with Control.
	Commit string `json:"commit,omitempty"`
	// Mutant is the known bug that the run fails with, empty if it fails without.
	Mutant    string     `json:"mutant,omitempty"`
	Signature string     `json:"signature,omitempty"`
	TraceHash string     `json:"trace_hash,omitempty"`
	Overrides []override `json:"overrides,omitempty"`
	// Dull are those of them that are zero, which are many, by stream and site.
	Dull []dull `json:"dull,omitempty"`
	// Explored names the kinds of faults of a schedule that was explored, in the
	// small world of the scenario; the seed says nothing then.
	Explored []string `json:"explored,omitempty"`
	// Absent are brokers that never start: what fails, fails without them.
	Absent []int `json:"absent,omitempty"`
	// Operations ends a trial of the storage alone after so many; 0: as drawn.
	Operations int `json:"operations,omitempty"`
}

const tapeVersion = 1

// Control begins the signature of a run that showed what its scenario must show.
const Control = "control: "

// override is a choice.Override in readable form: "app/2" draws at site 17 for
// the 5th time and gets 0.
type override struct {
	Kind    string `json:"kind"`
	Index   int    `json:"index"`
	Site    int    `json:"site"`
	Ordinal uint32 `json:"ordinal"`
	Value   uint64 `json:"value"`
}

// dull says which draws of a stream at a site give zero: "3,7-19,40", or "every" one
// that is not among the overrides.
type dull struct {
	Kind     string `json:"kind"`
	Index    int    `json:"index"`
	Site     int    `json:"site"`
	Ordinals string `json:"ordinals"`
}

// ParseTape reads a stored tape.
func ParseTape(text []byte) (*Tape, error) {
	t := &Tape{}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("not a tape: %w", err)
	}
	if t.Version != tapeVersion {
		return nil, fmt.Errorf("tape version %d: this program reads version %d", t.Version, tapeVersion)
	}
	if _, err := t.overrides(); err != nil {
		return nil, err
	}
	return t, nil
}

// Encode writes a tape for storing.
func (t *Tape) Encode() ([]byte, error) {
	t.Version = tapeVersion
	text, err := json.MarshalIndent(t, "", " ")
	return append(text, '\n'), err
}

func (t *Tape) overrides() ([]choice.Override, error) {
	list := make([]choice.Override, 0, len(t.Overrides))
	for _, o := range t.Overrides {
		kind, ok := kindNamed(o.Kind)
		if !ok || o.Site < 0 || o.Site >= int(choice.SiteCount) {
			return nil, fmt.Errorf("a tape with a draw of %s/%d at site %d: there is no such stream or site", o.Kind, o.Index, o.Site)
		}
		list = append(list, choice.Override{Stream: choice.ID(kind, o.Index), Site: choice.Site(o.Site), Ordinal: o.Ordinal, Value: o.Value})
	}
	for _, d := range t.Dull {
		kind, ok := kindNamed(d.Kind)
		if !ok || d.Site < 0 || d.Site >= int(choice.SiteCount) {
			return nil, fmt.Errorf("a tape with draws of %s/%d at site %d: there is no such stream or site", d.Kind, d.Index, d.Site)
		}
		o := choice.Override{Stream: choice.ID(kind, d.Index), Site: choice.Site(d.Site)}
		err := eachOrdinal(d.Ordinals, func(n uint32) {
			o.Ordinal = n
			list = append(list, o)
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// maxStretch bounds what one stretch of ordinals may stand for.
const maxStretch = 1 << 22

// every stands for all draws of a stream at a site that no other override names.
const every = "every"

// eachOrdinal reads "3,7-19,40", or "every".
func eachOrdinal(text string, visit func(uint32)) error {
	if text == every {
		visit(choice.Every)
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		low, high, stretch := strings.Cut(part, "-")
		if !stretch {
			high = low
		}
		from, err := strconv.ParseUint(low, 10, 32)
		to, err2 := strconv.ParseUint(high, 10, 32)
		if err != nil || err2 != nil || to < from || to-from > maxStretch {
			return fmt.Errorf("a tape with the ordinals %q: want numbers and stretches, such as 3,7-19", part)
		}
		for n := from; n <= to; n++ {
			visit(uint32(n))
		}
	}
	return nil
}

func (t *Tape) setOverrides(list []choice.Override) {
	t.Overrides, t.Dull = nil, nil
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b choice.Override) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Site, b.Site), cmp.Compare(a.Ordinal, b.Ordinal))
	})
	for i := 0; i < len(sorted); {
		o := sorted[i]
		if o.Value != 0 {
			t.Overrides = append(t.Overrides, override{o.Stream.Kind().String(), o.Stream.Index(), int(o.Site), o.Ordinal, o.Value})
			i++
			continue
		}
		n := 1
		for i+n < len(sorted) && o.Ordinal != choice.Every && sorted[i+n].Stream == o.Stream && sorted[i+n].Site == o.Site &&
			sorted[i+n].Value == 0 && sorted[i+n].Ordinal != choice.Every {
			n++
		}
		t.Dull = append(t.Dull, dull{o.Stream.Kind().String(), o.Stream.Index(), int(o.Site), stretches(sorted[i : i+n])})
		i += n
	}
}

// missed names draws as tapes do: which of what stream at what site, and, of those that
// are not dull, what they should have given.
func missed(unused []choice.Override) []string {
	var t Tape
	t.setOverrides(unused)
	var lines []string
	for i := 0; i < len(t.Overrides); {
		o := t.Overrides[i]
		var draws []string
		for ; i < len(t.Overrides) && t.Overrides[i].Kind == o.Kind && t.Overrides[i].Index == o.Index && t.Overrides[i].Site == o.Site; i++ {
			draws = append(draws, fmt.Sprintf("%d (%d)", t.Overrides[i].Ordinal, t.Overrides[i].Value))
		}
		more := ""
		if n := len(draws) - fewMissed; n > 0 {
			draws, more = draws[:fewMissed], fmt.Sprintf(" and %d more", n)
		}
		lines = append(lines, fmt.Sprintf("%s/%d at site %d, draws %s%s", o.Kind, o.Index, o.Site, strings.Join(draws, ", "), more))
	}
	for _, d := range t.Dull {
		lines = append(lines, fmt.Sprintf("%s/%d at site %d, draws %s, which should have been dull", d.Kind, d.Index, d.Site, d.Ordinals))
	}
	return lines
}

// fewMissed is up to how many draws of a stream at a site are named.
const fewMissed = 8

// stretches writes rising ordinals as eachOrdinal reads them.
func stretches(list []choice.Override) string {
	if list[0].Ordinal == choice.Every {
		return every
	}
	var b strings.Builder
	for i := 0; i < len(list); {
		n := 1
		for i+n < len(list) && list[i+n].Ordinal == list[i].Ordinal+uint32(n) {
			n++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(list[i].Ordinal), 10))
		if n > 1 {
			b.WriteString("-" + strconv.FormatUint(uint64(list[i+n-1].Ordinal), 10))
		}
		i += n
	}
	return b.String()
}

func kindNamed(name string) (choice.Kind, bool) {
	for k := choice.KindWorld; k <= choice.KindApp; k++ {
		if k.String() == name {
			return k, true
		}
	}
	return 0, false
}
