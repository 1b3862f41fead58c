package onsim

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"trialog/sim/choice"
)

// TestTapeKeepsOverrides: what is stored is what is read, and zeros take little.
func TestTapeKeepsOverrides(t *testing.T) {
	var list []choice.Override
	for n := range uint32(5000) {
		if n%100 != 7 {
			list = append(list, choice.Override{Stream: choice.ID(choice.KindApp, 2), Site: choice.AppOp, Ordinal: n})
		}
	}
	list = append(list, choice.Override{Stream: choice.ID(choice.KindApp, 2), Site: choice.AppOp, Ordinal: 9000, Value: 3},
		choice.Override{Stream: choice.ID(choice.KindApp, 2), Site: choice.AppOp, Ordinal: choice.Every})
	tape := &Tape{Scenario: "single-power", Seed: 1}
	tape.setOverrides(list)
	text, err := tape.Encode()
	if err != nil || len(text) > 1500 {
		t.Errorf("%d bytes: %v", len(text), err)
	}
	back, err := ParseTape(text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := back.overrides()
	slices.SortStableFunc(got, func(a, b choice.Override) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	if err != nil || !slices.Equal(got, list) {
		t.Errorf("%d of %d overrides: %v", len(got), len(list), err)
	}
	for _, bad := range []string{"7-3", "x", "", "1-99999999999"} {
		broken := strings.Replace(string(text), back.Dull[0].Ordinals, bad, 1)
		if _, err := ParseTape([]byte(broken)); err == nil {
			t.Errorf("the ordinals %q were read", bad)
		}
	}
}
