package peering

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Magic opens a connection between nodes. As the size of one of Kafka's frames
// it is negative, which no client sends.
var Magic = [4]byte{0xff, 'T', 'L', 'G'}

const (
	version      = 1
	helloTimeout = 5 * time.Second
	helloMax     = 4 << 10
)

// What a connection is for.
const (
	ForQuorum = "quorum" // messages between replicas of the metadata quorum
	ForBroker = "broker" // Kafka's requests between brokers
	// ForJoining is one question of a node that has no replica yet.
	ForJoining = "joining"
)

// Call says who calls whom, by logical names, and what for.
type Call struct {
	Self    string
	Peer    string
	Purpose string
}

// Errors of a peer that is not let in.
var (
	// ErrStranger says that the other side does not know the cluster's secret.
	ErrStranger = errors.New("the other side does not know this cluster's secret")
	// ErrWrongNode says that another node answered at that address.
	ErrWrongNode = errors.New("another node answered")
)

// message is either side's hello, and the caller's proof.
type message struct {
	From    string `json:"from,omitempty"`
	To      string `json:"to,omitempty"`
	Purpose string `json:"for,omitempty"`
	Nonce   string `json:"nonce,omitempty"`
	Proof   string `json:"proof,omitempty"`
}

// Open makes conn, just dialled, a connection to the node who.Peer.
func Open(conn net.Conn, who Call, secret string) error {
	if err := conn.SetDeadline(time.Now().Add(helloTimeout)); err != nil {
		return err
	}
	nonce, err := newNonce()
	if err != nil {
		return err
	}
	if err := send(conn, append(Magic[:], version), &message{From: who.Self, To: who.Peer, Purpose: who.Purpose, Nonce: nonce}); err != nil {
		return err
	}
	answer, err := receive(conn)
	if err != nil {
		return err
	}
	if !hmac.Equal([]byte(prove(secret, "accepts", &Call{answer.From, who.Self, who.Purpose}, nonce, answer.Nonce)), []byte(answer.Proof)) {
		return ErrStranger
	}
	if answer.From != who.Peer {
		return fmt.Errorf("%w: %s, not %s", ErrWrongNode, answer.From, who.Peer)
	}
	last := message{Proof: prove(secret, "calls", &who, nonce, answer.Nonce)}
	if err := send(conn, nil, &last); err != nil {
		return err
	}
	return conn.SetDeadline(time.Time{})
}

// Accept lets in whoever calls the node self, and tells who that is. in is
// conn, or what buffers it.
func Accept(conn net.Conn, in io.Reader, self, secret string) (Call, error) {
	if err := conn.SetDeadline(time.Now().Add(helloTimeout)); err != nil {
		return Call{}, err
	}
	var first [len(Magic) + 1]byte
	if _, err := io.ReadFull(in, first[:]); err != nil {
		return Call{}, err
	}
	if [len(Magic)]byte(first[:]) != Magic {
		return Call{}, errors.New("not a node of a cluster")
	}
	if v := first[len(Magic)]; v != version {
		return Call{}, fmt.Errorf("a peer speaks version %d, this node knows %d", v, version)
	}
	hello, err := receive(in)
	if err != nil {
		return Call{}, err
	}
	nonce, err := newNonce()
	if err != nil {
		return Call{}, err
	}
	answer := message{From: self, Nonce: nonce}
	answer.Proof = prove(secret, "accepts", &Call{self, hello.From, hello.Purpose}, hello.Nonce, nonce)
	if err := send(conn, nil, &answer); err != nil {
		return Call{}, err
	}
	last, err := receive(in)
	if err != nil {
		return Call{}, err
	}
	who := Call{Self: hello.From, Peer: self, Purpose: hello.Purpose}
	if !hmac.Equal([]byte(prove(secret, "calls", &who, hello.Nonce, nonce)), []byte(last.Proof)) {
		return Call{}, ErrStranger
	}
	return who, conn.SetDeadline(time.Time{})
}

// prove signs a role, both ends and the purpose with both sides' nonces, so
// that a proof is worth nothing on another connection or in the other direction.
func prove(secret, role string, who *Call, callers, acceptors string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	for _, part := range []string{"trialog", role, who.Self, who.Peer, who.Purpose, callers, acceptors} {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(part)))
		mac.Write(size[:])
		mac.Write([]byte(part))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

func newNonce() (string, error) {
	var b [16]byte
	_, err := rand.Read(b[:])
	return hex.EncodeToString(b[:]), err
}

func send(w io.Writer, head []byte, m *message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	head = binary.BigEndian.AppendUint32(head, uint32(len(b)))
	_, err = w.Write(append(head, b...))
	return err
}

func receive(r io.Reader) (message, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return message{}, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > helloMax {
		return message{}, errors.New("not a hello between nodes")
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return message{}, err
	}
	var m message
	return m, json.Unmarshal(b, &m)
}
