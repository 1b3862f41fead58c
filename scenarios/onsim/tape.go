package onsim

import (
	"encoding/json"
	"fmt"

	"trialog/sim/choice"
)

// Tape is a run that can be stored: a scenario, a seed, and the draws that are
// not what the seed gives.
type Tape struct {
	Version  int    `json:"tape"`
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed"`
	// Signature and TraceHash tell what the run did when it was stored.
	Signature string     `json:"signature,omitempty"`
	TraceHash string     `json:"trace_hash,omitempty"`
	Overrides []override `json:"overrides,omitempty"`
	// Operations ends a trial of the storage alone after so many; 0: as drawn.
	Operations int `json:"operations,omitempty"`
}

const tapeVersion = 1

// override is a choice.Override in readable form: "app/2" draws at site 17 for
// the 5th time and gets 0.
type override struct {
	Kind    string `json:"kind"`
	Index   int    `json:"index"`
	Site    int    `json:"site"`
	Ordinal uint32 `json:"ordinal"`
	Value   uint64 `json:"value"`
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
	return list, nil
}

func (t *Tape) setOverrides(list []choice.Override) {
	t.Overrides = make([]override, len(list))
	for i, o := range list {
		t.Overrides[i] = override{o.Stream.Kind().String(), o.Stream.Index(), int(o.Site), o.Ordinal, o.Value}
	}
}

func kindNamed(name string) (choice.Kind, bool) {
	for k := choice.KindWorld; k <= choice.KindApp; k++ {
		if k.String() == name {
			return k, true
		}
	}
	return 0, false
}
