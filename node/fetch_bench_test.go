package node_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"testing"

	"trialog/core/protocol"
	"trialog/node"
)

// BenchmarkFetchWire fetches what was written last again and again over one
// plain connection, so that the client costs next to nothing: once out of the
// tail cache, and once, without a cache, out of the page cache. Allocations are
// the node's, its client's being none.
func BenchmarkFetchWire(b *testing.B) {
	for _, size := range []int{1 << 10, 256 << 10} {
		for _, cache := range []string{"67108864", "0"} {
			b.Run(fmt.Sprintf("bytes=%d/cache=%s", size, cache), func(b *testing.B) {
				n := start(b, b.TempDir(), func(c *node.Config) { c.Broker["trialog.tail.cache.bytes"] = cache })
				defer n.stop()
				create(b, n.node.Addr(), "bench", 1, nil)
				s, err := net.Dial("tcp", n.node.Addr())
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				in, reply := bufio.NewReader(s), make([]byte, 1<<20)
				if _, err := s.Write(produceRequest("bench", size)); err != nil {
					b.Fatal(err)
				}
				if err := skipFrame(in, reply); err != nil {
					b.Fatal(err)
				}
				request := fetchFrame("bench", 1, int32(size)+1000)
				b.ReportAllocs()
				b.SetBytes(int64(size))
				b.ResetTimer()
				before := cpu()
				for b.Loop() {
					if _, err := s.Write(request); err != nil {
						b.Fatal(err)
					}
					if _, err := io.ReadFull(in, reply[:4]); err != nil {
						b.Fatal(err)
					}
					length, err := protocol.FrameSize(reply, 1<<20)
					if err != nil || length < size {
						b.Fatal(length, err)
					}
					if _, err := io.ReadFull(in, reply[:length]); err != nil {
						b.Fatal(err)
					}
				}
				b.StopTimer()
				b.ReportMetric(float64((cpu()-before).Nanoseconds())/1e3/float64(b.N), "cpu-µs/op")
			})
		}
	}
}
