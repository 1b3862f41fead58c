package quorum

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"time"

	"github.com/lni/dragonboat/v4/raftpb"

	"trialog/node/peering"
)

// A frame between replicas: magic (2 bytes), version, kind, length of the
// payload (4 bytes, big endian), CRC-32C of the payload (4 bytes), payload.
const (
	frameMagic   = 0x5451
	frameVersion = 1
	frameHeader  = 12
	frameMax     = 256 << 20
)

// The kinds of frames. A connection begins with a hello from the side that
// dialled and the other side's answer.
const (
	kindHello byte = iota + 1
	kindIdentity
	kindMessages
	kindChunk
	kindJoin // a question for a replica ID, and its answer
	kindJoined
)

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// hello says who calls, and whom, and where the caller itself is reached.
type hello struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Address string `json:"address,omitempty"`
}

// link is one end of a connection between replicas, used by one goroutine. It
// implements raftio.IConnection and raftio.ISnapshotConnection.
type link struct {
	conn   net.Conn
	reader *bufio.Reader
	out    []byte // the frame under way, reused
}

func newLink(conn net.Conn) *link {
	return &link{conn: conn, reader: bufio.NewReaderSize(conn, 64<<10)}
}

// Close ends the connection.
func (l *link) Close() { l.conn.Close() }

// SendMessageBatch implements raftio.IConnection.
func (l *link) SendMessageBatch(batch raftpb.MessageBatch) error {
	size := batch.SizeUpperLimit()
	return l.sendMarshalled(kindMessages, size, batch.MarshalTo)
}

// SendChunk implements raftio.ISnapshotConnection.
func (l *link) SendChunk(chunk raftpb.Chunk) error {
	return l.sendMarshalled(kindChunk, chunk.Size(), chunk.MarshalTo)
}

func (l *link) sendMarshalled(kind byte, size int, marshalTo func([]byte) (int, error)) error {
	if cap(l.out) < frameHeader+size {
		l.out = make([]byte, frameHeader+size)
	}
	b := l.out[:frameHeader+size]
	n, err := marshalTo(b[frameHeader:])
	if err != nil {
		return err
	}
	return l.write(kind, b[:frameHeader+n])
}

func (l *link) send(kind byte, payload []byte) error {
	l.out = append(append(l.out[:0], make([]byte, frameHeader)...), payload...)
	return l.write(kind, l.out)
}

// write fills in the header of a frame and sends it.
func (l *link) write(kind byte, frame []byte) error {
	payload := frame[frameHeader:]
	binary.BigEndian.PutUint16(frame, frameMagic)
	frame[2], frame[3] = frameVersion, kind
	binary.BigEndian.PutUint32(frame[4:], uint32(len(payload)))
	binary.BigEndian.PutUint32(frame[8:], crc32.Checksum(payload, crcTable))
	if err := l.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := l.conn.Write(frame)
	return err
}

// read returns the next frame; the payload is memory of its own.
func (l *link) read() (kind byte, payload []byte, err error) {
	var h [frameHeader]byte
	if _, err := io.ReadFull(l.reader, h[:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(h[4:])
	if binary.BigEndian.Uint16(h[:]) != frameMagic || h[2] != frameVersion || size > frameMax {
		return 0, nil, errors.New("not a frame between replicas")
	}
	payload = make([]byte, size)
	if _, err := io.ReadFull(l.reader, payload); err != nil {
		return 0, nil, err
	}
	if crc32.Checksum(payload, crcTable) != binary.BigEndian.Uint32(h[8:]) {
		return 0, nil, errors.New("a frame between replicas was damaged on its way")
	}
	return h[3], payload, nil
}

// greet opens a connection as the calling side and returns who answered.
func (l *link) greet(h *hello) (welcome, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return welcome{}, err
	}
	if err := l.send(kindHello, b); err != nil {
		return welcome{}, err
	}
	if err := l.conn.SetReadDeadline(time.Now().Add(writeTimeout)); err != nil {
		return welcome{}, err
	}
	kind, payload, err := l.read()
	if err != nil {
		return welcome{}, err
	}
	var peer welcome
	if err := json.Unmarshal(payload, &peer); kind != kindIdentity || err != nil {
		return welcome{}, errors.New("not a replica of a metadata quorum")
	}
	if peer.Name != h.To {
		return welcome{}, fmt.Errorf("%s answered instead", peer.Name)
	}
	return peer, l.conn.SetReadDeadline(time.Time{})
}

// serve answers one connection until it ends.
func (t *transport) serve(conn net.Conn) error {
	l := newLink(conn)
	call, err := peering.Accept(conn, l.reader, t.name, t.secret)
	if err != nil {
		return err
	}
	if call.Purpose == peering.ForJoining {
		return t.serveJoin(conn, l.reader, call.Self)
	}
	if call.Purpose != peering.ForQuorum {
		if t.others == nil {
			return fmt.Errorf("%s called for %q", call.Self, call.Purpose)
		}
		t.others(conn, l.reader, call)
		return nil
	}
	if err := conn.SetReadDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	kind, payload, err := l.read()
	if err != nil {
		return err
	}
	var h hello
	if err := json.Unmarshal(payload, &h); kind != kindHello || err != nil || h.From != call.Self {
		return errors.New("no hello")
	}
	if err := l.send(kindIdentity, t.welcome()); err != nil {
		return err
	}
	if h.To != t.name {
		return fmt.Errorf("%s called for %s", h.From, h.To)
	}
	t.book.learn(map[string]string{h.From: h.Address})
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	for {
		kind, payload, err := l.read()
		if err != nil {
			return err
		}
		if err := t.hand(kind, payload); err != nil {
			return err
		}
	}
}

func (t *transport) hand(kind byte, payload []byte) error {
	switch kind {
	case kindMessages:
		var batch raftpb.MessageBatch
		if err := batch.Unmarshal(payload); err != nil {
			return err
		}
		t.handMessages(batch)
		return nil
	case kindChunk:
		var chunk raftpb.Chunk
		if err := chunk.Unmarshal(payload); err != nil {
			return err
		}
		if !t.handChunk(chunk) {
			return errors.New("a piece of a snapshot was refused")
		}
		return nil
	default:
		return fmt.Errorf("unknown kind of frame %d", kind)
	}
}
