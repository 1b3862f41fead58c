package quorum

import (
	"encoding/binary"
	"errors"

	"trialog/core/kafka"
)

// entryVersion is the first byte of an encoded entry.
const entryVersion = 1

// ErrBadEntry says that bytes are not an entry.
var ErrBadEntry = errors.New("quorum: not an entry")

// AppendEntry encodes an entry for the engine: version byte, proposer (varint),
// nonce (8 bytes), epoch and sequence (uvarint), then the records to the end.
func AppendEntry(dst []byte, e *Entry) []byte {
	dst = append(dst, entryVersion)
	dst = binary.AppendVarint(dst, int64(e.Proposer))
	dst = binary.BigEndian.AppendUint64(dst, e.Nonce)
	dst = binary.AppendUvarint(dst, uint64(uint32(e.Epoch)))
	dst = binary.AppendUvarint(dst, e.Seq)
	return append(dst, e.Records...)
}

// DecodeEntry reads what AppendEntry wrote. Records aliases b.
func DecodeEntry(b []byte) (Entry, error) {
	if len(b) == 0 || b[0] != entryVersion {
		return Entry{}, ErrBadEntry
	}
	b = b[1:]
	proposer, n := binary.Varint(b)
	if n <= 0 || int64(int32(proposer)) != proposer || len(b) < n+8 {
		return Entry{}, ErrBadEntry
	}
	nonce := binary.BigEndian.Uint64(b[n:])
	b = b[n+8:]
	epoch, n := binary.Uvarint(b)
	if n <= 0 || epoch > 1<<31-1 {
		return Entry{}, ErrBadEntry
	}
	b = b[n:]
	seq, n := binary.Uvarint(b)
	if n <= 0 {
		return Entry{}, ErrBadEntry
	}
	e := Entry{Proposer: kafka.BrokerID(proposer), Nonce: nonce, Epoch: kafka.ControllerEpoch(epoch), Seq: seq}
	if len(b) > n {
		e.Records = b[n:]
	}
	if e.IsClaim() && e.Records != nil {
		return Entry{}, ErrBadEntry
	}
	return e, nil
}
