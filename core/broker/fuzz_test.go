package broker_test

import (
	"encoding/binary"
	"hash/crc32"
	"reflect"
	"runtime"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// fuzzMemory is what all requests of one input may take beside a multiple of
// their own size, which fuzzAmplification is.
const (
	fuzzMemory        = 48 << 20
	fuzzAmplification = 1 << 10
)

// FuzzRequests: frames of any bytes, decoded as a node does it and stepped
// through a broker with its disk and its quorum. Every invariant holds after
// every step, memory stays within the bound, and the broker serves afterwards.
func FuzzRequests(f *testing.F) {
	hello := apiVersions("fuzz", "1")
	for a := range protocol.APIs {
		for v := a.Min; v <= a.Max; v++ {
			plain := kmsg.RequestForKey(a.Key)
			plain.SetVersion(v)
			f.Add(protocol.AppendRequest(nil, a.Key, v, 1, "fuzz", plain))
			full := kmsg.RequestForKey(a.Key)
			full.SetVersion(v)
			fill(reflect.ValueOf(full).Elem())
			f.Add(append(protocol.AppendRequest(nil, 18, 3, 1, "fuzz", hello), protocol.AppendRequest(nil, a.Key, v, 2, "fuzz", full)...))
		}
	}
	one := func(version int16, q protocol.Body) []byte {
		return protocol.AppendRequest(nil, q.Key(), version, 3, "fuzz", q)
	}
	value := records(batch.Producer{ID: 5, Epoch: 0, BaseSequence: 0}, 1_700_000_000_000, "one", "two")
	for _, acks := range []int16{-1, 0, 1} {
		f.Add(append(one(produceV, produce("t", 1, acks, value)), one(fetchV, fetch("t", 1, 0))...))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		w := newWorld(t)
		w.config.Listeners[0].InterBroker = false // as a client's
		w.config.Codecs = &batch.Codecs{batch.Gzip: batch.RunLength{}, batch.Zstd: batch.RunLength{}}
		w.limits.CheckEvery = 4
		w.start()
		w.mustCreate("t", 2)
		w.mustCreate("kept", 1)
		w.send(1, produceV, produce("t", 0, 1, w.batch("a", "b", "c")))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		feed(w, stream)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > uint64(fuzzMemory+fuzzAmplification*len(stream)) {
			t.Fatalf("%d bytes of memory for %d", took, len(stream))
		}
		w.limits.CheckEvery = 1
		w.ask(produceV, produce("kept", 0, 1, w.batch("d"))) // fails if there is no answer
	})
}

// feed gives a stream of frames, on one connection after another.
func feed(w *world, stream []byte) {
	s := protocol.NewSplitter(1 << 16)
	conn := kafka.ConnID(1000)
	w.give(&broker.ConnectionOpened{Conn: conn, Listener: "PLAINTEXT", ClientHost: "127.0.0.1"})
	checker := batch.Checker{Codecs: w.config.Codecs, Limits: batch.Limits{MaxDecompressedBytes: 1 << 16}}
	for n := 0; len(stream) > 0 && n < 8; n++ {
		frame, rest, err := s.Next(stream)
		if err != nil || frame == nil {
			break
		}
		stream = rest
		h, body, code, err := protocol.DecodeRequest(frame, nil)
		if err != nil {
			break
		}
		if p, ok := body.(*protocol.ProduceRequest); ok {
			mend(p)
			protocol.Prepare(p, h.Version, &checker)
		}
		w.give(&broker.Request{Conn: conn, Principal: "User:ANONYMOUS", ClientID: h.ClientID,
			Key: h.Key, Version: h.Version, CorrelationID: h.CorrelationID, Body: body, Err: code})
		w.settle()
	}
	w.pass(kafka.Second)
	w.give(&broker.ConnectionClosed{Conn: conn})
	w.pass(10 * kafka.Minute)
}

// mend sets the CRC of batches right, so that the fuzzer gets behind it.
func mend(p *protocol.ProduceRequest) {
	for i := range p.Partitions {
		if v := batch.View(p.Partitions[i].Records); len(v) >= batch.HeaderSize && v.Size() == len(v) {
			b := append([]byte(nil), v...)
			binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
			p.Partitions[i].Records = b
		}
	}
}

// fill puts one element into every array of a message, and into the places of
// names, partitions and records what the broker knows.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field, name := v.Field(i), v.Type().Field(i).Name
			switch {
			case name == "UnknownTags":
			case field.Kind() == reflect.String:
				field.SetString("t")
			case name == "Records":
				var b batch.Builder
				b.Reset()
				b.Append(1_700_000_000_000, nil, []byte("value"))
				field.SetBytes(b.Build())
			default:
				fill(field)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.String:
		v.SetString("t")
	default:
		// There is nothing in the others.
	}
}
