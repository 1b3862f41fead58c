package codec

import (
	"bytes"
	"io"
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
func (gzipCodec) Decompress(dst, src []byte, limit int) ([]byte, error) {
	r, _ := gzipReaders.Get().(*gzipReader)
	if r == nil {
		r = new(gzipReader)
	}
	defer gzipReaders.Put(r)
	r.in.Reset(src)
	defer r.in.Reset(nil)
	if err := r.gz.Reset(&r.in); err != nil {
		return dst, malformed(err)
	}
	return readAll(dst, &r.gz, limit)
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
func (lz4Codec) Decompress(dst, src []byte, limit int) ([]byte, error) {
	r, _ := lz4Readers.Get().(*lz4Reader)
	if r == nil {
		r = new(lz4Reader)
		r.lz = lz4.NewReader(&r.in)
	}
	defer lz4Readers.Put(r)
	r.in.Reset(src)
	r.lz.Reset(&r.in)
	defer r.in.Reset(nil)
	return readAll(dst, r.lz, limit)
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
func (zstdCodec) Decompress(dst, src []byte, limit int) ([]byte, error) {
	r, _ := zstdReaders.Get().(*zstdReader)
	if r == nil {
		zs, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdMaxWindow))
		if err != nil {
			return dst, err
		}
		r = &zstdReader{zs: zs}
	}
	defer zstdReaders.Put(r)
	r.in.Reset(src)
	defer r.in.Reset(nil)
	if err := r.zs.Reset(&r.in); err != nil {
		return dst, malformed(err)
	}
	return readAll(dst, r.zs, limit)
}
