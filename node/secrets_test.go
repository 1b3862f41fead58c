package node_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"trialog/node"
)

// logged keeps what is logged.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestSecretsAreNotLogged sends a secret by every way that a client has, and
// looks for it in the log at its most talkative.
func TestSecretsAreNotLogged(t *testing.T) {
	const secret = "correct-horse-battery-staple"
	var log logged
	r := start(t, t.TempDir(), func(c *node.Config) {
		c.ClusterSecret = secret
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
	})
	create(t, r.ready.Listen, "kept", 1, nil)
	c := connect(t, r.ready.Listen)
	if err := c.ProduceSync(soon(t), &kgo.Record{
		Topic: "kept", Key: []byte(secret), Value: []byte(secret), Headers: []kgo.RecordHeader{{Key: secret, Value: []byte(secret)}},
	}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	knocks := connect(t, r.ready.Listen, kgo.SASL(plain.Auth{User: "me", Pass: secret}.AsMechanism()), kgo.RetryTimeout(time.Second))
	if err := knocks.Ping(soon(t)); err == nil {
		t.Error("credentials were taken, though nobody checks them")
	}
	handshake := append([]byte{0, 17, 0, 1, 0, 0, 0, 1, 0, 2}, "me"...)
	authenticate := append([]byte{0, 36, 0, 0, 0, 0, 0, 2, 255, 255, 0, 0, 0, byte(len(secret))}, secret...)
	produce := append([]byte{0, 0, 0, 3, 0, 0, 0, 3, 255, 255}, strings.Repeat(secret, 3)...)
	for _, sent := range [][]byte{
		append(frame(handshake), frame(authenticate)...), frame(produce), frame([]byte(secret)), []byte(secret + secret),
	} {
		socket, err := net.Dial("tcp", r.ready.Listen)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := socket.Write(sent); err != nil {
			t.Fatal(err)
		}
		socket.(*net.TCPConn).CloseWrite()
		socket.SetReadDeadline(time.Now().Add(5 * time.Second))
		io.Copy(io.Discard, socket) // until the node has dealt with it
		socket.Close()
	}
	r.stop()
	text := log.String()
	if strings.Contains(text, secret) || strings.Contains(text, secret[:12]) {
		t.Error("the secret stands in the log")
	}
	for _, want := range []string{"topic=kept", "not Kafka's protocol", "level=DEBUG"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the log: it is not at its most talkative", want)
		}
	}
}

func frame(body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}
