package protocol

import (
	"encoding/binary"
	"errors"
)

// ErrHeader says that a request's header does not parse, so that it cannot
// even be answered: its connection is to be closed.
var ErrHeader = errors.New("malformed request header")

// RequestHeader precedes every request (versions 1 and 2; version 0, without a
// client ID, belonged to ControlledShutdown and is gone).
type RequestHeader struct {
	Key           int16
	Version       int16
	CorrelationID int32
	ClientID      string
	HasClientID   bool // false: null on the wire
}

// DecodeRequestHeader reads the header of a frame into dst and returns the
// body that follows. dst.ClientID is kept when it is equal, so that a reused
// dst allocates nothing. For a key or version outside our table the tagged
// fields that may follow the client ID are left in body.
func DecodeRequestHeader(frame []byte, dst *RequestHeader) (body []byte, err error) {
	r := reader{b: frame}
	dst.Key = r.int16()
	dst.Version = r.int16()
	dst.CorrelationID = r.int32()
	// The client ID stays a plain nullable string in version 2 (KIP-482).
	dst.ClientID, dst.HasClientID = r.nullableString(dst.ClientID)
	if SupportedVersion(dst.Key, dst.Version) {
		r.flex = flexible(dst.Key, dst.Version)
		r.skipTags()
	}
	if r.bad {
		return nil, ErrHeader
	}
	return r.b, nil
}

// AppendRequestHeader appends a header for h.Key at h.Version.
func AppendRequestHeader(dst []byte, h *RequestHeader) []byte {
	dst = appendInt16(dst, h.Key)
	dst = appendInt16(dst, h.Version)
	dst = appendInt32(dst, h.CorrelationID)
	dst = appendNullableString(dst, false, h.ClientID, h.HasClientID)
	if flexible(h.Key, h.Version) {
		dst = append(dst, 0)
	}
	return dst
}

// flexibleResponseHeader tells whether a response's header carries tagged
// fields. ApiVersions never does: a client must be able to read the answer
// before it knows what we speak (KIP-511).
func flexibleResponseHeader(key, version int16) bool {
	return key != KeyApiVersions && flexible(key, version)
}

// AppendResponseHeader appends the header of a response.
func AppendResponseHeader(dst []byte, key, version int16, correlationID int32) []byte {
	dst = appendInt32(dst, correlationID)
	if flexibleResponseHeader(key, version) {
		dst = append(dst, 0)
	}
	return dst
}

// ResponseCorrelationID reads the correlation ID that any response starts
// with, so that a reader can find which request it answers.
func ResponseCorrelationID(frame []byte) (int32, error) {
	if len(frame) < 4 {
		return 0, ErrFrameTooSmall
	}
	return int32(binary.BigEndian.Uint32(frame)), nil
}
