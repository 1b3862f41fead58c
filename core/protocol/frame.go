package protocol

import (
	"encoding/binary"
	"errors"
	"io"
)

// FramePrefixBytes is the length of a frame's big-endian length prefix.
const FramePrefixBytes = 4

// DefaultMaxFrameBytes is Kafka's socket.request.max.bytes.
const DefaultMaxFrameBytes int32 = 100 << 20

// Errors of framing. Each is fatal to its connection: nothing after it can be
// told apart.
var (
	ErrFrameTooLarge = errors.New("frame larger than the limit")
	ErrFrameTooSmall = errors.New("frame too small for a header")
)

// growStep bounds what a length prefix alone can make us allocate: a larger
// frame's memory grows with the bytes that have really come.
const growStep = 64 << 10

// FrameSize reads a length prefix of FramePrefixBytes and returns the length
// of the frame that follows, before any memory is taken for it.
func FrameSize(prefix []byte, max int32) (int, error) {
	size := int32(binary.BigEndian.Uint32(prefix))
	if size < 4 { // a correlation ID is the least that any header holds
		return 0, ErrFrameTooSmall
	}
	if size > max {
		return 0, ErrFrameTooLarge
	}
	return int(size), nil
}

// ReadFrame reads one frame without its prefix into memory of its own. It
// returns io.EOF only between frames, and io.ErrUnexpectedEOF within one.
func ReadFrame(r io.Reader, max int32) ([]byte, error) {
	var prefix [FramePrefixBytes]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, err
	}
	size, err := FrameSize(prefix[:], max)
	if err != nil {
		return nil, err
	}
	frame := make([]byte, 0, min(size, growStep))
	for len(frame) < size {
		if len(frame) == cap(frame) {
			frame = growFrame(frame, size)
		}
		n, err := io.ReadFull(r, frame[len(frame):cap(frame)])
		frame = frame[:len(frame)+n]
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return frame, nil
}

// growFrame doubles a frame's memory towards size.
func growFrame(frame []byte, size int) []byte {
	grown := make([]byte, len(frame), min(size, 2*cap(frame)))
	copy(grown, frame)
	return grown
}

// Splitter cuts a byte stream that arrives in pieces into frames. The zero
// value is not ready; use NewSplitter.
type Splitter struct {
	max    int32
	prefix [FramePrefixBytes]byte
	filled int    // bytes of prefix present
	size   int    // of the frame under way, when filled is FramePrefixBytes
	frame  []byte // what came of it so far
	err    error
}

// NewSplitter returns a splitter that refuses frames larger than max.
func NewSplitter(max int32) Splitter { return Splitter{max: max} }

// Next consumes bytes from p until one frame is whole. It returns the frame
// without its prefix, in memory of its own, and what is left of p; frame is
// nil once p is used up. After an error the stream is of no use.
func (s *Splitter) Next(p []byte) (frame, rest []byte, err error) {
	if s.err != nil {
		return nil, nil, s.err
	}
	if s.filled < FramePrefixBytes {
		n := copy(s.prefix[s.filled:], p)
		s.filled += n
		p = p[n:]
		if s.filled < FramePrefixBytes {
			return nil, nil, nil
		}
		if s.size, s.err = FrameSize(s.prefix[:], s.max); s.err != nil {
			return nil, nil, s.err
		}
		s.frame = make([]byte, 0, min(s.size, max(growStep, len(p))))
	}
	n := min(s.size-len(s.frame), len(p))
	for cap(s.frame) < len(s.frame)+n {
		s.frame = growFrame(s.frame, s.size)
	}
	s.frame = append(s.frame, p[:n]...)
	p = p[n:]
	if len(s.frame) < s.size {
		return nil, nil, nil
	}
	frame, s.frame, s.filled = s.frame, nil, 0
	return frame, p, nil
}
