package codec

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// zstdMaxWindow bounds the memory that a frame's header may ask for. Levels up
// to 19 need 8 MiB.
const zstdMaxWindow = 32 << 20

// appender is a writer at the end of a slice.
type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

type gzipCodec struct{}

// gzipReader keeps a decompressor with its input.
type gzipReader struct {
	in bytes.Reader
	gz gzip.Reader
}

var (
	gzipReaders sync.Pool
	gzipWriters sync.Pool
)

// Compress implements batch.Codec.
func (gzipCodec) Compress(dst, src []byte) ([]byte, error) {
	w, _ := gzipWriters.Get().(*gzip.Writer)
	if w == nil {
		w = gzip.NewWriter(io.Discard)
	}
	defer gzipWriters.Put(w)
	out := appender{b: dst}
	w.Reset(&out)
	if _, err := w.Write(src); err != nil {
		return dst, err
	}
	err := w.Close()
	return out.b, err
}

// Decompress implements batch.Codec.
func (c gzipCodec) Decompress(dst, src []byte, limit int) ([]byte, error) {
	return whole(c, dst, src, limit)
}

// Each implements batch.Codec.
func (c gzipCodec) Each(src []byte, limit int, take func([]byte) bool) error {
	return inPieces(c, src, limit, take)
}

// Claims implements batch.Codec: a member ends with its size modulo 2^32.
func (gzipCodec) Claims(src []byte) int64 {
	const least = 18 // header and trailer of a member
	if len(src) < least || src[0] != 0x1f || src[1] != 0x8b {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(src[len(src)-4:]))
}

func (gzipCodec) open(src []byte) (io.Reader, func(), error) {
	r, _ := gzipReaders.Get().(*gzipReader)
	if r == nil {
		r = new(gzipReader)
	}
	r.in.Reset(src)
	return &r.gz, func() { r.in.Reset(nil); gzipReaders.Put(r) }, r.gz.Reset(&r.in)
}

type lz4Codec struct{}

type lz4Reader struct {
	in bytes.Reader
	lz *lz4.Reader
}

var (
	lz4Readers sync.Pool
	lz4Writers sync.Pool
)

// Compress implements batch.Codec.
func (lz4Codec) Compress(dst, src []byte) ([]byte, error) {
	w, _ := lz4Writers.Get().(*lz4.Writer)
	if w == nil {
		w = lz4.NewWriter(io.Discard)
		if err := w.Apply(lz4.BlockSizeOption(lz4.Block64Kb)); err != nil {
			return dst, err
		}
	}
	defer lz4Writers.Put(w)
	out := appender{b: dst}
	w.Reset(&out)
	if _, err := w.Write(src); err != nil {
		return dst, err
	}
	err := w.Close()
	return out.b, err
}

// Decompress implements batch.Codec.
func (c lz4Codec) Decompress(dst, src []byte, limit int) ([]byte, error) {
	return whole(c, dst, src, limit)
}

// Each implements batch.Codec.
func (c lz4Codec) Each(src []byte, limit int, take func([]byte) bool) error {
	return inPieces(c, src, limit, take)
}

// Claims implements batch.Codec: a frame's header may hold its size.
func (lz4Codec) Claims(src []byte) int64 {
	const (
		magic   = 0x184d2204
		hasSize = 0x08
		header  = 4 + 2 + 8 // magic, flags, size
	)
	if len(src) < header || binary.LittleEndian.Uint32(src) != magic || src[4]&hasSize == 0 {
		return 0
	}
	return claim(binary.LittleEndian.Uint64(src[6:]))
}

func (lz4Codec) open(src []byte) (io.Reader, func(), error) {
	r, _ := lz4Readers.Get().(*lz4Reader)
	if r == nil {
		r = new(lz4Reader)
		r.lz = lz4.NewReader(&r.in)
	}
	r.in.Reset(src)
	r.lz.Reset(&r.in)
	return r.lz, func() { r.in.Reset(nil); lz4Readers.Put(r) }, nil
}

type zstdCodec struct{}

type zstdReader struct {
	in bytes.Reader
	zs *zstd.Decoder
}

var (
	zstdReaders sync.Pool
	zstdWriters sync.Pool
)

// Compress implements batch.Codec.
func (zstdCodec) Compress(dst, src []byte) ([]byte, error) {
	w, _ := zstdWriters.Get().(*zstd.Encoder)
	if w == nil {
		var err error
		if w, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true)); err != nil {
			return dst, err
		}
	}
	defer zstdWriters.Put(w)
	return w.EncodeAll(src, dst), nil
}

// Decompress implements batch.Codec.
func (c zstdCodec) Decompress(dst, src []byte, limit int) ([]byte, error) {
	return whole(c, dst, src, limit)
}

// Each implements batch.Codec.
func (c zstdCodec) Each(src []byte, limit int, take func([]byte) bool) error {
	return inPieces(c, src, limit, take)
}

// Claims implements batch.Codec: a frame's header may hold its size.
func (zstdCodec) Claims(src []byte) int64 {
	var h zstd.Header
	if err := h.Decode(src); err != nil || !h.HasFCS {
		return 0
	}
	return claim(h.FrameContentSize)
}

func (zstdCodec) open(src []byte) (io.Reader, func(), error) {
	r, _ := zstdReaders.Get().(*zstdReader)
	if r == nil {
		zs, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdMaxWindow))
		if err != nil {
			return nil, func() {}, err
		}
		r = &zstdReader{zs: zs}
	}
	r.in.Reset(src)
	return r.zs, func() { r.in.Reset(nil); zstdReaders.Put(r) }, r.zs.Reset(&r.in)
}

// stream is a codec that decompresses by reading. The function that open
// returns gives the reader back, whether there was an error or not.
type stream interface {
	open(src []byte) (io.Reader, func(), error)
}

func whole(c stream, dst, src []byte, limit int) ([]byte, error) {
	r, done, err := c.open(src)
	defer done()
	if err != nil {
		return dst, malformed(err)
	}
	return readAll(dst, r, limit)
}

func inPieces(c stream, src []byte, limit int, take func([]byte) bool) error {
	r, done, err := c.open(src)
	defer done()
	if err != nil {
		return malformed(err)
	}
	return readEach(r, limit, take)
}

// claim is a size as a header holds it.
func claim(n uint64) int64 { return int64(min(n, math.MaxInt64)) }
