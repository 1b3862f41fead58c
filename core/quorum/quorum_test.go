package quorum_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/kafka"
	"trialog/core/quorum"
)

func claim(broker kafka.BrokerID, nonce uint64, epoch kafka.ControllerEpoch) quorum.Entry {
	return quorum.Entry{Proposer: broker, Nonce: nonce, Epoch: epoch}
}

func batch(broker kafka.BrokerID, nonce uint64, epoch kafka.ControllerEpoch, seq uint64) quorum.Entry {
	return quorum.Entry{Proposer: broker, Nonce: nonce, Epoch: epoch, Seq: seq}
}

func TestApplier(t *testing.T) {
	steps := []struct {
		what  string
		entry quorum.Entry
		want  quorum.Verdict
	}{
		{"a batch before any claim", batch(0, 0, 0, 1), quorum.StaleEpoch},
		{"a claim that skips an epoch", claim(1, 1, 2), quorum.StaleClaim},
		{"the first claim", claim(1, 1, 1), quorum.Accepted},
		{"it again", claim(1, 1, 1), quorum.StaleClaim},
		{"its rival for the same epoch", claim(2, 9, 1), quorum.StaleClaim},
		{"a rival's batch", batch(2, 9, 1, 1), quorum.Impostor},
		{"a batch of the holder's life before", batch(1, 8, 1, 1), quorum.Impostor},
		{"the second batch first", batch(1, 1, 1, 2), quorum.Gap},
		{"the first batch", batch(1, 1, 1, 1), quorum.Accepted},
		{"it again", batch(1, 1, 1, 1), quorum.Repeated},
		{"the second", batch(1, 1, 1, 2), quorum.Accepted},
		{"the first once more", batch(1, 1, 1, 1), quorum.Repeated},
		{"the next claim", claim(2, 9, 2), quorum.Accepted},
		{"the deposed holder's third batch", batch(1, 1, 1, 3), quorum.StaleEpoch},
		{"the deposed holder's claim, late", claim(1, 1, 2), quorum.StaleClaim},
		{"sequences begin anew", batch(2, 9, 2, 1), quorum.Accepted},
		{"a batch of an epoch to come", batch(3, 3, 3, 1), quorum.StaleEpoch},
	}
	var a quorum.Applier
	for _, s := range steps {
		before := a
		if got := a.Take(&s.entry); got != s.want {
			t.Fatalf("%s: %v, want %v", s.what, got, s.want)
		}
		if s.want != quorum.Accepted && a != before {
			t.Fatalf("%s: was refused and changed %+v to %+v", s.what, before, a)
		}
	}
	if want := (quorum.Applier{Epoch: 2, LastSeq: 1, Holder: 2, Nonce: 9}); a != want {
		t.Fatalf("ends at %+v", a)
	}
}

func TestEntryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := quorum.Entry{
			Proposer: kafka.BrokerID(rapid.Int32().Draw(t, "proposer")),
			Nonce:    rapid.Uint64().Draw(t, "nonce"),
			Epoch:    kafka.ControllerEpoch(rapid.Int32Min(0).Draw(t, "epoch")),
			Seq:      rapid.Uint64().Draw(t, "seq"),
		}
		if b := rapid.SliceOf(rapid.Byte()).Draw(t, "records"); len(b) > 0 && e.Seq > 0 {
			e.Records = b
		}
		got, err := quorum.DecodeEntry(quorum.AppendEntry(nil, &e))
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Fatalf("%+v came back as %+v, %v", e, got, err)
		}
	})
}

func FuzzDecodeEntry(f *testing.F) {
	e := batch(1, 2, 3, 4)
	f.Add(quorum.AppendEntry(nil, &e))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := quorum.DecodeEntry(b)
		if err != nil {
			return
		}
		again, err := quorum.DecodeEntry(quorum.AppendEntry(nil, &e))
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Fatalf("%+v came back as %+v, %v", e, again, err)
		}
	})
}

func TestOver(t *testing.T) {
	m := quorum.Members{Version: 5, Highest: 7, Members: []quorum.Member{{Replica: 2, Voter: true}, {Replica: 7}}}
	for id, want := range map[quorum.ReplicaID]bool{2: false, 7: false, 3: true, 6: true, 8: false} {
		if m.Over(id) != want {
			t.Errorf("replica %d: over %v", id, m.Over(id))
		}
	}
}
