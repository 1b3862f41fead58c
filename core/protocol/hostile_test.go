package protocol

import (
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"trialog/core/kafka"
)

// amplification is how much more memory than its frame a request may take. A
// name of one byte is a string of sixteen and its struct; more is a leak of
// the check in shape.go.
const amplification = 64

// Counts that claim the rest of the frame as elements, at every place of every
// request in every version: refused, without taking memory for the claim.
func TestClaimedCountsTakeNoMemory(t *testing.T) {
	const size = 256 << 10
	for a := range APIs {
		for version := a.Min; version <= a.Max; version++ {
			q := kmsg.RequestForKey(a.Key)
			q.SetVersion(version)
			one(reflect.ValueOf(q).Elem())
			seed := q.AppendTo(nil)
			for at := range seed {
				body := make([]byte, size)
				copy(body, seed[:at])
				claim := appendInt32(nil, size-int32(at)-8)
				if flexible(a.Key, version) {
					claim = appendUvarint(nil, uint32(size-at-8))
				}
				copy(body[at:], claim)
				took := allocated(func() { DecodeRequestBody(a.Key, version, body, nil) })
				if took > amplification*size {
					t.Errorf("%s v%d, count at byte %d: %d bytes for a frame of %d", a.Name, version, at, took, size)
				}
			}
		}
	}
}

// one puts one element into every array of a message, so that the arrays
// within are there too.
func one(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "UnknownTags" {
				one(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		one(v.Index(0))
	default:
		// There is no array in the others.
	}
}

// Bytes changed anywhere give an error or a message, never a panic, and what
// is accepted can be written again.
func TestMutatedRequests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, version := drawKmsg(t, true)
		key := q.Key()
		body := q.AppendTo(nil)
		switch rapid.IntRange(0, 9).Draw(t, "flat") {
		case 0:
			key, version = KeyProduce, rapid.Int16Range(3, 13).Draw(t, "version")
			body = AppendProduceRequest(nil, version, drawProduce(t))
		case 1:
			key, version = KeyFetch, rapid.Int16Range(4, 18).Draw(t, "version")
			body = AppendFetchRequest(nil, version, drawFetch(t))
		}
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			if len(body) == 0 {
				break
			}
			at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "change") {
			case 0:
				body[at] = rapid.Byte().Draw(t, "byte")
			case 1:
				body[at] = 0xff
			case 2:
				body = body[:at]
			case 3:
				body = append(body[:at], append([]byte{0x7f}, body[at:]...)...)
			}
		}
		decoded, code := DecodeRequestBody(key, version, body, nil)
		if (decoded == nil) == (code == kafka.None) {
			t.Fatalf("%s v%d: %v with code %v", APIName(key), version, decoded, code)
		}
		if decoded != nil {
			AppendRequest(nil, key, version, 0, "", decoded)
		}
	})
}
