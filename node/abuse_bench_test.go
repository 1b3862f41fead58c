package node_test

import (
	"bufio"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"trialog/core/protocol"
)

// BenchmarkBeside compares what clients wait for when they are alone with what
// they wait for beside one bad client of each kind: synced produces of 1 KiB and
// fetches of the end of the log, each client waiting for one answer before its
// next request, with a pause of a millisecond. Rounds alternate, so that both
// see the same machine.
//
//	go test ./node -run '^$' -bench Beside -benchtime 1x
func BenchmarkBeside(b *testing.B) {
	for _, kind := range abuses(b, "bad", 256<<20) {
		b.Run(kind.name, func(b *testing.B) {
			n := start(b, b.TempDir())
			defer n.stop()
			create(b, n.node.Addr(), "bench", 1, nil)
			create(b, n.node.Addr(), "bad", 1, nil)
			var alone, beside []time.Duration
			for range b.N {
				for range besideRounds {
					alone = append(alone, besideWaits(b, n.node.Addr())...)
					stop := abusing(n.node.Addr(), kind)
					beside = append(beside, besideWaits(b, n.node.Addr())...)
					stop()
				}
			}
			slices.Sort(alone)
			slices.Sort(beside)
			at := func(times []time.Duration, q float64) float64 {
				return float64(times[int(q*float64(len(times)-1))].Microseconds())
			}
			b.ReportMetric(at(alone, 0.5), "alone-p50-µs")
			b.ReportMetric(at(beside, 0.5), "beside-p50-µs")
			b.ReportMetric(at(alone, 0.99), "alone-p99-µs")
			b.ReportMetric(at(beside, 0.99), "beside-p99-µs")
			b.ReportMetric(at(beside, 0.99)/at(alone, 0.99), "p99-ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// A round is what besideClients clients do, besideOps times each.
const (
	besideRounds  = 6
	besideClients = 4
	besideOps     = 150
)

// besideWaits returns how long each pair of a produce and a fetch took.
func besideWaits(b *testing.B, address string) []time.Duration {
	times := make([][]time.Duration, besideClients)
	request := produceRequest("bench", 1024)
	var all sync.WaitGroup
	for i := range times {
		s, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		all.Go(func() {
			in, reply := bufio.NewReaderSize(s, 64<<10), make([]byte, 1024)
			for range besideOps {
				began := time.Now()
				say(s, request)
				if err := skipFrame(in, reply); err != nil {
					b.Error(err)
					return
				}
				say(s, fetchFrame("bench", 1, 4<<10))
				if _, err := protocol.ReadFrame(in, 1<<20); err != nil {
					b.Error(err)
					return
				}
				times[i] = append(times[i], time.Since(began))
				time.Sleep(time.Millisecond)
			}
		})
	}
	all.Wait()
	return slices.Concat(times...)
}
