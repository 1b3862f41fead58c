package onsim

import (
	"encoding/binary"
	"testing"
	"time"

	"trialog/scenarios"
	"trialog/sim/choice"
)

// fuzzed are scenarios that are cheap and differ much; single-mixed has every fault of
// one broker.
var fuzzed = []string{"single-mixed", "replicated-elections", "replicated-unsynced", "single-groups", "storage-log"}

// FuzzOverrides lets the fuzzer choose what a seed decides: the first byte names a
// scenario, every seven of the rest fix one draw. Whatever is drawn, the claims of the
// scenario must hold, and nothing may panic.
func FuzzOverrides(f *testing.F) {
	list, err := scenarios.Named(fuzzed...)
	if err != nil {
		f.Fatal(err)
	}
	put := func(scenario byte, draws ...choice.Override) []byte {
		bytes := []byte{scenario}
		for _, o := range draws {
			bytes = append(bytes, byte(o.Stream.Kind()), byte(o.Stream.Index()), byte(o.Site), byte(o.Ordinal))
			bytes = append(bytes, byte(o.Value), byte(o.Value>>8), byte(o.Value>>16))
		}
		return bytes
	}
	for n := range byte(len(fuzzed)) {
		f.Add(put(n))
	}
	fire := func(kind int, ordinal uint32) choice.Override {
		return choice.Override{Stream: choice.ID(choice.KindFault, kind), Site: choice.FaultFire, Ordinal: ordinal, Value: 1}
	}
	f.Add(put(0, fire(1, 0), fire(2, 0), choice.Override{Stream: choice.ID(choice.KindDisk, 1), Site: choice.DiskKeep, Value: 2}))
	f.Add(put(1, fire(1, 0), choice.Override{Stream: choice.ID(choice.KindLink, 14), Site: choice.LinkDelay, Ordinal: 200, Value: 1 << 22}))
	f.Add(put(2, fire(1, 1), choice.Override{Stream: choice.ID(choice.KindQuorum, 0), Site: choice.QuorumFirst + 3, Ordinal: 4, Value: 1}))
	f.Add(put(3, choice.Override{Stream: choice.ID(choice.KindApp, 2), Site: choice.AppOp, Ordinal: 9, Value: 77}))
	arm := New(Options{Patience: 30 * time.Second})
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 {
			return
		}
		s := &list[int(text[0])%len(list)]
		how := options{tape: overridesOf(text[1:])}
		if run := arm.carryOut(s, 1, how); run.Outcome.Red() {
			tape := Tape{Scenario: s.Name, Seed: 1, Signature: run.Outcome.Signature()}
			tape.setOverrides(how.tape)
			stored, _ := tape.Encode()
			t.Fatalf("%s: %+v\n%s", s.Name, run.Outcome.Failure, stored)
		}
	})
}

// fuzzedDraws bounds how many draws one input fixes.
const fuzzedDraws = 256

// overridesOf reads draws. Streams and sites that are none are brought into range, so
// that most of what the fuzzer tries means something.
func overridesOf(text []byte) []choice.Override {
	var list []choice.Override
	for ; len(text) >= 7 && len(list) < fuzzedDraws; text = text[7:] {
		kind := choice.Kind(text[0]%byte(choice.KindApp)) + choice.KindWorld
		list = append(list, choice.Override{
			Stream: choice.ID(kind, int(text[1])), Site: choice.Site(text[2]) % choice.SiteCount, Ordinal: uint32(text[3]),
			Value: uint64(binary.LittleEndian.Uint16(text[4:])) | uint64(text[6])<<16,
		})
	}
	return list
}
