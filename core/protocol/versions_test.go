package protocol

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
)

// The table must agree with kmsg on names and on where compact types begin,
// and never promise a version that kmsg cannot decode.
func TestTableAgreesWithKmsg(t *testing.T) {
	last := int16(-1)
	for a := range APIs {
		if a.Key <= last {
			t.Errorf("%s: keys do not rise", a.Name)
		}
		last = a.Key
		if got := kmsg.NameForKey(a.Key); got != a.Name && got != "InitProducerID" && got != "AllocateProducerIDs" && got != "AlterPartitionAssignments" {
			t.Errorf("key %d is %q here, %q there", a.Key, a.Name, got)
		}
		q := kmsg.RequestForKey(a.Key)
		if a.Max > q.MaxVersion() || a.Min > a.Max || a.AdvertisedMin > a.Min {
			t.Errorf("%s: versions %d (%d) to %d, kmsg's newest %d", a.Name, a.Min, a.AdvertisedMin, a.Max, q.MaxVersion())
		}
		for v := a.Min; v <= a.Max; v++ {
			if q.SetVersion(v); q.IsFlexible() != flexible(a.Key, v) {
				t.Errorf("%s v%d: flexible %v", a.Name, v, q.IsFlexible())
			}
		}
	}
}

func TestApiVersionsAnswersFromTheTable(t *testing.T) {
	listed := AppendAPIKeys(nil)
	produce := listed[0]
	if produce.ApiKey != KeyProduce || produce.MinVersion != 0 || produce.MaxVersion != 13 {
		t.Errorf("Produce is advertised as %d to %d: old librdkafka wants a minimum of 0", produce.MinVersion, produce.MaxVersion)
	}
	if SupportedVersion(KeyProduce, 2) {
		t.Error("Produce 2 is advertised, but must be refused")
	}
	for _, k := range listed {
		if !SupportedVersion(k.ApiKey, k.MaxVersion) {
			t.Errorf("key %d is advertised, but its version %d is not served", k.ApiKey, k.MaxVersion)
		}
	}
}

// A client that speaks a newer ApiVersions than we do must be able to read the
// refusal: header and body of version 0, with the range of key 18.
func TestUnknownApiVersionsVersion(t *testing.T) {
	request := []byte{0, 18, 0, 99, 0, 0, 0, 42, 0, 2, 'm', 'e', 0, 4, 'w', 'h', 'o', 2, '1', 0}
	h, body, code, err := DecodeRequest(request, nil)
	if err != nil || code != kafka.ErrUnsupportedVersion || body != nil {
		t.Fatalf("%v, %v, %v", body, code, err)
	}
	if h.Key != KeyApiVersions || h.Version != 99 || h.CorrelationID != 42 || h.ClientID != "me" {
		t.Fatalf("header %+v", h)
	}
	frame := AppendResponse(nil, h.Key, h.Version, h.CorrelationID, UnsupportedApiVersions())
	want := []byte{0, 0, 0, 16, 0, 0, 0, 42, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4}
	if string(frame) != string(want) {
		t.Fatalf("got  %x\nwant %x", frame, want)
	}
	for _, asked := range []int16{99, 4, 3, 0} {
		id, got, code := DecodeResponse(frame[FramePrefixBytes:], KeyApiVersions, asked, nil)
		r, ok := got.(*kmsg.ApiVersionsResponse)
		if id != 42 || code != kafka.None || !ok || len(r.ApiKeys) != 1 || r.ApiKeys[0].MaxVersion != 4 {
			t.Fatalf("asked as v%d: %d, %v, %+v", asked, id, code, got)
		}
	}
}

// The header of an ApiVersions response has no tagged fields in any version;
// those of other flexible responses have.
func TestResponseHeaders(t *testing.T) {
	for _, c := range []struct {
		key, version int16
		want         int
	}{
		{KeyApiVersions, 0, 4}, {KeyApiVersions, 4, 4}, {KeyMetadata, 8, 4}, {KeyMetadata, 9, 5},
		{KeyProduce, 8, 4}, {KeyProduce, 9, 5}, {KeyFetch, 11, 4}, {KeyFetch, 12, 5}, {KeyDescribeCluster, 0, 5},
	} {
		if got := len(AppendResponseHeader(nil, c.key, c.version, 1)); got != c.want {
			t.Errorf("key %d v%d: header of %d bytes, want %d", c.key, c.version, got, c.want)
		}
	}
}

func TestRequestHeaders(t *testing.T) {
	for _, h := range []RequestHeader{
		{Key: KeyMetadata, Version: 1, CorrelationID: 1},
		{Key: KeyMetadata, Version: 12, CorrelationID: -1, ClientID: "", HasClientID: true},
		{Key: KeyProduce, Version: 3, CorrelationID: 1 << 30, ClientID: "héllo", HasClientID: true},
	} {
		var got RequestHeader
		rest, err := DecodeRequestHeader(append(AppendRequestHeader(nil, &h), 1, 2, 3), &got)
		if err != nil || got != h || len(rest) != 3 {
			t.Errorf("%+v came back as %+v with %x, %v", h, got, rest, err)
		}
	}
	for _, broken := range [][]byte{nil, {0, 3, 0, 1, 0, 0, 0}, {0, 3, 0, 1, 0, 0, 0, 1, 0, 9, 'x'}, {0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xfe}} {
		var got RequestHeader
		if _, err := DecodeRequestHeader(broken, &got); err == nil {
			t.Errorf("%x was read as %+v", broken, got)
		}
	}
}
