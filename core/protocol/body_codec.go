package protocol

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
)

// DecodeRequestBody reads what follows a request's header. See DecodeRequest.
func DecodeRequestBody(key, version int16, body []byte, free *FreeList) (Body, kafka.ErrorCode) {
	if !SupportedVersion(key, version) {
		return nil, kafka.ErrUnsupportedVersion
	}
	switch key {
	case KeyProduce:
		q := free.produceRequest()
		if code := DecodeProduceRequest(q, version, body); code != kafka.None {
			return nil, code
		}
		return q, kafka.None
	case KeyFetch:
		q := free.fetchRequest()
		if code := DecodeFetchRequest(q, version, body); code != kafka.None {
			return nil, code
		}
		return q, kafka.None
	}
	if !wellShaped(key, version, body) {
		return nil, kafka.ErrInvalidRequest
	}
	q := kmsg.RequestForKey(key)
	q.SetVersion(version)
	if q.ReadFrom(body) != nil {
		return nil, kafka.ErrInvalidRequest
	}
	return q, kafka.None
}

// DecodeResponse reads one frame without its prefix as the answer to a request
// of key and version. Record bytes alias the frame. An ApiVersions response
// that refuses our version is read as version 0, as it was written.
// INVALID_REQUEST stands for a response that does not parse.
func DecodeResponse(frame []byte, key, version int16, free *FreeList) (correlationID int32, body Body, code kafka.ErrorCode) {
	r := reader{b: frame}
	correlationID = r.int32()
	r.flex = flexibleResponseHeader(key, version)
	r.skipTags()
	if r.bad {
		return correlationID, nil, kafka.ErrInvalidRequest
	}
	switch key {
	case KeyProduce:
		q := free.produceResponse()
		code = DecodeProduceResponse(q, version, r.b)
		return correlationID, q, code
	case KeyFetch:
		q := free.fetchResponse()
		code = DecodeFetchResponse(q, version, r.b)
		return correlationID, q, code
	case KeyApiVersions:
		peek := reader{b: r.b}
		if kafka.ErrorCode(peek.int16()) == kafka.ErrUnsupportedVersion {
			version = 0
		}
	}
	q := kmsg.ResponseForKey(key)
	if q == nil {
		return correlationID, nil, kafka.ErrInvalidRequest
	}
	q.SetVersion(version)
	if q.ReadFrom(r.b) != nil {
		return correlationID, nil, kafka.ErrInvalidRequest
	}
	return correlationID, q, kafka.None
}
