package node

import (
	"bufio"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/node/peering"
)

// peer answers ApiVersions requests until answers are used up, then closes.
func peer(t *testing.T, answers int) (host string, portNumber int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(c)
			if !acceptPeer(c, in) {
				c.Close()
				continue
			}
			for range answers {
				frame, err := protocol.ReadFrame(in, protocol.DefaultMaxFrameBytes)
				if err != nil {
					break
				}
				h, _, _, err := protocol.DecodeRequest(frame, nil)
				if err != nil {
					break
				}
				reply := kmsg.NewPtrApiVersionsResponse()
				reply.ThrottleMillis = h.CorrelationID
				if _, err := c.Write(protocol.AppendResponse(nil, h.Key, h.Version, h.CorrelationID, reply)); err != nil {
					break
				}
			}
			c.Close()
		}
	}()
	host, text, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return host, int32(n)
}

// acceptPeer lets a caller in as node 2 does.
func acceptPeer(c net.Conn, in *bufio.Reader) bool {
	_, err := peering.Accept(c, in, "node-2", "s")
	return err == nil
}

// replies waits for n answers.
func replies(t *testing.T, q *inbox, n int) []*broker.PeerReply {
	t.Helper()
	var out []*broker.PeerReply
	for len(out) < n {
		for _, in := range q.take(nil) {
			out = append(out, in.(*broker.PeerReply))
		}
		select {
		case <-q.wake:
		case <-time.After(10 * time.Millisecond):
		}
	}
	return out
}

func TestEverySendIsAnswered(t *testing.T) {
	q := newInbox(100)
	p := newPeers(q, 1, "s", protocol.DefaultMaxFrameBytes, slog.New(slog.DiscardHandler))
	defer p.close()
	host, portNumber := peer(t, 3)
	for i := range 5 { // the fourth and fifth meet a closed connection, or a new one
		p.send(&broker.Send{Ref: kafka.Ref(i + 1), To: 2, Host: host, Port: portNumber, Key: 18, Version: 4, Body: kmsg.NewPtrApiVersionsRequest()})
	}
	got := replies(t, q, 5)
	for i, r := range got {
		if int(r.Ref) != i+1 {
			t.Errorf("answer %d is of request %d", i+1, r.Ref)
		}
		body, ok := r.Body.(*kmsg.ApiVersionsResponse)
		if i < 3 && (!ok || int(body.ThrottleMillis) != i+1) {
			t.Errorf("request %d was answered with %v", i+1, r.Body)
		}
	}
	if got[3].Body != nil && got[4].Body != nil {
		t.Error("a closed connection answered")
	}
	p.send(&broker.Send{Ref: 9, To: 2, Host: "127.0.0.1", Port: 1, Key: 18, Version: 4, Body: kmsg.NewPtrApiVersionsRequest()})
	if r := replies(t, q, 1)[0]; r.Ref != 9 || r.Body != nil {
		t.Errorf("nobody answered with %v", r)
	}
}
