package batch

import "errors"

// CodecID names a compression, as it stands in a batch's attributes.
type CodecID uint8

// Kafka's compressions.
const (
	Uncompressed CodecID = iota
	Gzip
	Snappy
	LZ4
	Zstd
)

// ErrTooLarge says that decompression would exceed the bound it was given.
var ErrTooLarge = errors.New("decompressed records exceed the limit")

// ErrCodec says that bytes are not what a codec's compressor writes.
var ErrCodec = errors.New("compressed records are malformed")

// Codec compresses and decompresses the records of a batch. Implementations
// keep nothing of what they are given, and answer the same bytes to the same
// bytes.
type Codec interface {
	// Compress appends the compressed form of src to dst.
	Compress(dst, src []byte) ([]byte, error)
	// Decompress appends what src was compressed from to dst, and fails with
	// ErrTooLarge instead of appending more than limit bytes.
	Decompress(dst, src []byte, limit int) ([]byte, error)
	// Each hands what src was compressed from to take, in pieces of at most some
	// ten thousand bytes that are its own only until it returns, and stops when
	// it says so. It fails with ErrTooLarge instead of handing out more than
	// limit bytes, and needs no memory by the size of what it unpacks.
	Each(src []byte, limit int, take func(piece []byte) bool) error
	// Claims tells how many bytes src says that it unpacks to at least, without
	// unpacking it; 0: it does not say. Whether that is so shows only later.
	Claims(src []byte) int64
}

// Codecs holds a driver's codecs by CodecID; nil: not supported. The entry of
// Uncompressed is not used.
type Codecs [8]Codec

// RunLength is the simulator's codec: runs of equal bytes as (length, byte)
// pairs. It is registered under the ID of one that Kafka knows, so that
// compressed batches run through simulated clusters without a real compressor.
type RunLength struct{}

// Compress implements Codec.
func (RunLength) Compress(dst, src []byte) ([]byte, error) {
	for i := 0; i < len(src); {
		n := 1
		for n < 255 && i+n < len(src) && src[i+n] == src[i] {
			n++
		}
		dst = append(dst, byte(n), src[i])
		i += n
	}
	return dst, nil
}

// Decompress implements Codec.
func (RunLength) Decompress(dst, src []byte, limit int) ([]byte, error) {
	if len(src)%2 != 0 {
		return dst, ErrCodec
	}
	for i := 0; i < len(src); i += 2 {
		n := int(src[i])
		if n == 0 {
			return dst, ErrCodec
		}
		if limit -= n; limit < 0 {
			return dst, ErrTooLarge
		}
		for range n {
			dst = append(dst, src[i+1])
		}
	}
	return dst, nil
}

// Each implements Codec.
func (r RunLength) Each(src []byte, limit int, take func([]byte) bool) error {
	var piece [255]byte
	for i := 0; i < len(src); i += 2 {
		part, err := r.Decompress(piece[:0], src[i:min(i+2, len(src))], limit)
		if err != nil {
			return err
		}
		if limit -= len(part); !take(part) {
			return nil
		}
	}
	return nil
}

// Claims implements Codec.
func (RunLength) Claims(src []byte) (size int64) {
	for i := 0; i < len(src); i += 2 {
		size += int64(src[i])
	}
	return size
}
