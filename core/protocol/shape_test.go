package protocol

import (
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"trialog/core/kafka"
)

// fill draws every field of a kmsg message. Tagged structs of unknown tags are
// left empty.
func fill(t *rapid.T, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64Range(-1, 1<<(v.Type().Bits()-1)-1).Draw(t, "n"))
	case reflect.Uint8, reflect.Uint16:
		v.SetUint(rapid.Uint64Range(0, 1<<v.Type().Bits()-1).Draw(t, "u"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "b"))
	case reflect.String:
		v.SetString(rapid.StringN(0, 12, 40).Draw(t, "s"))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "set") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), depth)
		}
	case reflect.Slice:
		n := rapid.IntRange(0, 3).Draw(t, "len")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(rapid.Byte().Draw(t, "byte")))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if name != "Version" && name != "UnknownTags" {
				fill(t, v.Field(i), depth)
			}
		}
	default:
		panic("a kind of field that kmsg did not have: " + v.Kind().String())
	}
}

// drawKmsg draws a request of any key that kmsg decodes; served: of one that
// we answer.
func drawKmsg(t *rapid.T, served bool) (kmsg.Request, int16) {
	var rows []API
	for a := range APIs {
		if served && !a.Listed && !a.Internal {
			continue
		}
		if a.Shape != "" || a.Key != KeyProduce && a.Key != KeyFetch {
			rows = append(rows, a)
		}
	}
	a := rapid.SampledFrom(rows).Draw(t, "api")
	version := rapid.Int16Range(a.Min, a.Max).Draw(t, "version")
	q := kmsg.RequestForKey(a.Key)
	q.SetVersion(version)
	fill(t, reflect.ValueOf(q).Elem(), 0)
	return q, version
}

// Every shape walks exactly what kmsg writes, and nothing shorter or longer.
func TestShapesAgreeWithKmsg(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, version := drawKmsg(t, false)
		body := q.AppendTo(nil)
		if !wellShaped(q.Key(), version, body) {
			t.Fatalf("%s v%d: refused\n%x\n%+v", APIName(q.Key()), version, body, q)
		}
		if wellShaped(q.Key(), version, append(body[:len(body):len(body)], 0)) {
			t.Fatalf("%s v%d: a trailing byte was accepted", APIName(q.Key()), version)
		}
		if len(body) > 0 && wellShaped(q.Key(), version, body[:len(body)-1]) {
			t.Fatalf("%s v%d: a lost byte was not noticed", APIName(q.Key()), version)
		}
	})
}

// A request that goes through a frame comes out as it went in.
func TestRequestsSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, version := drawKmsg(t, true)
		want := q.AppendTo(nil)
		frame := AppendRequest(nil, q.Key(), version, 5, "me", q)
		h, body, code, err := DecodeRequest(frame[FramePrefixBytes:], nil)
		if err != nil || code != kafka.None {
			t.Fatalf("%s v%d: %v %v", APIName(q.Key()), version, code, err)
		}
		if h != (RequestHeader{Key: q.Key(), Version: version, CorrelationID: 5, ClientID: "me", HasClientID: true}) {
			t.Fatalf("header %+v", h)
		}
		if got := body.(kmsg.Request).AppendTo(nil); string(got) != string(want) {
			t.Fatalf("%s v%d:\n got %x\nwant %x", APIName(q.Key()), version, got, want)
		}
	})
}

// The same for responses, which clients decode.
func TestResponsesSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, version := drawKmsg(t, true)
		answer := q.ResponseKind()
		answer.SetVersion(version)
		fill(t, reflect.ValueOf(answer).Elem(), 0)
		if r, ok := answer.(*kmsg.ApiVersionsResponse); ok && r.ErrorCode == int16(kafka.ErrUnsupportedVersion) {
			return
		}
		want := answer.AppendTo(nil)
		frame := AppendResponse(nil, q.Key(), version, -7, answer)
		id, body, code := DecodeResponse(frame[FramePrefixBytes:], q.Key(), version, nil)
		if id != -7 || code != kafka.None {
			t.Fatalf("%s v%d: id %d, %v", APIName(q.Key()), version, id, code)
		}
		if got := body.(kmsg.Response).AppendTo(nil); string(got) != string(want) {
			t.Fatalf("%s v%d:\n got %x\nwant %x", APIName(q.Key()), version, got, want)
		}
	})
}
