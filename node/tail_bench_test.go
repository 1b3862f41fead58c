package node_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/node"
)

// BenchmarkTail fetches records near the end of a log of 1 GiB and of one that is
// TRIALOG_TAIL_GIB (8) times as large, by turns. The logs are real, to the byte, and a
// node opens them as it opens any: segments of 1 GiB full of valid batches of 1 MiB,
// of which the pages that are zero are holes in the files, so that 100 GiB take half a
// GB of disk. What it has less of than a log of small batches is entries of indexes.
//
//	TRIALOG_TAIL_GIB=100 go test ./node -run '^$' -bench 'BenchmarkTail$' -benchtime 20000x -timeout 60m
func BenchmarkTail(b *testing.B) {
	times := 8
	if text := os.Getenv("TRIALOG_TAIL_GIB"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 2 {
			b.Fatal("TRIALOG_TAIL_GIB is a number above 1")
		}
		times = n
	}
	for _, cache := range []string{"67108864", "0"} {
		var small, large *tailed // filled once, however often the benchmark is run
		b.Run("cache="+cache, func(within *testing.B) {
			if small == nil {
				small, large = longLog(b, 1, cache), longLog(b, times, cache)
			}
			small.begin(within)
			large.begin(within)
			b := within
			const turn = 100
			b.ResetTimer()
			for i := 0; i < b.N; i += turn {
				small.fetch(min(turn, b.N-i))
				large.fetch(min(turn, b.N-i))
			}
			b.StopTimer()
			for _, t := range []*tailed{small, large} {
				slices.Sort(t.times)
				name := fmt.Sprintf("%dGiB", t.gib)
				at := func(q float64) float64 { return float64(t.times[int(q*float64(len(t.times)-1))].Nanoseconds()) / 1e3 }
				b.ReportMetric(at(0.5), name+"-p50-µs")
				b.ReportMetric(at(0.99), name+"-p99-µs")
				b.ReportMetric(float64(t.cpu.Nanoseconds())/1e3/float64(len(t.times)), name+"-cpu-µs")
				b.ReportMetric(float64(t.opened.Milliseconds()), name+"-open-ms")
				b.ReportMetric(float64(t.onDisk)/1e6, name+"-disk-MB")
			}
			b.ReportMetric(0, "ns/op")
		})
		if small != nil {
			small.close()
			large.close()
		}
	}
}

// tailed is a node with one long log, and how long fetches of its tail took.
type tailed struct {
	b      *testing.B
	gib    int
	n      *running
	socket net.Conn
	in     *bufio.Reader
	reply  []byte
	end    kafka.Offset
	opened time.Duration
	onDisk int64
	times  []time.Duration
	cpu    time.Duration
}

// tailRecords is how many small records a long log ends with.
const tailRecords = 1000

// longLog has a node make a topic, fills its log while the node is down, and starts the
// node again.
func longLog(b *testing.B, gib int, cache string) *tailed {
	b.Helper()
	dir := b.TempDir()
	change := func(c *node.Config) {
		c.Broker["trialog.tail.cache.bytes"], c.Broker["trialog.scrub.bytes.per.second"] = cache, "0"
	}
	n := start(b, dir, change)
	create(b, n.node.Addr(), "bench", 1, nil)
	n.stop()

	t := &tailed{b: b, gib: gib, reply: make([]byte, 1<<20)}
	t.end = fillSparse(b, dir, int64(gib)<<30)
	t.onDisk = blocksOf(b, dir)
	began := time.Now()
	t.n = start(b, dir, change)
	t.opened = time.Since(began)
	var err error
	if t.socket, err = net.Dial("tcp", t.n.node.Addr()); err != nil {
		b.Fatal(err)
	}
	t.in = bufio.NewReader(t.socket)
	request := produceRequest("bench", 1024)
	for range tailRecords {
		say(t.socket, request)
		if err := skipFrame(t.in, t.reply); err != nil {
			b.Fatal(err)
		}
	}
	return t
}

// begin forgets what was measured before.
func (t *tailed) begin(b *testing.B) { t.b, t.times, t.cpu = b, t.times[:0], 0 }

func (t *tailed) close() {
	t.socket.Close()
	t.n.stop()
}

// fetch fetches single records from among the last.
func (t *tailed) fetch(count int) {
	t.b.Helper()
	before := cpu()
	for range count {
		offset := t.end + kafka.Offset(len(t.times)*7919%tailRecords)
		began := time.Now()
		say(t.socket, protocol.AppendRequest(nil, protocol.KeyFetch, 11, 1, "", &protocol.FetchRequest{
			ReplicaID: -1, ReplicaEpoch: -1, MinBytes: 1, MaxBytes: 1200, SessionEpoch: -1,
			Partitions: []protocol.FetchPartition{{
				Topic: "bench", FetchOffset: offset, CurrentLeaderEpoch: -1, LastFetchedEpoch: -1, PartitionMaxBytes: 1200, DurableEndOffset: -1,
			}},
		}))
		if _, err := io.ReadFull(t.in, t.reply[:4]); err != nil {
			t.b.Fatal(err)
		}
		size := binary.BigEndian.Uint32(t.reply)
		if _, err := io.ReadFull(t.in, t.reply[:size]); err != nil || size < 1024 {
			t.b.Fatalf("%d bytes for the record at %d: %v", size, offset, err)
		}
		t.times = append(t.times, time.Since(began))
	}
	t.cpu += cpu() - before
}

// fillSparse appends batches of 1 MiB to the only log of a directory, and returns its end.
func fillSparse(b *testing.B, dir string, size int64) kafka.Offset {
	b.Helper()
	s := openStorage(b, dir, func(fs disk.FS) disk.FS { return sparseFS{fs} })
	if len(s.logs) != 1 {
		b.Fatalf("%d logs", len(s.logs))
	}
	l := s.logs[0]
	var build batch.Builder
	build.Reset()
	build.Append(kafka.TimestampMs(time.Now().UnixMilli()), nil, make([]byte, 1<<20-200))
	v := build.Build()
	for written := int64(0); written < size; written += int64(len(v)) {
		if s.append(l, v); len(s.waiting) == 16 {
			s.flush()
		}
	}
	s.flush()
	s.close()
	return l.LogEndOffset
}

// blocksOf is what the files below a directory take of the disk.
func blocksOf(b *testing.B, dir string) (bytes int64) {
	b.Helper()
	err := filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil {
			if s, ok := info.Sys().(*syscall.Stat_t); ok {
				bytes += s.Blocks * 512
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}
