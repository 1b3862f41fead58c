package group

import (
	"slices"
	"testing"

	"trialog/core/kafka"
)

// commitOf commits for some partitions and returns what is said of each.
func commitOf(a *actor, epoch int32, ps Partitions) []kafka.ErrorCode {
	in := &Commit{Ticket: a.w.ticket(), Member: Member{Group: "g", ID: a.id, InstanceID: a.instance}, Generation: epoch, Version: 9}
	for _, tp := range ps {
		name, _ := a.shelf.Name(tp.Topic)
		in.Offsets = append(in.Offsets, Committing{Topic: name, Partition: tp.Partition, Offset: Offset{Offset: 7, ExpiresAt: kafka.NoTimestamp, TopicID: tp.Topic}})
	}
	a.w.step(in)
	said := a.w.answer(in.Ticket)
	codes := said.Codes
	if codes == nil {
		codes = make([]kafka.ErrorCode, len(ps))
	}
	for i := range codes {
		if codes[i] == kafka.None {
			codes[i] = said.Err
		}
	}
	return codes
}

func repeated(code kafka.ErrorCode, n int) []kafka.ErrorCode {
	return slices.Repeat([]kafka.ErrorCode{code}, n)
}

// KIP-1251: a commit in an older epoch counts for what the member has had ever
// since, and for nothing else.
func TestCommitsInOlderEpochs(t *testing.T) {
	w, s := newWorld(t), newShelf("t")
	a, b := newActor(w, s, "a", "t"), newActor(w, s, "b", "t")
	a.beat()
	first, all := a.epoch, a.owned
	if len(all) != 6 {
		t.Fatalf("%+v", all)
	}
	rounds(4, a, b)
	given := all.where(func(tp kafka.TopicPartition) bool { return !a.owned.Has(tp) })
	if a.epoch <= first || len(a.owned) != 3 || len(b.owned) != 3 {
		t.Fatalf("%d %+v %+v", a.epoch, a.owned, b.owned)
	}
	for _, c := range []struct {
		what  string
		who   *actor
		epoch int32
		of    Partitions
		want  kafka.ErrorCode
	}{
		{"what it has had since", a, first, a.owned, kafka.None},
		{"what it has had since, in an epoch between", a, a.epoch - 1, a.owned, kafka.None},
		{"before it had it", a, first - 1, a.owned, kafka.ErrStaleMemberEpoch},
		{"what it has given up", a, first, given, kafka.ErrStaleMemberEpoch},
		{"what it was given later", b, first, b.owned, kafka.ErrStaleMemberEpoch},
		{"an epoch to come", a, a.epoch + 1, a.owned, kafka.ErrStaleMemberEpoch},
		{"outside any", a, -1, a.owned, kafka.ErrStaleMemberEpoch},
	} {
		if codes := commitOf(c.who, c.epoch, c.of); !slices.Equal(codes, repeated(c.want, len(c.of))) {
			t.Errorf("%s: %v", c.what, codes)
		}
	}
	mixed := commitOf(a, first, all)
	for i, tp := range all {
		if (mixed[i] == kafka.None) != a.owned.Has(tp) {
			t.Errorf("%+v in one commit with others: %v", tp, mixed[i])
		}
	}
	// What comes back is had from then on only.
	b.leave(epochLeave)
	rounds(2, a)
	if len(a.owned) != 6 {
		t.Fatalf("%+v", a.owned)
	}
	if codes := commitOf(a, first, given); !slices.Equal(codes, repeated(kafka.ErrStaleMemberEpoch, len(given))) {
		t.Errorf("before another had it: %v", codes)
	}
	if codes := commitOf(a, a.epoch, all); !slices.Equal(codes, repeated(kafka.None, len(all))) {
		t.Errorf("in its epoch: %v", codes)
	}
}

// What a static member takes over under another ID was not its own before.
func TestAStaticMemberHasNothingFromBefore(t *testing.T) {
	w, s := newWorld(t), newShelf("t")
	a := newActor(w, s, "a", "t")
	a.instance = "i"
	a.beat()
	first := a.epoch
	other := newActor(w, s, "x", "u")
	rounds(2, a, other)
	a.leave(epochLeaveStatic)
	next := newActor(w, s, "b", "t")
	next.instance = "i"
	next.beat()
	if next.epoch <= first || len(next.owned) != 6 {
		t.Fatalf("%d %+v", next.epoch, next.owned)
	}
	if codes := commitOf(next, first, next.owned); !slices.Equal(codes, repeated(kafka.ErrStaleMemberEpoch, 6)) {
		t.Errorf("%v", codes)
	}
	if codes := commitOf(a, first, next.owned); !slices.Equal(codes, repeated(kafka.ErrUnknownMemberID, 6)) {
		t.Errorf("%v", codes)
	}
}

// A record of before KIP-1251 says nothing of epochs: what it has is had since the
// member's own.
func TestRecordsWithoutEpochs(t *testing.T) {
	set := Partitions{{Topic: topicID("t"), Partition: 1}, {Topic: topicID("u"), Partition: 2}}
	old := Record{Kind: CurrentRecord, Group: "g", Name: "m", Consumer: &Current{Epoch: 5, Previous: 4, Assigned: set[:1], Revoking: set[1:]}}
	value, _ := appendValue(nil, &old)
	back, err := decode(appendKey(nil, &old), value)
	c, is := back.Consumer.(*Current)
	if err != nil || !is || !slices.Equal(c.AssignedSince, []int32{5}) || !slices.Equal(c.RevokingSince, []int32{5}) {
		t.Errorf("%v %+v", err, back.Consumer)
	}
}
