package node_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/protocol"
	"trialog/node"
)

// ask writes requests in one go and reads as many replies.
func ask(t *testing.T, c net.Conn, frames []byte, replies int) [][]byte {
	t.Helper()
	if _, err := c.Write(frames); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	var out [][]byte
	for range replies {
		f, err := protocol.ReadFrame(in, protocol.DefaultMaxFrameBytes)
		if err != nil {
			t.Fatalf("after %d of %d replies: %v", len(out), replies, err)
		}
		out = append(out, f)
	}
	return out
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	n := start(t, t.TempDir())
	defer n.stop()
	create(t, n.node.Addr(), "pipe", 1, nil)
	c := dial(t, n.node.Addr())
	var frames []byte
	keys := []int16{protocol.KeyApiVersions, protocol.KeyMetadata, protocol.KeyListOffsets, protocol.KeyDescribeCluster}
	const requests = 200 // more than may be in flight
	for i := range requests {
		key := keys[i%len(keys)]
		api, _ := protocol.LookupAPI(key)
		body := kmsg.RequestForKey(key)
		body.SetVersion(api.Max)
		frames = protocol.AppendRequest(frames, key, api.Max, int32(i), "pipe", body)
	}
	for i, f := range ask(t, c, frames, requests) {
		if id, err := protocol.ResponseCorrelationID(f); err != nil || int(id) != i {
			t.Fatalf("reply %d answers request %d, %v", i, id, err)
		}
	}
}

// TestUnknownApiVersionsVersion asks with a version that nobody knows: the
// answer is of version 0, with error 35 and the range of key 18 (KIP-511).
func TestUnknownApiVersionsVersion(t *testing.T) {
	n := start(t, t.TempDir())
	defer n.stop()
	c := dial(t, n.node.Addr())
	frame := []byte{0, 0, 0, 0, 0, 18, 0x7f, 0, 0, 0, 0, 77, 0xff, 0xff, 0, 1, 2, 3}
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	reply := ask(t, c, frame, 1)[0]
	r := kmsg.NewPtrApiVersionsResponse()
	if err := r.ReadFrom(reply[4:]); err != nil {
		t.Fatal(err)
	}
	if binary.BigEndian.Uint32(reply) != 77 || r.ErrorCode != 35 || len(r.ApiKeys) != 1 || r.ApiKeys[0].ApiKey != 18 {
		t.Errorf("answered %+v", r)
	}
	// The connection goes on with a version that is known.
	next := protocol.AppendRequest(nil, 18, int16(r.ApiKeys[0].MaxVersion), 78, "", kmsg.NewPtrApiVersionsRequest())
	if id, _ := protocol.ResponseCorrelationID(ask(t, c, next, 1)[0]); id != 78 {
		t.Errorf("the next reply answers %d", id)
	}
}

func TestGarbageEndsItsConnectionOnly(t *testing.T) {
	n := start(t, t.TempDir())
	defer n.stop()
	address := n.node.Addr()
	create(t, address, "after", 1, nil)
	size := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	for what, bytes := range map[string][]byte{
		"a frame of 2 GiB":            size(1<<31 - 1),
		"a frame beyond the limit":    size(100<<20 + 1),
		"a negative size":             size(1<<32 - 5),
		"a frame without a header":    append(size(2), 1, 2),
		"HTTP":                        []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"TLS":                         {22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3},
		"a client ID past the end":    append(size(10), 0, 18, 0, 0, 0, 0, 0, 1, 0x7f, 0xff),
		"a negative client ID length": append(size(10), 0, 18, 0, 0, 0, 0, 0, 1, 0x80, 0),
	} {
		c := dial(t, address)
		if _, err := c.Write(bytes); err != nil {
			t.Fatal(err)
		}
		ends(t, c, what)
	}
	for a := range protocol.APIs {
		if a.Key == protocol.KeyApiVersions {
			continue
		}
		c := dial(t, address)
		frame := append(size(10), 0, byte(a.Key), 0x30, 0x30, 0, 0, 0, 1, 0xff, 0xff)
		if _, err := c.Write(frame); err != nil {
			t.Fatal(err)
		}
		ends(t, c, a.Name+" of a version that nobody knows")
	}
	r := rand.New(rand.NewPCG(4, 5))
	for range 200 { // noise, sometimes behind a good length and key
		c := dial(t, address)
		b := make([]byte, 8+r.IntN(200))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if r.IntN(2) == 0 {
			binary.BigEndian.PutUint32(b, uint32(len(b)-4))
			binary.BigEndian.PutUint16(b[4:], uint16(r.IntN(80)))
			binary.BigEndian.PutUint16(b[6:], uint16(r.IntN(12)))
		}
		_, _ = c.Write(b) // the node may have closed already
		c.Close()
	}
	client := connect(t, address)
	if err := client.ProduceSync(soon(t), record("after", 1)).FirstErr(); err != nil {
		t.Errorf("the node serves nobody any more: %v", err)
	}
}

// TestSlowClientsHoldNobody opens connections that announce a large frame and
// send none of it, and one that asks for much and reads nothing, and works on
// beside them.
func TestSlowClientsHoldNobody(t *testing.T) {
	n := start(t, t.TempDir())
	defer n.stop()
	address := n.node.Addr()
	create(t, address, "busy", 1, nil)
	client := connect(t, address, kgo.ProducerBatchMaxBytes(1<<20))
	for i := range 32 {
		r := &kgo.Record{Topic: "busy", Value: bytes.Repeat([]byte{byte(i)}, 512<<10)}
		if err := client.ProduceSync(soon(t), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		c := dial(t, address)
		if _, err := c.Write(binary.BigEndian.AppendUint32(nil, 8<<20)); err != nil {
			t.Fatal(err)
		}
	}
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	greedy := dial(t, address)
	fetch := &protocol.FetchRequest{
		ReplicaID: -1, ReplicaEpoch: -1, MinBytes: 1, MaxBytes: 16 << 20, SessionEpoch: -1,
		Partitions: []protocol.FetchPartition{{Topic: "busy", CurrentLeaderEpoch: -1, LastFetchedEpoch: -1, PartitionMaxBytes: 16 << 20, DurableEndOffset: -1}},
	}
	var frames []byte
	for i := range 64 {
		frames = protocol.AppendRequest(frames, protocol.KeyFetch, 11, int32(i), "", fetch)
	}
	if _, err := greedy.Write(frames); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for i := range 50 {
		if err := client.ProduceSync(soon(t), record("busy", i)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("50 records took %v beside slow clients", took)
	}
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 256<<20 {
		t.Errorf("64 fetches of 16 MiB that nobody reads hold %d MiB", grown>>20)
	}
}

func TestConnectionsAreLimited(t *testing.T) {
	n := start(t, t.TempDir(), func(c *node.Config) { c.Broker["max.connections"] = "3" })
	defer n.stop()
	hello := protocol.AppendRequest(nil, 18, 0, 1, "", kmsg.NewPtrApiVersionsRequest())
	var open []net.Conn
	for range 3 {
		c := dial(t, n.node.Addr())
		ask(t, c, hello, 1)
		open = append(open, c)
	}
	ends(t, dial(t, n.node.Addr()), "a fourth connection")
	open[0].Close()
	end := time.Now().Add(patience)
	for {
		c := dial(t, n.node.Addr())
		_, _ = c.Write(hello)
		if _, err := io.ReadFull(c, make([]byte, 8)); err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal("no room after a connection was closed")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	n := start(t, t.TempDir(), func(c *node.Config) { c.Broker["connections.max.idle.ms"] = "100" })
	defer n.stop()
	c := dial(t, n.node.Addr())
	began := time.Now()
	ends(t, c, "an idle connection")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("closed after %v", took)
	}
}
