package group

import (
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
)

func encoded(r *Record) (key, value []byte) {
	key = appendKey(nil, r)
	value, has := appendValue(nil, r)
	if !has {
		return key, nil
	}
	return key, value
}

var samples = []Record{
	{Kind: OffsetRecord, Group: "g", Topic: "t", Partition: 7, HasValue: true,
		Offset: Offset{Offset: 42, LeaderEpoch: 3, Metadata: "m", CommittedAt: 1000, ExpiresAt: kafka.NoTimestamp, TopicID: kafka.TopicID{1, 2, 15: 9}}},
	{Kind: OffsetRecord, Group: "g", Topic: "t", Partition: 7, HasValue: true,
		Offset: Offset{Offset: 42, LeaderEpoch: kafka.NoLeaderEpoch, CommittedAt: 1000, ExpiresAt: 2000, TopicID: kafka.TopicID{3}}},
	{Kind: OffsetRecord, Group: "g", Topic: "t"},
	{Kind: ClassicRecord, Group: "g", Classic: &ClassicValue{ProtocolType: "consumer", Generation: 9, Protocol: "range", Leader: "a", StateAt: 5,
		Members: []ClassicMember{
			{ID: "a", InstanceID: "i", ClientID: "c", ClientHost: "/h", RebalanceTimeoutMs: 1, SessionTimeoutMs: 2, Subscription: []byte{1}, Assignment: []byte{2, 3}},
			{ID: "b", RebalanceTimeoutMs: 3, SessionTimeoutMs: 4},
		}}},
	{Kind: ClassicRecord, Group: "g", Classic: &ClassicValue{ProtocolType: "consumer", Generation: 10, StateAt: 6}},
	{Kind: ClassicRecord, Group: "g"},
}

func TestRecordsComeBack(t *testing.T) {
	for i := range samples {
		key, value := encoded(&samples[i])
		got, err := decode(key, value)
		if err != nil || !reflect.DeepEqual(got, samples[i]) {
			t.Errorf("sample %d: %v\n%+v\n%+v", i, err, got, samples[i])
		}
	}
}

// Kafka's formats are kmsg's as well: what it reads of ours is what we meant,
// and we read every version that it writes.
func TestFormatsAreKafkas(t *testing.T) {
	key, value := encoded(&samples[0])
	var k kmsg.OffsetCommitKey
	var v kmsg.OffsetCommitValue
	if err := k.ReadFrom(key); err != nil || k.Version != 1 || k.Group != "g" || k.Topic != "t" || k.Partition != 7 {
		t.Fatalf("%v %+v", err, k)
	}
	if err := v.ReadFrom(value); err != nil || v.Offset != 42 || v.LeaderEpoch != 3 || v.Metadata != "m" || v.CommitTimestamp != 1000 || v.TopicID != [16]byte(samples[0].Offset.TopicID) {
		t.Fatalf("%v %+v", err, v)
	}
	for version := int16(0); version <= 4; version++ {
		v.Version, v.ExpireTimestamp = version, 77
		r, err := decode(key, v.AppendTo(nil))
		if err != nil || r.Offset.Offset != 42 || r.Offset.Metadata != "m" || r.Offset.CommittedAt != 1000 {
			t.Errorf("version %d: %v %+v", version, err, r)
		}
		if (r.Offset.ExpiresAt == 77) != (version == 1) {
			t.Errorf("version %d: expires at %d", version, r.Offset.ExpiresAt)
		}
	}
	key, value = encoded(&samples[3])
	var gk kmsg.GroupMetadataKey
	var gv kmsg.GroupMetadataValue
	if err := gk.ReadFrom(key); err != nil || gk.Version != 2 || gk.Group != "g" {
		t.Fatalf("%v %+v", err, gk)
	}
	if err := gv.ReadFrom(value); err != nil || gv.Generation != 9 || *gv.Leader != "a" || *gv.Members[0].InstanceID != "i" || gv.Members[1].InstanceID != nil {
		t.Fatalf("%v %+v", err, gv)
	}
	for version := int16(0); version <= 4; version++ {
		gv.Version = version
		r, err := decode(key, gv.AppendTo(nil))
		if err != nil || r.Classic.Generation != 9 || len(r.Classic.Members) != 2 || r.Classic.Members[0].ID != "a" {
			t.Errorf("version %d: %v %+v", version, err, r)
		}
	}
}

// A key of another kind is not ours to judge; a broken record is told.
func TestForeignAndBrokenRecords(t *testing.T) {
	if r, err := decode([]byte{0, 99, 1}, []byte{0}); err != nil || r.Kind != UnknownRecord {
		t.Errorf("a foreign record: %v %+v", err, r)
	}
	for i := range samples {
		key, value := encoded(&samples[i])
		for n := range len(key) {
			if r, err := decode(key[:n], value); err == nil && n > 1 && r.Kind != UnknownRecord {
				t.Errorf("sample %d: a key of %d bytes is taken", i, n)
			}
		}
		for n := range len(value) {
			if _, err := decode(key, value[:n]); err == nil {
				t.Errorf("sample %d: a value of %d bytes is taken", i, n)
			}
		}
	}
}
