package broker_test

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// none stands for a record without a timestamp.
const none = kafka.NoTimestamp

// timed builds a batch with one record for each timestamp.
func timed(t *testing.T, codec batch.CodecID, timestamps ...kafka.TimestampMs) []byte {
	t.Helper()
	var b batch.Builder
	b.Reset()
	for _, at := range timestamps {
		b.Append(at, nil, []byte("vvvvvvvv"))
	}
	if codec == batch.Uncompressed {
		return append([]byte(nil), b.Build()...)
	}
	packed, err := b.BuildPacked(batch.Plain(), codec, batch.RunLength{})
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte(nil), packed...)
}

// withCodecs is a world that knows a compression which old versions speak.
func withCodecs(t *testing.T) *world {
	w := newWorld(t)
	w.config.Codecs = &batch.Codecs{batch.Gzip: batch.RunLength{}, batch.Zstd: batch.RunLength{}}
	return w
}

// both runs a test on plain and on compressed batches.
func both(t *testing.T, run func(t *testing.T, codec batch.CodecID)) {
	t.Run("plain", func(t *testing.T) { run(t, batch.Uncompressed) })
	t.Run("packed", func(t *testing.T) { run(t, batch.Gzip) })
}

// produced is the answer to one batch, in a version of Produce.
func (w *world) produced(version int16, topic string, bytes []byte) protocol.ProducePartitionResponse {
	w.t.Helper()
	q := produce(topic, 0, -1, bytes)
	if version >= protocol.ProduceTopicIDs {
		q.Partitions[0].TopicID = w.b.Image().TopicByName(topic).ID
	}
	return w.ask(version, q).(*protocol.ProduceResponse).Partitions[0]
}

// listed is the answer of ListOffsets for partition 0.
func (w *world) listed(version int16, topic string, timestamp kafka.TimestampMs) kmsg.ListOffsetsResponseTopicPartition {
	w.t.Helper()
	return w.ask(version, listOffsets(topic, 0, int64(timestamp))).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]
}

// A leader takes a CreateTime between before.max.ms ago and after.max.ms ahead,
// each record's for itself; records without one are not held to it (KIP-937).
func TestCreateTimeBounds(t *testing.T) {
	both(t, func(t *testing.T, codec batch.CodecID) {
		w := withCodecs(t)
		w.start()
		w.mustCreate("defaults", 1)
		w.mustCreate("narrow", 1, "message.timestamp.before.max.ms", "1000", "message.timestamp.after.max.ms", "500")
		w.mustCreate("exact", 1, "message.timestamp.before.max.ms", "0", "message.timestamp.after.max.ms", "0")
		w.mustCreate("open", 1, "message.timestamp.after.max.ms", "9223372036854775807")
		w.mustCreate("stamped", 1, "message.timestamp.type", "LogAppendTime", "message.timestamp.before.max.ms", "0", "message.timestamp.after.max.ms", "0")
		now := w.now.Wall
		const hour = 3_600_000
		cases := []struct {
			topic string
			at    []kafka.TimestampMs
			want  kafka.ErrorCode
		}{
			{"defaults", []kafka.TimestampMs{now}, kafka.None},
			{"defaults", []kafka.TimestampMs{0}, kafka.None},
			{"defaults", []kafka.TimestampMs{none}, kafka.None},
			{"defaults", []kafka.TimestampMs{now + hour}, kafka.None},
			{"defaults", []kafka.TimestampMs{now + hour + 1}, kafka.ErrInvalidTimestamp},
			{"defaults", []kafka.TimestampMs{-2}, kafka.ErrInvalidTimestamp},
			{"defaults", []kafka.TimestampMs{now, -2, now}, kafka.ErrInvalidTimestamp},
			{"narrow", []kafka.TimestampMs{now - 1000, now + 500}, kafka.None},
			{"narrow", []kafka.TimestampMs{now - 1001}, kafka.ErrInvalidTimestamp},
			{"narrow", []kafka.TimestampMs{now + 501}, kafka.ErrInvalidTimestamp},
			{"narrow", []kafka.TimestampMs{now, now - 1001, now}, kafka.ErrInvalidTimestamp},
			{"narrow", []kafka.TimestampMs{now, now + 501, now}, kafka.ErrInvalidTimestamp},
			{"narrow", []kafka.TimestampMs{none}, kafka.None},
			{"narrow", []kafka.TimestampMs{none, now, none}, kafka.None},
			{"narrow", []kafka.TimestampMs{now, none}, kafka.None},
			{"narrow", []kafka.TimestampMs{none, now - 1001}, kafka.ErrInvalidTimestamp},
			{"narrow", []kafka.TimestampMs{none, now + 501}, kafka.ErrInvalidTimestamp},
			{"exact", []kafka.TimestampMs{now}, kafka.None},
			{"exact", []kafka.TimestampMs{now - 1}, kafka.ErrInvalidTimestamp},
			{"exact", []kafka.TimestampMs{now + 1}, kafka.ErrInvalidTimestamp},
			{"open", []kafka.TimestampMs{now + 1_000*hour}, kafka.None},
			{"open", []kafka.TimestampMs{1 << 62}, kafka.None},
			{"stamped", []kafka.TimestampMs{0, now + 1_000*hour, none}, kafka.None},
		}
		for _, c := range cases {
			end := w.listed(7, c.topic, -1).Offset
			a := w.produced(7, c.topic, timed(t, codec, c.at...))
			if a.Err != c.want {
				t.Errorf("%s takes %v: %v, want %v", c.topic, c.at, a.Err, c.want)
			}
			taken := int64(0)
			if c.want == kafka.None {
				taken = int64(len(c.at))
			} else if a.BaseOffset != kafka.NoOffset || a.LogAppendTime != none {
				t.Errorf("%s, %v: refused at %d, %d", c.topic, c.at, a.BaseOffset, a.LogAppendTime)
			}
			if got := w.listed(7, c.topic, -1).Offset - end; got != taken {
				t.Errorf("%s, %v: %d records were appended", c.topic, c.at, got)
			}
		}
		// The bounds follow the broker's wall clock, and settings as they are now.
		if a := w.produced(7, "narrow", timed(t, codec, now+501)); a.Err != kafka.ErrInvalidTimestamp {
			t.Errorf("%v", a.Err)
		}
		w.pass(kafka.Millisecond)
		if a := w.produced(7, "narrow", timed(t, codec, now+501)); a.Err != kafka.None {
			t.Errorf("a millisecond later: %v", a.Err)
		}
		w.ask(2, alterConfigs(kmsg.ConfigResourceTypeTopic, "narrow"))
		w.ask(2, alterConfigs(kmsg.ConfigResourceTypeBroker, "", "log.message.timestamp.after.max.ms", "7"))
		for at, want := range map[kafka.TimestampMs]kafka.ErrorCode{w.now.Wall + 7: kafka.None, w.now.Wall + 8: kafka.ErrInvalidTimestamp} {
			if a := w.produced(7, "narrow", timed(t, codec, at)); a.Err != want {
				t.Errorf("%d ms ahead by the brokers' default: %v", at-w.now.Wall, a.Err)
			}
		}
	})
}

// Every version of Produce is told the log append time, and nothing under
// CreateTime; every version of Fetch and ListOffsets sees it.
func TestLogAppendTimeEndToEnd(t *testing.T) {
	both(t, func(t *testing.T, codec batch.CodecID) {
		w := withCodecs(t)
		w.start()
		w.mustCreate("stamped", 1, "message.timestamp.type", "LogAppendTime")
		w.mustCreate("created", 1)
		began := w.now.Wall
		for version := int16(3); version <= 13; version++ {
			w.pass(10 * kafka.Millisecond)
			a := w.produced(version, "stamped", timed(t, codec, 5, began+1_000_000, none))
			if a.Err != kafka.None || a.LogAppendTime != w.now.Wall || a.BaseOffset != kafka.Offset(3*(version-3)) {
				t.Errorf("v%d: %+v at %d", version, a, w.now.Wall)
			}
			if a := w.produced(version, "created", timed(t, codec, began)); a.Err != kafka.None || a.LogAppendTime != none {
				t.Errorf("v%d under CreateTime: %+v", version, a)
			}
		}
		check := func(when string) {
			t.Helper()
			for version := int16(4); version <= 12; version++ {
				at := began
				for from := kafka.Offset(0); from < 33; {
					q := fetch("stamped", 0, from)
					v := batch.View(w.ask(version, q).(*protocol.FetchResponse).Partitions[0].Records)
					for ; v.Whole(); v = v[v.Size():] {
						at += 10
						if !v.Intact() || !v.LogAppendTime() || v.MaxTimestamp() != at || v.BaseOffset() != from || v.Codec() != codec {
							t.Fatalf("%s, fetch v%d from %d: time %d, want %d", when, version, from, v.MaxTimestamp(), at)
						}
						from = v.NextOffset()
					}
				}
			}
			for version := int16(1); version <= 11; version++ {
				for i := range kafka.TimestampMs(11) {
					for late, want := range map[kafka.TimestampMs]int64{0: int64(3 * i), 1: int64(3 * (i + 1))} {
						at := began + 10*(i+1) + late
						p := w.listed(version, "stamped", at)
						found := int64(at-late) + 10*int64(late)
						if want == 33 {
							want, found = -1, -1
						}
						if p.ErrorCode != 0 || p.Offset != want || p.Timestamp != found {
							t.Fatalf("%s, ListOffsets v%d of %d: %+v, want %d", when, version, at-began, p, want)
						}
					}
				}
			}
			if p := w.listed(7, "stamped", -3); p.Offset != 30 || p.Timestamp != int64(began)+110 {
				t.Errorf("%s: the largest timestamp is %+v", when, p)
			}
		}
		check("at once")
		w.kill()
		w.start()
		check("after recovery")
		w.shutdown()
		w.start()
		check("after a clean stop")
	})
}

// A batch that is sent again is told the time of the first.
func TestDuplicateKeepsItsLogAppendTime(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("stamped", 1, "message.timestamp.type", "LogAppendTime")
	w.mustCreate("created", 1)
	batchOf := func() []byte { return records(batch.Producer{ID: 5}, 7, "a") }
	first := w.now.Wall
	for i := range 3 {
		if a := w.produced(produceV, "stamped", batchOf()); a.Err != kafka.None || a.BaseOffset != 0 || a.LogAppendTime != first {
			t.Errorf("time %d: %+v, want %d", i, a, first)
		}
		if a := w.produced(produceV, "created", batchOf()); a.Err != kafka.None || a.BaseOffset != 0 || a.LogAppendTime != none {
			t.Errorf("time %d under CreateTime: %+v", i, a)
		}
		w.pass(kafka.Second)
	}
	w.kill()
	w.start()
	if a := w.produced(produceV, "stamped", batchOf()); a.Err != kafka.None || a.BaseOffset != 0 || a.LogAppendTime != first {
		t.Errorf("after recovery: %+v, want %d", a, first)
	}
}

// A change of message.timestamp.type holds for what comes after it; searches
// see each batch as it was written.
func TestTimestampTypeChanges(t *testing.T) {
	both(t, func(t *testing.T, codec batch.CodecID) {
		w := withCodecs(t)
		w.start()
		w.mustCreate("orders", 1)
		began := w.now.Wall
		change := func(to string) {
			a := w.ask(2, alterConfigs(kmsg.ConfigResourceTypeTopic, "orders", "message.timestamp.type", to)).(*kmsg.AlterConfigsResponse)
			if a.Resources[0].ErrorCode != 0 {
				t.Fatalf("%+v", a)
			}
		}
		w.produced(7, "orders", timed(t, codec, began-300, began-200))
		change("LogAppendTime")
		w.pass(100 * kafka.Millisecond)
		if a := w.produced(7, "orders", timed(t, codec, began-300, began-200)); a.LogAppendTime != began+100 {
			t.Errorf("%+v", a)
		}
		change("CreateTime")
		if a := w.produced(7, "orders", timed(t, codec, began+50, began+500)); a.LogAppendTime != none {
			t.Errorf("%+v", a)
		}
		for _, c := range []struct{ at, offset, found int64 }{
			{-1000, 0, -300}, {-300, 0, -300}, {-299, 1, -200}, {-199, 2, 100}, {100, 2, 100}, {101, 5, 500}, {500, 5, 500}, {501, -1, 0},
		} {
			p := w.listed(1, "orders", began+kafka.TimestampMs(c.at))
			if p.Offset != c.offset || c.offset >= 0 && p.Timestamp != int64(began)+c.found {
				t.Errorf("%d ms after: %+v, want %d at %d", c.at, p, c.offset, c.found)
			}
		}
	})
}

// shutdown stops the broker in an orderly way.
func (w *world) shutdown() {
	w.t.Helper()
	w.give(&broker.Shutdown{})
	w.settle()
	for range 30 {
		if w.halt.Set {
			break
		}
		w.pass(kafka.Second)
	}
	if !w.halt.Clean {
		w.t.Fatalf("halt %+v", w.halt)
	}
	w.kill()
}

// A batch that is refused for some of its records says which these are, and why
// (KIP-467): those that parse badly, those without a key where one is needed,
// and those whose time is out of bounds.
func TestRefusalsNameTheRecords(t *testing.T) {
	both(t, func(t *testing.T, codec batch.CodecID) {
		w := withCodecs(t)
		w.start()
		w.mustCreate("keyed", 1, "cleanup.policy", "compact")
		w.mustCreate("plain", 1)
		now := w.now.Wall
		pack := func(edit func(*batch.Builder)) []byte {
			var b batch.Builder
			b.Reset()
			edit(&b)
			if codec == batch.Uncompressed {
				return b.Build()
			}
			v, err := b.BuildPacked(batch.Plain(), codec, batch.RunLength{})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		k := []byte("k")
		mixed := pack(func(b *batch.Builder) {
			for i, key := range [][]byte{k, nil, k, nil, {}} {
				b.Append(now, key, []byte{byte(i)})
			}
		})
		late := pack(func(b *batch.Builder) {
			b.Append(now, k, k)
			b.Append(now+7_200_000, nil, k)
			b.Append(now+7_200_000, k, k)
		})
		below := pack(func(b *batch.Builder) {
			b.Append(now, k, k)
			b.Append(-7, k, k)
		})
		for _, c := range []struct {
			name, topic string
			records     []byte
			want        kafka.ErrorCode
			named       []int32
		}{
			{"no key", "keyed", mixed, kafka.ErrInvalidRecord, []int32{1, 3}},
			{"no key where none is needed", "plain", mixed, kafka.None, nil},
			{"out of bounds, and no key", "keyed", late, kafka.ErrInvalidTimestamp, []int32{1, 2}},
			{"out of bounds", "plain", late, kafka.ErrInvalidTimestamp, []int32{1, 2}},
			{"below zero", "plain", below, kafka.ErrInvalidTimestamp, []int32{1}},
		} {
			a := w.produced(8, c.topic, c.records)
			var named []int32
			for _, e := range a.RecordErrors {
				named = append(named, e.Index)
				if e.Message == "" {
					t.Errorf("%s: record %d is refused without a reason", c.name, e.Index)
				}
			}
			if a.Err != c.want || !slices.Equal(named, c.named) || (a.ErrMessage == "") != (c.want == kafka.None) {
				t.Errorf("%s: %v %q, records %v; want %v, %v", c.name, a.Err, a.ErrMessage, named, c.want, c.named)
			}
		}
	})
}
