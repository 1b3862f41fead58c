package protocol

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
)

// FreeList hands out flat bodies that somebody gave back, so that a steady
// stream of requests allocates nothing. It belongs to one goroutine. The zero
// value and nil are ready; nil always allocates.
type FreeList struct {
	produceRequests  []*ProduceRequest
	produceResponses []*ProduceResponse
	fetchRequests    []*FetchRequest
	fetchResponses   []*FetchResponse
}

// DecodeRequest reads one frame without its prefix. The body's record bytes
// alias the frame, which belongs to the body from now on.
//
// body is nil when code is not NONE: UNSUPPORTED_VERSION for a key or version
// outside our table, INVALID_REQUEST for a body that does not parse. A header
// that does not parse is the error, and leaves nothing to answer.
func DecodeRequest(frame []byte, free *FreeList) (h RequestHeader, body Body, code kafka.ErrorCode, err error) {
	rest, err := DecodeRequestHeader(frame, &h)
	if err != nil {
		return h, nil, kafka.ErrInvalidRequest, err
	}
	body, code = DecodeRequestBody(h.Key, h.Version, rest, free)
	return h, body, code, nil
}

// AppendRequest appends a whole frame, prefix included. An empty client ID is
// sent as null.
func AppendRequest(dst []byte, key, version int16, correlationID int32, clientID string, body Body) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	h := RequestHeader{Key: key, Version: version, CorrelationID: correlationID, ClientID: clientID, HasClientID: clientID != ""}
	dst = AppendRequestHeader(dst, &h)
	switch b := body.(type) {
	case *ProduceRequest:
		dst = AppendProduceRequest(dst, version, b)
	case *FetchRequest:
		dst = AppendFetchRequest(dst, version, b)
	case kmsg.Request:
		b.SetVersion(version)
		dst = b.AppendTo(dst)
	}
	return sealFrame(dst, at)
}

// AppendResponse appends a whole frame, prefix included. An ApiVersions
// response to a version outside our table is encoded as version 0.
func AppendResponse(dst []byte, key, version int16, correlationID int32, body Body) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = AppendResponseHeader(dst, key, version, correlationID)
	switch b := body.(type) {
	case *ProduceResponse:
		dst = AppendProduceResponse(dst, version, b)
	case *FetchResponse:
		dst = AppendFetchResponse(dst, version, b)
	case kmsg.Response:
		if key == KeyApiVersions && !SupportedVersion(key, version) {
			version = 0
		}
		b.SetVersion(version)
		dst = b.AppendTo(dst)
	}
	return sealFrame(dst, at)
}

// sealFrame writes the length of what follows the prefix at dst[at:].
func sealFrame(dst []byte, at int) []byte {
	n := len(dst) - at - FramePrefixBytes
	dst[at], dst[at+1], dst[at+2], dst[at+3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	return dst
}
