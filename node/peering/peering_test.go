package peering

import (
	"encoding/binary"
	"errors"
	"net"
	"testing"
)

// meet lets a caller and an acceptor greet each other over a socket.
func meet(t *testing.T, call func(net.Conn) error, self, secret string) (callErr error, who Call, acceptErr error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	called := make(chan error, 1)
	go func() {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			called <- err
			return
		}
		err = call(conn)
		if err != nil {
			conn.Close()
		} else {
			defer conn.Close()
		}
		called <- err
	}()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	who, acceptErr = Accept(conn, conn, self, secret)
	if acceptErr != nil {
		conn.Close()
	}
	return <-called, who, acceptErr
}

func caller(self, peer, secret string) func(net.Conn) error {
	return func(c net.Conn) error { return Open(c, Call{Self: self, Peer: peer, Purpose: ForBroker}, secret) }
}

func TestMembersMeet(t *testing.T) {
	callErr, who, acceptErr := meet(t, caller("node-1", "node-2", "s"), "node-2", "s")
	if callErr != nil || acceptErr != nil || who != (Call{"node-1", "node-2", ForBroker}) {
		t.Errorf("called: %v; accepted %v: %v", callErr, who, acceptErr)
	}
}

func TestStrangersStayOutside(t *testing.T) {
	callErr, _, acceptErr := meet(t, caller("node-1", "node-2", "other"), "node-2", "s")
	if !errors.Is(callErr, ErrStranger) || acceptErr == nil {
		t.Errorf("another cluster's secret: called %v, accepted %v", callErr, acceptErr)
	}
	callErr, _, acceptErr = meet(t, caller("node-1", "node-3", "s"), "node-2", "s")
	if !errors.Is(callErr, ErrWrongNode) || acceptErr == nil {
		t.Errorf("another node's address: called %v, accepted %v", callErr, acceptErr)
	}
}

// TestProofsCannotBeUsedAgain: a caller that knows no secret answers with the
// proof that it was given.
func TestProofsCannotBeUsedAgain(t *testing.T) {
	_, _, acceptErr := meet(t, func(c net.Conn) error {
		if err := send(c, append(Magic[:], version), &message{From: "node-1", To: "node-2", Nonce: "n"}); err != nil {
			return err
		}
		answer, err := receive(c)
		if err != nil {
			return err
		}
		return send(c, nil, &message{Proof: answer.Proof})
	}, "node-2", "s")
	if !errors.Is(acceptErr, ErrStranger) {
		t.Errorf("a mirrored proof: %v", acceptErr)
	}
}

func TestMagicIsNoFrameOfKafka(t *testing.T) {
	if size := int32(binary.BigEndian.Uint32(Magic[:])); size >= 0 {
		t.Errorf("a client may announce a frame of %d bytes", size)
	}
}
