// Package codec gives core/batch Kafka's compressions: gzip, snappy (plain
// blocks and the framing of Java's xerial library), LZ4 frames and zstd.
//
// Compressors and decompressors are pooled, since a connection checks one
// small batch after another. No call takes memory by what a length field
// claims: output grows as it is produced and stops at the caller's limit.
package codec

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"trialog/core/batch"
)

// All returns Kafka's codecs by ID. The value is safe for any number of goroutines.
func All() batch.Codecs {
	var c batch.Codecs
	c[batch.Gzip] = gzipCodec{}
	c[batch.Snappy] = snappyCodec{}
	c[batch.LZ4] = lz4Codec{}
	c[batch.Zstd] = zstdCodec{}
	return c
}

// stretch is how much is decompressed before others may use the processor: what
// waits behind a large batch then waits for some ten microseconds, not for the
// scheduler's ten milliseconds.
const stretch = 32 << 10

// pieces are what Each hands out.
var pieces = sync.Pool{New: func() any { return new([stretch]byte) }}

// readEach hands out what r yields, at most limit bytes.
func readEach(r io.Reader, limit int, take func([]byte) bool) error {
	piece, _ := pieces.Get().(*[stretch]byte)
	defer pieces.Put(piece)
	for {
		n, err := r.Read(piece[:])
		if limit -= n; limit < 0 {
			return batch.ErrTooLarge
		}
		switch {
		case n > 0 && !take(piece[:n]), errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return malformed(err)
		}
	}
}

// readAll appends what r yields to dst, at most limit bytes.
func readAll(dst []byte, r io.Reader, limit int) ([]byte, error) {
	start, yielded := len(dst), len(dst)
	for {
		if len(dst) == cap(dst) { // twice as much, but not more than the limit asks for
			dst = slices.Grow(dst, max(512, min(len(dst), limit+1-(len(dst)-start))))
		}
		// One byte beyond the limit is enough to know that there is more.
		room := min(cap(dst)-len(dst), limit+1-(len(dst)-start), stretch)
		n, err := r.Read(dst[len(dst) : len(dst)+room])
		dst = dst[:len(dst)+n]
		if len(dst)-yielded >= stretch {
			runtime.Gosched()
			yielded = len(dst)
		}
		switch {
		case len(dst)-start > limit:
			return dst[:start], batch.ErrTooLarge
		case errors.Is(err, io.EOF):
			return dst, nil
		case err != nil:
			return dst[:start], malformed(err)
		}
	}
}

// malformed wraps a library's complaint about its input.
func malformed(err error) error { return fmt.Errorf("%w: %w", batch.ErrCodec, err) }
