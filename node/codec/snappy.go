package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sync"

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
	start := len(dst)
	err := eachBlock(src, func(block []byte) (bool, error) {
		var err error
		dst, err = appendBlock(dst, block, limit-(len(dst)-start))
		return true, err
	})
	if err != nil {
		return dst[:start], err
	}
	return dst, nil
}

// Each implements batch.Codec. Of what a block unpacks to all must be kept
// until its end, since any of it may be asked for again.
func (snappyCodec) Each(src []byte, limit int, take func([]byte) bool) error {
	piece, _ := blocks.Get().(*[]byte)
	defer blocks.Put(piece)
	return eachBlock(src, func(block []byte) (bool, error) {
		if n, err := snappy.DecodedLen(block); err == nil && n > largeBlock {
			goOn, err := unpackLarge(block, limit, take)
			limit -= n
			return goOn, err
		}
		out, err := appendBlock((*piece)[:0], block, limit)
		if err != nil {
			return false, err
		}
		limit -= len(out)
		return len(out) == 0 || take(out), nil
	})
}

// blocks are for decompressed blocks of up to largeBlock bytes.
var blocks = sync.Pool{New: func() any { b := make([]byte, 0, largeBlock); return &b }}

// largeBlock is from where on a block is not decompressed in one go.
const largeBlock = 64 << 10

// Claims implements batch.Codec: every block begins with its size.
func (snappyCodec) Claims(src []byte) (size int64) {
	_ = eachBlock(src, func(block []byte) (bool, error) {
		n, err := snappy.DecodedLen(block)
		size += int64(n)
		return true, err
	})
	return size
}

// eachBlock visits the blocks of either form until visit is content or fails.
func eachBlock(src []byte, visit func(block []byte) (goOn bool, err error)) error {
	if !bytes.HasPrefix(src, xerialMagic) {
		_, err := visit(src)
		return err
	}
	if len(src) < xerialHeader {
		return batch.ErrCodec
	}
	for rest := src[xerialHeader:]; len(rest) > 0; {
		if len(rest) < 4 {
			return batch.ErrCodec
		}
		n := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if uint64(n) > uint64(len(rest)) {
			return batch.ErrCodec
		}
		if goOn, err := visit(rest[:n]); err != nil || !goOn {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// appendBlock decompresses one plain block. A block says how long its contents
// are; 1 byte expands to 64 at most, so a claim beyond that is a lie and takes
// no memory.
func appendBlock(dst, block []byte, limit int) ([]byte, error) {
	n, err := believable(block, limit)
	if err != nil {
		return dst, err
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

// believable returns the size of what a block unpacks to.
func believable(block []byte, limit int) (int, error) {
	n, err := snappy.DecodedLen(block)
	switch {
	case err != nil:
		return 0, malformed(err)
	case n > limit:
		return 0, batch.ErrTooLarge
	case n > 64*len(block):
		return 0, malformed(errors.New("a block that claims too much"))
	}
	return n, nil
}
