package node_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trialog/core/batch"
	"trialog/core/protocol"
)

// BenchmarkProduceWire sends one ready-made request of 1 KiB again and again
// over plain connections, each waiting for its reply, so that the client costs
// next to nothing and the figures are the node's: acks=all, synced.
func BenchmarkProduceWire(b *testing.B) {
	for _, connections := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			n := start(b, b.TempDir())
			defer n.stop()
			create(b, n.node.Addr(), "bench", 1, nil)
			request := produceRequest("bench", 1024)
			var left atomic.Int64
			left.Store(int64(b.N))
			times := make([][]time.Duration, connections)
			sockets := make([]net.Conn, connections)
			for i := range sockets {
				s, err := net.Dial("tcp", n.node.Addr())
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				sockets[i] = s
			}
			b.ReportAllocs()
			b.SetBytes(1024)
			b.ResetTimer()
			before := cpu()
			var all sync.WaitGroup
			for i, s := range sockets {
				all.Go(func() {
					in := bufio.NewReader(s)
					reply := make([]byte, 1024)
					for left.Add(-1) >= 0 {
						began := time.Now()
						if _, err := s.Write(request); err != nil {
							b.Error(err)
							return
						}
						if err := skipFrame(in, reply); err != nil {
							b.Error(err)
							return
						}
						times[i] = append(times[i], time.Since(began))
					}
				})
			}
			all.Wait()
			b.StopTimer()
			report(b, slices.Concat(times...), cpu()-before)
		})
	}
}

// skipFrame reads a reply into buf and looks at its error code: the answer to
// produceRequest has it at a fixed place.
func skipFrame(in *bufio.Reader, buf []byte) error {
	if _, err := io.ReadFull(in, buf[:4]); err != nil {
		return err
	}
	size := int(buf[0])<<24 | int(buf[1])<<16 | int(buf[2])<<8 | int(buf[3])
	if _, err := io.ReadFull(in, buf[:size]); err != nil {
		return err
	}
	const code = 4 + 4 + 2 + len("bench") + 4 + 4 // correlation, topics, name, partitions, partition
	if buf[code] != 0 || buf[code+1] != 0 {
		return fmt.Errorf("error code %d", int(buf[code])<<8|int(buf[code+1]))
	}
	return nil
}

// produceRequest is a frame that writes one plain record.
func produceRequest(topic string, size int) []byte {
	var build batch.Builder
	build.Reset()
	build.Append(1_700_000_000_000, nil, make([]byte, size))
	return protocol.AppendRequest(nil, protocol.KeyProduce, 8, 1, "bench", &protocol.ProduceRequest{
		Acks: -1, TimeoutMs: 30_000,
		Partitions: []protocol.ProducePartition{{Topic: topic, Records: build.Build()}},
	})
}
