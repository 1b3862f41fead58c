package protocol

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
)

// seedRequests adds one plain request of every key and version.
func seedRequests(f *testing.F) {
	for a := range APIs {
		for v := a.Min; v <= a.Max; v++ {
			q := kmsg.RequestForKey(a.Key)
			q.SetVersion(v)
			f.Add(AppendRequest(nil, a.Key, v, 1, "fuzz", q))
		}
	}
}

// A stream of bytes is cut into frames and decoded as a node does it.
func FuzzRequestStream(f *testing.F) {
	seedRequests(f)
	f.Fuzz(func(t *testing.T, stream []byte) {
		s := NewSplitter(1 << 16)
		for len(stream) > 0 {
			frame, rest, err := s.Next(stream)
			if err != nil || frame == nil {
				return
			}
			stream = rest
			h, body, code, err := DecodeRequest(frame, nil)
			if err == nil && (body == nil) == (code == kafka.None) {
				t.Fatalf("%+v: %v with code %v", h, body, code)
			}
		}
	})
}

// What a request decodes to is what its encoding decodes to.
func FuzzRequestBody(f *testing.F) {
	for a := range APIs {
		for v := a.Min; v <= a.Max; v++ {
			q := kmsg.RequestForKey(a.Key)
			q.SetVersion(v)
			f.Add(a.Key, v, q.AppendTo(nil))
		}
	}
	f.Fuzz(func(t *testing.T, key, version int16, raw []byte) {
		body, code := DecodeRequestBody(key, version, raw, nil)
		if code != kafka.None {
			return
		}
		frame := AppendRequest(nil, key, version, 1, "", body)
		_, again, code, err := DecodeRequest(frame[FramePrefixBytes:], nil)
		if err != nil || code != kafka.None {
			t.Fatalf("key %d v%d: its own encoding is refused: %v %v\n%x", key, version, code, err, raw)
		}
		if second := AppendRequest(nil, key, version, 1, "", again); string(second) != string(frame) {
			t.Fatalf("key %d v%d:\nfirst  %x\nsecond %x", key, version, frame, second)
		}
	})
}

// Responses reach only clients of ours, but must not panic either.
func FuzzFlatResponses(f *testing.F) {
	for v := int16(3); v <= 13; v++ {
		f.Add(KeyProduce, v, AppendProduceResponse(nil, v, &ProduceResponse{Partitions: []ProducePartitionResponse{{Topic: "t"}}}))
	}
	for v := int16(4); v <= 18; v++ {
		f.Add(KeyFetch, v, AppendFetchResponse(nil, v, &FetchResponse{Partitions: []FetchPartitionResponse{{Topic: "t", Records: []byte("r")}}}))
	}
	f.Fuzz(func(t *testing.T, key, version int16, raw []byte) {
		if !SupportedVersion(key, version) {
			return
		}
		switch key {
		case KeyProduce:
			var r, again ProduceResponse
			if DecodeProduceResponse(&r, version, raw) == kafka.None &&
				DecodeProduceResponse(&again, version, AppendProduceResponse(nil, version, &r)) != kafka.None {
				t.Fatal("its own encoding is refused")
			}
		case KeyFetch:
			var r, again FetchResponse
			if DecodeFetchResponse(&r, version, raw) == kafka.None &&
				DecodeFetchResponse(&again, version, AppendFetchResponse(nil, version, &r)) != kafka.None {
				t.Fatal("its own encoding is refused")
			}
		}
	})
}
