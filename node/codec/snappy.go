package codec

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/klauspost/compress/snappy"

	"trialog/core/batch"
)

// Java's clients frame snappy with the xerial library: a header of 16 bytes
// (magic, version, least compatible version), then blocks, each after its
// length. Other clients send one plain block.
var xerialMagic = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0}

const (
	xerialHeader = 16
	xerialBlock  = 32 << 10 // how much xerial puts into a block
)

type snappyCodec struct{}

// Compress implements batch.Codec, with Java's framing.
func (snappyCodec) Compress(dst, src []byte) ([]byte, error) {
	dst = append(dst, xerialMagic...)
	dst = binary.BigEndian.AppendUint32(dst, 1)
	dst = binary.BigEndian.AppendUint32(dst, 1)
	for len(src) > 0 {
		n := min(len(src), xerialBlock)
		block := snappy.Encode(nil, src[:n])
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(block)))
		dst = append(dst, block...)
		src = src[n:]
	}
	return dst, nil
}

// Decompress implements batch.Codec, for both forms.
func (snappyCodec) Decompress(dst, src []byte, limit int) ([]byte, error) {
	if !bytes.HasPrefix(src, xerialMagic) {
		return appendBlock(dst, src, limit)
	}
	if len(src) < xerialHeader {
		return dst, batch.ErrCodec
	}
	start := len(dst)
	for rest := src[xerialHeader:]; len(rest) > 0; {
		if len(rest) < 4 {
			return dst[:start], batch.ErrCodec
		}
		n := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if uint64(n) > uint64(len(rest)) {
			return dst[:start], batch.ErrCodec
		}
		var err error
		if dst, err = appendBlock(dst, rest[:n], limit-(len(dst)-start)); err != nil {
			return dst[:start], err
		}
		rest = rest[n:]
	}
	return dst, nil
}

// appendBlock decompresses one plain block. A block says how long its contents
// are; 1 byte expands to 64 at most, so a claim beyond that is a lie and takes
// no memory.
func appendBlock(dst, block []byte, limit int) ([]byte, error) {
	n, err := snappy.DecodedLen(block)
	switch {
	case err != nil:
		return dst, malformed(err)
	case n > limit:
		return dst, batch.ErrTooLarge
	case n > 64*len(block):
		return dst, malformed(errors.New("a block that claims too much"))
	}
	start := len(dst)
	if cap(dst)-start < n {
		dst = append(dst, make([]byte, n)...)[:start]
	}
	out, err := snappy.Decode(dst[start:start+n:start+n], block)
	if err != nil {
		return dst, malformed(err)
	}
	return dst[:start+len(out)], nil
}
