package node_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"trialog/core/batch"
	"trialog/core/protocol"
	"trialog/node/codec"
)

// abuse is one way to be a bad client: it talks to a node on a connection of
// its own until it has nothing more to say.
type abuse struct {
	name string
	do   func(net.Conn)
}

// say writes, and leaves it at that when the node has had enough.
func say(c net.Conn, b []byte) { _, _ = c.Write(b) }

// listens reads whatever comes until the other side closes or d is over.
func listens(c net.Conn, d time.Duration) {
	_ = c.SetReadDeadline(time.Now().Add(d))
	_, _ = io.Copy(io.Discard, c)
}

// abuses are the ways, with batches of zeros that unpack to size bytes.
func abuses(tb testing.TB, topic string, size int) []abuse {
	length := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	noise := bytes.Repeat([]byte{0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c, 0x15}, 512)
	all := []abuse{
		{"garbage", func(c net.Conn) { say(c, noise); listens(c, time.Second) }},
		{"half a frame", func(c net.Conn) { say(c, append(length(8<<20), noise...)); listens(c, 50*time.Millisecond) }},
		{"2 GiB announced", func(c net.Conn) { say(c, length(1<<31-1)); listens(c, time.Second) }},
		{"nothing", func(c net.Conn) { listens(c, 50*time.Millisecond) }},
	}
	for _, id := range []batch.CodecID{batch.Gzip, batch.Snappy, batch.LZ4, batch.Zstd} {
		for _, record := range []int{size, 1000} {
			frame := bombFrame(tb, topic, id, size, record)
			all = append(all, abuse{fmt.Sprintf("%d bytes that unpack to %d MiB, codec %d, records of %d", len(frame), size>>20, id, record), func(c net.Conn) {
				say(c, frame)
				reply := make([]byte, 4)
				_, _ = io.ReadFull(c, reply)
				_, _ = io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(reply)))
			}})
		}
	}
	return all
}

// bombFrame is a produce request with records of zeros, each of so many bytes,
// compressed. Where a codec's header or trailer can tell how much they are
// without lying, it does not: zstd's frames are made without, gzip's trailer is
// followed by an empty member.
func bombFrame(tb testing.TB, topic string, id batch.CodecID, size, record int) []byte {
	tb.Helper()
	var b batch.Builder
	b.Reset()
	for zeros := make([]byte, record); size > 0; size -= record {
		b.Append(1_700_000_000_000, nil, zeros)
	}
	v, err := b.BuildPacked(batch.Plain(), id, silent{id: id, Codec: codec.All()[id]})
	if err != nil {
		tb.Fatal(err)
	}
	return protocol.AppendRequest(nil, protocol.KeyProduce, 8, 1, "bomb", &protocol.ProduceRequest{
		Acks: -1, TimeoutMs: 30_000, Partitions: []protocol.ProducePartition{{Topic: topic, Records: v}},
	})
}

// abusing lets one client of each kind misbehave over and over until stopped.
func abusing(address string, kinds ...abuse) (stop func()) {
	done := make(chan struct{})
	var all sync.WaitGroup
	for _, kind := range kinds {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				c, err := net.Dial("tcp", address)
				if err != nil {
					time.Sleep(10 * time.Millisecond)
					continue
				}
				_ = c.SetDeadline(time.Now().Add(patience))
				kind.do(c)
				c.Close()
			}
		})
	}
	return func() { close(done); all.Wait() }
}

// metric reads one number from a node's /metrics.
func metric(tb testing.TB, admin, name string) float64 {
	tb.Helper()
	r, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		tb.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				tb.Fatal(err)
			}
			return n
		}
	}
	tb.Fatalf("no metric %s", name)
	return 0
}

// fetchFrame asks for a topic's first partition from the start.
func fetchFrame(topic string, correlation int32, maxBytes int32) []byte {
	return protocol.AppendRequest(nil, protocol.KeyFetch, 11, correlation, "", &protocol.FetchRequest{
		ReplicaID: -1, ReplicaEpoch: -1, MinBytes: 1, MaxBytes: maxBytes, SessionEpoch: -1,
		Partitions: []protocol.FetchPartition{{
			Topic: topic, CurrentLeaderEpoch: -1, LastFetchedEpoch: -1, PartitionMaxBytes: maxBytes, DurableEndOffset: -1,
		}},
	})
}

// silent compresses without saying how much there was, where a format allows it.
type silent struct {
	batch.Codec
	id batch.CodecID
}

func (s silent) Compress(dst, src []byte) ([]byte, error) {
	var out bytes.Buffer
	switch s.id {
	case batch.Gzip:
		for _, part := range [][]byte{src, nil} {
			w := gzip.NewWriter(&out)
			if _, err := w.Write(part); err != nil {
				return dst, err
			}
			if err := w.Close(); err != nil {
				return dst, err
			}
		}
	case batch.Zstd:
		w, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return dst, err
		}
		for len(src) > 0 {
			n := min(len(src), 1<<20)
			if _, err := w.Write(src[:n]); err != nil {
				return dst, err
			}
			src = src[n:]
		}
		if err := w.Close(); err != nil {
			return dst, err
		}
	default:
		return s.Codec.Compress(dst, src)
	}
	return append(dst, out.Bytes()...), nil
}
