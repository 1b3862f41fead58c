package node_test

import (
	"io"
	"net"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/protocol"
	"trialog/node"
)

// fuzzHeap bounds what a node under fuzzed connections may hold: its quorum
// engine, and what the settings of FuzzConnection allow clients.
const fuzzHeap = 256 << 20

// FuzzConnection: what any bytes on a connection do to a real node: nothing
// that another connection would notice, and no memory beyond the bound.
func FuzzConnection(f *testing.F) {
	for a := range protocol.APIs {
		for v := a.Min; v <= a.Max; v++ {
			q := kmsg.RequestForKey(a.Key)
			q.SetVersion(v)
			f.Add(protocol.AppendRequest(nil, a.Key, v, 1, "fuzz", q), false)
		}
	}
	f.Add(produceRequest("fuzz", 100), true)
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), true)
	f.Add([]byte{0, 15, 255, 255, 0, 0}, false)
	n := start(f, f.TempDir(), func(c *node.Config) {
		c.Broker["socket.request.max.bytes"] = "1048576"
		c.Broker["queued.max.request.bytes"] = "4194304"
		c.Broker["trialog.queued.max.response.bytes"] = "4194304"
		c.Broker["trialog.tail.cache.bytes"] = "4194304"
		c.Broker["trialog.batch.max.decompressed.bytes"] = "1048576"
	})
	f.Cleanup(n.stop)
	create(f, n.node.Addr(), "fuzz", 1, nil)
	hello := protocol.AppendRequest(nil, 18, 0, 1, "", kmsg.NewPtrApiVersionsRequest())
	f.Fuzz(func(t *testing.T, stream []byte, waits bool) {
		c := dial(t, n.node.Addr())
		_, _ = c.Write(stream) // the node may have closed already
		if waits {
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			_, _ = c.Read(make([]byte, 1<<16))
		}
		if half, ok := c.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.Copy(io.Discard, c); err != nil {
			if e, ok := err.(net.Error); ok && e.Timeout() {
				t.Fatal("a connection that says no more is kept open")
			}
		}
		other := dial(t, n.node.Addr())
		ask(t, other, hello, 1)
		other.Close()
		if held := heap(); held > fuzzHeap {
			t.Fatalf("%d MiB of heap", held>>20)
		}
	})
}

// heap is what objects take, garbage that was not collected yet included.
func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
